// Package db opens Keydesk's database, brings its schema up to date and hands
// out transactions. It owns the driver, the dialect and the migrations; it must
// not know what any table means.
//
// Queries use '?' placeholders and SQL that SQLite and PostgreSQL both accept:
// BIGINT microseconds since 1970 (UTC) for times, text for hashes, ON CONFLICT
// for upserts. What differs between databases lives in sqlite.go.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrURL means the database URL is not one Open understands.
	ErrURL = errors.New("not a database URL")
	// ErrNotWritable means the database file or its folder cannot be written.
	ErrNotWritable = errors.New("the database cannot be written")
	// ErrNotADatabase means the file holds something else, or is damaged.
	ErrNotADatabase = errors.New("the file is not a Keydesk database")
	// ErrNewerSchema means a later Keydesk has already upgraded the database.
	ErrNewerSchema = errors.New("the database was made by a newer Keydesk")
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	// One connection writes, so that SQLite never has to answer "busy" to
	// ourselves; several read, so that a page never waits for a writer's fsync.
	write, read *sql.DB
}

// Open opens the database at url, "sqlite:PATH", creating the file (mode 0600)
// when it is absent, and applies outstanding migrations. The folder must exist.
// Errors are ErrURL, ErrNotWritable, ErrNotADatabase and ErrNewerSchema, wrapped
// with the path.
func Open(ctx context.Context, url string) (*DB, error) {
	path, ok := strings.CutPrefix(url, "sqlite:")
	if !ok || path == "" {
		return nil, fmt.Errorf("%w: want sqlite:PATH", ErrURL)
	}
	d, err := openSQLite(path)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	if err := migrate(ctx, d.write); err != nil {
		err = errors.Join(explain(err), d.Close())
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	return d, nil
}

// Close closes every connection; the write-ahead log is folded into the file.
func (d *DB) Close() error {
	return errors.Join(d.read.Close(), d.write.Close())
}

// Ping reports whether the database answers, for reading and for writing.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.read.PingContext(ctx); err != nil {
		return err
	}
	return d.write.PingContext(ctx)
}

// Tx runs fn in one transaction that holds the write lock from its first
// statement, so what fn reads cannot change before it writes. It commits when fn
// returns nil; an error or a panic of fn rolls back, and the error is returned
// as it is. Inside fn use the Tx only: the DB's own Exec would wait for the
// connection that fn holds.
func (d *DB) Tx(ctx context.Context, fn func(*Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	// After a commit this does nothing.
	defer func() { _ = tx.Rollback() }()
	if err := fn(&Tx{tx}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Exec runs one statement in a transaction of its own and returns how many rows
// it changed.
func (d *DB) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return changed(d.write.ExecContext(ctx, query, args...))
}

// Query reads rows as last committed. Connections used by it refuse to write.
func (d *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return d.read.QueryContext(ctx, query, args...)
}

// QueryRow reads one row as last committed; Scan answers sql.ErrNoRows when there
// is none.
func (d *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return d.read.QueryRowContext(ctx, query, args...)
}

// Tx is a transaction in progress.
type Tx struct{ tx *sql.Tx }

// Exec runs one statement and returns how many rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return changed(t.tx.ExecContext(ctx, query, args...))
}

// Query reads rows, including what this transaction has written. Close the rows
// before the next statement.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, query, args...)
}

// QueryRow reads one row; Scan answers sql.ErrNoRows when there is none.
func (t *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(ctx, query, args...)
}

// Micros is how a time is stored: microseconds since 1970, UTC; the zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the inverse of Micros; the result is in UTC.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

func changed(r sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}
