package localaccount

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// signing is a request about to be signed, with everything about it open to tampering.
type signing struct {
	body    string
	keyID   string
	secret  string
	token   string
	service string
	at      time.Time
}

func (a *Account) signing(form url.Values) signing {
	id, secret := a.Credentials()
	service := "iam"
	if form.Get("Version") == "2011-06-15" {
		service = "sts"
	}
	return signing{body: form.Encode(), keyID: id, secret: secret, service: service, at: time.Now()}
}

func (s signing) request(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	hash := sha256.Sum256([]byte(s.body))
	c := aws.Credentials{AccessKeyID: s.keyID, SecretAccessKey: s.secret, SessionToken: s.token}
	if err := v4.NewSigner().SignHTTP(t.Context(), c, r, hex.EncodeToString(hash[:]), s.service, "eu-west-1", s.at); err != nil {
		t.Fatal(err)
	}
	return r
}

type answered struct {
	status int
	header http.Header
	body   string
}

var requestIDs = regexp.MustCompile(`<RequestId>[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}</RequestId>`)

// send gives the answer with its request ID replaced, so that it can be compared whole.
func send(t *testing.T, a *Account, r *http.Request) answered {
	t.Helper()
	response, err := a.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	id := response.Header.Get("X-Amzn-Requestid")
	if id == "" || !bytes.Contains(body, []byte("<RequestId>"+id+"</RequestId>")) {
		t.Errorf("request ID %q of the header is not in the body %s", id, body)
	}
	return answered{response.StatusCode, response.Header, requestIDs.ReplaceAllString(string(body), "<RequestId>ID</RequestId>")}
}

// ask sends a form as the account's administrator; pairs are name, value, name, value.
func ask(t *testing.T, a *Account, pairs ...string) answered {
	t.Helper()
	return send(t, a, a.signing(form(pairs...)).request(t, "https://iam.amazonaws.com/"))
}

