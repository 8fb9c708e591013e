package handlers

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"":                                      "/",
		"/":                                     "/",
		"/search":                               "/search",
		"/audit-log?user=a%2Bb&page=2":          "/audit-log?user=a%2Bb&page=2",
		"/accounts/123456789012/users/a+=,.@_-": "/accounts/123456789012/users/a+=,.@_-",
		"//evil.example":                        "/",
		"///evil.example":                       "/",
		`/\evil.example`:                        "/",
		`\/evil.example`:                        "/",
		`/search\..\..`:                         "/",
		"http://evil.example/":                  "/",
		"https:evil.example":                    "/",
		"javascript:alert(1)":                   "/",
		"evil.example":                          "/",
		"/\t/evil.example":                      "/",
		"/\n/evil.example":                      "/",
		"/search\r\nSet-Cookie: a=b":            "/",
		" //evil.example":                       "/",
		"/sign-out":                             "/",
		"/sign-in?next=/sign-in":                "/",
		"/first-run/ABC":                        "/",
		"/%zz":                                  "/",
		"/%2F%2Fevil.example":                   "/%2F%2Fevil.example", // stays a path of this site
		"/ünicode":                              "/",
	} {
		if got := localPath(next); got != want {
			t.Errorf("localPath(%q) = %q, want %q", next, got, want)
		}
	}
}

// FuzzLocalPath asks where a browser would end up. Browsers drop tabs and line
// ends, trim what does not print, and read "\" as "/" (WHATWG URL standard).
func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/search", "//evil", `/\evil`, "http://evil/", "/\t/evil", "/.//evil", "/..//evil", "/%5Cevil", "/a?b=//c#d", "\x00//evil"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, next string) {
		w := httptest.NewRecorder()
		http.Redirect(w, httptest.NewRequest(http.MethodPost, "/sign-in", nil), localPath(next), http.StatusSeeOther)
		location := w.Header().Get("Location")
		seen := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(location)
		seen = strings.TrimFunc(seen, func(c rune) bool { return c <= ' ' })
		if !strings.HasPrefix(seen, "/") || strings.HasPrefix(seen, "//") {
			t.Fatalf("%q leads to %q", next, location)
		}
		base := url.URL{Scheme: "http", Host: "keydesk.example", Path: "/sign-in"}
		to, err := base.Parse(location)
		if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || to.User != nil {
			t.Fatalf("%q leads to %v (%v)", next, to, err)
		}
	})
}
