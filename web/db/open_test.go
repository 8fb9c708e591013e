package db

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPragmas(t *testing.T) {
	t.Parallel()
	d, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "keydesk.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000",
	} {
		var got string
		if err := d.write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s of the writer is %s, want %s", pragma, got, want)
		}
	}
	if n := d.write.Stats().MaxOpenConnections; n != 1 {
		t.Errorf("%d writers, want 1", n)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 8192)
	rand.Read(noise)
	damaged := func(path string) error {
		d, err := Open(t.Context(), "sqlite:"+path)
		if err != nil {
			return err
		}
		if err := d.Close(); err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, append(content[:100], bytes.Repeat([]byte{0xff}, len(content)-100)...), 0o600)
	}
	for name, test := range map[string]struct {
		prepare func(path string) error
		want    error
	}{
		"text":      {func(p string) error { return os.WriteFile(p, []byte(strings.Repeat("not a database\n", 99)), 0o600) }, ErrNotADatabase},
		"noise":     {func(p string) error { return os.WriteFile(p, noise, 0o600) }, ErrNotADatabase},
		"damaged":   {damaged, ErrNotADatabase},
		"a folder":  {func(p string) error { return os.Mkdir(p, 0o700) }, ErrNotWritable},
		"no folder": {func(p string) error { return os.Remove(filepath.Dir(p)) }, ErrNotWritable},
		"newer":     {addMigration, ErrNewerSchema},
		"not folder": {func(p string) error {
			return errors.Join(os.Remove(filepath.Dir(p)), os.WriteFile(filepath.Dir(p), nil, 0o600))
		}, ErrNotWritable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "data", "keydesk.db")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := test.prepare(path); err != nil {
				t.Fatal(err)
			}
			_, err := Open(t.Context(), "sqlite:"+path)
			if !errors.Is(err, test.want) {
				t.Fatalf("error is %v, want %v", err, test.want)
			}
			if !strings.Contains(err.Error(), path) {
				t.Errorf("%q does not name the file", err)
			}
		})
	}
}

// The lock keeps Keydesk out, not an operator's sqlite3: a transaction must lock
// before it reads.
func TestTransactionsBeginImmediate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keydesk.db")
	d, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	const insert = `INSERT INTO preferences (user_id, content) VALUES ('u', 'x')`
	err = d.Tx(t.Context(), func(*Tx) error {
		if _, err := other.Exec(insert); err == nil || !strings.Contains(err.Error(), "locked") {
			t.Errorf("another program writes beside a transaction: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(insert); err != nil {
		t.Errorf("after the transaction: %v", err)
	}
}

// addMigration leaves the database as a later version would.
func addMigration(path string) error {
	d, err := Open(context.Background(), "sqlite:"+path)
	if err != nil {
		return err
	}
	defer d.Close()
	_, err = d.Exec(context.Background(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
	return err
}

func TestURLsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "sqlite:", "keydesk.db", "mysql://u:hunter2hunter2@h/d", "postgres://u:hunter2hunter2@h/d?sslmode=no",
		"postgres://u:hunter2%zz@h/d", "postgres://u@h/d?password=hunter2hunter2", "postgres://h/d?host=%2Fx&sslpassword=hunter2"} {
		_, err := Open(t.Context(), url)
		if !errors.Is(err, ErrURL) {
			t.Errorf("%q: error is %v, want ErrURL", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error repeats the password: %v", err)
		}
	}
}