func form(pairs ...string) url.Values {
	f := url.Values{"Version": {"2010-05-08"}}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

func (r answered) want(t *testing.T, status int, body string) {
	t.Helper()
	if r.status != status || r.body != body {
		t.Errorf("answer = %d %s\nwant     %d %s", r.status, r.body, status, body)
	}
}

func (r answered) wantFault(t *testing.T, status int, code, message string) {
	t.Helper()
	r.want(t, status, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>`+code+
		`</Code><Message>`+message+`</Message></Error><RequestId>ID</RequestId></ErrorResponse>`)
}

const (
	opening  = ` xmlns="https://iam.amazonaws.com/doc/2010-05-08/">`
	metadata = `<ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata>`
)

func fixedClock() time.Time {
	return time.Date(2026, 3, 14, 15, 9, 26, 535_000_000, time.FixedZone("CET", 3600))
}

func TestRepliesOnTheWire(t *testing.T) {
	t.Parallel()
	a := open(t, Options{Now: fixedClock})
	created := ask(t, a, "Action", "CreateUser", "UserName", "wire", "Path", "/R&D/<x>/", "Tags.member.1.Key", "Größe", "Tags.member.1.Value", "")
	if created.status != http.StatusOK || created.header.Get("Content-Type") != "text/xml" {
		t.Fatalf("CreateUser = %d, %v", created.status, created.header)
	}
	id := a.store.roster().find("wire").ID
	user := `<Path>/R&amp;D/&lt;x&gt;/</Path><UserName>wire</UserName><UserId>` + id +
		`</UserId><Arn>arn:aws:iam::123456789012:user/R&amp;D/&lt;x&gt;/wire</Arn><CreateDate>2026-03-14T14:09:26Z</CreateDate>`
	tags := `<Tags><member><Key>Größe</Key><Value></Value></member></Tags>`
	created.want(t, http.StatusOK, `<CreateUserResponse`+opening+`<CreateUserResult><User>`+user+tags+
		`</User></CreateUserResult>`+metadata+`</CreateUserResponse>`)
	ask(t, a, "Action", "ListUsers", "PathPrefix", "/R&D/<").want(t, http.StatusOK, `<ListUsersResponse`+opening+
		`<ListUsersResult><Users><member>`+user+`</member></Users><IsTruncated>false</IsTruncated></ListUsersResult>`+metadata+`</ListUsersResponse>`)
	ask(t, a, "Action", "ListAccessKeys", "UserName", "wire").want(t, http.StatusOK, `<ListAccessKeysResponse`+opening+
		`<ListAccessKeysResult><AccessKeyMetadata></AccessKeyMetadata><IsTruncated>false</IsTruncated></ListAccessKeysResult>`+metadata+`</ListAccessKeysResponse>`)
	ask(t, a, "Action", "UntagUser", "UserName", "wire", "TagKeys.member.1", "größe").want(t, http.StatusOK,
		`<UntagUserResponse`+opening+metadata+`</UntagUserResponse>`)
	ask(t, a, "Action", "ListAccountAliases").want(t, http.StatusOK, `<ListAccountAliasesResponse`+opening+
		`<ListAccountAliasesResult><AccountAliases><member>keydesk-demo</member></AccountAliases><IsTruncated>false</IsTruncated></ListAccountAliasesResult>`+
		metadata+`</ListAccountAliasesResponse>`)

	key := ask(t, a, "Action", "CreateAccessKey", "UserName", "wire")
	keyID := a.store.roster().find("wire").Keys[0].ID
	key.want(t, http.StatusOK, `<CreateAccessKeyResponse`+opening+`<CreateAccessKeyResult><AccessKey><UserName>wire</UserName><AccessKeyId>`+keyID+
		`</AccessKeyId><Status>Active</Status><SecretAccessKey>`+a.master.secret(keyID)+`</SecretAccessKey><CreateDate>2026-03-14T14:09:26Z</CreateDate></AccessKey>`+
		`</CreateAccessKeyResult>`+metadata+`</CreateAccessKeyResponse>`)
	ask(t, a, "Action", "GetAccessKeyLastUsed", "AccessKeyId", keyID).want(t, http.StatusOK, `<GetAccessKeyLastUsedResponse`+opening+
		`<GetAccessKeyLastUsedResult><UserName>wire</UserName><AccessKeyLastUsed><ServiceName>N/A</ServiceName><Region>N/A</Region></AccessKeyLastUsed>`+
		`</GetAccessKeyLastUsedResult>`+metadata+`</GetAccessKeyLastUsedResponse>`)

	ask(t, a, "Action", "GetUser", "UserName", "<nobody>").wantFault(t, http.StatusBadRequest, "ValidationError",
		"The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
	identity := ask(t, a, "Action", "GetCallerIdentity", "Version", "2011-06-15")
	identity.want(t, http.StatusOK, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
		`<Arn>arn:aws:iam::123456789012:user/keydesk</Arn><UserId>`+a.store.roster().find("keydesk").ID+`</UserId><Account>123456789012</Account>`+
		`</GetCallerIdentityResult>`+metadata+`</GetCallerIdentityResponse>`)
}

func TestUnknownOperations(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	for _, c := range []struct{ action, version, says string }{
		{"CreateRole", "2010-05-08", "CreateRole for version 2010-05-08"},
		{"GetCallerIdentity", "2010-05-08", "GetCallerIdentity for version 2010-05-08"},
		{"ListUsers", "2011-06-15", "ListUsers for version 2011-06-15"},
		{"ListUsers", "1999-01-01", "ListUsers for version 1999-01-01"},
		{"ListUsers", "", "ListUsers for version NO_VERSION_SPECIFIED"},
		{"<b>", "2010-05-08", "&lt;b&gt; for version 2010-05-08"},
	} {
		ask(t, a, "Action", c.action, "Version", c.version).want(t, http.StatusBadRequest,
			`<ErrorResponse xmlns="http://webservices.amazon.com/AWSFault/2005-15-09"><Error><Type>Sender</Type><Code>InvalidAction</Code>`+
				`<Message>Could not find operation `+c.says+`</Message></Error><RequestId>ID</RequestId></ErrorResponse>`)
	}
	if calls := a.Calls(); len(calls) != 0 {
		t.Errorf("operations that do not exist are counted: %v", calls)
	}
}

func TestRequestsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	broken := a.signing(nil)
	broken.body = "Action=ListUsers&Version=%zz"
	send(t, a, broken.request(t, "https://iam.amazonaws.com/")).wantFault(t, http.StatusBadRequest, "MalformedQueryString", "The query string contains a syntax error.")
	huge := a.signing(form("Action", "PutUserPolicy", "PolicyDocument", strings.Repeat("x", maxBody)))
	send(t, a, huge.request(t, "https://iam.amazonaws.com/")).wantFault(t, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request size exceeded 1048576 bytes")
}

func TestParametersMayStandInTheAddress(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	s := a.signing(nil)
	s.body = ""
	r := s.request(t, "https://iam.amazonaws.com/?Action=GetUser&UserName=mateo.jackson&Version=2010-05-08")
	if got := send(t, a, r); got.status != http.StatusOK || !strings.Contains(got.body, "<UserName>mateo.jackson</UserName>") {
		t.Errorf("GetUser by query string = %d %s", got.status, got.body)
	}
}

func FuzzParseParams(f *testing.F) {
	f.Add("", "Action=ListUsers&Version=2010-05-08&MaxItems=10")
	f.Add("Action=GetUser", "UserName=%C3%A4&Tags.member.1.Key=a&Tags.member.1.Value=&TagKeys.member.1=x")
	f.Add("%", "a=%zz&;")
	f.Fuzz(func(t *testing.T, query, body string) {
		p, err := parseParams(query, body)
		if err != nil {
			if asAPIError(err).status != http.StatusBadRequest {
				t.Errorf("a request that cannot be parsed = %v", err)
			}
			return
		}
		for _, known := range []field{newUserName, someUserName, userPath, pathPrefix, accessKeyID, policyName, policyDocument, markerField} {
			value, present, err := p.optional(known)
			if err == nil && present && (len(value) < known.min || !known.pattern.MatchString(value)) {
				t.Errorf("%s accepted %q", known.name, value)
			}
		}
		tags, err := p.tags()
		for _, tag := range tags {
			if err == nil && (tag.Key == "" || strings.ContainsAny(tag.Key+tag.Value, "&<>\"")) {
				t.Errorf("tag accepted: %q", tag)
			}
		}
		c := &call{params: p, action: "ListUsers"}
		if start, err := c.page(); err == nil && (start.limit < 1 || start.limit > 1000) {
			t.Errorf("page of %d accepted", start.limit)
		}
	})
}
