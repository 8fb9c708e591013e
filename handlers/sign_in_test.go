package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"keydesk/web/audit"
)

// events are the journal's rows of an action, the newest first.
func (s *site) events(action string) []audit.Event {
	s.t.Helper()
	list, _, err := s.Journal.List(s.t.Context(), audit.Filter{Action: action, Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// cookie is the session cookie a browser holds.
func (b *browser) cookie() string {
	b.t.Helper()
	at, err := url.Parse(b.site.Server.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.http.Jar.Cookies(at) {
		if c.Name != "nav" {
			return c.Value
		}
	}
	return ""
}

func TestSignInLeadsBackToTheLocalPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	form := b.get("/audit-log?page=2").wantStatus(t, http.StatusOK)
	if form.URL.Path != "/sign-in" {
		t.Fatalf("not signed in, but at %s", form.URL)
	}
	p := b.submit(form, "/sign-in", url.Values{"user_name": {"ada"}, "password": {password}}).wantStatus(t, http.StatusOK)
	if p.URL.RequestURI() != "/audit-log?page=2" {
		t.Errorf("landed at %s", p.URL)
	}
	if again := b.get("/sign-in?next=%2Fsearch"); again.URL.Path != "/search" {
		t.Errorf("already signed in, but at %s", again.URL)
	}
}

func TestSignInNeverLeadsAway(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, next := range []string{"//evil.example/", `/\evil.example`, "https://evil.example/", "/\t/evil.example"} {
		b := s.browser().noRedirects()
		p := b.post("/sign-in", url.Values{"user_name": {"ada"}, "password": {password}, "next": {next}})
		if p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/" {
			t.Errorf("next %q: %d to %q", next, p.Status, p.Header.Get("Location"))
		}
		if form := s.browser().get("/sign-in?next=" + url.QueryEscape(next)); strings.Contains(form.Body, "evil.example") {
			t.Errorf("next %q is on the form", next)
		}
	}
}

func TestSignInRefusesInOneVoice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const wrong = "not the password 4711"
	known := s.browser().post("/sign-in", url.Values{"user_name": {"HELEN"}, "password": {wrong}})
	unknown := s.browser().post("/sign-in", url.Values{"user_name": {"nobody<b>"}, "password": {wrong}})
	for _, p := range []page{known, unknown} {
		p.wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "The user name or password is not right.")
		if strings.Contains(p.Body, wrong) {
			t.Error("the password came back")
		}
		if p.Header.Get("Content-Encoding") != "" || p.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("headers of the sign-in page: %v", p.Header)
		}
	}
	known.wantText(t, `value="HELEN"`)
	unknown.wantText(t, `value="nobody&lt;b&gt;"`)

	rows := s.events("SignIn")
	if len(rows) != 2 || rows[1].Actor.Name != "helen" || rows[1].Outcome != audit.OutcomeFailed || rows[0].Actor.Name != "unknown" {
		t.Errorf("journal: %+v", rows)
	}
	if strings.Contains(s.Log.String(), wrong) || strings.Contains(s.Log.String(), "nobody<b>") {
		t.Error("what was typed is in the log")
	}
}

func TestSignInSlowsDownGuessing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	for range 20 {
		p := b.post("/sign-in", url.Values{"user_name": {"admin"}, "password": {"a wrong password"}})
		if p.Status == http.StatusTooManyRequests {
			p.wantText(t, "Too many attempts. Wait ", "second")
			if p.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			return
		}
	}
	t.Fatal("20 wrong passwords in a row were all checked")
}

// A stranger at the same address who tries the administrator's name keeps out
// neither the administrator's browser nor their open session.
func TestStrangersDoNotKeepTheOwnerOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	session, device := s.signedIn("admin"), s.signedIn("admin")
	device.post("/sign-out", nil)
	stranger := s.browser()
	guess := url.Values{"user_name": {"admin"}, "password": {"a wrong password"}}
	for range 5 {
		stranger.post("/sign-in", guess)
	}

	right := url.Values{"user_name": {"admin"}, "password": {password}}
	if p := stranger.post("/sign-in", right); p.Status != http.StatusTooManyRequests {
		t.Errorf("the stranger's next attempt: %d, want 429", p.Status)
	}
	if p := device.noRedirects().post("/sign-in", right); p.Status != http.StatusSeeOther {
		t.Errorf("the browser of an earlier sign-in: %d, want 303", p.Status)
	}
	s.age("admin", stale)
	helen := s.personPath("helen")
	session.submit(session.get(helen), helen+"/disabled", url.Values{"sign_in_password": {password}}).
		wantStatus(t, http.StatusOK).wantText(t, "Account disabled")
}

