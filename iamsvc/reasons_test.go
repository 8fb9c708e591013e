package iamsvc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/smithy-go/logging"
)

// hidden stands for what servers, proxies and processes print that must go nowhere.
const hidden = "hunter2-wJalrXUtnFEMI"

const blockedPage = "<html><head><title>Access blocked</title></head><body>This site is blocked by the web proxy: " + hidden + "</body></html>"

// broken is what Keydesk meets in place of an account that answers.
type broken struct {
	name     string
	endpoint func(*testing.T) string
	creds    func(*testing.T) aws.CredentialsProvider // nil: a key pair
	client   aws.HTTPClient                           // nil: the SDK's own
	reason   error
	kind     error  // the broader one
	says     string // words of the cause
}

func answersWith(status int, header http.Header, body string) func(*testing.T) string {
	return serving(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func serving(h http.HandlerFunc) func(*testing.T) string {
	return func(t *testing.T) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
}

// refusing is an error document of IAM's, from a server whose clock is ahead by so much.
func refusing(status int, code, message string, ahead ...time.Duration) func(*testing.T) string {
	return serving(func(w http.ResponseWriter, _ *http.Request) {
		for _, by := range ahead {
			w.Header().Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s %s</Message></Error><RequestId>r</RequestId></ErrorResponse>`, code, message, hidden)
	})
}

func sharedCase(name string, status int) func(*testing.T) string {
	return func(t *testing.T) string {
		body, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return answersWith(status, nil, string(body))(t)
	}
}

// refusedPort is an address on which nothing listens.
func refusedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// hangingUp takes a connection and breaks it off, after these bytes.
func hangingUp(reply string) func(*testing.T) string {
	return serving(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = io.WriteString(c, reply)
			_ = c.Close()
		}
	})
}

// overTLS serves with a certificate of an authority of its own.
func overTLS(host string, from, until time.Duration) func(*testing.T) string {
	return func(t *testing.T) string {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		form := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
			NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until)}
		if ip := net.ParseIP(host); ip != nil {
			form.DNSNames, form.IPAddresses = nil, []net.IP{ip}
		}
		der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.URL
	}
}

// trusting is the SDK's client with the authority of whoever it meets, which leaves
// names and dates to be checked.
func trusting() aws.HTTPClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
		tr.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			host, _, _ := net.SplitHostPort(address)
			c := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error { //nolint:gosec // it verifies itself
				pool := x509.NewCertPool()
				pool.AddCert(s.PeerCertificates[0])
				_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: pool, DNSName: host})
				return err
			}})
			return c, c.HandshakeContext(ctx)
		}
	})
}

func through(proxy string) aws.HTTPClient {
	u, _ := url.Parse(proxy)
	return awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) { tr.Proxy = http.ProxyURL(u) })
}

// profile is what the SDK makes of a profile in the shared configuration. %s is the
// address of a server that answers as given.
func profile(text string, server func(*testing.T) string, options ...func(*awsconfig.LoadOptions) error) func(*testing.T) aws.CredentialsProvider {
	return func(t *testing.T) aws.CredentialsProvider {
		t.Helper()
		if server != nil {
			text = fmt.Sprintf(text, server(t))
		}
		file := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := awsconfig.LoadDefaultConfig(t.Context(), append(options, awsconfig.WithSharedConfigFiles([]string{file}),
			awsconfig.WithSharedCredentialsFiles(nil), awsconfig.WithSharedConfigProfile("keydesk"), awsconfig.WithRegion("us-east-1"),
			awsconfig.WithLogger(logging.Nop{}), awsconfig.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }))...)
		if err != nil {
			t.Fatal(err)
		}
		return c.Credentials
	}
}

// instance has no credentials but those of its metadata service, if any.
func instance(metadata func(*testing.T) string) func(*testing.T) aws.CredentialsProvider {
	return func(t *testing.T) aws.CredentialsProvider {
		t.Helper()
		return profile("[profile keydesk]\nregion = us-east-1\n", nil, awsconfig.WithEC2IMDSEndpoint(metadata(t)))(t)
	}
}

// container has those that its platform gives out.
func container(platform func(*testing.T) string) func(*testing.T) aws.CredentialsProvider {
	return func(t *testing.T) aws.CredentialsProvider {
		t.Helper()
		return endpointcreds.New(platform(t), func(o *endpointcreds.Options) { o.Retryer = aws.NopRetryer{} })
	}
}

const roleProfile = `
[profile keydesk]
role_arn = arn:aws:iam::123456789012:role/ops/Deploy
source_profile = source
services = local
[profile source]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = not-a-secret
services = local
[services local]
sts =
  endpoint_url = %s
`

func expiredAt(at time.Time) func(*testing.T) aws.CredentialsProvider {
	return func(*testing.T) aws.CredentialsProvider {
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: "x", SessionToken: "x", CanExpire: true, Expires: at}, nil
		})
	}
}

func brokenAccounts() []broken {
	now := time.Now()
	expired := now.Add(-90 * time.Minute)
	nowhere := func(*testing.T) string { return "http://127.0.0.1:1" }
	return []broken{
		{name: "case 22", endpoint: sharedCase("clock-skew.xml", 403), reason: ErrClockSkew, says: "the server finds the time of Keydesk's calls wrong: it is "},
		{name: "clock behind", endpoint: refusing(403, "RequestTimeTooSkewed", "m", 17*time.Minute), reason: ErrClockSkew, says: "17 minutes behind the server's: it is "},
		{name: "clock ahead", endpoint: refusing(403, "SignatureDoesNotMatch", "Signature not yet current: x", -3*time.Hour), reason: ErrClockSkew, says: "3 hours ahead of"},
		{name: "expired signature", endpoint: refusing(403, "SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z (20260101T002000Z - 5 min.)"), reason: ErrClockSkew, says: " there"},
		{name: "mismatch and a clock far off", endpoint: refusing(403, "SignatureDoesNotMatch", "m", 48*time.Hour), reason: ErrClockSkew, says: "2 days behind"},
		{name: "AuthFailure and a clock far off", endpoint: refusing(401, "AuthFailure", "m", time.Hour), reason: ErrClockSkew, says: "60 minutes behind"},
		{name: "request expired", endpoint: refusing(400, "RequestExpired", "m"), reason: ErrClockSkew, says: "time of Keydesk's calls"},
		{name: "AuthFailure", endpoint: refusing(401, "AuthFailure", "m"), reason: ErrUnknownAccessKey, kind: ErrCredentials, says: "inactive"},
		{name: "expired token", endpoint: refusing(403, "ExpiredToken", "m"), reason: ErrCredentialsExpired, kind: ErrCredentials, says: "have expired"},
		{name: "expired token, since when", endpoint: refusing(403, "ExpiredToken", "m"), creds: expiredAt(expired), reason: ErrCredentialsExpired,
			kind: ErrCredentials, says: "have expired, on " + expired.UTC().Format("2006-01-02 at 15:04:05 UTC")},
		{name: "wrong secret", endpoint: refusing(403, "SignatureDoesNotMatch", "The request signature we calculated does not match"), reason: ErrWrongSecret, kind: ErrCredentials, says: "does not belong"},
		{name: "unknown key", endpoint: refusing(403, "InvalidClientTokenId", "m"), reason: ErrUnknownAccessKey, kind: ErrCredentials, says: "does not know the access key"},
		{name: "signature removed", endpoint: refusing(403, "MissingAuthenticationToken", "m"), reason: ErrBrokenSignature, kind: ErrCredentials, says: "did not arrive whole"},
		{name: "region", endpoint: refusing(403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region."), reason: ErrRegion, kind: ErrCredentials, says: "region or partition"},
		{name: "opt-in", endpoint: refusing(403, "OptInRequired", "m"), reason: ErrRegion, kind: ErrCredentials, says: "region or partition"},
		{name: "case 23", endpoint: sharedCase("proxy-403.html", 403), reason: ErrInterposed, says: "answered in IAM's place, such as a proxy"},
		{name: "blocked page", endpoint: answersWith(403, nil, blockedPage), reason: ErrInterposed, says: "HTTP status 403"},
		{name: "sign-in page", endpoint: answersWith(200, nil, "\n <!DOCTYPE html>"+blockedPage), reason: ErrInterposed, says: "HTTP status 200"},
		{name: "captive JSON", endpoint: answersWith(200, nil, `{"portal":"`+hidden+`"}`), reason: ErrInterposed, says: "HTTP status 200"},
		{name: "302", endpoint: answersWith(302, http.Header{"Location": {"http://127.0.0.1:1/" + hidden}}, ""), reason: ErrInterposed, says: "HTTP status 302"},
		{name: "307", endpoint: answersWith(307, http.Header{"Location": {"http://127.0.0.1:1/" + hidden}}, ""), reason: ErrInterposed, says: "HTTP status 307"},
		{name: "407", endpoint: answersWith(407, nil, blockedPage), reason: ErrProxyAuthentication, kind: ErrInterposed, says: "wants a user name"},
		{name: "511", endpoint: answersWith(511, nil, blockedPage), reason: ErrInterposed, says: "HTTP status 511"},
		{name: "401 page", endpoint: answersWith(401, nil, blockedPage), reason: ErrInterposed, says: "HTTP status 401"},
		{name: "unknown code", endpoint: refusing(403, "PolicyOfTheHouse", "m"), reason: ErrRefused, says: "refused the call with PolicyOfTheHouse"},
		{name: "unknown code, 400", endpoint: refusing(400, "PolicyOfTheHouse", "m"), reason: ErrRefused, kind: ErrUnsupported, says: "PolicyOfTheHouse"},
		{name: "a code that is none", endpoint: refusing(403, hidden+" "+hidden, "m"), reason: ErrRefused, says: "HTTP status 403 and no code"},
		{name: "empty 403", endpoint: answersWith(403, nil, ""), reason: ErrRefused, says: "HTTP status 403 and no code"},
		{name: "JSON 403", endpoint: answersWith(403, nil, `{"message":"`+hidden+`"}`), reason: ErrRefused, says: "no code"},
		{name: "refused connection", endpoint: refusedPort, reason: ErrConnectionRefused, kind: ErrUnreachable, says: "the server 127.0.0.1:"},
		{name: "unknown host", endpoint: func(*testing.T) string { return "http://iam.invalid" }, reason: ErrUnknownHost, kind: ErrUnreachable, says: "the name of the server iam.invalid"},
		{name: "hung up", endpoint: hangingUp(""), reason: ErrConnectionLost, kind: ErrUnreachable, says: "broke off"},
		{name: "half a body", endpoint: hangingUp("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<GetUserResp"), reason: ErrConnectionLost, kind: ErrUnreachable, says: "broke off"},
		{name: "unknown authority", endpoint: overTLS("127.0.0.1", -time.Hour, time.Hour), reason: ErrUnknownAuthority, kind: ErrUnreachable, says: "authority that Keydesk's machine trusts"},
		{name: "another name", endpoint: overTLS("iam.example", -time.Hour, time.Hour), client: trusting(), reason: ErrCertificateName, kind: ErrUnreachable, says: "is for another name"},
		{name: "expired certificate", endpoint: overTLS("127.0.0.1", -2*time.Hour, -time.Hour), client: trusting(), reason: ErrCertificateExpired, kind: ErrUnreachable, says: "has expired"},
		{name: "no TLS", endpoint: func(t *testing.T) string {
			return strings.Replace(answersWith(200, nil, "")(t), "http:", "https:", 1)
		}, reason: ErrNotTLS, kind: ErrUnreachable, says: "does not speak TLS"},
		{name: "no instance metadata", endpoint: nowhere, creds: instance(refusedPort), reason: ErrInstanceMetadata, kind: ErrNoCredentials, says: "(IMDS) does not answer"},
		{name: "instance without a role", endpoint: nowhere, creds: instance(answersWith(404, nil, "")), reason: ErrNoneConfigured, kind: ErrNoCredentials, says: "no AWS credentials were found"},
		{name: "container", endpoint: nowhere, creds: container(answersWith(403, nil, `{"code":"AccessDenied","message":"`+hidden+`"}`)), reason: ErrContainerCredentials, kind: ErrNoCredentials, says: "container gave no credentials"},
		{name: "process", endpoint: nowhere, creds: profile("[profile keydesk]\ncredential_process = echo "+hidden+"; echo "+hidden+" >/dev/null; exit 3\n", nil),
			reason: ErrCredentialProcess, kind: ErrNoCredentials, says: "failed (exit status 3)"},
		{name: "process that is not there", endpoint: nowhere, creds: profile("[profile keydesk]\ncredential_process = /no/such/"+hidden+" 2>/dev/null\n", nil),
			reason: ErrCredentialProcess, kind: ErrNoCredentials, says: "the command was not found"},
		{name: "output of a process", endpoint: nowhere, creds: profile("[profile keydesk]\ncredential_process = echo "+hidden+"\n", nil),
			reason: ErrCredentialProcess, kind: ErrNoCredentials, says: "its output is not"},
		{name: "SSO", endpoint: nowhere, creds: profile("[profile keydesk]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://none.invalid/"+hidden+"\n", nil),
			reason: ErrSSOSession, kind: ErrNoCredentials, says: "SSO) session"},
		{name: "SSO, the older kind", endpoint: nowhere, creds: profile("[profile keydesk]\nsso_account_id = 123456789012\nsso_role_name = r\nsso_region = us-east-1\nsso_start_url = https://none.invalid/"+hidden+"\n", nil),
			reason: ErrSSOSession, kind: ErrNoCredentials, says: "SSO) session"},
		{name: "role refused", endpoint: nowhere, creds: profile(roleProfile, refusing(403, "AccessDenied",
			"User: arn:aws:iam::123456789012:user/x is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/ops/Deploy")),
			reason: ErrAssumeRole, kind: ErrNoCredentials, says: "does not let Keydesk assume its role (arn:aws:iam::123456789012:role/ops/Deploy)"},
		{name: "role throttled", endpoint: nowhere, creds: profile(roleProfile, refusing(400, "Throttling", "m")), reason: ErrAssumeRoleThrottled, kind: ErrUnavailable, says: "STS is throttling"},
		{name: "role's source expired", endpoint: nowhere, creds: profile(roleProfile, refusing(403, "ExpiredToken", "m")), reason: ErrCredentialsExpired, kind: ErrCredentials, says: "have expired"},
		{name: "clock, seen by STS", endpoint: nowhere, creds: profile(roleProfile, refusing(403, "SignatureDoesNotMatch", "Signature expired: x", 17*time.Minute)), reason: ErrClockSkew, says: "17 minutes behind"},
		{name: "STS behind a proxy", endpoint: nowhere, creds: profile(roleProfile, answersWith(407, nil, blockedPage)), reason: ErrProxyAuthentication, kind: ErrInterposed, says: "the proxy"},
		{name: "STS away", endpoint: nowhere, creds: profile(roleProfile, refusedPort), reason: ErrConnectionRefused, kind: ErrUnreachable, says: "refused the connection"},
	}
}

// TestReasons breaks everything between Keydesk and an account, one thing at a time,
// with real servers: the error has the reason, and nothing of what was said.
func TestReasons(t *testing.T) {
	t.Parallel()
	for _, b := range brokenAccounts() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			_, err := b.open(t).User(t.Context(), "ann")
			wantIs(t, err, b.reason)
			if b.kind != nil {
				wantIs(t, err, b.kind)
			}
			if errors.Is(err, ErrDenied) || errors.Is(err, ErrThrottled) || errors.Is(err, ErrNoSuchUser) {
				t.Errorf("%v is taken for something else, too", err)
			}
			if !strings.Contains(Cause(err), b.says) || !strings.Contains(err.Error(), Cause(err)) || Advice(err) == "" {
				t.Errorf("cause %q, advice %q, error %q", Cause(err), Advice(err), err)
			}
			var c *CallError
			if !errors.As(err, &c) || c.Operation != "GetUser" {
				t.Errorf("%#v", err)
			}
			c.Message = "" // the server's words, which are shown nowhere
			for e := err; e != nil; e = errors.Unwrap(e) {
				if text := fmt.Sprintf("%v %+v", e, e); strings.Contains(text, hidden) || strings.Contains(text, "operation error") {
					t.Errorf("%T says %s", e, text)
				}
			}
		})
	}
}

// open is an account that has broken since the start.
func (b broken) open(t *testing.T) *Account {
	t.Helper()
	var creds aws.CredentialsProvider = credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "not-a-secret", "")
	if b.creds != nil {
		creds = b.creds(t)
	}
	a, _, _ := openForeign(t, answers{})
	a.openLanes(Config{AWS: aws.Config{Region: "us-east-1", Credentials: retriever{creds}, HTTPClient: b.client}, IAMEndpoint: b.endpoint(t)})
	return a
}

func TestReasonsBehindAProxy(t *testing.T) {
	t.Parallel()
	for _, b := range []broken{
		{name: "407 to CONNECT", client: through(answersWith(407, nil, blockedPage)(t)), reason: ErrProxyAuthentication, says: "wants a user name"},
		{name: "403 to CONNECT", client: through(answersWith(403, nil, blockedPage)(t)), reason: ErrInterposed, says: "HTTP status 403"},
		{name: "refused", client: through(refusedPort(t)), reason: ErrConnectionRefused, says: "the proxy 127.0.0.1:"},
		{name: "unknown", client: through("http://proxy.invalid:3128"), reason: ErrUnknownHost, says: "the name of the proxy proxy.invalid"},
	} {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			b.endpoint = func(*testing.T) string { return "https://iam.example" }
			_, err := b.open(t).User(t.Context(), "ann")
			wantIs(t, err, b.reason)
			if !strings.Contains(Cause(err), b.says) || strings.Contains(err.Error(), hidden) {
				t.Error(err)
			}
		})
	}
}

func TestTimeoutNamesTheServer(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-held
	}))
	t.Cleanup(func() { close(held); server.Close() })
	a := broken{endpoint: func(*testing.T) string { return server.URL }}.open(t)
	a.interactive.deadline = 50 * time.Millisecond
	_, err := a.User(t.Context(), "ann")
	wantIs(t, err, ErrTimeout)
	if !strings.Contains(Cause(err), strings.TrimPrefix(server.URL, "http://")) {
		t.Error(err)
	}
}

// A page with status 200 in place of an acknowledgement is none.
func TestSignInPageAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	a, _, _ := openForeign(t, answers{"UpdateAccessKey": sendsRaw(200, blockedPage), "ListAccessKeys": sends(metadata("ann", "AKIAIOSFODNN7EXAMPLE"))})
	err := a.UpdateAccessKey(administrator(), "ann", "AKIAIOSFODNN7EXAMPLE", KeyInactive)
	wantIs(t, err, ErrOutcomeUnknown)
}

// What certainly never left is no change whose outcome is unknown.
func TestNeverSentIsNotUnknown(t *testing.T) {
	t.Parallel()
	for _, b := range brokenAccounts() {
		switch b.reason {
		case ErrConnectionRefused, ErrUnknownHost, ErrUnknownAuthority, ErrCertificateName, ErrCertificateExpired, ErrNotTLS, ErrSSOSession:
		default:
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			_, err := b.open(t).CreateAccessKey(administrator(), "ann", "")
			wantIs(t, err, b.reason)
			if errors.Is(err, ErrOutcomeUnknown) {
				t.Error(err)
			}
		})
	}
}

// TestRunbookHasEveryReason: whoever reads a message finds it in the operations guide.
func TestRunbookHasEveryReason(t *testing.T) {
	t.Parallel()
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	runbook := strings.Join(strings.Fields(read("../docs/operations.md")), " ")
	texts := regexp.MustCompile(`(?m)^\t\ttext:\s+"(.*)",$`).FindAllStringSubmatch(read("reasons.go"), -1)
	if len(texts) < 20 {
		t.Fatalf("%d texts", len(texts))
	}
	for _, text := range texts {
		if !strings.Contains(runbook, text[1]) {
			t.Errorf("docs/operations.md does not explain %q", text[1])
		}
	}
}
