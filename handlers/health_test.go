package handlers_test

import (
	"net/http"
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
