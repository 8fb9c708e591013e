package session

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"keydesk/web/db"
)

const (
	// columns are what scan reads, in its order.
	columns = `handle, user_id, created_at, seen_at, signed_in_at, remote_addr, user_agent`
	// alive takes the arguments of Store.alive. It is part of every list and count, so
	// a row that no sweep has reached yet is as dead as a deleted one.
	alive = `created_at > ? AND seen_at > ?`
)

func (s *Store) alive(now time.Time) []any {
	return []any{db.Micros(now.Add(-s.absolute)), db.Micros(now.Add(-s.idle))}
}

// expired is alive's opposite, for one row.
func (s *Store) expired(row Session, now time.Time) bool {
	return !row.Created.After(now.Add(-s.absolute)) || !row.LastSeen.After(now.Add(-s.idle))
}

// stored is a session with what is kept in it, as JSON.
type stored struct {
	row     Session
	content string
}

// readRow reads a session that may have expired. The error is ErrNoSession or the
// database's.
func (s *Store) readRow(ctx context.Context, idHash string) (x stored, err error) {
	x.row, err = scan(s.db.QueryRow(ctx, `SELECT `+columns+`, content FROM sessions WHERE id_hash = ?`, idHash), &x.content)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoSession
	}
	return x, err
}

func scan(row interface{ Scan(...any) error }, extra ...any) (s Session, err error) {
	var created, seen, signedIn int64
	err = row.Scan(append([]any{&s.Handle, &s.UserID, &created, &seen, &signedIn, &s.RemoteAddr, &s.UserAgent}, extra...)...)
	s.Created, s.LastSeen, s.SignedInAt = db.Time(created), db.Time(seen), db.Time(signedIn)
	return s, err
}

func insert(ctx context.Context, tx *db.Tx, id string, s Session, providerSession string) error {
	_, err := tx.Exec(ctx, `INSERT INTO sessions (id_hash, `+columns+`, provider_session, content)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '{}')`,
		digest(id), s.Handle, s.UserID, db.Micros(s.Created), db.Micros(s.LastSeen), db.Micros(s.SignedInAt),
		s.RemoteAddr, s.UserAgent, providerSession)
	return err
}

// revoke deletes the sessions that match and the tokens of their forms.
func revoke(ctx context.Context, tx *db.Tx, where string, args ...any) error {
	if _, err := tx.Exec(ctx, `DELETE FROM one_time_tokens WHERE session_handle IN
		(SELECT handle FROM sessions WHERE `+where+`)`, args...); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE `+where, args...)
	return err
}

// mostSessions bounds the sessions of one person: a script that signs in for every
// request would otherwise fill the table until they expire.
const mostSessions = 20

// endOldest ends the sessions of a person that were used the longest ago, where
// there are too many.
func endOldest(ctx context.Context, tx *db.Tx, userID string) error {
	return revoke(ctx, tx, `user_id = ? AND id_hash NOT IN
		(SELECT id_hash FROM sessions WHERE user_id = ? ORDER BY seen_at DESC, created_at DESC LIMIT ?)`,
		userID, userID, mostSessions)
}

// sweep deletes what has expired. It runs whenever a session begins, so the tables
// stay as small as the sign-ins of half a day without a background task.
func (s *Store) sweep(ctx context.Context, tx *db.Tx, now time.Time) error {
	if err := revoke(ctx, tx, `NOT (`+alive+`)`, s.alive(now)...); err != nil {
		return err
	}
	for _, table := range []string{"one_time_tokens", "waiting_sign_ins"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE expires_at <= ?`, db.Micros(now)); err != nil {
			return err
		}
	}
	return nil
}
