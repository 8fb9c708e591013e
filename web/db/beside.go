package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrOlderSchema means that an older Keydesk runs on the database, which must not be
// upgraded under it.
var ErrOlderSchema = errors.New("an older Keydesk runs on the database; use its own program, or stop it first")

// OpenBeside opens a database that is there, to write to it whether a Keydesk runs on it
// or not. Where none does, it keeps others out and migrates, as Open does. Beside a
// running one SQLite itself puts the writers in turn; that one notices what was written
// within a second. Errors are those of Open except ErrInUse, fs.ErrNotExist for a missing
// file, and ErrOlderSchema.
func OpenBeside(ctx context.Context, url string) (*DB, error) {
	scheme, path, _ := strings.Cut(url, ":")
	if scheme != "sqlite" || path == "" {
		return Open(ctx, url) // several processes share a PostgreSQL database anyway
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	d, err := openSQLite(ctx, path)
	if errors.Is(err, ErrInUse) {
		d, err = besideSQLite(ctx, path)
	}
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	return d, nil
}

func besideSQLite(ctx context.Context, path string) (*DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	shared := sqliteDialect
	shared.alone = false
	d, err := sqlitePools(abs, shared)
	if err != nil {
		return nil, err
	}
	if err := upToDate(ctx, d.write, shared); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Vacuum rewrites the database, so that what was deleted from it is in no file of it
// any more: SQL alone leaves the bytes where they were. It reports false where only the
// tables' owner can do that, with PostgreSQL. Other writers wait meanwhile.
func (d *DB) Vacuum(ctx context.Context) (done bool, err error) {
	if d.dialect.vacuum == "" {
		return false, nil
	}
	if _, err := d.write.ExecContext(ctx, d.dialect.vacuum); err != nil {
		return false, fmt.Errorf("vacuum: %w", err)
	}
	// The write-ahead log still holds pages from before.
	var busy, frames, moved int
	err = d.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved)
	if err != nil {
		return false, fmt.Errorf("empty the write-ahead log: %w", err)
	}
	if busy != 0 {
		return false, errors.New("empty the write-ahead log: the database is busy; do it again")
	}
	return true, nil
}
