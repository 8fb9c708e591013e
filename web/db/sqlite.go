package db

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
)

//go:embed guard/sqlite.sql
var sqliteGuard string

var sqliteDialect = dialect{
	goose:   goose.DialectSQLite3,
	guard:   sqliteGuard,
	bind:    func(query string, args []any) (string, []any) { return query, args },
	version: `PRAGMA data_version`,
	alone:   true,
	vacuum:  `VACUUM`,
	explain: explainSQLite,
}

// openSQLite opens the file for this process alone: sessions and tokens of two
// processes would hold, but each would keep its own count of what it has seen of
// the journal, and file locks are not to be trusted on network folders.
func openSQLite(ctx context.Context, path string) (*DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := createPrivate(abs); err != nil {
		return nil, err
	}
	// One name for a file that is reached by several: the lock lies beside it.
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotWritable, err)
	}
	lock, err := lockFile(abs + ".lock")
	if err != nil {
		return nil, err
	}
	d, err := sqlitePools(abs, sqliteDialect)
	if err != nil {
		return nil, errors.Join(err, unlockFile(lock))
	}
	d.release = sync.OnceValue(func() error { return unlockFile(lock) }) // closing twice is no fault
	if err := migrate(ctx, d.write, d.dialect); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// sqlitePools opens the writer and the readers. synchronous=FULL because in WAL
// mode the usual NORMAL loses acknowledged transactions on power loss: a spent
// token would come back and an audit row would vanish.
func sqlitePools(path string, in dialect) (*DB, error) {
	write, err := sql.Open("sqlite", dsn(path, "immediate"))
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn(path, "deferred", "query_only(1)"))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(5) // one is the watch's
	read.SetMaxIdleConns(5)
	return newDB(write, read, in), nil
}

// dsn escapes the path: an unescaped '?' in a folder's name would let the rest of
// the name set connection options.
func dsn(path, lock string, pragmas ...string) string {
	q := url.Values{"_txlock": {lock}, "_dqs": {"0"}, "_defensive": {"1"}}
	q["_pragma"] = append([]string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(1)", "temp_store(MEMORY)",
	}, pragmas...)
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// createPrivate makes the file before SQLite does, which would take the umask's
// word for its mode; the log files beside it inherit the mode. Files that an
// earlier tool left readable by others are closed.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotWritable, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("%w: %w", ErrNotWritable, err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		err := os.Chmod(path+suffix, 0o600)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %w", ErrNotWritable, err)
		}
	}
	return nil
}

// SQLite primary result codes, https://www.sqlite.org/rescode.html.
const (
	codeReadOnly = 8
	codeCorrupt  = 11
	codeCantOpen = 14
	codeNotADB   = 26
)

func explainSQLite(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case codeReadOnly, codeCantOpen:
		return fmt.Errorf("%w: %w", ErrNotWritable, err)
	case codeCorrupt, codeNotADB:
		return fmt.Errorf("%w: %w", ErrNotADatabase, err)
	}
	return err
}
