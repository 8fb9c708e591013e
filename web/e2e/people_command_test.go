package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestForgottenPasswordWhileRunning: the running program knows the new password, and the
// end of the old sessions.
func TestForgottenPasswordWhileRunning(t *testing.T) {
	t.Parallel()
	a := start(t)
	before := newPerson(t)
	before.post(a.URL+"/sign-in", map[string][]string{"user_name": {"admin"}, "password": {password}})
	before.want(before.get(a.URL+"/local-accounts"), http.StatusOK, "Local accounts")

	out, status := keydeskOn(t, a.Data, "people", "reset-password", "-user", "admin")
	found := regexp.MustCompile(`shown only now: (\S+)`).FindStringSubmatch(out)
	if status != 0 || found == nil {
		t.Fatalf("status %d: %s", status, out)
	}
	for !strings.Contains(before.get(a.URL+"/local-accounts").body, `action="/sign-in"`) {
		select {
		case <-t.Context().Done():
			t.Fatal("the old session goes on")
		case <-time.After(50 * time.Millisecond):
		}
	}
	after := newPerson(t)
	after.want(after.post(a.URL+"/sign-in", map[string][]string{"user_name": {"admin"}, "password": {password}}), http.StatusUnprocessableEntity, "is not right")
	after.post(a.URL+"/sign-in", map[string][]string{"user_name": {"admin"}, "password": {found[1]}})
	after.want(after.get(a.URL+"/audit-log"), http.StatusOK, "at the console")
	if out, status := keydeskOn(t, a.Data, "audit", "verify"); status != 0 {
		t.Errorf("status %d: %s", status, out)
	}
}
