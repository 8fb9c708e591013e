package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"keydesk/web/audit"
	"keydesk/web/auth"
)

func TestSingleSignOn(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	b := s.browser()
	form := b.get("/audit-log?page=2").wantStatus(t, http.StatusOK).wantText(t, "Sign in with single sign-on")
	if form.URL.Path != "/sign-in" {
		t.Fatalf("not signed in, but at %s", form.URL)
	}
	q := b.away("/sign-in/oidc").Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("state") == "" || q.Get("nonce") == "" || q.Get("response_type") != "code" {
		t.Errorf("the request to the provider is %v", q)
	}
	p, asked := b.atProvider(b.get("/sign-in/oidc?next="+url.QueryEscape("/audit-log?page=2")), "alice")
	if p.wantStatus(t, http.StatusOK); p.URL.RequestURI() != "/audit-log?page=2" || !asked {
		t.Errorf("landed at %s, asked for a password: %v", p.URL, asked)
	}
	// Of several groups the most powerful role counts.
	p.wantText(t, "alice@example.com", "Administrator")

	rows := s.events("SignIn")
	if len(rows) != 1 || rows[0].Actor != (audit.Actor{Issuer: s.Provider.Issuer, Subject: "alice", Name: "alice@example.com", Role: "administrator"}) {
		t.Errorf("journal: %+v", rows)
	}
	s.federated("harry").get("/audit-log").wantStatus(t, http.StatusForbidden).wantText(t, "Help desk")
	if p := b.get("/my-sessions").wantStatus(t, http.StatusOK); !strings.Contains(p.Body, "This session") {
		t.Error("my sessions does not show this one")
	}
	// A verification code is the provider's matter.
	if strings.Contains(b.get("/settings").Body, "/settings/codes") {
		t.Error("verification codes are offered")
	}
	if p := b.get("/sign-in/oidc?next=/search"); p.URL.Path != "/search" {
		t.Errorf("already signed in, but at %s", p.URL)
	}
}

func TestNothingOfSingleSignOnWithoutIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if strings.Contains(s.browser().get("/sign-in").Body, "single sign-on") {
		t.Error("the sign-in page offers single sign-on")
	}
	for _, path := range []string{"/sign-in/oidc", "/sign-in/oidc/callback?code=x&state=y"} {
		s.browser().get(path).wantStatus(t, http.StatusNotFound)
	}
	s.browser().post("/sign-in/oidc/logout", url.Values{"logout_token": {"x"}}).wantStatus(t, http.StatusNotFound)
	admin := s.signedIn("admin")
	admin.get("/federated-accounts/x").wantStatus(t, http.StatusNotFound)
	if strings.Contains(admin.get("/local-accounts").Body, "Single sign-on") {
		t.Error("the accounts page lists single sign-on accounts")
	}
}

// TestGroupsDecide: no group with a role, no access; and group names are compared
// exactly.
func TestGroupsDecide(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	b := s.browser()
	p, _ := b.atProvider(b.get("/sign-in/oidc"), "nobody")
	p.wantStatus(t, http.StatusForbidden).wantText(t, "You have no access to Keydesk")
	if p := b.get("/search"); p.URL.Path != "/sign-in" {
		t.Errorf("without a role, but at %s", p.URL)
	}
	rows := s.events("SignIn")
	if len(rows) != 1 || rows[0].Outcome != audit.OutcomeRefused || rows[0].ErrorCode != "NoRole" || rows[0].Actor.Subject != "nobody" {
		t.Errorf("journal: %+v", rows)
	}

	// Groups are read at each sign-in, and the new role holds for the old session too,
	// which ends.
	before := s.federated("harry")
	s.Provider.SetGroups("harry", "auditors")
	after := s.federated("harry")
	after.get("/audit-log").wantStatus(t, http.StatusOK)
	if p := before.get("/search"); p.URL.Path != "/sign-in" {
		t.Errorf("the session with the old role is still at %s", p.URL)
	}
	s.Provider.SetGroups("harry", "staff")
	again := s.browser()
	p, _ = again.atProvider(again.get("/sign-in/oidc"), "harry")
	p.wantStatus(t, http.StatusForbidden)
	if p := after.get("/search"); p.URL.Path != "/sign-in" {
		t.Errorf("without a group any more, but still at %s", p.URL)
	}
}

