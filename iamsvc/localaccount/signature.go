package localaccount

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxClockSkew is how far a signature's date may be from this machine's clock, either way.
const maxClockSkew = 15 * time.Minute

const (
	algorithm     = "AWS4-HMAC-SHA256"
	amzDateLayout = "20060102T150405Z"
)

// signature is the parsed Authorization header of a request, Signature Version 4.
type signature struct {
	keyID   string
	date    string // the scope's date, YYYYMMDD
	region  string
	service string
	headers []string // names, lower case
	value   string
	token   string // session token of temporary credentials
	signed  time.Time
}

// readSignature takes the signature apart and checks everything that needs no secret.
func readSignature(r *http.Request, want service, now time.Time) (signature, error) {
	text := r.Header.Get("Authorization")
	if text == "" {
		return signature{}, fault(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	s, err := parseAuthorization(text)
	if err != nil {
		return signature{}, err
	}
	s.token = r.Header.Get("X-Amz-Security-Token")
	date := r.Header.Get("X-Amz-Date")
	if s.signed, err = time.Parse(amzDateLayout, date); err != nil {
		return signature{}, incompleteSignature("Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", date)
	}
	switch {
	case s.date != date[:8]:
		return s, signatureMismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.")
	case s.service != string(want):
		return s, signatureMismatch("Credential should be scoped to correct service: '%s'.", want)
	case !slices.Contains(s.headers, "host"):
		return s, signatureMismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	case !slices.Contains(s.headers, "x-amz-date"):
		return s, incompleteSignature("The request signature does not conform to AWS standards. Header(s) not signed: x-amz-date.")
	case now.Sub(s.signed).Abs() > maxClockSkew:
		return s, clockSkew(s.signed, now.UTC())
	}
	return s, nil
}

func parseAuthorization(text string) (s signature, err error) {
	rest, found := strings.CutPrefix(text, algorithm)
	if !found {
		return s, incompleteSignature("The request signature does not conform to AWS standards.")
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	if parts["Credential"] == "" || parts["SignedHeaders"] == "" || parts["Signature"] == "" {
		return s, incompleteSignature("Authorization header requires Credential, SignedHeaders, and Signature.")
	}
	scope := strings.Split(parts["Credential"], "/")
	if len(scope) != 5 {
		return s, incompleteSignature("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", parts["Credential"])
	}
	if scope[4] != "aws4_request" {
		return s, signatureMismatch("Credential should be scoped with a valid terminator: 'aws4_request'.")
	}
	s.keyID, s.date, s.region, s.service = scope[0], scope[1], scope[2], scope[3]
	s.headers, s.value = strings.Split(parts["SignedHeaders"], ";"), parts["Signature"]
	return s, nil
}

// matches signs the request again, as its sender must have done, and compares. The signer signs every header it is
// given, so it is given only those that the sender names.
func (a *Account) matches(r *http.Request, body []byte, s signature) bool {
	again := &http.Request{Method: r.Method, Host: r.Host, Header: http.Header{}}
	again.URL = &url.URL{Scheme: "https", Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	for _, name := range s.headers {
		switch name = http.CanonicalHeaderKey(name); name {
		case "Host":
		case "Content-Length":
			again.ContentLength = r.ContentLength
		default:
			again.Header[name] = slices.Clone(r.Header.Values(name))
		}
	}
	hash := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: s.keyID, SecretAccessKey: a.master.secret(s.keyID)}
	err := a.signer.SignHTTP(r.Context(), credentials, again, hex.EncodeToString(hash[:]), s.service, s.region, s.signed)
	if err != nil {
		return false
	}
	_, value, _ := strings.Cut(again.Header.Get("Authorization"), "Signature=")
	return hmac.Equal([]byte(value), []byte(s.value))
}

// authenticate finds out who signed the request. Unknown, deleted and inactive keys get one and the same answer.
func (a *Account) authenticate(r *http.Request, body []byte, want service) (caller, error) {
	s, err := readSignature(r, want, time.Now())
	if err != nil {
		return caller{}, err
	}
	who, err := a.identify(s)
	if err != nil {
		return caller{}, err
	}
	if !a.matches(r, body, s) {
		return caller{}, signatureMismatch("The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	if who.role == "" {
		a.recordUse(s)
	}
	return who, nil
}

// identify is authenticate without the proof: whose the key ID is.
func (a *Account) identify(s signature) (caller, error) {
	if strings.HasPrefix(s.keyID, "ASIA") {
		return a.identifySession(s)
	}
	u, key := a.store.keyOwner(s.keyID)
	if key == nil || key.Status != statusActive || s.token != "" {
		return caller{}, invalidToken()
	}
	return caller{user: u, keyID: s.keyID, arn: a.arn(u.resource()), id: u.ID}, nil
}
