package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"keydesk/web/db"
)

// ErrNoRole means that the identity provider knows the person, but none of their
// groups has a role here.
var ErrNoRole = errors.New("none of the person's groups has a role")

// FederatedAccount is a person who signs in at the identity provider. The row
// exists so that sessions, preferences and switching off work as for local accounts.
type FederatedAccount struct {
	ID                    string
	Issuer, Subject, Name string
	// Groups are those of the last sign-in that had a role then.
	Groups []string
	// Role follows from Groups by today's map; "" when they have none any more.
	Role     Role
	Disabled bool
	// Created and LastSignIn are in UTC.
	Created, LastSignIn time.Time
}

// FederatedAccounts keeps the people of one identity provider. It is safe for
// concurrent use.
type FederatedAccounts struct {
	db     *db.DB
	issuer string
	roles  RoleMap
	clock  func() time.Time
	byID   *db.Memo[string, FederatedAccount]
}

func newFederatedAccounts(d *db.DB, issuer string, roles RoleMap, clock func() time.Time) *FederatedAccounts {
	f := &FederatedAccounts{db: d, issuer: issuer, roles: roles, clock: clock}
	f.byID = db.NewMemo(d, f.Account)
	return f
}

// SignIn notes what the provider says of a person and returns who that is here,
// and whether their role is another than before. An account is made at the first
// sign-in; without a role none is made, and an existing one loses its access.
// Errors are *NoRoleError, ErrDisabled and the database's.
func (f *FederatedAccounts) SignIn(ctx context.Context, who Identity) (u User, changed bool, err error) {
	now := f.clock().UTC().Truncate(time.Microsecond)
	role, may := f.roles.Role(who.Groups)
	groups, err := json.Marshal(f.roles.known(who.Groups))
	if err != nil {
		return User{}, false, err
	}
	var a FederatedAccount
	err = f.db.Tx(ctx, func(tx *db.Tx) error {
		before, err := f.scan(tx.QueryRow(ctx, federatedQuery+`WHERE issuer = ? AND subject = ?`, who.Issuer, who.Subject))
		switch {
		case errors.Is(err, sql.ErrNoRows) && may:
			a = FederatedAccount{ID: rand.Text(), Created: now}
			_, err = tx.Exec(ctx, `INSERT INTO federated_accounts (id, issuer, subject, name, group_names, created_at, signed_in_at)
				VALUES (?, ?, ?, ?, ?, ?, ?)`, a.ID, who.Issuer, who.Subject, who.Name, string(groups), db.Micros(now), db.Micros(now))
			return err
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return err
		}
		a, changed = before, before.Role != role
		if a.Disabled {
			return nil
		}
		if !may {
			now = a.LastSignIn
		}
		_, err = tx.Exec(ctx, `UPDATE federated_accounts SET name = ?, group_names = ?, signed_in_at = ? WHERE id = ?`,
			who.Name, string(groups), db.Micros(now), a.ID)
		return err
	})
	switch {
	case err != nil:
		return User{}, false, fmt.Errorf("federated sign-in: %w", err)
	case !may:
		return User{}, changed, newNoRoleError(who)
	case a.Disabled:
		return User{}, changed, ErrDisabled
	}
	return User{ID: a.ID, Issuer: who.Issuer, Subject: who.Subject, Name: who.Name, Role: role, SignedInAt: who.AuthTime}, changed, nil
}

// User returns the account with the ID as it is now, with the role that its groups
// have by today's map. Errors are ErrNoSuchAccount (another provider's too),
// ErrDisabled, ErrNoRole and the database's.
func (f *FederatedAccounts) User(ctx context.Context, id string) (User, error) {
	a, err := f.byID.Get(ctx, id)
	switch {
	case err != nil:
		return User{}, err
	case a.Disabled:
		return User{}, ErrDisabled
	case a.Role == "":
		return User{}, ErrNoRole
	}
	return User{ID: a.ID, Issuer: a.Issuer, Subject: a.Subject, Name: a.Name, Role: a.Role}, nil
}

// Account returns the account with the ID. Errors are ErrNoSuchAccount and the
// database's.
func (f *FederatedAccounts) Account(ctx context.Context, id string) (FederatedAccount, error) {
	return f.find(f.db.QueryRow(ctx, federatedQuery+`WHERE issuer = ? AND id = ?`, f.issuer, id))
}

// BySubject returns the account of the provider's subject. Errors are as for
// Account.
func (f *FederatedAccounts) BySubject(ctx context.Context, subject string) (FederatedAccount, error) {
	return f.find(f.db.QueryRow(ctx, federatedQuery+`WHERE issuer = ? AND subject = ?`, f.issuer, subject))
}

// List returns every account of the provider, sorted by name.
func (f *FederatedAccounts) List(ctx context.Context) (list []FederatedAccount, err error) {
	rows, err := f.db.Query(ctx, federatedQuery+`WHERE issuer = ? ORDER BY name, id`, f.issuer)
	if err != nil {
		return nil, fmt.Errorf("list federated accounts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		a, err := f.scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list federated accounts: %w", err)
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// SetDisabled keeps the person out, or lets them in again. That the provider's
// administrators could all be disabled does no harm: a local one always remains.
// Errors are ErrNoSuchAccount and the database's.
func (f *FederatedAccounts) SetDisabled(ctx context.Context, id string, disabled bool) error {
	flag := 0
	if disabled {
		flag = 1
	}
	n, err := f.db.Exec(ctx, `UPDATE federated_accounts SET disabled = ? WHERE issuer = ? AND id = ?`, flag, f.issuer, id)
	if err == nil && n == 0 {
		err = ErrNoSuchAccount
	}
	return err
}

const federatedQuery = `SELECT id, issuer, subject, name, group_names, disabled, created_at, signed_in_at FROM federated_accounts `

func (f *FederatedAccounts) find(row *sql.Row) (FederatedAccount, error) {
	a, err := f.scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return FederatedAccount{}, ErrNoSuchAccount
	}
	return a, err
}

func (f *FederatedAccounts) scan(row interface{ Scan(...any) error }) (a FederatedAccount, err error) {
	var created, signedIn int64
	var groups string
	err = row.Scan(&a.ID, &a.Issuer, &a.Subject, &a.Name, &groups, &a.Disabled, &created, &signedIn)
	if err == nil {
		err = json.Unmarshal([]byte(groups), &a.Groups)
	}
	a.Created, a.LastSignIn = db.Time(created), db.Time(signedIn)
	a.Role, _ = f.roles.Role(a.Groups)
	return a, err
}
