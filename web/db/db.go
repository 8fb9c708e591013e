// Package db opens Keydesk's database, brings its schema up to date and hands
// out transactions. It owns the drivers, the dialects and the migrations; it must
// not know what any table means.
//
// Queries use '?' placeholders and SQL that SQLite and PostgreSQL both accept:
// BIGINT microseconds since 1970 (UTC) for times, text for hashes, SMALLINT 0 or 1
// for flags (no bool arguments), ON CONFLICT for upserts. What differs between
// databases lives in sqlite.go and postgres.go.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
)

var (
	// ErrURL means the database URL is not one Open understands.
	ErrURL = errors.New("not a database URL")
	// ErrNotWritable means the database file or its folder cannot be written.
	ErrNotWritable = errors.New("the database cannot be written")
	// ErrNotADatabase means the file holds something else, or is damaged.
	ErrNotADatabase = errors.New("the file is not a Keydesk database")
	// ErrInUse means another process has the SQLite database open.
	ErrInUse = errors.New("another Keydesk has the database open; SQLite serves one at a time, PostgreSQL several")
	// ErrNewerSchema means a later Keydesk has already upgraded the database.
	ErrNewerSchema = errors.New("the database was made by a newer Keydesk")
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	// One connection writes, so that writers queue here, where a caller can give up
	// waiting, and not in the database; several read, so that a page never waits for
	// a writer's fsync.
	write, read *sql.DB
	dialect     dialect
	watch       *watch
	look        look         // where this process is alone
	commits     atomic.Int64 // of this process, those without an answer included
	unwritable  atomic.Bool  // the last transaction failed because the database is unavailable
	// release gives up what keeps other processes out; nil where they may come in.
	release func() error
}

// dialect is what differs between the databases once they are open.
type dialect struct {
	goose goose.Dialect
	// guard is the migration that differs: what keeps the journal's rows as they are.
	guard string
	// bind turns a query with '?' placeholders and its arguments into the driver's.
	bind func(query string, args []any) (string, []any)
	// lock is what a transaction says first to keep other writers out; "" where BEGIN
	// has done it.
	lock string
	// version asks for one text that changes with every commit; see watch.
	version string
	// alone is set where no other replica writes.
	alone bool
	// vacuum is the statement that rewrites the whole database; "" where that is for
	// the tables' owner to do.
	vacuum string
	// explain turns the driver's errors into this package's.
	explain func(error) error
}

// Open opens a database and applies outstanding migrations. The URL is one of
//
//	sqlite:PATH            a file, created (mode 0600) when absent; its folder must exist
//	postgres://USER@HOST/NAME   a database of a PostgreSQL server, encoded in UTF8
//
// Errors are ErrURL, ErrNotWritable, ErrNotADatabase, ErrInUse and ErrNewerSchema,
// wrapped with the path or the server's name, and the server's; a password in the
// URL is in none of them.
func Open(ctx context.Context, url string) (*DB, error) {
	scheme, path, _ := strings.Cut(url, ":")
	switch {
	case scheme == "sqlite" && path != "":
		d, err := openSQLite(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("database %s: %w", path, err)
		}
		return d, nil
	case scheme == "postgres", scheme == "postgresql":
		return openPostgres(ctx, url)
	}
	return nil, fmt.Errorf("%w: want sqlite:PATH or postgres://USER@HOST/NAME", ErrURL)
}

func newDB(write, read *sql.DB, in dialect) *DB {
	return &DB{write: write, read: read, dialect: in, watch: newWatch(read, in.version)}
}

// Close closes every connection; SQLite's write-ahead log is folded into its file.
func (d *DB) Close() error {
	err := errors.Join(d.watch.close(), d.read.Close(), d.write.Close())
	d.commits.Add(1) // nothing remembered counts any more
	if d.release != nil {
		err = errors.Join(err, d.release())
	}
	return err
}

// Ping reports whether the database answers, for reading and for writing.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.read.PingContext(ctx); err != nil {
		return err
	}
	return d.write.PingContext(ctx)
}

// Tx runs fn in one transaction that holds the write lock, over all replicas, from
// its first statement, so what fn reads cannot change before it writes. It commits
// when fn returns nil; an error or a panic of fn rolls back, and the error is
// returned as it is. Inside fn use the Tx only: the DB's own Exec would wait for the
// connection that fn holds.
//
// Nothing is ever tried again: with one writer at a time there is no conflict to
// try again for, and a COMMIT whose answer is lost may have taken effect. After an
// error that is not fn's, what fn wrote is therefore there whole or not at all.
func (d *DB) Tx(ctx context.Context, fn func(*Tx) error) error {
	err := d.tx(ctx, fn)
	if Unavailable(err) {
		d.unwritable.Store(true)
	} else if err == nil {
		d.unwritable.Store(false)
	}
	return err
}

func (d *DB) tx(ctx context.Context, fn func(*Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	// After a commit this does nothing.
	defer func() { _ = tx.Rollback() }()
	if d.dialect.lock != "" {
		if _, err := tx.ExecContext(ctx, d.dialect.lock); err != nil {
			return fmt.Errorf("wait for other writers: %w", err)
		}
	}
	if err := fn(&Tx{tx, d.dialect.bind}); err != nil {
		return err
	}
	// However it ends: a COMMIT whose answer is lost may have taken effect.
	defer d.commits.Add(1)
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// Exec runs one statement in a transaction of its own and returns how many rows
// it changed.
func (d *DB) Exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = d.Tx(ctx, func(tx *Tx) error {
		n, err = tx.Exec(ctx, query, args...)
		return err
	})
	return n, err
}

// Query reads rows as last committed. Connections used by it refuse to write.
func (d *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	query, args = d.dialect.bind(query, args)
	return d.read.QueryContext(ctx, query, args...)
}

// QueryRow reads one row as last committed; Scan answers sql.ErrNoRows when there
// is none.
func (d *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	query, args = d.dialect.bind(query, args)
	return d.read.QueryRowContext(ctx, query, args...)
}

// Tx is a transaction in progress.
type Tx struct {
	tx   *sql.Tx
	bind func(string, []any) (string, []any)
}

// Exec runs one statement and returns how many rows it changed. After an error the
// transaction is over: PostgreSQL accepts no further statement in it.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	query, args = t.bind(query, args)
	r, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// Query reads rows, including what this transaction has written. Close the rows
// before the next statement.
func (t *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	query, args = t.bind(query, args)
	return t.tx.QueryContext(ctx, query, args...)
}

// QueryRow reads one row; Scan answers sql.ErrNoRows when there is none.
func (t *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	query, args = t.bind(query, args)
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