// TestProviderAnswersAreMatched: an answer counts only in the browser that asked,
// once, and with what was sent along.
func TestProviderAnswersAreMatched(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	// answer is where the provider sends a browser back to, not followed yet.
	answer := func(b *browser, begin string) *url.URL {
		t.Helper()
		p := b.visit(begin)
		var last *url.URL
		c := *b.http
		c.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if r.URL.Path == "/sign-in/oidc/callback" {
				last = r.URL
				return http.ErrUseLastResponse
			}
			return nil
		}
		stopping := &browser{t: t, site: s.site, http: &c}
		for last == nil {
			action, form := p.onlyForm(t)
			if form.Get("prompt") == "login" {
				form.Set("login", "alice")
				form.Set("password", "x")
			}
			target, err := p.URL.Parse(action)
			if err != nil {
				t.Fatal(err)
			}
			p = stopping.postTo(target.String(), form)
		}
		return last
	}
	out := func(b *browser, what string) {
		t.Helper()
		if p := b.get("/search"); p.URL.Path != "/sign-in" {
			t.Errorf("%s: signed in all the same", what)
		}
	}

	b := s.browser()
	good := answer(b, b.away("/sign-in/oidc").String())
	thief := s.browser()
	thief.visit(good.String()).wantStatus(t, http.StatusForbidden).wantText(t, "The sign-in took too long")
	out(thief, "an answer in a browser that has not asked")
	other := s.browser()
	other.away("/sign-in/oidc")
	other.visit(good.String()).wantStatus(t, http.StatusForbidden).wantText(t, "The sign-in took too long")
	out(other, "an answer to another browser")
	b.visit(with(good, map[string]string{"state": "x"})).wantStatus(t, http.StatusForbidden)
	out(b, "a wrong state")
	once := b.visit(good.String()).wantStatus(t, http.StatusOK) // a stranger's link cancels nothing
	if strings.HasPrefix(once.URL.Path, "/sign-in") {
		t.Errorf("the right answer leads to %s", once.URL)
	}
	b.post("/sign-out", nil)
	b.visit(good.String()).wantStatus(t, http.StatusForbidden).wantText(t, "The sign-in took too long")
	out(b, "an answer a second time")

	b = s.browser()
	away := b.away("/sign-in/oidc")
	b.visit(with(answer(b, away.String()), map[string]string{"iss": "https://evil.example"})).wantStatus(t, http.StatusForbidden)
	out(b, "an answer of another issuer")

	b = s.browser()
	away = b.away("/sign-in/oidc")
	b.visit(answer(b, with(away, map[string]string{"nonce": "another"})).String()).wantStatus(t, http.StatusForbidden)
	out(b, "a wrong nonce")

	b = s.browser()
	away = b.away("/sign-in/oidc")
	b.visit(answer(b, with(away, map[string]string{"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"})).String()).wantStatus(t, http.StatusForbidden)
	out(b, "a wrong PKCE verifier")

	b = s.browser()
	b.away("/sign-in/oidc")
	b.get("/sign-in/oidc/callback?error=access_denied&error_description=%3Cscript%3E").wantStatus(t, http.StatusForbidden)
	out(b, "an error")
	if strings.Contains(s.Log.String(), "<script>") {
		t.Error("the log quotes an error that answers nothing")
	}

	// Why the provider refuses is what an operator needs to know.
	b = s.browser()
	state := b.away("/sign-in/oidc").Query().Get("state")
	b.get("/sign-in/oidc/callback?error=invalid_request&error_description=max_age+invalid&state="+state).wantStatus(t, http.StatusForbidden)
	out(b, "an error with the right state")
	if !strings.Contains(s.Log.String(), "max_age invalid") {
		t.Error("the log does not say what the provider said")
	}

	b = s.browser()
	back := answer(b, b.away("/sign-in/oidc").String())
	s.pass(11 * time.Minute)
	b.visit(back.String()).wantStatus(t, http.StatusForbidden).wantText(t, "The sign-in took too long")
	out(b, "an answer after eleven minutes")
	if rows := s.events("SignIn"); len(rows) != 1 {
		t.Errorf("journal: %+v", rows)
	}
}

// TestUserInfoOfSomebodyElse: groups count for whom they were asked for.
func TestUserInfoOfSomebodyElse(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	s.Provider.Order("/test/mix-up", map[string]any{"sub": "alice", "groups": []string{"keydesk-admins"}})
	b := s.browser()
	p, _ := b.atProvider(b.get("/sign-in/oidc"), "nobody")
	p.wantStatus(t, http.StatusForbidden).wantText(t, "Single sign-on did not work")
	if p := b.get("/search"); p.URL.Path != "/sign-in" {
		t.Errorf("with somebody else's groups at %s", p.URL)
	}
}

func TestSingleSignOnNeverLeadsAway(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	for _, next := range []string{"//evil.example/", "https://evil.example/", `/\evil.example`} {
		b := s.browser()
		p, _ := b.atProvider(b.get("/sign-in/oidc?next="+url.QueryEscape(next)), "alice")
		if p.Status != http.StatusOK || p.URL.Path != "/accounts/"+s.Account.ID()+"/users" {
			t.Errorf("next %q: %d at %s", next, p.Status, p.URL)
		}
	}
}

