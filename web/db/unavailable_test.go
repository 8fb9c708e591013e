package db_test

import (
	"errors"
	"testing"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
)

func TestUnavailable(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := open(t, url)
		if _, err := d.Exec(t.Context(), `INSERT INTO no_such_table (n) VALUES (1)`); err == nil || db.Unavailable(err) {
			t.Errorf("a wrong statement: unavailable (%v)", err)
		}
		if err := d.ProbeWrite(t.Context()); err != nil || !d.Writable() {
			t.Errorf("a good day: %v, writable %v", err, d.Writable())
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if err := d.ProbeWrite(t.Context()); !db.Unavailable(err) || d.Writable() {
			t.Errorf("a database that is closed: %v, writable %v", err, d.Writable())
		}
	})
	if db.Unavailable(nil) || db.Unavailable(errors.New("no such thing")) {
		t.Error("any error counts as the database's")
	}
}

// A disk is full, or a file system was mounted read-only: what is there can be read.
func TestUnwritableSQLite(t *testing.T) {
	t.Parallel()
	d := open(t, "sqlite:"+t.TempDir()+"/keydesk.db")
	if _, err := d.Exec(t.Context(), `PRAGMA query_only = 1`); err != nil {
		t.Fatal(err)
	}
	if err := d.ProbeWrite(t.Context()); !db.Unavailable(err) || d.Writable() {
		t.Errorf("a write: %v, writable %v", err, d.Writable())
	}
	if err := d.Ping(t.Context()); err != nil {
		t.Errorf("a ping: %v", err)
	}
}
