package db_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
)

const journalRow = `INSERT INTO journal VALUES (1, 0, 'event', 0, '', '', '', '', 'SignIn', '', '', '', '', '', '', '', '', '', '', '', '', '', 'hash')`

func TestJournalRowsStay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := open(t, url)
		if _, err := d.Exec(t.Context(), journalRow); err != nil {
			t.Fatal(err)
		}
		queries := []string{`UPDATE journal SET user_name = 'x'`, `DELETE FROM journal`, `DELETE FROM journal WHERE seq = 1`}
		if dbtest.Shared(url) {
			queries = append(queries, `TRUNCATE journal`)
		}
		for _, query := range queries {
			if _, err := d.Exec(t.Context(), query); err == nil || !strings.Contains(err.Error(), "rows of the journal are not") {
				t.Errorf("%s: %v", query, err)
			}
		}
	})
}

// Whatever comes out of a URL is stored and found again alike.
func TestTextsThatAreNotUTF8(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := open(t, url)
		for _, text := range []string{"a\x00b", "\xff\xfe", "ü", "'", "?"} {
			put(t, d, text, `it's "?" \`)
			var content string
			err := d.QueryRow(t.Context(), `SELECT content FROM preferences WHERE user_id = ? AND '?''?' <> ?`, text, text).Scan(&content)
			if err != nil || content != `it's "?" \` {
				t.Errorf("%q: %q %v", text, content, err)
			}
		}
	})
}

func TestSortingIsByBytes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := open(t, url)
		want := []string{"a", "a-c", "ab", "a_a", "b"}
		slices.Sort(want)
		for _, name := range want {
			_, err := d.Exec(t.Context(), `INSERT INTO local_accounts (id, name, name_folded, role, password_hash, created_at)
				VALUES (?, '', ?, '', '', 0)`, name, name)
			if err != nil {
				t.Fatal(err)
			}
		}
		rows, err := d.Query(t.Context(), `SELECT name_folded FROM local_accounts ORDER BY name_folded`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var got []string
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			got = append(got, name)
		}
		if err := rows.Err(); err != nil || !slices.Equal(got, want) {
			t.Errorf("got %q %v, want %q", got, err, want)
		}
	})
}

// Replicas that start together on a new database do not trip over each other.
func TestReplicasMigrateTogether(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgreSQL(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			d, err := db.Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(d.Ping(t.Context()), d.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
