package handlers_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"keydesk/web"
	"keydesk/web/audit"
	"keydesk/web/db"
)

// age makes the sign-ins of a person older, as if the time had passed.
func (s *site) age(name string, by time.Duration) {
	s.t.Helper()
	n, err := s.DB.Exec(s.t.Context(), `UPDATE sessions SET signed_in_at = signed_in_at - ? WHERE user_id = ?`,
		by.Microseconds(), s.person(name).ID)
	if err != nil || n == 0 {
		s.t.Fatalf("%d sessions, %v", n, err)
	}
}

// TestRoutesThatNeedAFreshSignIn: with an old sign-in a page asks first and a form
// changes nothing; everything else goes on as before.
func TestRoutesThatNeedAFreshSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin").noRedirects()
	s.age("admin", 5*time.Minute+time.Second)
	before := s.changes()
	needs := 0
	for _, route := range web.Routes() {
		if route.Permission == "" {
			continue
		}
		path := s.fill(route.Pattern)
		p := admin.request(route.Method, path)
		page := p.Status == http.StatusSeeOther && p.Header.Get("Location") == "/confirm?"+url.Values{"next": {path}}.Encode()
		form := p.Status == http.StatusForbidden && strings.Contains(p.Body, "Confirm that it is you")
		asked := page && route.Method == "GET" || form && route.Method == "POST"
		if asked != route.Fresh {
			t.Errorf("%s %s: asked %v, status %d", route.Method, route.Pattern, asked, p.Status)
		}
		if asked {
			needs++
		}
	}
	if s.changes() != before || len(s.events("CreateAccessKey")) != 0 {
		t.Error("an old sign-in changed something")
	}
	if refused := s.events("Refused"); needs == 0 || len(refused) == 0 || refused[0].ErrorCode != "StaleSignIn" {
		t.Errorf("%d routes ask, journal %+v", needs, refused)
	}
}

// TestWhatNeedsAFreshSignIn is the rule itself, apart from the table: the column can
// be wrong.
func TestWhatNeedsAFreshSignIn(t *testing.T) {
	t.Parallel()
	live := []string{"/access-keys/done", "/deactivate", "/description", "/settings/password", "/audit-log"}
	fresh := []string{"/access-keys/create", "/access-keys", "/activate", "/{key}/delete", "/create-user", "/local-accounts", "/local-accounts/{id}/role",
		"/local-accounts/{id}/disabled", "/local-accounts/{id}/password", "/local-accounts/{id}/codes", "/federated-accounts/{id}/disabled", "/settings/codes/off"}
	for _, route := range web.Routes() {
		for _, end := range live {
			if strings.HasSuffix(route.Pattern, end) && route.Fresh {
				t.Errorf("%s %s asks for a fresh sign-in", route.Method, route.Pattern)
			}
		}
		for _, end := range fresh {
			list := route.Method == "GET" && strings.HasSuffix(route.Pattern, "{account}/access-keys")
			if strings.HasSuffix(route.Pattern, end) && !route.Fresh && !list {
				t.Errorf("%s %s is content with an old sign-in", route.Method, route.Pattern)
			}
		}
	}
}

func TestConfirmThatItIsYou(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	key := "/accounts/" + s.Account.ID() + "/users/" + s.victim() + "/access-keys/create"
	admin.get(key).wantStatus(t, http.StatusOK)
	s.age("admin", 6*time.Minute)

	asked := admin.get(key).wantStatus(t, http.StatusOK).wantText(t, "Confirm that it is you", "Password")
	if asked.URL.Path != "/confirm" {
		t.Fatalf("at %s", asked.URL)
	}
	admin.submit(asked, "/confirm", url.Values{"password": {"not the password"}}).
		wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "What you entered is not right.")
	if p := admin.get(key); p.URL.Path != "/confirm" {
		t.Error("a wrong password was enough")
	}
	// Somebody else's password is a right one, but not this person's.
	admin.submit(asked, "/confirm", url.Values{"password": {password}, "account": {"helen"}}).wantStatus(t, http.StatusOK)

	s.age("admin", 6*time.Minute)
	old := admin.cookie()
	p := admin.submit(admin.get(key), "/confirm", url.Values{"password": {password}}).wantStatus(t, http.StatusOK)
	if p.URL.Path != key {
		t.Errorf("landed at %s", p.URL)
	}
	if admin.cookie() == old {
		t.Error("the session ID is the one from before")
	}
	thief := s.browser()
	r, err := http.NewRequest(http.MethodGet, s.Server.URL+"/search", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "keydesk_session", Value: old})
	if p := thief.do(r); p.URL.Path != "/sign-in" {
		t.Error("the session ID from before still works")
	}
	if p := admin.get("/confirm?next=/search"); p.URL.Path != "/search" {
		t.Errorf("confirmed already, but at %s", p.URL)
	}
	rows := s.events("ConfirmSignIn")
	if len(rows) != 3 || rows[0].Outcome != audit.OutcomeOK || rows[2].ErrorCode != "BadCredentials" {
		t.Errorf("journal: %+v", rows)
	}
}