func TestSignInTakesANewSessionID(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("helen")
	planted := b.cookie()
	b.post("/sign-in", url.Values{"user_name": {"admin"}, "password": {password}})
	if b.cookie() == planted {
		t.Fatal("the session ID from before the sign-in was kept")
	}
	thief := s.browser()
	r, err := http.NewRequest(http.MethodGet, s.Server.URL+"/search", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"session", "keydesk", "keydesk_session"} {
		r.AddCookie(&http.Cookie{Name: name, Value: planted})
	}
	at, _ := url.Parse(s.Server.URL)
	for _, c := range b.http.Jar.Cookies(at) {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: planted})
	}
	if p := thief.do(r); p.URL.Path != "/sign-in" {
		t.Errorf("the old session still works: at %s", p.URL)
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("helen")
	b.get("/sign-out").wantStatus(t, http.StatusMethodNotAllowed)
	if p := b.get("/search"); p.URL.Path != "/search" {
		t.Fatal("a link signed the person out")
	}
	held := b.cookie()
	p := b.noRedirects().post("/sign-out", nil)
	if p.Status != http.StatusSeeOther || p.Header.Get("Clear-Site-Data") != `"cache", "storage"` {
		t.Errorf("sign-out: %d, Clear-Site-Data %q", p.Status, p.Header.Get("Clear-Site-Data"))
	}
	b.get("/sign-in?signed-out").wantText(t, "You have signed out")
	if rows := s.events("SignOut"); len(rows) != 1 || rows[0].Actor.Name != "helen" {
		t.Errorf("journal: %+v", rows)
	}
	at, _ := url.Parse(s.Server.URL)
	fresh := s.signedIn("ada") // learns the cookie's name
	for _, c := range fresh.http.Jar.Cookies(at) {
		r, _ := http.NewRequest(http.MethodGet, s.Server.URL+"/search", nil)
		r.AddCookie(&http.Cookie{Name: c.Name, Value: held})
		if p := s.browser().do(r); p.URL.Path != "/sign-in" {
			t.Error("a copy of the cookie outlived the sign-out")
		}
	}
}

func TestFirstRunMakesOneAdministrator(t *testing.T) {
	t.Parallel()
	s := newEmptySite(t)
	link := "/first-run/" + s.FirstRunToken
	s.browser().get(link).wantStatus(t, http.StatusOK).wantText(t, `value="admin"`, "Confirm password", "Create administrator")

	b := s.browser()
	b.post(link, url.Values{"user_name": {"admin"}, "password": {"short"}, "confirm_password": {"short"}}).
		wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "Use at least 12 characters.")
	b.post(link, url.Values{"user_name": {"admin"}, "password": {password}, "confirm_password": {password + "!"}}).
		wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "The two passwords are not the same.")

	var wait sync.WaitGroup
	answers := make([]page, 8)
	for i := range answers {
		wait.Go(func() {
			answers[i] = s.browser().noRedirects().post(link,
				url.Values{"user_name": {"admin" + string(rune('a'+i))}, "password": {password}, "confirm_password": {password}})
		})
	}
	wait.Wait()
	made := 0
	for _, p := range answers {
		switch p.Status {
		case http.StatusSeeOther:
			made++
		case http.StatusNotFound:
			p.wantText(t, "This link does not work")
		default:
			t.Errorf("status %d", p.Status)
		}
	}
	people, err := s.People.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if made != 1 || len(people) != 1 {
		t.Fatalf("%d answers say created, %d accounts exist", made, len(people))
	}
	if people[0].LastSignIn.IsZero() {
		t.Error("the link has signed nobody in")
	}
	s.browser().get(link).wantStatus(t, http.StatusNotFound)
	if rows := s.events("CreateLocalAccount"); len(rows) != 2 || rows[0].Outcome != audit.OutcomeOK {
		t.Errorf("journal: %+v", rows)
	}
	if strings.Contains(s.Log.String(), s.FirstRunToken) || strings.Contains(s.Log.String(), password) {
		t.Error("the link or the password is in the log")
	}
}

func TestFirstRunSignsIn(t *testing.T) {
	t.Parallel()
	s := newEmptySite(t)
	b := s.browser()
	link := "/first-run/" + s.FirstRunToken
	p := b.submit(b.get(link), link, url.Values{"password": {password}, "confirm_password": {password}}).wantStatus(t, http.StatusOK)
	if !strings.HasSuffix(p.URL.Path, "/users") {
		t.Errorf("landed at %s", p.URL)
	}
	b.get("/local-accounts").wantStatus(t, http.StatusOK).wantText(t, "admin")
}

func TestFirstRunIsForThisMachine(t *testing.T) {
	t.Parallel()
	s := newEmptySite(t)
	for _, address := range []string{"192.0.2.7:1234", "[2001:db8::1]:1234", "nonsense"} {
		r := httptest.NewRequest(http.MethodGet, "/first-run/"+s.FirstRunToken, nil)
		r.Host = "localhost"
		r.RemoteAddr = address
		w := httptest.NewRecorder()
		s.Server.Config.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("from %s: %d", address, w.Code)
		}
	}
	s.browser().get("/first-run/WRONG").wantStatus(t, http.StatusNotFound).wantText(t, "This link does not work")
}

// TestNobodySignsInUnrecorded: without a journal there is no session.
func TestNobodySignsInUnrecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.signedIn("ada")
	if _, err := s.DB.Exec(t.Context(), `DROP TABLE journal`); err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	b.post("/sign-in", url.Values{"user_name": {"admin"}, "password": {password}}).
		wantStatus(t, http.StatusServiceUnavailable).wantText(t, "The audit log is unavailable")
	if b.cookie() != "" {
		t.Error("a session began")
	}
	// Leaving works all the same.
	ada.post("/sign-out", nil)
	if p := ada.get("/search"); p.URL.Path != "/sign-in" {
		t.Error("ada is still signed in")
	}
}
