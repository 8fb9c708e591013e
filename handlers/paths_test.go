package handlers

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"

	"keydesk/iamsvc"
)

// FuzzUserNameThroughURL: whatever IAM allows in a user name comes back from
// the URL that was built for it, and what IAM does not allow reaches no handler.
func FuzzUserNameThroughURL(f *testing.F) {
	for _, name := range []string{"alice", "svc+deploy=prod,eu.west@corp_1-x", ".", "..", "a%2Fb", "a/b", "", "é", "x y", "a?b#c"} {
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
	})
}
