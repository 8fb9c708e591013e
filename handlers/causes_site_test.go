package handlers_test

import (
	"cmp"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// detour leads to the account, or to whatever a test puts in its place.
type detour struct {
	straight aws.HTTPClient
	to       atomic.Pointer[url.URL]
}

// Do implements aws.HTTPClient.
func (d *detour) Do(r *http.Request) (*http.Response, error) {
	to := d.to.Load()
	if to == nil {
		return d.straight.Do(r)
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = to.Scheme, to.Host
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return client.Do(r)
}

const hiddenText = "hunter2-wJalrXUtnFEMI"

// replies answers every call alike, by a clock that is ahead by so much.
func replies(t *testing.T, status int, ahead time.Duration, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		w.Header().Set("Location", "http://127.0.0.1:1/"+hiddenText)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func errorDocument(code string) string {
	return "<ErrorResponse><Error><Code>" + code + "</Code><Message>" + hiddenText + "</Message></Error></ErrorResponse>"
}

func sharedCase(t *testing.T, name string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "iamsvc", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func refusedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// TestPagesNameTheCause: whatever stands between Keydesk and IAM, the page of a
// user, the banner over the lists and the log say what it is; nobody is told of a
// missing permission, and nothing that was sent is repeated.
func TestPagesNameTheCause(t *testing.T) {
	t.Parallel()
	overTLS := httptest.NewUnstartedServer(http.NotFoundHandler())
	overTLS.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	overTLS.StartTLS()
	t.Cleanup(overTLS.Close)
	for name, test := range map[string]struct {
		way    string
		status int
		title  string
		says   string
		advice string
		logged string // "": what the page says, too
	}{
		"case 22":           {replies(t, 403, 0, sharedCase(t, "clock-skew.xml")), 502, "A clock is wrong", "the time of Keydesk&#39;s calls wrong", "NTP", ""},
		"clock behind":      {replies(t, 403, 17*time.Minute, errorDocument("RequestTimeTooSkewed")), 502, "A clock is wrong", "lock of Keydesk&#39;s machine is 17 minutes behind the server&#39;s", "Set the clock", ""},
		"case 23":           {replies(t, 403, 0, sharedCase(t, "proxy-403.html")), 502, "IAM did not answer itself", "answered in IAM&#39;s place", "proxies", ""},
		"captive 200":       {replies(t, 200, 0, "<html>"+hiddenText), 502, "IAM did not answer itself", "(HTTP status 200)", "proxies", ""},
		"302":               {replies(t, 302, 0, ""), 502, "IAM did not answer itself", "(HTTP status 302)", "proxies", ""},
		"407":               {replies(t, 407, 0, hiddenText), 502, "IAM did not answer itself", "wants a user name and a password", "HTTPS_PROXY", ""},
		"unknown code":      {replies(t, 403, 0, errorDocument("PolicyOfTheHouse")), 502, "The server refused Keydesk&#39;s call", "PolicyOfTheHouse", "Look the code up", ""},
		"expired":           {replies(t, 403, 0, errorDocument("ExpiredToken")), 502, "does not accept Keydesk&#39;s credentials", "have expired", "Renew them", ""},
		"wrong secret":      {replies(t, 403, 0, errorDocument("SignatureDoesNotMatch")), 502, "does not accept Keydesk&#39;s credentials", "does not belong to its access key ID", "as a pair", ""},
		"refused":           {refusedPort(t), 503, "IAM can&#39;t be reached", "refused the connection", "firewall", ""},
		"unknown host":      {"http://iam.invalid", 503, "IAM can&#39;t be reached", "iam.invalid can&#39;t be resolved", "DNS", ""},
		"unknown authority": {overTLS.URL, 503, "IAM can&#39;t be reached", "authority that Keydesk&#39;s machine trusts", "AWS_CA_BUNDLE", ""},
		"not XML":           {replies(t, 200, 0, hiddenText), 502, "IAM did not answer itself", "(HTTP status 200)", "proxies", ""},
		"empty":             {replies(t, 200, 0, ""), 502, "The IAM server does not support this", "gave an answer that IAM would not give", "", "does not answer this call in a way IAM would"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			b := s.signedIn("helen")
			to, err := url.Parse(test.way)
			s.must(err)
			s.Way.to.Store(to)
			account := "/accounts/" + s.Account.ID()

			page := b.get(account+"/users/not-listed").wantStatus(t, test.status).wantText(t, test.title, test.says, test.advice, "Request ID")
			logged := s.Log.String()
			user := b.get(account+"/users/"+s.victim()).wantStatus(t, http.StatusOK)
			list := user
			if test.status == http.StatusBadGateway { // without an answer a reading tries for most of a minute
				_ = s.Account.Refresh(t.Context())
				list = b.get(account+"/users").wantStatus(t, http.StatusOK).wantText(t, "The list of users could not be read again")
			}
			if test.advice != "" {
				page.wantText(t, "Nothing was changed. For whoever runs Keydesk: ")
				list.wantText(t, test.says)
				user.wantText(t, "The user could not be read", test.says)
			}
			id := page.Header.Get("X-Request-Id")
			if !strings.Contains(logged, id) || !strings.Contains(logged, html.UnescapeString(cmp.Or(test.logged, test.says))) {
				t.Errorf("the log does not say %q:\n%s", test.logged, logged)
			}
			for what, text := range map[string]string{"page": page.Body, "user": user.Body, "list": list.Body, "log": s.Log.String()} {
				for _, words := range []string{hiddenText, "operation error", "api error", "IAM permission", "Missing permission"} {
					if strings.Contains(text, words) {
						t.Errorf("%q in the %s:\n%s", words, what, text)
					}
				}
			}
		})
	}
}

// TestDeniedIsStillAPermission: a code that means a missing permission is said to be one.
func TestDeniedIsStillAPermission(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	to, err := url.Parse(replies(t, 403, 0, errorDocument("AccessDenied")))
	s.must(err)
	s.Way.to.Store(to)
	s.signedIn("helen").get("/accounts/"+s.Account.ID()+"/users/not-listed").wantStatus(t, http.StatusBadGateway).
		wantText(t, "AWS does not allow Keydesk to do this", "Missing permission: iam:")
}
