package handlers_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"golang.org/x/net/html"

	"keydesk/iamsvc"
	"keydesk/iamsvc/localaccount"
	"keydesk/web"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/db"
	"keydesk/web/session"
)

const password = "correct horse battery staple"

// site is the whole of Keydesk, wired as main does, over an embedded account,
// a real database and a loopback listener.
type site struct {
	t             testing.TB
	Server        *httptest.Server
	Local         *localaccount.Account
	Account       *iamsvc.Account
	Journal       *audit.Journal
	People        *auth.LocalAccounts
	Codes         *auth.Codes
	Options       web.Options // what the server was made from
	DB            *db.DB
	Dir           string
	Log           *logBuffer
	Way           *detour    // between Keydesk and Local
	Sent          *logBuffer // the bodies of all requests to IAM and STS
	FirstRunToken string
}

// logBuffer keeps the log for tests that search it.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// sending keeps what is sent to IAM and STS, for tests that search it.
type sending struct {
	next aws.HTTPClient
	sent *logBuffer
}

func (s sending) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, s.sent), r.Body}
	}
	return s.next.Do(r)
}

// newSite starts one with an administrator "admin", "helen" (help desk) and
// "ada" (auditor), all with the same password, and a read inventory.
func newSite(t testing.TB) *site {
	t.Helper()
	return newSiteOf(t, 40)
}

