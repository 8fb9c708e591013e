package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keydesk/web"
	"keydesk/web/auth"
)

// fill puts something that exists into a route's pattern.
func (s *site) fill(pattern string) string {
	account := s.Account.ID()
	return strings.NewReplacer(
		"{account}", account, "{user}", s.victim(), "{key}", "AAAAAAAA", "{id}", "1", "{seq}", "1", "{token}", "x", "{look-up}", "x",
	).Replace(pattern)
}

// victim is a user of the embedded account with one access key.
func (s *site) victim() string {
	for _, u := range s.Account.Inventory().Users {
		if len(u.Keys) == 1 {
			return u.Name
		}
	}
	s.t.Fatal("no user with one key")
	return ""
}

// changing are the calls that change something in IAM.
var changing = []string{"CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey", "CreateUser", "DeleteUser", "TagUser", "UntagUser",
	"PutUserPolicy", "DeleteUserPolicy", "GenerateCredentialReport"}

func (s *site) changes() (n int) {
	calls := s.Local.Calls()
	for _, action := range changing {
		n += calls[action]
	}
	return n
}

// TestRoutesByRole asks every route in every role, and by nobody: who lacks the
// permission is refused and changes nothing, who has it is not refused.
func TestRoutesByRole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	people := map[auth.Role]*browser{
		auth.RoleAdministrator: s.signedIn("admin"), auth.RoleHelpDesk: s.signedIn("helen"), auth.RoleAuditor: s.signedIn("ada"),
	}
	before := s.changes()
	for _, route := range web.Routes() {
		if route.Permission == "" {
			continue
		}
		path := s.fill(route.Pattern)
		nobody := s.browser().noRedirects().request(route.Method, path)
		toSignIn := nobody.Status == http.StatusSeeOther && strings.HasPrefix(nobody.Header.Get("Location"), "/sign-in")
		if !toSignIn && nobody.Status != http.StatusUnauthorized {
			t.Errorf("%s %s without signing in: %d", route.Method, route.Pattern, nobody.Status)
		}
		for role, b := range people {
			p := b.noRedirects().request(route.Method, path)
			refused := p.Status == http.StatusForbidden && strings.Contains(p.Body, "You may not do this")
			if refused == role.Can(route.Permission) {
				t.Errorf("%s %s as %s: status %d", route.Method, route.Pattern, role, p.Status)
			}
			if p.Status >= 500 {
				t.Errorf("%s %s as %s: status %d\n%s", route.Method, route.Pattern, role, p.Status, p.Body)
			}
		}
	}
	if after := s.changes(); after != before {
		t.Errorf("requests without a valid form changed IAM %d times", after-before)
	}
}

// TestEveryRouteHasAPermission: nothing but the way in is open to everybody.
func TestEveryRouteHasAPermission(t *testing.T) {
	t.Parallel()
	public := map[string]bool{"/sign-in": true, "/sign-in/code": true, "/sign-in/oidc": true, "/sign-in/oidc/callback": true, "/sign-in/oidc/logout": true, "/sign-out": true, "/first-run/{token}": true, "/healthz": true, "/readyz": true}
	for _, r := range web.Routes() {
		if (r.Permission == "") != public[r.Pattern] {
			t.Errorf("%s %s needs permission %q", r.Method, r.Pattern, r.Permission)
		}
		if r.Permission != "" && !auth.RoleAdministrator.Can(r.Permission) {
			t.Errorf("%s %s: nobody holds %q", r.Method, r.Pattern, r.Permission)
		}
	}
}

// TestHeaders: every kind of response carries the headers that keep a page with
// a secret from being framed, cached, sniffed or scripted.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin").noRedirects()
	account := s.Account.ID()
	paths := []string{"/", "/sign-in", "/no/such/page", "/search", "/healthz", "/static/none.css", "/accounts/" + account + "/users",
		"/accounts/000000000000/users", "/accounts/" + account + "/users/nobody-of-this-name", "/%00", "/accounts/%2e%2e/users"}
	for _, route := range web.Routes() {
		paths = append(paths, s.fill(route.Pattern))
	}
	for _, b := range []*browser{admin, s.browser().noRedirects()} {
		for _, path := range paths {
			for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS"} {
				checkHeaders(t, b.request(method, path), method+" "+path)
			}
		}
		checkHeaders(t, b.post("/search", url.Values{"q": {strings.Repeat("x", 1<<20)}}), "giant body")
	}
}

func checkHeaders(t *testing.T, p page, what string) {
	t.Helper()
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
	}
	for name, value := range want {
		if got := p.Header.Get(name); got != value {
			t.Errorf("%s: %s is %q, want %q", what, name, got, value)
		}
	}
	csp := p.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"} {
		if !strings.Contains(csp, part) {
			t.Errorf("%s: CSP lacks %s", what, part)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("%s: CSP is unsafe: %s", what, csp)
	}
	if p.Header.Get("X-Request-Id") == "" {
		t.Errorf("%s: no request ID", what)
	}
}

// TestCrossOrigin: another site cannot send a form in somebody's name.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Origin": {"https://evil.example"}}} {
		r, err := http.NewRequest(http.MethodPost, s.Server.URL+"/search", strings.NewReader("q=x"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = header.Clone()
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		admin.do(r).wantStatus(t, http.StatusForbidden).wantText(t, "did not come from this site")
	}
}

// TestBadRequests: whatever is sent, the answer is a clear page and nothing
// changes.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	account := s.Account.ID()
	before := s.changes()
	admin.get("/no/such/page").wantStatus(t, http.StatusNotFound).wantText(t, "Page not found", "Request ID")
	admin.get("/accounts/999999999999/users").wantStatus(t, http.StatusNotFound).wantText(t, "No such account")
	admin.get("/accounts/"+account+"/users/nobody-of-this-name").wantStatus(t, http.StatusNotFound).wantText(t, "No such user")
	admin.get("/accounts/"+account+"/users/"+url.PathEscape("<script>alert(1)</script>")).wantStatus(t, http.StatusNotFound)
	admin.get("/accounts/"+account+"/users/"+strings.Repeat("x", 300)).wantStatus(t, http.StatusNotFound)
	admin.request("PUT", "/search").wantStatus(t, http.StatusMethodNotAllowed).wantText(t, "does not work here")
	admin.post("/settings", url.Values{"x": {strings.Repeat("x", 9<<10)}}).wantStatus(t, http.StatusRequestEntityTooLarge).wantText(t, "too much")
	admin.raw("POST", "/search", "q=%zz").wantStatus(t, http.StatusBadRequest).wantText(t, "could not be read")
	if s.changes() != before {
		t.Error("bad requests changed IAM")
	}
}
