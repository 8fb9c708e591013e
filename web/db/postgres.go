package db

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed guard/postgres.sql
var postgresGuard string

// Advisory locks, known to this database only. They say "keydesk" in ASCII.
const (
	writerLock    = 0x6b65796465736b01
	migrationLock = 0x6b65796465736b02
)

// READ COMMITTED is enough for Tx's promise: under the lock, which falls with the
// transaction, nobody else writes, and each statement sees all that was committed
// before. Stricter levels would only add conflicts.
var postgresDialect = dialect{
	goose:   goose.DialectPostgres,
	guard:   postgresGuard,
	bind:    bindPostgres,
	lock:    fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d)`, writerLock),
	version: `SELECT pg_current_snapshot()::text`,
	explain: explainPostgres,
}

// Limits on the server, so that one stuck replica cannot hold the others up for
// long; in milliseconds. The URL may set others.
var postgresLimits = map[string]string{
	"statement_timeout":                   "15000",
	"lock_timeout":                        "5000",
	"idle_in_transaction_session_timeout": "10000",
	"application_name":                    "keydesk",
}

const (
	connectTimeout = 5 * time.Second
	readers        = 8 // connections of one replica, besides its writer; one is the watch's
)

func openPostgres(ctx context.Context, raw string) (*DB, error) {
	config, err := postgresConfig(raw)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("database %s on %s", config.Database, config.Host)
	if err := migratePostgres(ctx, config); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := limit(config); err != nil {
		return nil, err
	}
	// A server told to answer before it has written loses journal rows on power loss.
	config.RuntimeParams["synchronous_commit"] = "on"
	write := stdlib.OpenDB(*config)
	write.SetMaxOpenConns(1)
	reading := config.Copy()
	reading.RuntimeParams["default_transaction_read_only"] = "on"
	read := stdlib.OpenDB(*reading)
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	d := newDB(write, read, postgresDialect)
	if err := d.Ping(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", name, errors.Join(err, d.Close()))
	}
	return d, nil
}

// postgresConfig reads the URL. The driver's parser quotes what it cannot parse, so
// it does not get the password.
func postgresConfig(raw string) (*pgx.ConnConfig, error) {
	u, err := url.Parse(raw)
	if err != nil { // which repeats the URL
		return nil, fmt.Errorf("%w: want postgres://USER@HOST/NAME, with special characters as %%XX", ErrURL)
	}
	if q := u.Query(); q.Has("password") || q.Has("sslpassword") {
		return nil, fmt.Errorf("%w: a password stands before the @, or in a file (passfile=PATH)", ErrURL)
	}
	password, given := u.User.Password()
	if given {
		u.User = url.User(u.User.Username())
	}
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrURL, err)
	}
	if given {
		config.Password = password
	}
	if config.ConnectTimeout == 0 || config.ConnectTimeout > time.Minute {
		config.ConnectTimeout = connectTimeout
	}
	return config, nil
}

// migratePostgres lets one replica at a time look for migrations; the others wait
// and find them done. Its connections know no time limit: building an index may take
// long. Closing them gives the lock back.
func migratePostgres(ctx context.Context, config *pgx.ConnConfig) (err error) {
	owner := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, owner.Close()) }()
	conn, err := owner.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := suitable(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf(`SELECT pg_advisory_lock(%d)`, migrationLock)); err != nil {
		return fmt.Errorf("wait for another replica's migration: %w", err)
	}
	err = migrate(ctx, owner, postgresDialect)
	if errors.Is(err, ErrNotWritable) {
		err = fmt.Errorf("%w; the role that owns the tables has to run keydesk -check first", err)
	}
	return err
}

// suitable refuses what would start well and fail at the first change.
func suitable(ctx context.Context, conn *sql.Conn) error {
	var encoding string
	var standby bool
	err := conn.QueryRowContext(ctx, `SELECT current_setting('server_encoding'), pg_is_in_recovery()`).Scan(&encoding, &standby)
	switch {
	case err != nil:
		return err
	case standby:
		return fmt.Errorf("%w: the server is a standby; name the primary", ErrNotWritable)
	case encoding != "UTF8":
		return fmt.Errorf("%w: its encoding is %s, it must be UTF8", ErrNotADatabase, encoding)
	}
	return nil
}

// bindPostgres numbers the placeholders, except in quoted text. PostgreSQL refuses
// texts that SQLite takes: zero bytes and what is not UTF-8. Both can come out of a
// URL; they are replaced alike in what is stored and in what is looked for.
func bindPostgres(query string, args []any) (string, []any) {
	var b strings.Builder
	n, quoted := 0, false
	for _, r := range query {
		if r == '?' && !quoted {
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		quoted = quoted != (r == '\'')
		b.WriteRune(r)
	}
	args = slices.Clone(args)
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
		}
	}
	return b.String(), args
}

// PostgreSQL error codes, appendix A of its manual.
const (
	codeNoPrivilege = "42501"
	codeReadOnlyTx  = "25006"
)

func explainPostgres(err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) && (e.Code == codeNoPrivilege || e.Code == codeReadOnlyTx) {
		return fmt.Errorf("%w: %w", ErrNotWritable, err)
	}
	return err
}
