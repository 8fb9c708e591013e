package handlers_test

import (
	"net/http"
	"net/url"
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

// stale is longer ago than a sign-in may be.
const stale = 15*time.Minute + time.Second

// TestRoutesThatNeedAFreshSignIn: with an old sign-in a form asks and changes nothing;
// no page asks, and everything else goes on as before.
func TestRoutesThatNeedAFreshSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin").noRedirects()
	s.age("admin", stale)
	before := s.changes()
	needs := 0
	for _, route := range web.Routes() {
		if route.Permission == "" {
			continue
		}
		p := admin.request(route.Method, s.fill(route.Pattern))
		asked := p.Status == http.StatusForbidden && strings.Contains(p.Body, "Confirm your identity")
		if asked != route.Fresh || asked && route.Method != http.MethodPost {
			t.Errorf("%s %s: asked %v, status %d", route.Method, route.Pattern, asked, p.Status)
		}
		if asked {
			needs++
			p.wantText(t, `name="sign_in_password"`)
		}
	}
	if s.changes() != before || len(s.events("CreateAccessKey")) != 0 {
		t.Error("an old sign-in changed something")
	}
	if refused := s.events("Refused"); needs == 0 || len(refused) != needs || refused[0].ErrorCode != "StaleSignIn" {
		t.Errorf("%d routes ask, journal %+v", needs, refused)
	}
}

// TestFreshSignInSetting: the setting decides.
func TestFreshSignInSetting(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.with(func(o *web.Options) { o.FreshSignIn = 30 * time.Minute })
	admin := s.signedIn("admin")
	s.age("admin", 29*time.Minute)
	if p := admin.get("/local-accounts"); strings.Contains(p.Body, "Confirm your identity") {
		t.Error("asked after 29 minutes")
	}
	s.age("admin", 2*time.Minute)
	admin.get("/local-accounts").wantText(t, "Confirm your identity")
}

// TestWhatNeedsAFreshSignIn is the rule itself, apart from the table: the column can
// be wrong.
func TestWhatNeedsAFreshSignIn(t *testing.T) {
	t.Parallel()
	live := []string{"/access-keys/done", "/deactivate", "/description", "/settings/password", "/audit-log", "/access-keys/create"}
	fresh := []string{"/access-keys", "/activate", "/{key}/delete", "/create-user", "/local-accounts", "/local-accounts/{id}/role",
		"/local-accounts/{id}/disabled", "/local-accounts/{id}/password", "/local-accounts/{id}/codes", "/federated-accounts/{id}/disabled", "/settings/codes/off"}
	for _, route := range web.Routes() {
		if route.Fresh && route.Method != http.MethodPost {
			t.Errorf("%s %s: reading asks", route.Method, route.Pattern)
		}
		for _, end := range live {
			if strings.HasSuffix(route.Pattern, end) && route.Fresh {
				t.Errorf("%s %s asks for a fresh sign-in", route.Method, route.Pattern)
			}
		}
		for _, end := range fresh {
			if strings.HasSuffix(route.Pattern, end) && route.Method == http.MethodPost && !route.Fresh {
				t.Errorf("%s %s is content with an old sign-in", route.Method, route.Pattern)
			}
		}
	}
}

// TestConfirmInTheForm: the form asks for the password, keeps what was typed while it is
// wrong, and does what it says with the right one.
func TestConfirmInTheForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	path := s.personPath("helen")
	form := path + "/disabled"
	show := admin.get(path).wantStatus(t, http.StatusOK)
	if strings.Contains(show.Body, "sign_in_password") {
		t.Error("a fresh sign-in is asked for the password")
	}
	s.age("admin", stale)

	// The window ran out while the form was open.
	asked := admin.submit(show, form, url.Values{"reason": {"OPS-7 leaves"}}).wantStatus(t, http.StatusForbidden).
		wantText(t, "Confirm your identity", "Nothing was changed", "OPS-7 leaves")
	wrong := admin.submit(asked, form, url.Values{"sign_in_password": {"not the password"}}).
		wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "Incorrect password. Try again.", "OPS-7 leaves")
	if strings.Contains(wrong.Body, "not the password") {
		t.Error("the password is on the page")
	}
	if s.person("helen").Disabled {
		t.Fatal("the account was disabled")
	}
	old := admin.cookie()
	admin.submit(wrong, form, url.Values{"sign_in_password": {password}}).wantStatus(t, http.StatusOK).wantText(t, "Account disabled")
	if rows := s.events("DisableLocalAccount"); len(rows) != 2 || rows[0].Reason != "OPS-7 leaves" {
		t.Errorf("journal: %+v", rows)
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
	rows := s.events("ConfirmSignIn")
	if len(rows) != 2 || rows[0].Outcome != audit.OutcomeOK || rows[1].ErrorCode != "BadCredentials" {
		t.Errorf("journal: %+v", rows)
	}
}

