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

func TestOpenToReadMakesNoFile(t *testing.T) {
	t.Parallel()
	url := dbtest.SQLite(t)
	for range 2 {
		if _, err := db.OpenToRead(t.Context(), url); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error is %v", err)
		}
	}
}
