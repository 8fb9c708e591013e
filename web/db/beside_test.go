package db_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
)

func TestOpenBeside(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		running := open(t, url)
		put(t, running, "ann", "hello")
		beside, err := db.OpenBeside(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		put(t, beside, "bob", "world")
		put(t, running, "eve", "!")
		if err := beside.Close(); err != nil {
			t.Error(err)
		}
		if err := running.Close(); err != nil {
			t.Fatal(err)
		}
		alone, err := db.OpenBeside(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer alone.Close()
		var rows int
		if err := alone.QueryRow(t.Context(), `SELECT COUNT(*) FROM preferences`).Scan(&rows); err != nil || rows != 3 {
			t.Errorf("%d rows, %v", rows, err)
		}
		// Nobody else was there: now nobody comes in.
		if _, err := db.Open(t.Context(), url); !dbtest.Shared(url) && !errors.Is(err, db.ErrInUse) {
			t.Errorf("beside it: %v", err)
		}
	})
}

func TestOpenBesideUpgradesNothingUnderARunningKeydesk(t *testing.T) {
	t.Parallel()
	url := dbtest.SQLite(t)
	running := open(t, url)
	if _, err := running.Exec(t.Context(), `DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.OpenBeside(t.Context(), url); !errors.Is(err, db.ErrOlderSchema) {
		t.Errorf("an older one runs: %v", err)
	}
}

func TestOpenBesideMakesNoFile(t *testing.T) {
	t.Parallel()
	url := dbtest.SQLite(t)
	for range 2 {
		if _, err := db.OpenBeside(t.Context(), url); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error is %v", err)
		}
	}
}

// Beside a Keydesk that reads and writes, what was deleted leaves the files.
func TestVacuum(t *testing.T) {
	t.Parallel()
	url := dbtest.SQLite(t)
	running := open(t, url)
	put(t, running, "ann", "stays")
	put(t, running, "bob", "goes away "+strings.Repeat("x", 100))
	beside, err := db.OpenBeside(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	if _, err := beside.Exec(t.Context(), `DELETE FROM preferences WHERE user_id = 'bob'`); err != nil {
		t.Fatal(err)
	}
	if done, err := beside.Vacuum(t.Context()); !done || err != nil {
		t.Fatalf("%v %v", done, err)
	}
	dbtest.HoldsNone(t, url, "stays", "goes away")
	put(t, running, "eve", "goes on")
}

func TestVacuumIsTheOwnersWithPostgreSQL(t *testing.T) {
	t.Parallel()
	if done, err := open(t, dbtest.PostgreSQL(t)).Vacuum(t.Context()); done || err != nil {
		t.Errorf("%v %v", done, err)
	}
}
