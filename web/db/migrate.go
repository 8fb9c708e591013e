package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// guardVersion is the number of the one migration that differs between databases.
const guardVersion = 3

// migrate applies what is outstanding. A database from a later version is left
// alone: an older program could not keep the promises of columns it does not know.
// Where nothing is outstanding nothing is written, so that a role which may not
// change the schema can start.
func migrate(ctx context.Context, write *sql.DB, in dialect) error {
	p, err := known(ctx, write, in)
	if err != nil {
		return err
	}
	if pending, err := p.HasPending(ctx); err != nil || !pending {
		return in.explain(err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", in.explain(err))
	}
	return nil
}

// upToDate refuses a database whose schema is another version's.
func upToDate(ctx context.Context, write *sql.DB, in dialect) error {
	p, err := known(ctx, write, in)
	if err != nil {
		return err
	}
	pending, err := p.HasPending(ctx)
	if err == nil && pending {
		return ErrOlderSchema
	}
	return in.explain(err)
}

// known are the migrations, for a database that has none from a later version.
func known(ctx context.Context, write *sql.DB, in dialect) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	guard := goose.NewGoMigration(guardVersion, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, in.guard)
		return err
	}}, nil)
	p, err := goose.NewProvider(in.goose, write, files, goose.WithGoMigrations(guard),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("read schema version: %w", in.explain(err))
	}
	sources := p.ListSources()
	if newest := sources[len(sources)-1].Version; have > newest {
		return nil, fmt.Errorf("%w: its schema is version %d, this program knows up to %d", ErrNewerSchema, have, newest)
	}
	return p, nil
}
