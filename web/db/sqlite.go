package db

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// openSQLite opens the writer and the readers. synchronous=FULL because in WAL
// mode the usual NORMAL loses acknowledged transactions on power loss: a spent
// token would come back and an audit row would vanish.
func openSQLite(path string) (*DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := createPrivate(abs); err != nil {
		return nil, err
	}
	write, err := sql.Open("sqlite", dsn(abs, "immediate"))
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn(abs, "deferred", "query_only(1)"))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(4)
	read.SetMaxIdleConns(4)
	return &DB{write: write, read: read}, nil
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

// explain turns the driver's codes into this package's errors.
func explain(err error) error {
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