// TestProviderDown: Keydesk starts without it, says so, lets local accounts in, and
// finds it later.
func TestProviderDown(t *testing.T) {
	t.Parallel()
	s := unstartedOIDCSite(t)
	var up atomic.Bool
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		issuer := "http://" + r.Host
		if !up.Load() {
			issuer = "http://somebody-else.example" // a discovery that must not be believed
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": issuer, "authorization_endpoint": issuer + "/auth",
			"token_endpoint": issuer + "/token", "jwks_uri": issuer + "/keys"})
	}))
	t.Cleanup(provider.Close)
	s.serve(provider.URL)
	s.browser().get("/sign-in").wantStatus(t, http.StatusOK).wantText(t, "Single sign-on is unavailable")
	s.browser().get("/sign-in/oidc").wantStatus(t, http.StatusServiceUnavailable).wantText(t, "cannot be reached")
	s.browser().post("/sign-in/oidc/logout", url.Values{"logout_token": {"x"}}).wantStatus(t, http.StatusServiceUnavailable)
	s.signedIn("helen").get("/search").wantStatus(t, http.StatusOK)
	up.Store(true)
	s.awaitProvider()
	s.browser().get("/sign-in").wantStatus(t, http.StatusOK).wantText(t, "Sign in with single sign-on")
	if !strings.Contains(s.Log.String(), "identity provider not found yet") {
		t.Error("the log says nothing of the trouble")
	}
}

// TestNobodyDisablesTheirOwnFederatedAccount, as with local ones.
func TestNobodyDisablesTheirOwnFederatedAccount(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	alice := s.federated("alice")
	people, err := s.OIDC.Accounts.List(t.Context())
	if err != nil || len(people) != 1 {
		t.Fatalf("%v %v", people, err)
	}
	path := "/federated-accounts/" + people[0].ID
	p, _ := alice.atProvider(alice.get("/confirm/oidc?next="+path), "alice")
	if _, offered := p.wantStatus(t, http.StatusOK).wantText(t, "This is your own account.").form(t, path+"/disabled"); offered {
		t.Error("disabling the own account is offered")
	}
	alice.post(path+"/disabled", url.Values{"disabled": {"yes"}}).wantStatus(t, http.StatusConflict).wantText(t, "This is your own account")
	alice.get("/search").wantStatus(t, http.StatusOK)
}

// TestFederatedAccountIsOutAtOnce: disabled here, whatever the provider says.
func TestFederatedAccountIsOutAtOnce(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	admin, harry := s.signedIn("admin"), s.federated("harry")
	harry.get("/search").wantStatus(t, http.StatusOK)
	people, err := s.OIDC.Accounts.List(t.Context())
	if err != nil || len(people) != 1 {
		t.Fatalf("%v %v", people, err)
	}
	path := "/federated-accounts/" + people[0].ID
	admin.get("/local-accounts").wantStatus(t, http.StatusOK).wantText(t, "Single sign-on accounts", "harry@example.com", path)
	show := admin.get(path).wantStatus(t, http.StatusOK).wantText(t, "keydesk-help", "Help desk", "(1)")
	if strings.Contains(show.Body, "Reset password") {
		t.Error("a password is offered")
	}
	admin.submit(show, path+"/end-sessions", nil).wantStatus(t, http.StatusOK).wantText(t, "Sessions ended")
	if p := harry.get("/search"); p.URL.Path != "/sign-in" {
		t.Errorf("after the end of the sessions at %s", p.URL)
	}
	harry = s.federated("harry")
	// Behind the session's back, so that it is the account that is asked.
	if err := s.OIDC.Accounts.SetDisabled(t.Context(), people[0].ID, true); err != nil {
		t.Fatal(err)
	}
	if p := harry.get("/search"); p.URL.Path != "/sign-in" {
		t.Errorf("disabled, but at %s", p.URL)
	}
	if err := s.OIDC.Accounts.SetDisabled(t.Context(), people[0].ID, false); err != nil {
		t.Fatal(err)
	}
	harry.get("/search").wantStatus(t, http.StatusOK)
	admin.submit(admin.get(path), path+"/disabled", nil).wantStatus(t, http.StatusOK).wantText(t, "Account disabled")
	p, _ := harry.atProvider(harry.get("/sign-in/oidc"), "harry")
	p.wantStatus(t, http.StatusForbidden).wantText(t, "Your account is disabled")
	if rows := s.events("DisableFederatedAccount"); len(rows) != 2 || rows[0].Outcome != audit.OutcomeOK || rows[0].User != "oidc/harry" {
		t.Errorf("journal: %+v", rows)
	}
	// The same subject at another issuer is somebody else.
	foreign := auth.NewOIDC(s.DB, auth.OIDCSettings{Issuer: "https://other.example", Roles: s.OIDC.Roles})
	if _, err := foreign.Accounts.BySubject(t.Context(), "harry"); err == nil {
		t.Error("another provider has the account too")
	}
}
