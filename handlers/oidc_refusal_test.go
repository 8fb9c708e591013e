package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestTabsFinishEach: a sign-in that was begun in another tab ends none, and the second
// answer leaves the session and its forms alone.
func TestTabsFinishEach(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	b := s.browser()
	pages := []string{"/search", "/settings", "/my-sessions"}
	var tabs []*url.URL
	for _, page := range pages {
		tabs = append(tabs, b.away("/sign-in/oidc?next="+url.QueryEscape(page)))
	}
	held := ""
	for i := len(tabs) - 1; i >= 0; i-- {
		p, _ := b.atProvider(b.visit(tabs[i].String()), "harry")
		if p.wantStatus(t, http.StatusOK); p.URL.Path != pages[i] {
			t.Errorf("tab %d is at %s", i, p.URL)
		}
		if now := b.cookieNamed("keydesk_session"); held != "" && now != held {
			t.Errorf("tab %d has another session", i)
		} else {
			held = now
		}
	}
	if held == "" {
		t.Error("no session")
	}
	if rows := s.events("SignIn"); len(rows) != 1 {
		t.Errorf("journal: %+v", rows)
	}
}

// TestProviderRefusals: what the provider answers is said in words, to the person and to
// the operator.
func TestProviderRefusals(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	const hostile = "AADSTS650: <script>\u202e\r\nforged line"
	for code, want := range map[string]struct {
		status int
		text   string
	}{
		"access_denied":           {http.StatusForbidden, "access_denied. You cancelled there"},
		"login_required":          {http.StatusForbidden, "login_required. You have to sign in there first."},
		"interaction_required":    {http.StatusForbidden, "It has to ask you something first."},
		"consent_required":        {http.StatusForbidden, "have to agree that Keydesk learns who you are"},
		"temporarily_unavailable": {http.StatusServiceUnavailable, "overloaded"},
		"server_error":            {http.StatusServiceUnavailable, "a problem of its own"},
		"invalid_scope":           {http.StatusForbidden, "invalid_scope. Keydesk and the provider are probably not set up for each other."},
		"<b>bold</b>":             {http.StatusForbidden, "without a reason that can be shown"},
		strings.Repeat("x", 5000): {http.StatusForbidden, "without a reason that can be shown"},
	} {
		b := s.browser()
		state := b.away("/sign-in/oidc").Query().Get("state")
		p := b.get("/sign-in/oidc/callback?" + url.Values{
			"state": {state}, "error": {code}, "error_description": {hostile + strings.Repeat("y", 5000)},
		}.Encode())
		p.wantStatus(t, want.status).wantText(t, "The identity provider refused the sign-in", want.text, "You are not signed in by it")
		if strings.Contains(p.Body, "AADSTS") || strings.Contains(p.Body, "<b>") || strings.Contains(p.Body, "xxx") {
			t.Errorf("%.20s: the page quotes what came", code)
		}
		if p := b.get("/search"); p.URL.Path != "/sign-in" {
			t.Errorf("%.20s: signed in", code)
		}
	}
	log := s.Log.String()
	if !strings.Contains(log, "AADSTS650") || !strings.Contains(log, "consent_required") {
		t.Error("the log does not say what the provider said")
	}
	if strings.Contains(log, "\u202e") || strings.Contains(log, strings.Repeat("y", 400)) || strings.Contains(log, "xxx") {
		t.Error("the log quotes without a bound, or what turns text around")
	}
}

// TestClaimsByPath: groups are found where the provider puts them, and with the slash of
// Keycloak.
func TestClaimsByPath(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	for claim, info := range map[string]map[string]any{
		"realm_access.roles":                {"realm_access": map[string]any{"roles": []string{"offline_access", "keydesk-help"}}},
		"https://example.com/roles":         {"https://example.com/roles": []string{"keydesk-help"}},
		"resource_access.key.desk.roles":    {"resource_access": map[string]any{"key.desk": map[string]any{"roles": []string{"keydesk-help"}}}},
		"https://id.example.com/app.groups": {"https://id.example.com/app": map[string]any{"groups": "keydesk-help"}},
		"memberOf":                          {"memberOf": []string{"/staff", "/keydesk-help"}},
	} {
		info["sub"] = "harry"
		s.OIDC.GroupsClaim = claim
		s.Provider.Order("/test/mix-up", info)
		s.federated("harry").get("/search").wantStatus(t, http.StatusOK).wantText(t, "Help desk")
	}
}

// TestWhatCameInPlaceOfARole is said to the person and to the operator.
func TestWhatCameInPlaceOfARole(t *testing.T) {
	t.Parallel()
	s := newOIDCSite(t)
	many := []any{"<b>one</b>\u202e"}
	for range 1000 {
		many = append(many, strings.Repeat("z", 500))
	}
	for name, test := range map[string]struct {
		info map[string]any
		page []string
		log  string
	}{
		"overage": {map[string]any{"_claim_names": map[string]any{"groups": "src1"}, "_claim_sources": map[string]any{"src1": map[string]any{"endpoint": "https://graph.example"}}},
			[]string{"You are in too many groups", "_claim_names"}, "too many for the token"},
		"missing": {map[string]any{"roles": []string{"x"}, "acr": "1"},
			[]string{`It sent no claim &#34;groups&#34;`, "acr", "roles"}, "the claim is missing"},
		"null":     {map[string]any{"groups": nil}, []string{"It sent no claim"}, "the claim is missing"},
		"a number": {map[string]any{"groups": 7}, []string{"but not as a list of names"}, "not a list of names"},
		"objects":  {map[string]any{"groups": []any{map[string]any{"id": "keydesk-admins"}}}, []string{"but not as a list of names"}, "not a list of names"},
		"none":     {map[string]any{"groups": []any{}}, []string{"you are in no group"}, "groups []"},
		"others":   {map[string]any{"groups": []any{"Keydesk-Admins", "staff"}}, []string{"None of your groups has one: Keydesk-Admins, staff."}, `\"Keydesk-Admins\" \"staff\"`},
		"many":     {map[string]any{"groups": many}, []string{"&lt;b&gt;one&lt;/b&gt;, zzz", "and 981 more"}, "and 981 more"},
	} {
		test.info["sub"] = "nobody"
		s.Provider.Order("/test/mix-up", test.info)
		before := len(s.Log.String())
		b := s.browser()
		p, _ := b.atProvider(b.get("/sign-in/oidc"), "nobody")
		p.wantStatus(t, http.StatusForbidden).wantText(t, "You have no access to Keydesk")
		for _, want := range test.page {
			if !strings.Contains(p.Body, want) {
				t.Errorf("%s: the page does not say %q", name, want)
			}
		}
		log := s.Log.String()[before:]
		if !strings.Contains(log, test.log) {
			t.Errorf("%s: the log does not say %q:\n%s", name, test.log, log)
		}
		if strings.Contains(log, "\u202e") || strings.Contains(p.Body, "\u202e") || len(log) > 10000 {
			t.Errorf("%s: the log or the page is not bounded: %d bytes", name, len(log))
		}
		if p := b.get("/search"); p.URL.Path != "/sign-in" {
			t.Errorf("%s: signed in", name)
		}
	}
	if rows := s.events("SignIn"); len(rows) != 8 || rows[0].ErrorCode != "NoRole" {
		t.Errorf("journal: %+v", rows)
	}
	if _, err := s.OIDC.Accounts.BySubject(t.Context(), "nobody"); err == nil {
		t.Error("an account was made")
	}
}
