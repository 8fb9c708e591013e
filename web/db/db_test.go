package db_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(holder) != "" { // it is killed, and could not clean up after itself
		os.Exit(m.Run())
	}
	os.Exit(dbtest.Run(m))
}

func open(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// replicas opens the database once for each process that may have it open.
func replicas(t *testing.T, url string) []*db.DB {
	t.Helper()
	list := []*db.DB{open(t, url)}
	if dbtest.Shared(url) {
		list = append(list, open(t, url))
	}
	return list
}

func put(t *testing.T, d *db.DB, user, content string) {
	t.Helper()
	if _, err := d.Exec(t.Context(), `INSERT INTO preferences (user_id, content) VALUES (?, ?)`, user, content); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, d *db.DB) int {
	t.Helper()
	var n int
	if err := d.QueryRow(t.Context(), `SELECT COUNT(*) FROM preferences`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keydesk.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	d := open(t, "sqlite:"+path)
	put(t, d, "u", "x")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("mode of %q is %04o, want 0600", suffix, mode)
		}
	}
}

func TestReopenKeepsData(t *testing.T) {
	t.Parallel()
	// Each of these characters means something in a database URL.
	path := filepath.Join(t.TempDir(), "a b?mode=ro&x#y%41;'z.db")
	d, err := db.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	put(t, d, "u", "x")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, open(t, "sqlite:"+path)); n != 1 {
		t.Errorf("%d rows after reopening, want 1", n)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the database is not where it was asked to be: %v", err)
	}
}

func TestTxRollsBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := open(t, url)
		refused := errors.New("refused")
		insert := func(tx *db.Tx) {
			if _, err := tx.Exec(t.Context(), `INSERT INTO preferences (user_id, content) VALUES ('u', 'x')`); err != nil {
				t.Error(err)
			}
		}
		err := d.Tx(t.Context(), func(tx *db.Tx) error { insert(tx); return refused })
		if err != refused {
			t.Errorf("error is %v, want the function's own", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = d.Tx(t.Context(), func(tx *db.Tx) error { insert(tx); panic("boom") })
		}()
		if n := count(t, d); n != 0 {
			t.Errorf("%d rows after a refusal and a panic, want 0", n)
		}
		// A connection left in its transaction would block this for ever.
		put(t, d, "u", "x")
	})
}

// Two openings of one database stand for two processes: only a transaction that
// locks before it reads can count without losing or failing.
func TestTxLocksBeforeItReads(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		handles := replicas(t, url)
		put(t, handles[0], "counter", "")
		const each = 25
		var wg sync.WaitGroup
		for _, d := range handles {
			for range 4 {
				wg.Go(func() {
					for range each {
						if err := d.Tx(t.Context(), grow); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		var content string
		if err := handles[0].QueryRow(t.Context(), `SELECT content FROM preferences`).Scan(&content); err != nil {
			t.Fatal(err)
		}
		if want := len(handles) * 4 * each; len(content) != want {
			t.Errorf("counted %d, want %d", len(content), want)
		}
	})
}

func grow(tx *db.Tx) error {
	var content string
	if err := tx.QueryRow(context.Background(), `SELECT content FROM preferences`).Scan(&content); err != nil {
		return err
	}
	_, err := tx.Exec(context.Background(), `UPDATE preferences SET content = ?`, content+"x")
	return err
}

func TestQueryRefusesToWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := open(t, url)
		var id string
		err := d.QueryRow(t.Context(), `INSERT INTO preferences (user_id, content) VALUES ('u', 'x') RETURNING user_id`).Scan(&id)
		if err == nil {
			t.Error("a read connection wrote")
		}
		if n := count(t, d); n != 0 {
			t.Errorf("%d rows, want 0", n)
		}
	})
}

func TestReadersDoNotWaitForTheWriter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := open(t, url)
		put(t, d, "u", "x")
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(t.Context(), `DELETE FROM preferences`); err != nil {
				return err
			}
			if n := count(t, d); n != 1 {
				t.Errorf("a reader sees %d rows before the commit, want 1", n)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, d); n != 0 {
			t.Errorf("a reader sees %d rows after the commit, want 0", n)
		}
	})
}

func TestPing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d, err := db.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if err := d.Ping(t.Context()); err == nil {
			t.Error("a closed database answers")
		}
		if err := d.Close(); err != nil {
			t.Errorf("closed twice: %v", err)
		}
	})
}

func TestMicros(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 89_012_000, time.FixedZone("", 3600))
	if got := db.Time(db.Micros(at)); !got.Equal(at) || got.Location() != time.UTC {
		t.Errorf("%v came back as %v", at, got)
	}
	if got := db.Time(db.Micros(time.Time{})); !got.IsZero() {
		t.Errorf("the zero time came back as %v", got)
	}
}