// TestStaleFormIsRefused: the form changes nothing, the page leads back to it, and
// it works then.
func TestStaleFormIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	path := s.personPath("helen")
	show := admin.get(path).wantStatus(t, http.StatusOK)
	s.age("admin", 6*time.Minute)
	back := "/confirm?" + url.Values{"next": {path}}.Encode()
	admin.submit(show, path+"/disabled", nil).wantStatus(t, http.StatusForbidden).
		wantText(t, "Confirm that it is you", "Nothing was changed", strings.ReplaceAll(back, "&", "&amp;"))
	if s.person("helen").Disabled {
		t.Fatal("the account was disabled")
	}
	if p := admin.submit(admin.get(back), "/confirm", url.Values{"password": {password}}).wantStatus(t, http.StatusOK); p.URL.Path != path {
		t.Errorf("landed at %s", p.URL)
	}
	// The form from before still works: it has not been used.
	admin.submit(show, path+"/disabled", nil).wantStatus(t, http.StatusOK).wantText(t, "Account disabled")

	user := "/accounts/" + s.Account.ID() + "/users/" + s.victim()
	s.age("admin", 6*time.Minute)
	for form, page := range map[string]string{
		user + "/access-keys":                   user + "/access-keys/create",
		user + "/access-keys/AAAAAAAA/activate": user + "/access-keys/AAAAAAAA/activate",
		"/accounts/" + s.Account.ID() + "/my-security-credentials/AAAAAAAA/activate": "/accounts/" + s.Account.ID() + "/my-security-credentials",
		"/settings/codes/confirm": "/settings/codes",
	} {
		admin.post(form, nil).wantStatus(t, http.StatusForbidden).wantText(t, "/confirm?"+url.Values{"next": {page}}.Encode())
	}
}

// TestCancelLeadsSomewhere: whoever does not confirm finds a page that does not ask.
func TestCancelLeadsSomewhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	s.age("admin", 6*time.Minute)
	cancel := regexp.MustCompile(`href="([^"]*)">Cancel<`)
	for _, route := range web.Routes() {
		if !route.Fresh || route.Method != http.MethodGet {
			continue
		}
		asked := admin.get(s.fill(route.Pattern)+"?from=here").wantText(t, "Confirm that it is you")
		link := cancel.FindStringSubmatch(asked.Body)
		if link == nil {
			t.Fatalf("%s: no Cancel\n%s", route.Pattern, asked.Body)
		}
		if p := admin.get(link[1]); p.Status != http.StatusOK || p.URL.Path == "/confirm" {
			t.Errorf("%s: Cancel leads to %s: %d at %s", route.Pattern, link[1], p.Status, p.URL)
		}
	}
}

func TestConfirmNeverLeadsAway(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	for _, next := range []string{"//evil.example/", "https://evil.example/", `/\evil.example`} {
		s.age("admin", 6*time.Minute)
		if p := admin.get("/confirm?next=" + url.QueryEscape(next)); strings.Contains(p.Body, "evil.example") {
			t.Errorf("%q is on the page", next)
		}
		p := admin.noRedirects().post("/confirm", url.Values{"password": {password}, "next": {next}})
		if p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/" {
			t.Errorf("%q: %d to %q", next, p.Status, p.Header.Get("Location"))
		}
	}
}

func TestConfirmSlowsDownGuessing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	s.age("admin", 6*time.Minute)
	for range 20 {
		if p := admin.post("/confirm", url.Values{"password": {"a wrong password"}}); p.Status == http.StatusTooManyRequests {
			p.wantText(t, "Too many attempts")
			return
		}
	}
	t.Fatal("20 wrong passwords in a row were all checked")
}

