package handlers_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keydesk/web"
	"keydesk/web/audit"
)

// Without its journal Keydesk lets nobody do anything, and a proxy should know.
func TestReadyTellsOfTheJournal(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.browser().get("/readyz").wantStatus(t, http.StatusOK).wantText(t, `"database":"ok"`, `"journal":"ok"`)

	other := filepath.Join(t.TempDir(), "journal.key")
	if err := os.WriteFile(other, make([]byte, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	damaged, err := audit.Open(t.Context(), s.Options.DB, other)
	if err != nil {
		t.Fatal(err)
	}
	s.with(func(o *web.Options) { o.Journal = damaged })
	s.browser().get("/readyz").wantStatus(t, http.StatusServiceUnavailable).wantText(t, `"database":"ok"`, `"journal":"unavailable"`)
	s.browser().get("/healthz").wantStatus(t, http.StatusOK)
	if !strings.Contains(s.Log.String(), "nobody can sign in or change anything") {
		t.Error("the log does not say it at the start")
	}
}

// readOnlyDatabase lets nothing be written any more, as on a full disk.
func (s *site) readOnlyDatabase() {
	s.t.Helper()
	if _, err := s.Options.DB.Exec(s.t.Context(), `PRAGMA query_only = 1`); err != nil {
		s.t.Fatal(err)
	}
}

func TestReadyProbesAWrite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.browser().get("/readyz").wantStatus(t, http.StatusOK).wantText(t, `"database":"ok"`, `"iam":"ok"`)
	s.readOnlyDatabase()
	s.with(func(*web.Options) {}) // a site that has not probed yet
	s.browser().get("/readyz").wantStatus(t, http.StatusServiceUnavailable).wantText(t, `"database":"unavailable"`)
}

// A supervisor's probe may carry a cookie, and whoever cannot get in must still see
// where to sign in.
func TestPublicPagesNeedNoDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	if err := s.Options.DB.Close(); err != nil {
		t.Fatal(err)
	}
	b.get("/healthz").wantStatus(t, http.StatusOK)
	b.get("/sign-in").wantStatus(t, http.StatusOK).wantText(t, "Password")
	b.get("/readyz").wantStatus(t, http.StatusServiceUnavailable)

	for _, page := range []string{"/search", "/settings", usersURL} {
		p := b.get(page).wantStatus(t, http.StatusServiceUnavailable).wantText(t, "database is unavailable", "no access key was changed")
		if p.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", page)
		}
	}
	p := b.post("/sign-in", url.Values{"user_name": {"admin"}, "password": {password}})
	p.wantStatus(t, http.StatusServiceUnavailable).wantText(t, "database is unavailable")
}

// Where nothing can be written, what there is can be read, and no change is made.
func TestReadingNeedsNoWrite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	s.readOnlyDatabase()
	for _, page := range []string{usersURL, usersURL + "/mateo.jackson", "/settings", dashboardURL} {
		b.get(page).wantStatus(t, http.StatusOK)
	}
	b.get("/settings").wantText(t, "Changes are not possible at the moment")

	before := s.Local.Calls()["CreateUser"]
	p := b.post("/accounts/123456789012/create-user", url.Values{"user_name": {"new.user"}, "password": {password}, "token": {""}})
	if p.Status < 400 {
		t.Errorf("a change: %d", p.Status)
	}
	if s.Local.Calls()["CreateUser"] != before {
		t.Error("a change without a record was sent to IAM")
	}
}
