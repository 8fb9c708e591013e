package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"keydesk/web/db"
)

// ErrBadCredentials is the one answer for an unknown name, a wrong password and a
// disabled account: the difference would tell a stranger which names exist.
var ErrBadCredentials = errors.New("the user name or password is not right")

// SignIn checks a name and password. Errors are ErrBadCredentials,
// *TooManyAttempts, ErrBusy, the context's, and the database's.
func (l *LocalAccounts) SignIn(ctx context.Context, name, password string, from Client) (User, error) {
	a, stored, found, err := l.credentials(ctx, fold(name))
	if err != nil {
		return User{}, fmt.Errorf("sign in: %w", err)
	}
	known, err := knowsDevice(ctx, l.db, a.ID, from.Device, l.now())
	if err != nil {
		return User{}, fmt.Errorf("sign in: %w", err)
	}
	try := passwordAttempt(fold(name), from, known)
	try.db, try.clock = l.db, l.now

	match, stale, err := l.check(ctx, try, password, stored)
	if err != nil {
		return User{}, err
	}
	if !found || !match || a.Disabled {
		if err := try.failed(ctx); err != nil {
			return User{}, fmt.Errorf("sign in: %w", err)
		}
		return User{}, ErrBadCredentials
	}

	fresh := stored
	if stale {
		if fresh, err = l.hasher.hash(ctx, password); err != nil {
			return User{}, fmt.Errorf("sign in: %w", err)
		}
	}
	return l.signedIn(ctx, a, stored, fresh, try)
}

// check counts the attempt and compares the password. What was not compared does
// not count.
func (l *LocalAccounts) check(ctx context.Context, try attempt, password, stored string) (match, stale bool, err error) {
	slower, err := try.begin(ctx)
	if err != nil {
		return false, false, err
	}
	err = l.sleep(ctx, slower)
	if err == nil {
		match, stale, err = l.hasher.matches(ctx, password, stored, try.known)
	}
	if err != nil {
		return false, false, fmt.Errorf("sign in: %w", errors.Join(err, try.withdraw(ctx)))
	}
	return match, stale, nil
}

// signedIn records the success. The row must still be what was checked: an
// administrator may have disabled the account or changed the password meanwhile.
func (l *LocalAccounts) signedIn(ctx context.Context, a LocalAccount, stored, fresh string, try attempt) (User, error) {
	now := l.now()
	err := l.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE local_accounts SET password_hash = ?, signed_in_at = ?
			WHERE id = ? AND password_hash = ? AND disabled = 0`, fresh, db.Micros(now), a.ID, stored)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrBadCredentials
		}
		return try.succeeded(ctx, tx)
	})
	if err != nil {
		return User{}, err
	}
	u := a.user()
	u.SignedInAt = now
	return u, nil
}

// SignInByLink records that the first administrator is signed in by the link that
// made the account, and returns them. Errors are ErrNoSuchAccount, ErrDisabled and the
// database's.
func (l *LocalAccounts) SignInByLink(ctx context.Context, id string) (User, error) {
	if err := l.update(ctx, id, `UPDATE local_accounts SET signed_in_at = ? WHERE id = ?`, db.Micros(l.now()), id); err != nil {
		return User{}, err
	}
	return l.User(ctx, id)
}

// credentials reads an account and its password hash. For an unknown name it answers
// found false and the decoy, so that the caller's work is the same.
func (l *LocalAccounts) credentials(ctx context.Context, folded string) (a LocalAccount, stored string, found bool, err error) {
	err = l.db.QueryRow(ctx, `SELECT id, name, role, disabled, password_hash FROM local_accounts WHERE name_folded = ?`,
		folded).Scan(&a.ID, &a.Name, &a.Role, &a.Disabled, &stored)
	if errors.Is(err, sql.ErrNoRows) {
		return LocalAccount{}, l.hasher.decoy, false, nil
	}
	return a, stored, err == nil, err
}
