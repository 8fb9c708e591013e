package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/db"
)

// TestUndeliveredWhenTheClientHasGone: a write to a connection that the client
// has just closed succeeds, so success alone does not mean delivered.
func TestUndeliveredWhenTheClientHasGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, err := db.Open(t.Context(), "sqlite:"+filepath.Join(dir, "keydesk.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	journal, err := audit.Open(t.Context(), d, filepath.Join(dir, "journal.key"))
	if err != nil {
		t.Fatal(err)
	}
	k := NewAccessKeys(Base{Journal: journal, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		RequestID: func(context.Context) string { return "" }, ClientIP: func(*http.Request) string { return "" }})
	for _, gone := range []bool{false, true} {
		ctx, hangUp := context.WithCancel(t.Context())
		if gone {
			hangUp()
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil)
		err := k.deliver(w, r, keyHome{id: "123456789012", user: "alice"}, iamsvc.CreatedAccessKey{Attempt: 1}, views.RetrieveAccessKeyPage{})
		hangUp()
		events, _, listErr := journal.List(t.Context(), audit.Filter{User: "alice"})
		if err != nil || listErr != nil || w.Body.Len() == 0 {
			t.Fatalf("%v, %v, %d bytes", err, listErr, w.Body.Len())
		}
		if want := map[bool]string{false: audit.OutcomeDelivered, true: audit.OutcomeUndelivered}[gone]; events[0].Outcome != want {
			t.Errorf("client gone %v: journalled %s, want %s", gone, events[0].Outcome, want)
		}
	}
}
