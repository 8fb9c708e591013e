package web_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"keydesk/web"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/config"
	"keydesk/web/db"
)

// fromFile is Keydesk's database before anybody can sign in.
type fromFile struct {
	database *db.DB
	journal  *audit.Journal
	people   *auth.LocalAccounts
	file     string
}

func newFromFile(t *testing.T) fromFile {
	t.Helper()
	folder := t.TempDir()
	database, err := db.Open(t.Context(), "sqlite:"+filepath.Join(folder, "keydesk.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	journal, err := audit.Open(t.Context(), database, filepath.Join(folder, "journal.key"))
	if err != nil {
		t.Fatal(err)
	}
	return fromFile{database, journal, auth.NewLocalAccounts(database), filepath.Join(folder, "password")}
}

func (f fromFile) start(t *testing.T, password string) error {
	t.Helper()
	if err := os.WriteFile(f.file, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	gate := web.Journal{Audit: f.journal, Now: time.Now, Version: "test"}
	_, err := web.FirstAdministrator(t.Context(), config.Config{AdminPasswordFile: f.file}, f.people, gate, t.Output(), &net.TCPAddr{})
	return err
}

const goodPassword = "correct horse battery staple"

func TestAdministratorFromAFileIsJournalled(t *testing.T) {
	t.Parallel()
	f := newFromFile(t)
	if err := f.start(t, "short"); !errors.Is(err, config.ErrSettings) {
		t.Errorf("a short password is answered with %v", err)
	}
	for range 2 { // the second start finds an administrator
		if err := f.start(t, goodPassword); err != nil {
			t.Fatal(err)
		}
	}
	rows, n, err := f.journal.List(t.Context(), audit.Filter{Action: "CreateLocalAccount", Limit: 10})
	if err != nil || n != 2 {
		t.Fatalf("%d rows (%v): %+v", n, err, rows)
	}
	outcome, attempt := rows[0], rows[1]
	if attempt.Phase != audit.PhaseAttempt || outcome.Phase != audit.PhaseOutcome || outcome.Attempt != attempt.Seq || outcome.Outcome != audit.OutcomeOK {
		t.Errorf("not an attempt and its outcome: %+v", rows)
	}
	for _, e := range rows {
		if e.User != "local/admin" || e.NewState != "administrator" || e.Actor.Name != "-admin-password-file" || e.Version != "test" {
			t.Errorf("the row does not say what was done: %+v", e)
		}
	}
}

// No attempt row, no administrator.
func TestNoAdministratorFromAFileUnrecorded(t *testing.T) {
	t.Parallel()
	f := newFromFile(t)
	if _, err := f.database.Exec(t.Context(), `DROP TABLE journal`); err != nil {
		t.Fatal(err)
	}
	if err := f.start(t, goodPassword); err == nil {
		t.Error("the start goes on without a journal")
	}
	if exists, err := f.people.HasAdministrator(t.Context()); err != nil || exists {
		t.Errorf("there is an administrator (%v)", err)
	}
}
