// Package session keeps who is signed in, what to tell them on their next page,
// their display preferences, and the one-time tokens of their forms. It owns the
// tables sessions, waiting_sign_ins, one_time_tokens, creates_in_flight and
// preferences; it must not know roles, accounts or IAM.
package session

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"keydesk/web/db"
)

// ErrNoSession means nobody is signed in: no cookie, or one that is unknown,
// expired or revoked.
var ErrNoSession = errors.New("no session")

// Session is one sign-in of one browser. All times are in UTC.
type Session struct {
	// Handle names the session publicly: it is shown, journalled and revoked by,
	// and cannot be turned into the cookie.
	Handle string
	UserID string
	// Created starts the absolute timeout, LastSeen the idle timeout; LastSeen is
	// up to a minute late. SignedInAt is when the person last proved who they are;
	// zero when the identity provider did not say.
	Created, LastSeen, SignedInAt time.Time
	// RemoteAddr is the client's host at sign-in; UserAgent is cut to 256 bytes.
	RemoteAddr, UserAgent string
}

// Start is a sign-in that begins a session.
type Start struct {
	UserID string
	// SignedInAt is as in Session.
	SignedInAt time.Time
	// ProviderSession is the result of ProviderSession, "" for local accounts.
	ProviderSession string
}

// Begin signs userID in, who has proved who they are just now.
func (s *Store) Begin(w http.ResponseWriter, r *http.Request, userID string) error {
	return s.BeginWith(w, r, Start{UserID: userID, SignedInAt: s.now()})
}

// BeginWith signs a person in: the browser always gets a new session ID, and the
// one it came with is revoked. Otherwise a stranger who had planted an ID in the
// browser would be signed in with it (session fixation).
func (s *Store) BeginWith(w http.ResponseWriter, r *http.Request, start Start) error {
	if start.UserID == "" {
		return errors.New("begin session: no user")
	}
	g, err := s.Get(r, s.cookieName(r, sessionCookie))
	if err != nil {
		return err
	}
	now := s.now()
	id := newID()
	row := Session{
		Handle: newHandle(), UserID: start.UserID,
		Created: now, LastSeen: now, SignedInAt: start.SignedInAt,
		RemoteAddr: clientHost(r), UserAgent: clip(r.UserAgent()),
	}
	err = s.db.Tx(r.Context(), func(tx *db.Tx) error {
		if err := s.sweep(r.Context(), tx, now); err != nil {
			return err
		}
		if err := revoke(r.Context(), tx, `id_hash = ?`, digest(g.ID)); err != nil {
			return err
		}
		if err := insert(r.Context(), tx, id, row, start.ProviderSession); err != nil {
			return err
		}
		return endOldest(r.Context(), tx, start.UserID)
	})
	if err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	adopt(g, id, row)
	s.setCookie(w, g)
	return nil
}

// Confirm notes that the person of the request's session has proved again, at the
// given time, who they are. The session gets a new ID: whoever has learnt the old
// one must not be promoted along with its owner. Open forms stay valid.
func (s *Store) Confirm(w http.ResponseWriter, r *http.Request, at time.Time) error {
	row, err := s.Current(r)
	if err != nil {
		return err
	}
	g, err := s.Get(r, s.cookieName(r, sessionCookie))
	if err != nil {
		return err
	}
	id := newID()
	n, err := s.db.Exec(r.Context(), `UPDATE sessions SET id_hash = ?, signed_in_at = ? WHERE id_hash = ?`,
		digest(id), db.Micros(at), digest(g.ID))
	if err != nil {
		return fmt.Errorf("confirm session: %w", err)
	}
	if n == 0 {
		return ErrNoSession // revoked meanwhile
	}
	row.SignedInAt = at
	adopt(g, id, row)
	s.setCookie(w, g)
	return nil
}

// Current returns the session of the request. Errors are ErrNoSession and the
// database's: an unreachable database is not a signed-out person.
func (s *Store) Current(r *http.Request) (Session, error) {
	g, err := s.Get(r, s.cookieName(r, sessionCookie))
	if err != nil {
		return Session{}, err
	}
	row, ok := g.Values[rowKey{}].(Session)
	if !ok || row.UserID == "" {
		return Session{}, ErrNoSession
	}
	return row, nil
}

// Presented reports whether the browser has the cookie of a session, ended or not.
func (s *Store) Presented(r *http.Request) bool {
	_, found := cookieID(r, s.cookieName(r, sessionCookie))
	return found
}

// End signs out: the session and its unspent tokens are gone from the database,
// the cookie from the browser, and so are the pages in the browser's caches, which
// Back would otherwise show to whoever sits down next.
func (s *Store) End(w http.ResponseWriter, r *http.Request) error {
	g, err := s.Get(r, s.cookieName(r, sessionCookie))
	if err != nil {
		return err
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	g.Options.MaxAge = -1
	return s.Save(r, w, g)
}

// EndByHandle revokes the session with the handle, whosever it is: the caller
// checks that. The error is ErrNoSession when there is none.
func (s *Store) EndByHandle(ctx context.Context, handle string) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		var found int
		err := tx.QueryRow(ctx, `SELECT 1 FROM sessions WHERE handle = ?`, handle).Scan(&found)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoSession
		}
		if err != nil {
			return err
		}
		return revoke(ctx, tx, `handle = ?`, handle)
	})
}

// EndAll revokes the user's sessions, except the one with the handle ("" for none),
// and returns how many live ones there were. Sign-ins that wait for a second step
// end too: the first may have been a password that is no longer the right one.
func (s *Store) EndAll(ctx context.Context, userID, exceptHandle string) (n int, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		now := s.now()
		err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM sessions WHERE user_id = ? AND handle <> ? AND `+alive,
			append([]any{userID, exceptHandle}, s.alive(now)...)...).Scan(&n)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM waiting_sign_ins WHERE user_id = ?`, userID); err != nil {
			return err
		}
		return revoke(ctx, tx, `user_id = ? AND handle <> ?`, userID, exceptHandle)
	})
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	return n, nil
}

// List returns the user's live sessions, the one seen last first.
func (s *Store) List(ctx context.Context, userID string) (list []Session, err error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM sessions WHERE user_id = ? AND `+alive+`
		ORDER BY seen_at DESC, handle`, append([]any{userID}, s.alive(s.now())...)...)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
		list = append(list, row)
	}
	return list, rows.Err()
}
