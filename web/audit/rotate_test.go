package audit

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"keydesk/web/db/dbtest"
)

// rotate changes the key as the command does, and starts again.
func (d *desk) rotate(t *testing.T) {
	t.Helper()
	if _, err := Rotate(t.Context(), d.db, d.keyFile); err != nil {
		t.Fatal(err)
	}
	d.reopen(t)
}

func TestRotate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := aged(t, url)
		for want := d.verified(t) + 3; want < 40; want += 3 {
			d.rotate(t)
			d.append(t, Event{Action: "SignIn"})
			if rows := d.verified(t); rows != want {
				t.Fatalf("%d rows, want %d", rows, want)
			}
		}
		d.cut(t, 16) // the rows that change the key stay, or no later row would be right
		d.append(t, Event{Action: "SignIn"})
		d.verified(t)
	})
}

// Whoever has the old key can rewrite what it sealed, and is found out at the first row
// under the new one.
func TestOldKeyIsWorthNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, dbtest.SQLite(t))
	d.fill(t, 5)
	old := slices.Clone(d.key)
	d.rotate(t)
	d.append(t, Event{Action: "SignIn"})
	var at link
	for e, err := range d.Each(t.Context(), Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Seq > 6 {
			break
		}
		if e.Seq == 3 {
			e.User = "somebody.else"
		}
		at = link{e.Seq, seal(old, at.Hash, e)}
		d.exec(t, `UPDATE journal SET user_name = ?, hash = ? WHERE seq = ?`, e.User, at.Hash, e.Seq)
	}
	var bad *ChainError
	if _, err := d.Verify(t.Context()); !errors.As(err, &bad) || bad.Seq != 7 {
		t.Errorf("rewritten with the old key: %v", err)
	}
}

// The checkpoint may be gone too: a journal cut at a row of the old key is still found.
func TestCutOffBeforeTheKeyWasChanged(t *testing.T) {
	t.Parallel()
	d := newDesk(t, dbtest.SQLite(t))
	d.fill(t, 5)
	d.rotate(t)
	d.exec(t, `DELETE FROM journal WHERE seq > 4`)
	if err := os.Remove(d.noteFile); err != nil {
		t.Fatal(err)
	}
	d.reopen(t)
	var bad *ChainError
	if _, err := d.Verify(t.Context()); !errors.As(err, &bad) {
		t.Errorf("verified: %v", err)
	}
	if _, err := d.Append(t.Context(), Event{Action: "SignIn"}); !errors.As(err, &bad) {
		t.Errorf("appended: %v", err)
	}
}

func TestRotateThatWasNotFinished(t *testing.T) {
	t.Parallel()
	d := newDesk(t, dbtest.SQLite(t))
	d.fill(t, 3)
	if err := replace(d.keyFile, append(slices.Clone(d.key), make([]byte, keyBytes)...), true); err != nil {
		t.Fatal(err)
	}
	d.reopen(t)
	if _, err := d.Append(t.Context(), Event{Action: "SignIn"}); err == nil {
		t.Error("it goes on under the old key")
	}
	d.rotate(t)
	if rows := d.verified(t); rows != 5 || d.stretch != 1 {
		t.Errorf("%d rows, stretch %d", rows, d.stretch)
	}
}

func TestRotateRefusesADamagedJournal(t *testing.T) {
	t.Parallel()
	d := newDesk(t, dbtest.SQLite(t))
	d.fill(t, 4)
	d.exec(t, `UPDATE journal SET user_name = 'x' WHERE seq = 2`)
	before, err := os.ReadFile(d.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	var bad *ChainError
	if _, err := Rotate(t.Context(), d.db, d.keyFile); !errors.As(err, &bad) || bad.Seq != 2 {
		t.Errorf("error %v", err)
	}
	if after, err := os.ReadFile(d.keyFile); err != nil || !slices.Equal(before, after) {
		t.Errorf("the key file was changed, %v", err)
	}
}

// A replica that runs on, and one that starts with the old file, write nothing; one that
// has the new file does.
func TestReplicasWithTheOldKey(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgreSQL(t)
	d := newDesk(t, url)
	d.fill(t, 3)
	old, err := os.ReadFile(d.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	running := d.Journal
	stopped := &desk{db: d.db, keyFile: filepath.Join(t.TempDir(), "journal.key")}
	if err := os.WriteFile(stopped.keyFile, old, 0o600); err != nil {
		t.Fatal(err)
	}
	stopped.reopen(t) // its checkpoint is from before
	d.rotate(t)
	if _, err := running.Append(t.Context(), Event{Action: "SignIn"}); !errors.Is(err, ErrKeyChanged) {
		t.Errorf("a replica that runs: %v", err)
	}
	fresh, err := os.ReadFile(d.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stopped.keyFile, fresh, 0o600); err != nil {
		t.Fatal(err)
	}
	stopped.reopen(t)
	d.append(t, Event{Action: "SignIn"})
	stopped.append(t, Event{Action: "SignIn"})
	stopped.verified(t)
	if err := os.WriteFile(d.keyFile, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), d.db, d.keyFile); !errors.Is(err, ErrKeyChanged) {
		t.Errorf("a replica that starts: %v", err)
	}
}
