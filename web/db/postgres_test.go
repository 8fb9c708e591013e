package db_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
)

// administrate runs statements as the server's superuser.
func administrate(t *testing.T, database string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// as is the database's URL for another role.
func as(t *testing.T, database, role string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

func with(database, setting string) string { return database + "&" + setting }

// The set-up of docs/operations.md: one role owns the tables, Keydesk runs as another.
func TestTwoRoles(t *testing.T) {
	t.Parallel()
	database := dbtest.PostgreSQL(t)
	name := strings.TrimPrefix(strings.Split(database, "?")[0], "postgres://postgres@/")
	owner, app := name+"_owner", name+"_app"
	administrate(t, database,
		`CREATE ROLE `+owner+` LOGIN`, `CREATE ROLE `+app+` LOGIN`,
		`ALTER DATABASE `+name+` OWNER TO `+owner,
		`ALTER DEFAULT PRIVILEGES FOR ROLE `+owner+` GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO `+app)
	if _, err := db.Open(t.Context(), as(t, database, app)); !errors.Is(err, db.ErrNotWritable) {
		t.Errorf("a role that may not make tables: %v", err)
	}
	if err := open(t, as(t, database, owner)).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := open(t, as(t, database, app))
	put(t, d, "u", "x")
	if _, err := d.Exec(t.Context(), journalRow); err != nil {
		t.Errorf("append to the journal: %v", err)
	}
	for _, query := range []string{`UPDATE journal SET user_name = 'x'`, `DELETE FROM journal`, `TRUNCATE journal`,
		`DROP TRIGGER journal_no_change ON journal`, `DELETE FROM goose_db_version`} {
		_, err := d.Exec(t.Context(), query)
		if err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "must be owner") {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// A writer that hangs, or is cut off, gives the lock back.
func TestStuckWriterIsThrownOut(t *testing.T) {
	t.Parallel()
	database := dbtest.PostgreSQL(t)
	stuck := open(t, with(database, "idle_in_transaction_session_timeout=200"))
	impatient := open(t, with(database, "lock_timeout=50"))
	err := stuck.Tx(t.Context(), func(*db.Tx) error {
		if _, err := impatient.Exec(t.Context(), journalRow); err == nil || !strings.Contains(err.Error(), "lock timeout") {
			t.Errorf("beside another replica's transaction: %v", err)
		}
		deadline := time.Now().Add(time.Minute)
		for {
			_, err := impatient.Exec(t.Context(), journalRow)
			if err == nil || time.Now().After(deadline) {
				return err
			}
		}
	})
	if err == nil || !strings.Contains(err.Error(), "commit") {
		t.Errorf("the stuck transaction ended with %v", err)
	}
	if err := stuck.Ping(t.Context()); err != nil {
		t.Errorf("the replica does not recover: %v", err)
	}
}

// A server that freezes does not freeze Keydesk, and is found again when it thaws.
func TestFrozenServer(t *testing.T) {
	t.Parallel()
	database := dbtest.PostgreSQL(t)
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	var frozen sync.RWMutex
	address := forward(t, &frozen, filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"))
	d := open(t, strings.Split(database, "?")[0]+"?sslmode=disable&statement_timeout=200&host=127.0.0.1&port="+address)
	put(t, d, "u", "x")
	frozen.Lock()
	_, writeErr := d.Exec(t.Context(), `DELETE FROM preferences`)
	readErr := d.QueryRow(t.Context(), `SELECT 1`).Scan(new(int))
	frozen.Unlock()
	for name, err := range map[string]error{"write": writeErr, "read": readErr} {
		if err == nil || !strings.Contains(err.Error(), "timeout") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := count(t, d); n != 1 {
		t.Errorf("%d rows after the thaw, want 1", n)
	}
	put(t, d, "v", "x")
}

// forward lets TCP connections through to a socket, not while frozen is locked, and
// returns its port.
func forward(t *testing.T, frozen *sync.RWMutex, socket string) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	pipe := func(to io.WriteCloser, from io.Reader) {
		defer to.Close()
		b := make([]byte, 4096)
		for {
			n, err := from.Read(b)
			frozen.RLock()
			_, writeErr := to.Write(b[:n])
			frozen.RUnlock()
			if err != nil || writeErr != nil {
				return
			}
		}
	}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", socket)
			if err != nil {
				_ = client.Close()
				continue
			}
			go pipe(server, client)
			go pipe(client, server)
		}
	}()
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestLimits(t *testing.T) {
	t.Parallel()
	d := open(t, with(dbtest.PostgreSQL(t), "synchronous_commit=off"))
	settings := map[string]string{"synchronous_commit": "on", "statement_timeout": "15s", "lock_timeout": "5s",
		"idle_in_transaction_session_timeout": "10s", "transaction_isolation": "read committed"}
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for name, want := range settings {
			var got string
			if err := tx.QueryRow(t.Context(), `SHOW `+name).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %s %v, want %s", name, got, err, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestServersThatAreRefused(t *testing.T) {
	t.Parallel()
	database := dbtest.PostgreSQL(t)
	other := strings.Replace(database, "/keydesk_", "/latin_", 1)
	name := strings.Split(strings.TrimPrefix(other, "postgres://postgres@/"), "?")[0]
	administrate(t, database, `CREATE DATABASE `+name+` TEMPLATE template0 ENCODING LATIN1 LOCALE_PROVIDER libc LOCALE 'C'`)
	if _, err := db.Open(t.Context(), other); !errors.Is(err, db.ErrNotADatabase) || !strings.Contains(err.Error(), "LATIN1") {
		t.Errorf("a database in LATIN1: %v", err)
	}
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("nobody", "hunter2hunter2")
	if _, err := db.Open(t.Context(), u.String()); err == nil || !strings.Contains(err.Error(), `role "nobody"`) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a role that is not there: %v", err)
	}
	if _, err := open(t, database).Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(t.Context(), database); !errors.Is(err, db.ErrNewerSchema) {
		t.Errorf("a newer schema: %v", err)
	}
}
