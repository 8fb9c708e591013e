package db_test

import (
	"errors"
	"io/fs"
	"testing"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
)

func TestOpenToRead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := open(t, url)
		put(t, d, "ann", "hello")
		r, err := db.OpenToRead(t.Context(), url) // beside the one that is open
		if err != nil {
			t.Fatal(err)
		}
		var content string
		if err := r.QueryRow(t.Context(), `SELECT content FROM preferences WHERE user_id = ?`, "ann").Scan(&content); err != nil || content != "hello" {
			t.Errorf("%q %v", content, err)
		}
		if _, err := r.Exec(t.Context(), `DELETE FROM preferences`); err == nil {
			t.Error("it writes")
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A command must not wait for ever either.
func TestOpenToReadHasLimits(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgreSQL(t)
	if err := open(t, url).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	for asked, want := range map[string]string{url: "15s", with(url, "statement_timeout=700"): "700ms"} {
		r, err := db.OpenToRead(t.Context(), asked)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := r.QueryRow(t.Context(), `SELECT current_setting('statement_timeout')`).Scan(&got); err != nil || got != want {
			t.Errorf("%q %v, want %s", got, err, want)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenToReadMakesNoFile(t *testing.T) {
	t.Parallel()
	url := dbtest.SQLite(t)
	for range 2 {
		if _, err := db.OpenToRead(t.Context(), url); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error is %v", err)
		}
	}
}
