package handlers_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"keydesk/web"
)

func (b *browser) accepting(method, path, accept string) page {
	b.t.Helper()
	r, err := http.NewRequest(method, b.site.Server.URL+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	return b.do(r)
}

// TestProgramsWithoutASession: a program that is not signed in gets 401, never the
// sign-in page as if it were the answer; nor does anybody in place of a file.
func TestProgramsWithoutASession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser().noRedirects()
	const page = "text/html,application/xhtml+xml,*/*;q=0.8"
	for _, route := range web.Routes() {
		if route.Permission == "" {
			continue
		}
		path := s.fill(route.Pattern)
		for accept, contentType := range map[string]string{
			"*/*": "", "text/csv": "", "application/json": "application/problem+json", "application/json, text/plain, */*": "application/problem+json",
		} {
			p := b.accepting(route.Method, path, accept)
			if p.Status != http.StatusUnauthorized || p.Header.Get("WWW-Authenticate") == "" || p.Header.Get("Location") != "" {
				t.Errorf("%s %s, Accept %s: %d, %v", route.Method, route.Pattern, accept, p.Status, p.Header)
			}
			if contentType != "" && p.Header.Get("Content-Type") != contentType || strings.Contains(p.Body, "<") || len(p.Body) > 500 {
				t.Errorf("%s %s, Accept %s: %s\n%s", route.Method, route.Pattern, accept, p.Header.Get("Content-Type"), p.Body)
			}
		}
		p := b.accepting(route.Method, path, page)
		file := strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".json") || strings.HasSuffix(path, ".jsonl")
		if file && (p.Status != http.StatusUnauthorized || !strings.Contains(p.Body, "You are not signed in")) || !file && p.Status != http.StatusSeeOther {
			t.Errorf("%s %s in a browser: %d", route.Method, route.Pattern, p.Status)
		}
	}
	var problem struct {
		Status    int    `json:"status"`
		RequestID string `json:"request_id"`
	}
	p := b.accepting("GET", "/accounts/"+s.Account.ID()+"/users.json", "*/*")
	if err := json.Unmarshal([]byte(p.Body), &problem); err != nil || problem.Status != 401 || problem.RequestID != p.Header.Get("X-Request-Id") {
		t.Errorf("%v: %s", err, p.Body)
	}
	for _, path := range []string{"/healthz", "/sign-in", "/static/favicon.svg"} {
		if p := b.accepting("GET", path, "*/*"); p.Status == http.StatusUnauthorized {
			t.Errorf("%s asks for a session", path)
		}
	}
}

// TestMethodNotAllowed: 405 names the methods that the address knows.
func TestMethodNotAllowed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	for _, test := range []struct{ method, path, allow string }{
		{"PUT", "/search", "GET, POST, HEAD"},
		{"DELETE", "/accounts/1/users", "GET, HEAD"},
		{"OPTIONS", "/healthz", "GET, HEAD"},
		{"GET", "/sign-out", "POST"},
		{"HEAD", "/sign-out", "POST"},
		{"PROPFIND", "/settings", "GET, POST, HEAD"},
		{"PATCH", "/accounts/1/users/a%2Fb/access-keys", "POST"},
	} {
		p := admin.request(test.method, test.path)
		if p.Status != http.StatusMethodNotAllowed || p.Header.Get("Allow") != test.allow {
			t.Errorf("%s %s: %d, Allow: %q", test.method, test.path, p.Status, p.Header.Get("Allow"))
		}
	}
	for _, method := range []string{"PUT", "PROPFIND"} {
		admin.request(method, "/no/such/page").wantStatus(t, http.StatusNotFound)
	}
}

// TestUnknownHost: a name that an attacker lets point at Keydesk (DNS rebinding)
// reaches no page, with a session or without.
func TestUnknownHost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	for _, path := range []string{"/", "/sign-in", "/first-run/x", "/accounts/" + s.Account.ID() + "/users.csv"} {
		r, err := http.NewRequest(http.MethodGet, s.Server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "rebound.example:8080"
		p := admin.do(r).wantStatus(t, http.StatusMisdirectedRequest).wantText(t, "Keydesk is not at this address")
		if strings.Contains(p.Body, "admin") || strings.Contains(p.Body, `type="password"`) {
			t.Errorf("%s shows something to another site:\n%s", path, p.Body)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		r, _ := http.NewRequest(http.MethodGet, s.Server.URL+path, nil)
		r.Host = "10.0.0.5:8080"
		admin.do(r).wantStatus(t, http.StatusOK)
	}
	if !strings.Contains(s.Log.String(), "rebound.example") {
		t.Error("the log does not say which host was asked for")
	}
}
