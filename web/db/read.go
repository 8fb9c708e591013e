package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
)

// OpenToRead opens a database that is there, beside whatever has it open already. It
// applies no migration, and every attempt to write fails. Errors are those of Open,
// and fs.ErrNotExist for a missing file.
func OpenToRead(ctx context.Context, url string) (*DB, error) {
	scheme, path, _ := strings.Cut(url, ":")
	var pool *sql.DB
	in := sqliteDialect
	switch {
	case scheme == "sqlite" && path != "":
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("database: %w", err)
		}
		var err error
		if pool, err = sql.Open("sqlite", dsn(path, "deferred", "query_only(1)")); err != nil {
			return nil, fmt.Errorf("database %s: %w", path, err)
		}
	case scheme == "postgres", scheme == "postgresql":
		config, err := postgresConfig(url)
		if err != nil {
			return nil, err
		}
		if err := limit(config); err != nil {
			return nil, err
		}
		config.RuntimeParams["default_transaction_read_only"] = "on"
		pool, in = stdlib.OpenDB(*config), postgresDialect
	default:
		return nil, ErrURL
	}
	in.alone = false
	d := newDB(pool, pool, in)
	if err := d.Ping(ctx); err != nil {
		return nil, fmt.Errorf("database: %w", errors.Join(in.explain(err), d.Close()))
	}
	return d, nil
}
