package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"keydesk/web/db"
)

var (
	// ErrNoSuchAccount means no local account has the ID.
	ErrNoSuchAccount = errors.New("no such local account")
	// ErrDisabled means the account exists but may not be used.
	ErrDisabled = errors.New("the local account is disabled")
	// ErrNameTaken means another account has the name, in whatever case.
	ErrNameTaken = errors.New("the user name is taken")
	// ErrAdministratorExists means there is an enabled administrator, who can make
	// accounts.
	ErrAdministratorExists = errors.New("there is an administrator already")
	// ErrLastAdministrator means the change would leave no enabled administrator,
	// and with that nobody to undo it.
	ErrLastAdministrator = errors.New("this is the last enabled administrator")
)

// LocalAccount is a person who signs in with a password kept here.
type LocalAccount struct {
	ID       string
	Name     string
	Role     Role
	Disabled bool
	// Created and LastSignIn are in UTC; LastSignIn is zero for "never".
	Created, LastSignIn time.Time
}

// LocalAccounts keeps the local accounts. It is safe for concurrent use.
type LocalAccounts struct {
	db     *db.DB
	hasher *hasher
	clock  func() time.Time
	sleep  func(context.Context, time.Duration) error // slows attempts down
	byID   *db.Memo[string, LocalAccount]
}

// NewLocalAccounts returns the accounts kept in d.
func NewLocalAccounts(d *db.DB) *LocalAccounts {
	l := &LocalAccounts{db: d, hasher: newHasher(currentCost), clock: time.Now, sleep: sleep}
	l.byID = db.NewMemo(d, l.readAccount)
	return l
}

// now has the database's precision, so that what is returned equals what is read
// back.
func (l *LocalAccounts) now() time.Time { return l.clock().UTC().Truncate(time.Microsecond) }

// User returns the account with the ID as it is now; ask on every request, so that
// a disabled or re-roled person loses access at once. Errors are ErrNoSuchAccount,
// ErrDisabled and the database's.
func (l *LocalAccounts) User(ctx context.Context, id string) (User, error) {
	a, err := l.account(ctx, id)
	if err != nil {
		return User{}, err
	}
	if a.Disabled {
		return User{}, ErrDisabled
	}
	return a.user(), nil
}