// TestTokenSurvivesAWrongPassword: the form that was open before still works once.
func TestTokenSurvivesAWrongPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	s.age("admin", stale)
	path := s.personPath("helen")
	show := admin.get(path).wantStatus(t, http.StatusOK).wantText(t, "Confirm your identity")
	for range 2 {
		admin.submit(show, path+"/disabled", url.Values{"sign_in_password": {"wrong"}}).wantStatus(t, http.StatusUnprocessableEntity)
	}
	admin.submit(show, path+"/disabled", url.Values{"sign_in_password": {password}}).wantStatus(t, http.StatusOK).wantText(t, "Account disabled")
}

func TestConfirmSlowsDownGuessing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	s.age("admin", stale)
	for range 20 {
		p := admin.post(s.personPath("helen")+"/disabled", url.Values{"sign_in_password": {"a wrong password"}, "reason": {"OPS-7"}})
		if p.Status == http.StatusTooManyRequests {
			p.wantText(t, "Too many attempts", "OPS-7")
			return
		}
	}
	t.Fatal("20 wrong passwords in a row were all checked")
}

// TestConfirmNeverLeadsAway: the way back from the provider stays on this site.
func TestConfirmNeverLeadsAway(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	alice := s.federated("alice")
	for _, next := range []string{"//evil.example/", "https://evil.example/", `/\evil.example`} {
		p, _ := alice.atProvider(alice.get("/confirm/oidc?next="+url.QueryEscape(next)), "alice")
		if p.URL.Host != strings.TrimPrefix(s.Server.URL, "http://") || strings.Contains(p.Body, "evil.example") {
			t.Errorf("%q leads to %s", next, p.URL)
		}
	}
}

// TestConfirmAtTheProvider: the provider must ask again, and say that it has. The form is
// filled in when the person is back.
func TestConfirmAtTheProvider(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	alice := s.federated("alice")
	// The provider said nothing of when alice signed in, so it does not count as fresh.
	user := "/accounts/" + s.Account.ID() + "/users/" + s.victim()
	form := user + "/access-keys"
	step2 := alice.submit(alice.get(user+"/access-keys/create"), user+"/access-keys/create", url.Values{"use_case": {"other"}}).
		wantStatus(t, http.StatusOK).wantText(t, "Confirm with single sign-on")
	if strings.Contains(step2.Body, `type="password"`) {
		t.Error("a password is asked for here")
	}
	typed := url.Values{"description": {"billing export"}, "reason": {"OPS-7"}}
	asked := alice.submit(step2, form, typed).wantStatus(t, http.StatusForbidden).wantText(t, "Confirm with single sign-on", "billing export", "OPS-7")

	typed.Set("confirm_with", "provider")
	on := alice.submit(asked, form, typed).wantStatus(t, http.StatusOK)
	away, found := strings.CutPrefix(on.Header.Get("Refresh"), "0; url=")
	to, err := url.Parse(away)
	if err != nil || !found {
		t.Fatalf("Refresh: %q", on.Header.Get("Refresh"))
	}
	if q := to.Query(); q.Get("prompt") != "login" || q.Get("max_age") != "900" {
		t.Errorf("the provider is asked with %v", q)
	}
	old := alice.cookieNamed("keydesk_session")
	p, prompted := alice.atProvider(alice.visit(away), "alice")
	if p.wantStatus(t, http.StatusOK); p.URL.Path != user+"/access-keys/create" || !prompted {
		t.Fatalf("landed at %s, asked again: %v", p.URL, prompted)
	}
	p.wantText(t, "billing export", "OPS-7", "Set description tag")
	if strings.Contains(p.Body, "Confirm with single sign-on") {
		t.Error("confirmed, and asked again")
	}
	if alice.cookieNamed("keydesk_session") == old {
		t.Error("the session ID is the one from before")
	}
	// It is alice's alone.
	s.Provider.SetGroups("harry", "keydesk-admins")
	if other := s.federated("harry").get(p.URL.RequestURI()); strings.Contains(other.Body, "billing export") {
		t.Error("somebody else sees what alice typed")
	}
	before := s.changes()
	alice.submit(p, form, nil).wantStatus(t, http.StatusOK)
	if s.changes() == before {
		t.Error("no key was created")
	}

	s.pass(16 * time.Minute)
	// The request goes through the browser, where it can be changed: the provider then
	// does not ask, and says nothing, or how long ago it was.
	again := "/confirm/oidc?next=/local-accounts"
	for name, change := range map[string]map[string]string{
		"no auth_time":  {"prompt": "", "max_age": ""},
		"old auth_time": {"prompt": "", "max_age": "100000"},
	} {
		p, prompted := alice.atProvider(alice.visit(with(alice.away(again), change)), "alice")
		p.wantStatus(t, http.StatusForbidden).wantText(t, "It is not confirmed that it is you")
		if prompted {
			t.Errorf("%s: the provider asked all the same", name)
		}
		alice.get("/local-accounts").wantText(t, "Confirm with single sign-on")
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
	alice.get("/local-accounts").wantText(t, "Confirm with single sign-on")
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
		admin.get("/local-accounts").wantText(t, "Confirm your identity")
	}
}
