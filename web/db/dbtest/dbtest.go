// Package dbtest gives tests an empty database of every kind that Keydesk runs on.
// It owns a PostgreSQL server of its own, started for one test binary and thrown
// away with it; it must not know Keydesk's tables, and only tests import it.
package dbtest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var server *Server

// Run is what TestMain returns to os.Exit: it runs the tests with a server.
func Run(m *testing.M) int {
	var err error
	if server, err = Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// Each runs the test once for each kind of database, at the same time, with the
// URL of an empty one. The package's TestMain must call Run.
func Each(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, server.Database(t))
	})
}

// SQLite is the URL of a database file that is not there yet.
func SQLite(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "keydesk.db") }

// PostgreSQL is the URL of an empty database.
func PostgreSQL(t testing.TB) string { return server.Database(t) }

// Shared reports whether several processes may open the database.
func Shared(url string) bool { return strings.HasPrefix(url, "postgres:") }

// HoldsNone searches the database's files, logs included, for secrets. It must find
// known, which was stored: otherwise it would be looking in the wrong place.
func HoldsNone(t *testing.T, url, known string, secrets ...string) {
	t.Helper()
	folder := server.data
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		folder = filepath.Dir(path)
	}
	found := false
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return vanished(err)
		}
		content, err := os.ReadFile(path)
		found = found || bytes.Contains(content, []byte(known))
		for i, s := range secrets {
			if bytes.Contains(content, []byte(s)) {
				t.Errorf("%s holds secret %d", path, i)
			}
		}
		return vanished(err)
	})
	if err != nil || !found {
		t.Errorf("what was stored was found: %v, %v", found, err)
	}
}

// vanished lets a server remove files while they are searched.
func vanished(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
