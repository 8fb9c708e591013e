package handlers_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// TestSigningOutAtTheProvider goes the provider's own way: its page, its token, its
// request to us.
func TestSigningOutAtTheProvider(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	here, elsewhere := s.federated("alice"), s.federated("alice")
	p := here.visit(s.Provider.Issuer + "/session/end?client_id=keydesk")
	action, form := p.onlyForm(t)
	form.Set("logout", "yes")
	here.postTo(action, form).wantStatus(t, http.StatusOK)
	if p := here.get("/search"); p.URL.Path != "/sign-in" {
		t.Errorf("signed out at the provider, but at %s", p.URL)
	}
	// Another session of the provider is another sid.
	if p := elsewhere.get("/search"); p.URL.Path != "/search" {
		t.Errorf("the session of another browser has ended too: at %s", p.URL)
	}
	if rows := s.events("ProviderLogout"); len(rows) != 1 || rows[0].Actor.Subject != "alice" {
		t.Errorf("journal: %+v", rows)
	}
}

// TestLogoutTokens: what is no logout token, or not for us, ends no session.
func TestLogoutTokens(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	alice, harry := s.federated("alice"), s.federated("harry")
	claims := func(jti string, changes map[string]any) map[string]any {
		c := map[string]any{"iss": s.Provider.Issuer, "aud": "keydesk", "sub": "alice", "jti": jti,
			"iat": time.Now().Unix(), "exp": time.Now().Add(2 * time.Minute).Unix(), "events": map[string]any{logoutEvent: map[string]any{}}}
		for name, value := range changes {
			if delete(c, name); value != nil {
				c[name] = value
			}
		}
		return c
	}
	typed := map[string]any{"typ": "logout+jwt"}
	send := func(token string) page {
		return s.browser().post("/sign-in/oidc/logout", url.Values{"logout_token": {token}})
	}
	for name, token := range map[string]string{
		"none":             "",
		"nonsense":         "a.b.c",
		"foreign key":      s.Provider.Sign(typed, claims("1", nil), true),
		"other type":       s.Provider.Sign(map[string]any{"typ": "JWT"}, claims("2", nil), false),
		"no type":          s.Provider.Sign(nil, claims("3", nil), false),
		"other issuer":     s.Provider.Sign(typed, claims("4", map[string]any{"iss": "https://evil.example"}), false),
		"other audience":   s.Provider.Sign(typed, claims("5", map[string]any{"aud": "grafana"}), false),
		"expired":          s.Provider.Sign(typed, claims("6", map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}), false),
		"no expiry":        s.Provider.Sign(typed, claims("7", map[string]any{"exp": nil}), false),
		"nonce":            s.Provider.Sign(typed, claims("8", map[string]any{"nonce": "x"}), false),
		"no event":         s.Provider.Sign(typed, claims("9", map[string]any{"events": map[string]any{}}), false),
		"no jti":           s.Provider.Sign(typed, claims("", map[string]any{"jti": nil}), false),
		"neither sub, sid": s.Provider.Sign(typed, claims("10", map[string]any{"sub": nil}), false),
	} {
		if p := send(token); p.Status != http.StatusBadRequest || p.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: status %d\n%s", name, p.Status, p.Body)
		}
	}
	if p := alice.get("/search"); p.URL.Path != "/search" {
		t.Fatalf("a bad token has ended the session: at %s", p.URL)
	}

	send(s.Provider.Sign(typed, claims("sid", map[string]any{"sid": "another session", "sub": nil}), false)).wantStatus(t, http.StatusOK)
	if p := alice.get("/search"); p.URL.Path != "/search" {
		t.Fatalf("the end of another session has ended this one: at %s", p.URL)
	}
	good := s.Provider.Sign(typed, claims("good", nil), false)
	send(good).wantStatus(t, http.StatusOK)
	if p := alice.get("/search"); p.URL.Path != "/sign-in" {
		t.Errorf("after a logout token at %s", p.URL)
	}
	if p := harry.get("/search"); p.URL.Path != "/search" {
		t.Errorf("somebody else's session has ended: at %s", p.URL)
	}

	// A token is good for the sessions of its time: kept and sent again it must not
	// end later ones.
	alice = s.federated("alice")
	send(good).wantStatus(t, http.StatusBadRequest)
	send(s.Provider.Sign(typed, claims("good", map[string]any{"sid": "any"}), false)).wantStatus(t, http.StatusBadRequest)
	if p := alice.get("/search"); p.URL.Path != "/search" {
		t.Errorf("a replayed token has ended the session: at %s", p.URL)
	}
	if rows := s.events("ProviderLogout"); len(rows) != 2 {
		t.Errorf("journal: %+v", rows)
	}
}
