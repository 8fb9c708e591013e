package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"keydesk/web/db"
)

var (
	// ErrTokenSpent means a form's token was used before, has expired, or belongs to
	// another session, user, action or target. Nothing may be changed on its behalf.
	ErrTokenSpent = errors.New("this form was already used or has expired")
	// ErrCreateInFlight means an access key of the user is being created right now.
	ErrCreateInFlight = errors.New("an access key of this user is being created")
)

const (
	tokenLife = 10 * time.Minute
	// createLife is when an unfinished create no longer blocks the next: longer than
	// any call to IAM is allowed to take, so only a crash leaves one behind.
	createLife = 2 * time.Minute
	// mostTokens bounds the open forms of one session. A user's page has three a key.
	mostTokens = 500
)

// Token is what a form presents: its value and all that it was issued for.
type Token struct{ Value, SessionHandle, UserID, Action, Target string }

// IssueToken returns a one-time token of 130 bits for one form. It can be spent for
// ten minutes, once, by this session and user, for this action on this target.
func (s *Store) IssueToken(ctx context.Context, current Session, action, target string) (string, error) {
	value := rand.Text()
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO one_time_tokens
			(token_hash, session_handle, user_id, action, target, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
			digest(value), current.Handle, current.UserID, action, target,
			db.Micros(s.now().Add(tokenLife))); err != nil {
			return err
		}
		return dropOldTokens(ctx, tx, current.Handle)
	})
	if err != nil {
		return "", fmt.Errorf("issue form token: %w", err)
	}
	return value, nil
}

// dropOldTokens keeps the newest forms of the session: a script that reloads a page
// would otherwise fill the table for ten minutes.
func dropOldTokens(ctx context.Context, tx *db.Tx, handle string) error {
	_, err := tx.Exec(ctx, `DELETE FROM one_time_tokens WHERE session_handle = ? AND expires_at <
		(SELECT expires_at FROM one_time_tokens WHERE session_handle = ? ORDER BY expires_at DESC LIMIT 1 OFFSET ?)`,
		handle, handle, mostTokens-1)
	return err
}

// SpendToken spends t within the caller's transaction, so that the token is spent
// exactly when the audit row of the attempt is written. It is one conditional
// UPDATE: of any number of requests with the token, over any number of replicas,
// one finds it unspent. The error is ErrTokenSpent or the database's.
func SpendToken(ctx context.Context, tx *db.Tx, t Token, now time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE one_time_tokens SET spent_at = ?
		WHERE token_hash = ? AND session_handle = ? AND user_id = ? AND action = ? AND target = ?
		AND spent_at = 0 AND expires_at > ?`,
		db.Micros(now), digest(t.Value), t.SessionHandle, t.UserID, t.Action, t.Target, db.Micros(now))
	if err != nil {
		return fmt.Errorf("spend form token: %w", err)
	}
	if n != 1 {
		return ErrTokenSpent
	}
	return nil
}

// Spend is SpendToken as a step of a transaction that another package begins.
func Spend(t Token, now time.Time) func(context.Context, *db.Tx) error {
	return func(ctx context.Context, tx *db.Tx) error { return SpendToken(ctx, tx, t, now) }
}

// BeginCreate marks that an access key is about to be created for the IAM user, or
// answers ErrCreateInFlight: two at once could not tell their results apart when a
// reply is lost. The mark falls with EndCreate, or after two minutes.
func BeginCreate(ctx context.Context, tx *db.Tx, account, user string) error {
	now := time.Now()
	n, err := tx.Exec(ctx, `INSERT INTO creates_in_flight (account, user_name, started_at) VALUES (?, ?, ?)
		ON CONFLICT (account, user_name) DO UPDATE SET started_at = excluded.started_at
		WHERE creates_in_flight.started_at <= ?`,
		account, fold(user), db.Micros(now), db.Micros(now.Add(-createLife)))
	if err != nil {
		return fmt.Errorf("begin create: %w", err)
	}
	if n == 0 {
		return ErrCreateInFlight
	}
	return nil
}

// EndCreate removes the mark; best in the transaction that journals the outcome.
func EndCreate(ctx context.Context, tx *db.Tx, account, user string) error {
	_, err := tx.Exec(ctx, `DELETE FROM creates_in_flight WHERE account = ? AND user_name = ?`, account, fold(user))
	if err != nil {
		return fmt.Errorf("end create: %w", err)
	}
	return nil
}

// fold: IAM user names that differ only in case are the same user (IAM User Guide,
// IAM identifiers).
func fold(user string) string { return strings.ToLower(user) }

type tokenKey struct{}

// WithToken returns a context whose next change spends t.
func WithToken(ctx context.Context, t Token) context.Context {
	return context.WithValue(ctx, tokenKey{}, t)
}

// TokenFrom returns the token the change in ctx must spend.
func TokenFrom(ctx context.Context) (Token, bool) {
	t, ok := ctx.Value(tokenKey{}).(Token)
	return t, ok
}
