package handlers

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	clean "path"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"keydesk/iamsvc"
)

// oddNames are names that AWS would not have, and two that it would.
var oddNames = []string{
	".", "..", "...", ". ", ".a", "a.", "a b", " a", "a ", "a/b", "/", "//a", "../..", `a\b`, "tenant$svc", "100%", "%2F", "%2E%2E", "%zz",
	"a?b#c", "müller", "a;b", `"a'b"`, "<b>", "~", "~2F", "a~b", "+", "a\tb\n", "a&b=c", strings.Repeat("ü/", 100), "日本語", "a:b", "\u202e",
}

// FuzzUserNameThroughURL: whatever a server may list comes back from the URL that
// was built for it, and what it may not list reaches no handler.
func FuzzUserNameThroughURL(f *testing.F) {
	for _, name := range append(oddNames, "alice", "svc+deploy=prod,eu.west@corp_1-x", "", "a\x00b", "\xff") {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		var got string
		var gotErr error
		reached := false
		r := chi.NewRouter()
		r.Get("/accounts/{account}/users/{user}", func(_ http.ResponseWriter, r *http.Request) {
			reached = true
			got, gotErr = userParam(r)
		})
		request, err := http.NewRequest(http.MethodGet, "http://keydesk.test"+userPath("123456789012", name), nil)
		if err != nil {
			t.Fatalf("%q makes no URL: %v", name, err)
		}
		r.ServeHTTP(httptest.NewRecorder(), request)
		valid := iamsvc.ValidateExistingUserName(name) == nil
		switch {
		case valid && (!reached || gotErr != nil || got != name):
			t.Errorf("%q came back as %q, %v", name, got, gotErr)
		case !valid && reached && gotErr == nil && got == name:
			t.Errorf("%q is no user name and was taken", name)
		}
		wantUntouched(t, userPath("123456789012", name))
	})
}

// untouched are the characters of a path that no browser and no proxy writes in
// another way. %2C is in the names AWS has, which look as they always did.
var untouched = regexp.MustCompile(`^([A-Za-z0-9~$&+=:@._/-]|%2C)*$`)

func wantUntouched(t *testing.T, address string) {
	t.Helper()
	if !untouched.MatchString(address) || clean.Clean(address) != strings.TrimSuffix(address, "/") {
		t.Errorf("%s is not what arrives", address)
	}
}

// A browser resolves a link against the page it is on; a server and its router read
// what the client wrote.
func TestOddNamesThroughRealHTTP(t *testing.T) {
	t.Parallel()
	r := chi.NewRouter()
	r.Get("/accounts/{account}/users/{user}/access-keys/{key}/deactivate", func(w http.ResponseWriter, r *http.Request) {
		user, err := userParam(r)
		if err != nil {
			t.Error(r.URL, err)
		}
		_, _ = io.WriteString(w, user)
	})
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL + "/accounts/1/users")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range oddNames {
		link, err := base.Parse(keyPath("1", name, name, "deactivate"))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := server.Client().Get(link.String())
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK || string(got) != name {
			t.Errorf("%q by way of %s: %d %q", name, link, answer.StatusCode, got)
		}
	}
}

func TestNamesInPaths(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"alice":                           "alice",
		"svc+deploy=prod,eu.west@corp_1-": "svc+deploy=prod%2Ceu.west@corp_1-",
		"...":                             "...",
		"..":                              "~2E~2E",
		"a/b c":                           "a~2Fb~20c",
		"tenant$svc":                      "tenant$svc",
		"~":                               "~7E",
	} {
		if got := segment(name); got != want {
			t.Errorf("%q is %s in a path, want %s", name, got, want)
		}
	}
	for link, want := range map[string]string{"eu%2Cwest": "eu,west", "eu,west": "eu,west", "a%20b": "a b", "%2E": "."} {
		if got, err := segmentName(link); err != nil || got != want {
			t.Errorf("an older link %s: %q, %v", link, got, err)
		}
	}
}

// Neither a name nor a key ID makes the target of another user's or key's form.
func TestTokenTargetsAreTold(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, of := range [][3]string{{"1", "a/b", "c"}, {"1", "a", "b/c"}, {"1", "a", "b"}, {"1", "a/b", "b"}, {"1/a", "b", "b"}} {
		target := keyTarget(of[0], of[1], of[2])
		if seen[target] {
			t.Errorf("two keys have the target %s", target)
		}
		seen[target] = true
	}
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	for _, name := range oddNames {
		got := fileName(name + "_accessKeys.csv")
		if strings.ContainsAny(got, "\"\\/;\r\n\x00 ") || !utf8.ValidString(got) {
			t.Errorf("%q is saved as %q", name, got)
		}
	}
}