// newSiteOf is newSite over an account of so many users.
func newSiteOf(t testing.TB, users int) *site {
	t.Helper()
	s := newSiteIn(t, peopledDir(t), users)
	// With a report there already the reading has nothing to wait for.
	if _, err := s.Account.GenerateCredentialReport(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Account.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// peopledDir is a data folder in which there are the accounts of newSite.
func peopledDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	database, err := peopled()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "keydesk.db"), database, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// peopled is a database with three accounts in it. Hashing their passwords for
// every test would take most of the tests' time.
var peopled = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "keydesk-people-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "keydesk.db")
	d, err := db.Open(context.Background(), "sqlite:"+file)
	if err != nil {
		return nil, err
	}
	for name, role := range map[string]auth.Role{
		"admin": auth.RoleAdministrator, "helen": auth.RoleHelpDesk, "ada": auth.RoleAuditor,
	} {
		if _, err := auth.NewLocalAccounts(d).Create(context.Background(), name, role, password); err != nil {
			return nil, err
		}
	}
	if err := d.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// newEmptySite has no local accounts yet, only the first-run link.
func newEmptySite(t testing.TB) *site {
	t.Helper()
	return newSiteIn(t, t.TempDir(), 40)
}

func newSiteIn(t testing.TB, dir string, users int) *site {
	t.Helper()
	s := &site{t: t, Dir: dir, Log: &logBuffer{}, Sent: &logBuffer{}}
	ctx := context.Background()
	log := slog.New(slog.NewJSONHandler(s.Log, nil))
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	s.DB, err = db.Open(ctx, "sqlite:"+filepath.Join(s.Dir, "keydesk.db"))
	check(err)
	s.Journal, err = audit.Open(ctx, s.DB, filepath.Join(s.Dir, "journal.key"))
	check(err)
	s.Local, err = localaccount.Open(filepath.Join(s.Dir, "local-account"), localaccount.Options{Users: users})
	check(err)
	s.Local.Trouble().SetReportTime(1)
	id, secret := s.Local.Credentials()
	s.Way = &detour{straight: s.Local.Client()}
	s.Account, err = iamsvc.Open(ctx, iamsvc.Config{
		AWS: aws.Config{Region: "us-east-1", HTTPClient: sending{s.Way, s.Sent},
			Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")},
		Journal: web.Journal{Audit: s.Journal, Now: time.Now, Version: "test"}, Logger: log,
	})
	check(err)
	s.People = auth.NewLocalAccounts(s.DB)
	firstRun, token, err := auth.NewFirstRun()
	check(err)
	s.FirstRunToken = token
	s.Codes, err = auth.OpenCodes(s.DB, filepath.Join(s.Dir, "codes.key"))
	check(err)
	s.Options = web.Options{
		Accounts: iamsvc.NewAccounts(s.Account), DB: s.DB, Journal: s.Journal, LocalAccounts: s.People, Codes: s.Codes,
		Sessions: session.NewStore(s.DB, session.Options{}), FirstRun: firstRun,
		Log: log, Now: time.Now, Embedded: true, Version: "test", Background: web.NewBackground(context.Background()),
	}
	s.Server = httptest.NewServer(web.New(s.Options))
	t.Cleanup(func() {
		s.Server.Close()
		check(s.Options.Background.Stop())
		check(s.Local.Close())
		check(s.DB.Close())
	})
	return s
}

// browser is one person's browser: it keeps cookies and follows redirects.
type browser struct {
	t    testing.TB
	site *site
	http *http.Client
}

// page is one answer.
type page struct {
	Status int
	URL    *url.URL
	Header http.Header
	Body   string
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{t: s.t, site: s, http: &http.Client{Jar: jar, Transport: s.Server.Client().Transport}}
}

// signedIn is a browser in which name has signed in.
func (s *site) signedIn(name string) *browser {
	s.t.Helper()
	b := s.browser()
	p := b.post("/sign-in", url.Values{"user_name": {name}, "password": {password}})
	if p.Status != http.StatusOK || strings.HasPrefix(p.URL.Path, "/sign-in") {
		s.t.Fatalf("sign-in of %s: %d at %s", name, p.Status, p.URL)
	}
	return b
}

func (b *browser) get(path string) page {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.site.Server.URL+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

// noRedirects is the same browser, showing redirects instead of following them.
func (b *browser) noRedirects() *browser {
	c := *b.http
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t: b.t, site: b.site, http: &c}
}

// request asks with any method; a POST is an empty form.
func (b *browser) request(method, path string) page {
	b.t.Helper()
	return b.raw(method, path, "")
}

func (b *browser) raw(method, path, body string) page {
	b.t.Helper()
	r, err := http.NewRequest(method, b.site.Server.URL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.do(r)
}

// post sends a form as it is; submit takes the token from the page.
func (b *browser) post(path string, form url.Values) page {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.site.Server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

func (b *browser) do(r *http.Request) page {
	b.t.Helper()
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8") // as browsers do for a page
	}
	response, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{Status: response.StatusCode, URL: response.Request.URL, Header: response.Header, Body: string(body)}
}

// submit posts the form of the page whose action is the given path, with its
// hidden fields (the one-time token among them) and the given ones.
func (b *browser) submit(p page, action string, fields url.Values) page {
	b.t.Helper()
	form, ok := p.form(b.t, action)
	if !ok {
		b.t.Fatalf("no form posts to %s on %s:\n%s", action, p.URL, p.Body)
	}
	for name, values := range fields {
		form[name] = values
	}
	return b.post(action, form)
}

// form is what the browser would send of the form with this action: hidden
// fields and whatever is filled in or chosen already.
func (p page) form(t testing.TB, action string) (url.Values, bool) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && attribute(n, "action") == action && attribute(n, "method") == "post" {
			return fieldsOf(n), true
		}
	}
	return nil, false
}

func fieldsOf(form *html.Node) url.Values {
	fields := url.Values{}
	for n := range form.Descendants() {
		if n.Type != html.ElementNode || n.Data != "input" || attribute(n, "name") == "" {
			continue
		}
		kind := attribute(n, "type")
		_, checked := attributeOf(n, "checked")
		if (kind == "radio" || kind == "checkbox") && !checked {
			continue
		}
		fields.Add(attribute(n, "name"), attribute(n, "value"))
	}
	return fields
}

func attribute(n *html.Node, key string) string {
	value, _ := attributeOf(n, key)
	return value
}

func attributeOf(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

// wantStatus stops the test if the page is not what it should be.
func (p page) wantStatus(t testing.TB, status int) page {
	t.Helper()
	if p.Status != status {
		t.Fatalf("%s: status %d, want %d\n%s", p.URL, p.Status, status, p.Body)
	}
	return p
}

// wantText fails the test for each text that the page lacks.
func (p page) wantText(t testing.TB, texts ...string) page {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.Body, text) {
			t.Errorf("%s: no %q on the page\n%s", p.URL, text, p.Body)
		}
	}
	return p
}
