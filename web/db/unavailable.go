package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Unavailable reports whether err says that the database cannot be reached, or cannot
// be written or read at present: a full disk, a lost connection, a server that stops.
// Such an error is nobody's mistake and may pass. A wrong statement is not one.
func Unavailable(err error) bool {
	var lite *sqlite.Error
	var answer *pgconn.PgError
	var dial *pgconn.ConnectError
	var network net.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &lite):
		return sqliteUnavailable(lite.Code() & 0xff) // without what SQLite adds to a code
	case errors.As(err, &answer):
		return postgresUnavailable(answer.Code)
	case errors.As(err, &dial), errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF):
		return true
	}
	return errors.Is(err, ErrNotWritable) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, os.ErrClosed) || isClosed(err)
}

// isClosed: database/sql has no value for it.
func isClosed(err error) bool { return strings.Contains(err.Error(), "sql: database is closed") }

// sqliteUnavailable knows SQLite's primary result codes.
func sqliteUnavailable(code int) bool {
	switch code {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
}

// postgresUnavailable knows the classes of SQLSTATE (PostgreSQL, appendix A):
// connection, resources, operator's intervention, system, configuration, and writing
// to a standby.
func postgresUnavailable(code string) bool {
	if code == "25006" {
		return true
	}
	for _, class := range []string{"08", "53", "57", "58", "F0", "XX"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}

// ProbeWrite finds out whether the database can be written, by writing to it.
func (d *DB) ProbeWrite(ctx context.Context) error {
	if _, err := d.Exec(ctx, `UPDATE write_probe SET probes = probes + 1`); err != nil {
		return fmt.Errorf("probe a write: %w", err)
	}
	return nil
}

// Writable reports whether the last transaction of this process was not stopped by a
// database that cannot be written. Pages that only read ask it, so as to say that
// changes will be refused.
func (d *DB) Writable() bool { return !d.unwritable.Load() }
