package db_test

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
)

// memo remembers preferences and counts how often it had to read.
type memo struct {
	*db.Memo[string, string]
	reads atomic.Int64
}

func newMemo(d *db.DB) *memo {
	m := &memo{}
	m.Memo = db.NewMemo(d, func(ctx context.Context, user string) (content string, err error) {
		m.reads.Add(1)
		err = d.QueryRow(ctx, `SELECT content FROM preferences WHERE user_id = ?`, user).Scan(&content)
		return content, err
	})
	return m
}

func (m *memo) want(t *testing.T, ctx context.Context, user, content string, reads int64) {
	t.Helper()
	got, err := m.Get(ctx, user)
	if err != nil || got != content || m.reads.Load() != reads {
		t.Errorf("%q %v after %d reads, want %q after %d", got, err, m.reads.Load(), content, reads)
	}
}

func set(t *testing.T, d *db.DB, user, content string) {
	t.Helper()
	if _, err := d.Exec(t.Context(), `UPDATE preferences SET content = ? WHERE user_id = ?`, content, user); err != nil {
		t.Error(err)
	}
}

func TestMemoReadsAgainAfterEveryWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		all := replicas(t, url)
		here, there := all[0], all[len(all)-1]
		put(t, here, "ann", "one")
		m := newMemo(here)
		m.want(t, t.Context(), "ann", "one", 1)
		if !dbtest.Shared(url) { // a server's own housekeeping may count as a write
			m.want(t, t.Context(), "ann", "one", 1)
		}
		reads := m.reads.Load()
		set(t, here, "ann", "two")
		m.want(t, t.Context(), "ann", "two", reads+1)
		set(t, there, "ann", "three")
		m.want(t, t.Context(), "ann", "three", reads+2)
		if _, err := m.Get(t.Context(), "bob"); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("nobody: %v", err)
		}
		put(t, there, "bob", "four")
		m.want(t, t.Context(), "bob", "four", reads+4)
	})
}

// shell is an operator's connection, of which Keydesk knows nothing.
func shell(t *testing.T, url string) *sql.DB {
	t.Helper()
	driver, name := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, name = "sqlite", path
	}
	d, err := sql.Open(driver, name)
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

// TestMemoIsNeverBehind: while one replica writes, nobody is ever answered less than
// what had been committed when they asked.
func TestMemoIsNeverBehind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		all := replicas(t, url)
		put(t, all[0], "ann", "0")
		var committed atomic.Int64
		var group sync.WaitGroup
		for _, d := range all {
			m := newMemo(d)
			for range 4 {
				group.Go(func() { neverBehind(t, m, &committed) })
			}
		}
		for i := range int64(writes) {
			set(t, all[len(all)-1], "ann", strconv.FormatInt(i+1, 10))
			committed.Store(i + 1)
		}
		group.Wait()
	})
}

const writes = 300

func neverBehind(t *testing.T, m *memo, committed *atomic.Int64) {
	for at := int64(0); at < writes && !t.Failed(); {
		at = committed.Load()
		content, err := m.Get(db.OneLook(t.Context()), "ann")
		if got, _ := strconv.ParseInt(content, 10, 64); err != nil || got < at {
			t.Errorf("%q %v, after %d was committed", content, err, at)
			return
		}
	}
}

func TestOneLookSeesItsOwnWrites(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := open(t, url)
		put(t, d, "ann", "one")
		m := newMemo(d)
		ctx := db.OneLook(t.Context())
		m.want(t, ctx, "ann", "one", 1)
		m.want(t, ctx, "ann", "one", 1)
		set(t, d, "ann", "two")
		m.want(t, ctx, "ann", "two", 2)
	})
}

// TestOneLookEnds: what an operator writes with a shell, or another replica, reaches a
// request that stays open.
func TestOneLookEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := open(t, url)
		put(t, d, "ann", "one")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		ctx = db.OneLook(ctx)
		m := newMemo(d)
		m.want(t, ctx, "ann", "one", 1)
		if _, err := shell(t, url).Exec(`UPDATE preferences SET content = 'two'`); err != nil {
			t.Fatal(err)
		}
		for content := ""; content != "two"; {
			var err error
			if content, err = m.Get(ctx, "ann"); err != nil || ctx.Err() != nil {
				t.Fatal(err, ctx.Err())
			}
		}
	})
}

// TestMemoOutlivesConnections: after a lost connection nothing remembered counts. The
// server has nobody else to write to it, so its snapshots stay the same.
func TestMemoOutlivesConnections(t *testing.T) {
	t.Parallel()
	server, err := dbtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	url := server.Database(t)
	d := open(t, url)
	put(t, d, "ann", "one")
	m := newMemo(d)
	m.want(t, t.Context(), "ann", "one", 1)
	if _, err := shell(t, url).Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	content, err := m.Get(t.Context(), "ann")
	for err != nil && t.Context().Err() == nil {
		content, err = m.Get(t.Context(), "ann")
	}
	if content != "one" || m.reads.Load() < 2 {
		t.Errorf("%q after %d reads: what was remembered outlived its connection", content, m.reads.Load())
	}
}

func TestMemoHoldsNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	d := open(t, dbtest.SQLite(t))
	reads := 0
	m := db.NewMemo(d, func(context.Context, int) (int, error) { reads++; return reads, nil })
	for range 2 {
		for key := range 5000 {
			if _, err := m.Get(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
	}
	if reads <= 5000 {
		t.Errorf("%d reads: everything was remembered", reads)
	}
}