// TestConfirmAtTheProvider: the provider must ask again, and say that it has.
func TestConfirmAtTheProvider(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	alice := s.federated("alice")
	// The provider said nothing of when alice signed in, so it does not count as fresh.
	const page = "/accounts/"
	create := page + s.Account.ID() + "/users/" + s.victim() + "/access-keys/create"
	asked := alice.get(create).wantStatus(t, http.StatusOK).wantText(t, "Confirm that it is you", "Confirm with single sign-on")
	if strings.Contains(asked.Body, `type="password"`) {
		t.Error("a password is asked for here")
	}
	alice.post("/confirm", url.Values{"password": {password}}).wantStatus(t, http.StatusNotFound)

	again := "/confirm/oidc?" + url.Values{"next": {create}}.Encode()
	if q := alice.away(again).Query(); q.Get("prompt") != "login" || q.Get("max_age") != "300" {
		t.Errorf("the provider is asked with %v", q)
	}
	old := alice.cookieNamed("keydesk_session")
	p, prompted := alice.atProvider(alice.get(again), "alice")
	if p.wantStatus(t, http.StatusOK); p.URL.Path != create || !prompted {
		t.Fatalf("landed at %s, asked again: %v", p.URL, prompted)
	}
	if alice.cookieNamed("keydesk_session") == old {
		t.Error("the session ID is the one from before")
	}

	s.pass(6 * time.Minute)
	if p := alice.get(create); p.URL.Path != "/confirm" {
		t.Errorf("six minutes later at %s", p.URL)
	}
	// The request goes through the browser, where it can be changed: the provider then
	// does not ask, and says nothing, or how long ago it was.
	for name, change := range map[string]map[string]string{
		"no auth_time":  {"prompt": "", "max_age": ""},
		"old auth_time": {"prompt": "", "max_age": "100000"},
	} {
		p, prompted := alice.atProvider(alice.visit(with(alice.away(again), change)), "alice")
		p.wantStatus(t, http.StatusForbidden).wantText(t, "It is not confirmed that it is you")
		if prompted {
			t.Errorf("%s: the provider asked all the same", name)
		}
		if p := alice.get(create); p.URL.Path != "/confirm" {
			t.Errorf("%s: at %s", name, p.URL)
		}
	}
	if rows := s.events("ConfirmSignIn"); len(rows) != 3 || rows[0].ErrorCode != "NotAskedAgain" || rows[2].Outcome != audit.OutcomeOK {
		t.Errorf("journal: %+v", rows)
	}
}

// TestSomebodyElseCannotConfirm: the provider's word that it is harry says nothing of
// alice's session.
func TestSomebodyElseCannotConfirm(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	s.Provider.SetGroups("harry", "keydesk-admins")
	// A browser with alice's session here and harry's at the provider.
	stolen := s.federated("alice").cookieNamed("keydesk_session")
	alice := s.federated("harry")
	at, err := url.Parse(s.Server.URL)
	if err != nil {
		t.Fatal(err)
	}
	alice.http.Jar.SetCookies(at, []*http.Cookie{{Name: "keydesk_session", Value: stolen, Path: "/"}})
	alice.get("/settings").wantStatus(t, http.StatusOK).wantText(t, "alice@example.com")
	p, _ := alice.atProvider(alice.get("/confirm/oidc?next=/local-accounts"), "harry")
	p.wantStatus(t, http.StatusForbidden).wantText(t, "Single sign-on did not work")
	if p := alice.get("/local-accounts"); p.URL.Path != "/confirm" {
		t.Errorf("somebody else has confirmed alice's session: at %s", p.URL)
	}
}

// TestGroupsLostAtConfirming: the groups are read then, too.
func TestGroupsLostAtConfirming(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	alice := s.federated("alice")
	s.Provider.SetGroups("alice", "keydesk-help")
	p, _ := alice.atProvider(alice.get("/confirm/oidc?next=/local-accounts"), "alice")
	p.wantStatus(t, http.StatusForbidden).wantText(t, "Help desk")
}

// TestSignInTimeToComeIsNotFresh: a clock that was wrong must not leave a session
// fresh for ever.
func TestSignInTimeToComeIsNotFresh(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	for _, at := range []time.Time{{}, time.Now().Add(time.Hour)} {
		if _, err := s.DB.Exec(t.Context(), `UPDATE sessions SET signed_in_at = ?`, db.Micros(at)); err != nil {
			t.Fatal(err)
		}
		if p := admin.get("/local-accounts"); p.URL.Path != "/confirm" {
			t.Errorf("signed in at %v: at %s", at, p.URL)
		}
	}
}
