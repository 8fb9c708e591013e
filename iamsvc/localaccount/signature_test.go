package localaccount

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

const (
	mismatch = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	badToken = "The security token included in the request is invalid."
)

func TestSignatureRefusals(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	inactive := "AKIAI44QH8DHBEXAMPLE"
	for name, c := range map[string]struct {
		before        func(*signing)
		after         func(*http.Request)
		status        int
		code, message string
	}{
		"wrong secret":      {before: func(s *signing) { s.secret = strings.Repeat("x", 40) }, status: 403, code: "SignatureDoesNotMatch", message: mismatch},
		"unknown key":       {before: func(s *signing) { s.keyID = "AKIAZZZZZZZZZZZZZZZZ" }, status: 403, code: "InvalidClientTokenId", message: badToken},
		"inactive key":      {before: func(s *signing) { s.keyID, s.secret = inactive, a.master.secret(inactive) }, status: 403, code: "InvalidClientTokenId", message: badToken},
		"token with a key":  {before: func(s *signing) { s.token = "x" }, status: 403, code: "InvalidClientTokenId", message: badToken},
		"no signature":      {after: func(r *http.Request) { r.Header.Del("Authorization") }, status: 403, code: "MissingAuthenticationToken", message: "Request is missing Authentication Token"},
		"changed host":      {after: func(r *http.Request) { r.Host = "evil.example.com" }, status: 403, code: "SignatureDoesNotMatch", message: mismatch},
		"changed method":    {after: func(r *http.Request) { r.Method = http.MethodPut }, status: 403, code: "SignatureDoesNotMatch", message: mismatch},
		"added parameter":   {after: func(r *http.Request) { r.URL.RawQuery = "UserName=keydesk" }, status: 403, code: "SignatureDoesNotMatch", message: mismatch},
		"other service":     {before: func(s *signing) { s.service = "sts" }, status: 403, code: "SignatureDoesNotMatch", message: "Credential should be scoped to correct service: &#39;iam&#39;."},
		"another algorithm": {after: func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, status: 400, code: "IncompleteSignature", message: "The request signature does not conform to AWS standards."},
		"nothing in it":     {after: func(r *http.Request) { r.Header.Set("Authorization", algorithm) }, status: 400, code: "IncompleteSignature", message: "Authorization header requires Credential, SignedHeaders, and Signature."},
		"short scope":       {after: replace("/iam/", "/"), status: 400, code: "IncompleteSignature", message: "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got &#39;SCOPE&#39;"},
		"bad terminator":    {after: replace("aws4_request", "aws5_request"), status: 403, code: "SignatureDoesNotMatch", message: "Credential should be scoped with a valid terminator: &#39;aws4_request&#39;."},
		"host not signed":   {after: replace("host;", ""), status: 403, code: "SignatureDoesNotMatch", message: "&#39;Host&#39; or &#39;:authority&#39; must be a &#39;SignedHeader&#39; in the AWS Authorization."},
		"date not signed":   {after: replace(";x-amz-date", ""), status: 400, code: "IncompleteSignature", message: "The request signature does not conform to AWS standards. Header(s) not signed: x-amz-date."},
		"date of another": {after: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20200101T000000Z") }, status: 403, code: "SignatureDoesNotMatch",
			message: "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."},
		"no date": {after: func(r *http.Request) { r.Header.Del("X-Amz-Date") }, status: 400, code: "IncompleteSignature",
			message: "Date must be in ISO-8601 &#39;basic format&#39;. Got &#39;&#39;. See http://en.wikipedia.org/wiki/ISO_8601"},
	} {
		t.Run(name, func(t *testing.T) {
			s := a.signing(form("Action", "ListUsers"))
			if c.before != nil {
				c.before(&s)
			}
			r := s.request(t, "https://iam.amazonaws.com/")
			if c.after != nil {
				c.after(r)
			}
			message := c.message
			if credential, _, found := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), algorithm+" Credential="), ","); found {
				message = strings.Replace(message, "SCOPE", credential, 1)
			}
			send(t, a, r).wantFault(t, c.status, c.code, message)
		})
	}
}

func replace(old, new string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
	}
}

func TestTamperedBodyIsRefused(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	r := a.signing(form("Action", "GetUser", "UserName", "mateo.jackson")).request(t, "https://iam.amazonaws.com/")
	other := a.signing(form("Action", "GetUser", "UserName", "alejandra.cruz")).request(t, "https://iam.amazonaws.com/")
	r.Body, r.ContentLength = other.Body, other.ContentLength
	send(t, a, r).wantFault(t, http.StatusForbidden, "SignatureDoesNotMatch", mismatch)
}

func TestClockSkew(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	at := func(offset time.Duration) answered {
		s := a.signing(form("Action", "ListAccountAliases"))
		s.at = s.at.Add(offset)
		return send(t, a, s.request(t, "https://iam.amazonaws.com/"))
	}
	for offset, begins := range map[time.Duration]string{-16 * time.Minute: "Signature expired: ", 16 * time.Minute: "Signature not yet current: "} {
		got := at(offset)
		if got.status != http.StatusForbidden || !strings.Contains(got.body, "<Code>SignatureDoesNotMatch</Code><Message>"+begins) || !strings.Contains(got.body, "15 min.)") {
			t.Errorf("%v off = %d %s", offset, got.status, got.body)
		}
	}
	for _, offset := range []time.Duration{-14 * time.Minute, 14 * time.Minute} {
		if got := at(offset); got.status != http.StatusOK {
			t.Errorf("%v off = %d %s", offset, got.status, got.body)
		}
	}
}

func TestRefusedRequestsAreNoUse(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	before, _ := a.store.keyOwner(a.ownKey)
	_, err := iamAs(a, a.ownKey, strings.Repeat("x", 40)).ListUsers(t.Context(), &iam.ListUsersInput{})
	wantError(t, err, http.StatusForbidden, "SignatureDoesNotMatch", mismatch)
	if after, _ := a.store.keyOwner(a.ownKey); after != before {
		t.Error("a request with the wrong secret counted as a use of the key")
	}
}

func TestKeyIDsCarryTheAccount(t *testing.T) {
	t.Parallel()
	for _, account := range []string{"000000000001", "123456789012", "999999999999"} {
		a := open(t, Options{AccountID: account})
		out, err := admin(a).CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("li.juan")})
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := accountOfKey(*out.AccessKey.AccessKeyId); !ok || got != account {
			t.Errorf("account in %s = %s, want %s", *out.AccessKey.AccessKeyId, got, account)
		}
	}
}
