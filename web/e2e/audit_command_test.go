package e2e

import (
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// keydeskOn runs a command on a data folder to its end.
func keydeskOn(t *testing.T, data string, args ...string) (string, int) {
	t.Helper()
	out, err := exec.Command(program, append(args, "-data", data)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// rewrite does what somebody who owns the database file can do.
func rewrite(t *testing.T, data string, queries ...string) {
	t.Helper()
	d, err := sql.Open("sqlite", filepath.Join(data, "keydesk.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, q := range queries {
		if _, err := d.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAuditCommands(t *testing.T) {
	t.Parallel()
	a := start(t)
	p := newPerson(t)
	p.post(a.URL+"/sign-in", map[string][]string{"user_name": {"admin"}, "password": {password}})

	// Beside the running program, and after it.
	for _, when := range []string{"running", "ended"} {
		if out, status := keydeskOn(t, a.Data, "audit", "verify"); status != 0 || !strings.Contains(out, "as it was written") {
			t.Errorf("%s: status %d: %s", when, status, out)
		}
		if when == "running" {
			a.stop()
		}
	}
	out, status := keydeskOn(t, a.Data, "audit", "export")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var row struct{ EventName string }
	if err := json.Unmarshal([]byte(lines[0]), &row); err != nil || status != 0 || len(lines) < 2 || row.EventName != "OpenJournal" {
		t.Errorf("status %d, %d lines, %v: %s", status, len(lines), err, out)
	}
	out, status = keydeskOn(t, a.Data, "audit", "export", "-format", "csv")
	if records, err := csv.NewReader(strings.NewReader(out)).ReadAll(); err != nil || status != 0 || len(records) != len(lines)+1 {
		t.Errorf("status %d, %d records of %d events, %v", status, len(records), len(lines), err)
	}

	rewrite(t, a.Data, `DROP TRIGGER journal_no_update`, `UPDATE journal SET actor_name = 'eve' WHERE seq = 2`)
	if out, status := keydeskOn(t, a.Data, "audit", "verify"); status != 1 || !strings.Contains(out, "tampered with at row 2") {
		t.Errorf("status %d: %s", status, out)
	}
}

// Whoever can write the data folder takes the newest rows and the checkpoint out while
// Keydesk is stopped.
func TestVerifyWithoutACheckpoint(t *testing.T) {
	t.Parallel()
	a := start(t)
	newPerson(t).post(a.URL+"/sign-in", map[string][]string{"user_name": {"admin"}, "password": {password}})
	a.stop()
	out, status := keydeskOn(t, a.Data, "audit", "verify")
	_, head, found := strings.Cut(strings.TrimSpace(out), "The newest row is ")
	if status != 0 || !found {
		t.Fatalf("status %d: %s", status, out)
	}

	checkpoint := filepath.Join(a.Data, "journal.key.checkpoint")
	rewrite(t, a.Data, `DROP TRIGGER journal_no_delete`, `DELETE FROM journal WHERE seq = (SELECT MAX(seq) FROM journal)`)
	if err := os.Remove(checkpoint); err != nil {
		t.Fatal(err)
	}
	if out, status := keydeskOn(t, a.Data, "audit", "verify"); status != 3 || !strings.Contains(out, "missing or empty") {
		t.Errorf("status %d: %s", status, out)
	}
	if out, status := keydeskOn(t, a.Data, "audit", "verify", "-head", head); status != 1 || !strings.Contains(out, "the row is missing") {
		t.Errorf("with the head from the log: status %d: %s", status, out)
	}

	if out, status := keydeskOn(t, a.Data, "audit", "accept-checkpoint"); status != 2 || !strings.Contains(out, "-reason") {
		t.Errorf("accepting without a reason: status %d: %s", status, out)
	}
	if out, status := keydeskOn(t, a.Data, "audit", "accept-checkpoint", "-reason", "restored a backup"); status != 0 {
		t.Errorf("accepting: status %d: %s", status, out)
	}
	if out, status := keydeskOn(t, a.Data, "audit", "verify"); status != 0 {
		t.Errorf("afterwards: status %d: %s", status, out)
	}

	if err := os.Chmod(filepath.Join(a.Data, "journal.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, status := keydeskOn(t, a.Data, "audit", "verify"); status != 2 || !strings.Contains(out, "chmod 600") {
		t.Errorf("a key that others can read: status %d: %s", status, out)
	}
}

func TestAuditCommandsWithoutAJournal(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for _, command := range []string{"verify", "export"} {
		if out, status := keydeskOn(t, empty, "audit", command); status != 2 || !strings.Contains(out, "-data") {
			t.Errorf("%s: status %d: %s", command, status, out)
		}
	}
	if made, err := os.ReadDir(empty); err != nil || len(made) != 0 {
		t.Errorf("reading made %v, %v", made, err)
	}
	if out, err := exec.Command(program, "audit", "verify", "-no-such-flag").CombinedOutput(); err == nil {
		t.Errorf("an unknown flag is accepted: %s", out)
	}
}

func TestRotateKeyCommand(t *testing.T) {
	t.Parallel()
	a := start(t)
	signIn := func() {
		t.Helper()
		newPerson(t).post(a.URL+"/sign-in", map[string][]string{"user_name": {"admin"}, "password": {password}})
	}
	signIn()
	if out, status := keydeskOn(t, a.Data, "audit", "rotate-key"); status != 1 || !strings.Contains(out, "another Keydesk has the database open") {
		t.Errorf("beside a Keydesk: status %d: %s", status, out)
	}
	a.stop()
	if out, status := keydeskOn(t, a.Data, "audit", "rotate-key"); status != 0 || !strings.Contains(out, "sealed with a new key") {
		t.Fatalf("status %d: %s", status, out)
	}
	a.run()
	signIn()
	if out, status := keydeskOn(t, a.Data, "audit", "verify"); status != 0 || !strings.Contains(out, "as it was written: 7 rows") {
		t.Errorf("status %d: %s", status, out)
	}
	if out, status := keydeskOn(t, t.TempDir(), "audit", "rotate-key"); status != 2 || !strings.Contains(out, "-data") {
		t.Errorf("where there is no journal: status %d: %s", status, out)
	}
}