// List returns every account, sorted by name.
func (l *LocalAccounts) List(ctx context.Context) (list []LocalAccount, err error) {
	rows, err := l.db.Query(ctx, `SELECT `+accountColumns+`FROM local_accounts ORDER BY name_folded`)
	if err != nil {
		return nil, fmt.Errorf("list local accounts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		a, err := scanAccount(rows)
		if err != nil {
			return nil, fmt.Errorf("list local accounts: %w", err)
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// Create adds an account. Errors are *FieldError, ErrNameTaken and the database's.
func (l *LocalAccounts) Create(ctx context.Context, name string, role Role, password string) (LocalAccount, error) {
	return l.create(ctx, name, role, password, func(*db.Tx) error { return nil })
}

// CreateFirstAdministrator adds an administrator while there is none: of any number
// of first starts, on any number of replicas, one succeeds. Errors are
// ErrAdministratorExists and those of Create.
func (l *LocalAccounts) CreateFirstAdministrator(ctx context.Context, name, password string) (LocalAccount, error) {
	return l.create(ctx, name, RoleAdministrator, password, func(tx *db.Tx) error {
		var n int
		err := tx.QueryRow(ctx, countAdministrators, RoleAdministrator).Scan(&n)
		if err == nil && n > 0 {
			err = ErrAdministratorExists
		}
		return err
	})
}

// create adds an account if allowed, asked in the same transaction, has no objection.
func (l *LocalAccounts) create(ctx context.Context, name string, role Role, password string, allowed func(*db.Tx) error) (LocalAccount, error) {
	if err := CheckAccount(name, password); err != nil {
		return LocalAccount{}, err
	}
	if err := checkRole(role); err != nil {
		return LocalAccount{}, err
	}
	hash, err := l.hasher.hash(ctx, password)
	if err != nil {
		return LocalAccount{}, fmt.Errorf("create local account: %w", err)
	}
	a := LocalAccount{ID: rand.Text(), Name: name, Role: role, Created: l.now()}
	err = l.db.Tx(ctx, func(tx *db.Tx) error {
		if err := allowed(tx); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO local_accounts (id, name, name_folded, role, password_hash, created_at)
			VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name_folded) DO NOTHING`,
			a.ID, a.Name, fold(a.Name), a.Role, hash, db.Micros(a.Created))
		if err == nil && n == 0 {
			return ErrNameTaken
		}
		return err
	})
	if err != nil {
		return LocalAccount{}, fmt.Errorf("create local account: %w", err)
	}
	return a, nil
}

// SetRole changes what the account may do. Errors are *FieldError,
// ErrNoSuchAccount, ErrLastAdministrator and the database's.
func (l *LocalAccounts) SetRole(ctx context.Context, id string, role Role) error {
	if err := checkRole(role); err != nil {
		return err
	}
	return l.update(ctx, id, `UPDATE local_accounts SET role = ? WHERE id = ?`, role, id)
}

// SetDisabled keeps the account from signing in, or lets it again. Errors are
// ErrNoSuchAccount, ErrLastAdministrator and the database's.
func (l *LocalAccounts) SetDisabled(ctx context.Context, id string, disabled bool) error {
	flag := 0
	if disabled {
		flag = 1
	}
	return l.update(ctx, id, `UPDATE local_accounts SET disabled = ? WHERE id = ?`, flag, id)
}

// SetPassword replaces the password; the caller ends the account's sessions.
// Errors are *FieldError, ErrNoSuchAccount and the database's.
func (l *LocalAccounts) SetPassword(ctx context.Context, id, password string) error {
	a, err := l.account(ctx, id)
	if err != nil {
		return err
	}
	if err := checkPassword(a.Name, password); err != nil {
		return err
	}
	hash, err := l.hasher.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if err := l.db.Tx(ctx, func(tx *db.Tx) error { return forgetDevices(ctx, tx, id) }); err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return l.update(ctx, id, `UPDATE local_accounts SET password_hash = ? WHERE id = ?`, hash, id)
}

// HasAdministrator reports whether an enabled administrator exists.
func (l *LocalAccounts) HasAdministrator(ctx context.Context) (bool, error) {
	var n int
	err := l.db.QueryRow(ctx, countAdministrators, RoleAdministrator).Scan(&n)
	return n > 0, err
}

const countAdministrators = `SELECT COUNT(*) FROM local_accounts WHERE role = ? AND disabled = 0`

// update changes one account, unless no administrator would be left: the count is
// taken after the change, in its transaction, so two administrators cannot demote
// each other at the same moment. Repairs of an account are allowed when there was
// none before.
func (l *LocalAccounts) update(ctx context.Context, id, query string, args ...any) error {
	return l.db.Tx(ctx, func(tx *db.Tx) error {
		var before, after int
		if err := tx.QueryRow(ctx, countAdministrators, RoleAdministrator).Scan(&before); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("update local account: %w", err)
		}
		if n == 0 {
			return fmt.Errorf("%w: %s", ErrNoSuchAccount, id)
		}
		if err := tx.QueryRow(ctx, countAdministrators, RoleAdministrator).Scan(&after); err != nil {
			return err
		}
		if after == 0 && before > 0 {
			return ErrLastAdministrator
		}
		return nil
	})
}

// accountColumns are what scanAccount reads, in its order.
const accountColumns = `id, name, role, disabled, created_at, signed_in_at `

func (l *LocalAccounts) account(ctx context.Context, id string) (LocalAccount, error) {
	a, err := l.byID.Get(ctx, id)
	if err == nil && a.ID == "" {
		err = fmt.Errorf("%w: %s", ErrNoSuchAccount, id)
	}
	return a, err
}

// readAccount returns no account for an ID that has none: it is asked about everybody
// from an identity provider, and the answer is worth remembering.
func (l *LocalAccounts) readAccount(ctx context.Context, id string) (LocalAccount, error) {
	a, err := scanAccount(l.db.QueryRow(ctx, `SELECT `+accountColumns+`FROM local_accounts WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return LocalAccount{}, nil
	}
	return a, err
}

func scanAccount(row interface{ Scan(...any) error }) (a LocalAccount, err error) {
	var created, signedIn int64
	err = row.Scan(&a.ID, &a.Name, &a.Role, &a.Disabled, &created, &signedIn)
	a.Created, a.LastSignIn = db.Time(created), db.Time(signedIn)
	return a, err
}

func (a LocalAccount) user() User {
	return User{ID: a.ID, Issuer: IssuerLocal, Subject: a.ID, Name: a.Name, Role: a.Role}
}
