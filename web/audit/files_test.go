package audit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keydesk/web/db/dbtest"
)

func TestKeyFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("k", keyBytes)
	for name, test := range map[string]struct {
		content string
		mode    os.FileMode
		want    error
	}{
		"private":        {key, 0o600, nil},
		"read only":      {key, 0o400, nil},
		"group reads":    {key, 0o640, nil},
		"group writes":   {key, 0o660, ErrKeyFile},
		"world readable": {key, 0o644, ErrKeyFile},
		"world writable": {key, 0o602, ErrKeyFile},
		"too short":      {key[1:], 0o600, ErrKeyFile},
		"too long":       {key + "k", 0o600, ErrKeyFile},
		"empty":          {"", 0o600, ErrKeyFile},
	} {
		d := openDB(t, dbtest.SQLite(t))
		keyFile := filepath.Join(t.TempDir(), "journal.key")
		if err := errors.Join(os.WriteFile(keyFile, []byte(test.content), test.mode), os.Chmod(keyFile, test.mode)); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), d, keyFile)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: error is %v, want %v", name, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "kkk") {
			t.Errorf("%s: the error repeats the key: %v", name, err)
		}
	}
}

func TestKeyFileInNoFolder(t *testing.T) {
	t.Parallel()
	d := openDB(t, dbtest.SQLite(t))
	if _, err := Open(t.Context(), d, filepath.Join(t.TempDir(), "none", "journal.key")); !errors.Is(err, ErrKeyFile) {
		t.Errorf("error is %v", err)
	}
}

// A new key would make the whole journal unverifiable.
func TestLostKeyIsNotReplaced(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		if err := os.Remove(d.keyFile); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), d.db, d.keyFile); !errors.Is(err, ErrKeyMissing) {
			t.Errorf("error is %v", err)
		}
		if _, err := os.Stat(d.keyFile); err == nil {
			t.Error("a new key was made")
		}
	})
}

// Killed between the commit and the checkpoint: the journal is ahead, not damaged.
func TestCheckpointMayLag(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.fill(t, 5)
		old, err := os.ReadFile(d.noteFile)
		if err != nil {
			t.Fatal(err)
		}
		d.fill(t, 8)
		if err := os.WriteFile(d.noteFile, old, 0o600); err != nil {
			t.Fatal(err)
		}
		d.reopen(t)
		if rows := d.verified(t); rows != 8 {
			t.Errorf("%d rows, want 8", rows)
		}
		if seq := d.append(t, Event{Action: "a"}); seq != 9 {
			t.Errorf("the next row is %d, want 9", seq)
		}
	})
}

// The way out after restoring a backup leaves a trace.
func TestMissingCheckpointIsWrittenDown(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(path string) error{
		"removed": os.Remove,
		"emptied": func(path string) error { return os.Truncate(path, 0) },
	} {
		d := newDesk(t, dbtest.SQLite(t))
		d.fill(t, 10)
		d.exec(t, `DELETE FROM journal WHERE seq > 6`)
		if err := lose(d.noteFile); err != nil {
			t.Fatal(err)
		}
		d.reopen(t)
		if rows := d.verified(t); rows != 7 {
			t.Errorf("%s: %d rows, want 7", name, rows)
		}
		if e, err := d.Event(t.Context(), 7); err != nil || e.Action != "AnchorJournal" || !strings.Contains(e.Reason, "row 6") {
			t.Errorf("%s: row 7 is %+v %v", name, e, err)
		}
		d.reopen(t)
		if rows := d.verified(t); rows != 7 {
			t.Errorf("%s: anchored again: %d rows", name, rows)
		}
	}
}

func TestCheckpointThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		aside := d.folder + ".aside"
		if err := os.Rename(d.folder, aside); err != nil {
			t.Fatal(err)
		}
		// The row is committed before the checkpoint fails: it stands.
		if seq := d.append(t, Event{Action: "a"}); seq != 2 {
			t.Errorf("row %d, want 2", seq)
		}
		if err := d.Ready(); err == nil {
			t.Error("ready without a checkpoint")
		}
		if seq, err := d.Append(t.Context(), Event{Action: "a"}); err == nil {
			t.Errorf("row %d was written with no checkpoint since row 2", seq)
		}
		if err := os.Rename(aside, d.folder); err != nil {
			t.Fatal(err)
		}
		if err := d.Ready(); err != nil {
			t.Errorf("with the folder back: %v", err)
		}
		if seq := d.append(t, Event{Action: "a"}); seq != 3 {
			t.Errorf("row %d, want 3", seq)
		}
		d.reopen(t)
		if rows := d.verified(t); rows != 3 {
			t.Errorf("%d rows, want 3", rows)
		}
	})
}

func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.fill(t, 5)
		if files, err := os.ReadDir(d.folder); err != nil || len(files) != 2 {
			t.Errorf("files in the folder: %v %v", files, err)
		}
	})
}
