package session

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"keydesk/web/db"
)

// ErrNotWaiting means this browser has no unfinished sign-in: it took longer than
// ten minutes, was finished already, or was begun elsewhere.
var ErrNotWaiting = errors.New("no sign-in is waiting in this browser")

const waitingLife = 10 * time.Minute

// Waiting is a sign-in that is not finished: away at an identity provider (State
// is set; see SendAway), or short of a verification code (UserID; see Wait).
type Waiting struct {
	// UserID is whose session is to be confirmed, or who has given a password; ""
	// for a sign-in of nobody known yet.
	UserID string `json:"-"`
	// Next is the local path to go to afterwards.
	Next string `json:"next"`
	// Form is what the page at Next is to be filled in with, if it is this person's.
	Form *Form `json:"form,omitempty"`
	// State, Nonce and Verifier are what the provider's answer must match.
	State, Nonce, Verifier string `json:"-"`
}

// Wait keeps x for this browser, by a cookie of its own.
func (s *Store) Wait(w http.ResponseWriter, r *http.Request, x Waiting) error {
	content, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("begin sign-in: %w", err)
	}
	id, now := newID(), s.now()
	err = s.db.Tx(r.Context(), func(tx *db.Tx) error {
		if err := s.sweep(r.Context(), tx, now); err != nil {
			return err
		}
		_, err := tx.Exec(r.Context(), `INSERT INTO waiting_sign_ins (id_hash, user_id, content, expires_at) VALUES (?, ?, ?, ?)`,
			digest(id), x.UserID, string(content), db.Micros(now.Add(waitingLife)))
		return err
	})
	if err != nil {
		return fmt.Errorf("begin sign-in: %w", err)
	}
	s.setWaitingCookie(w, r, id, int(waitingLife/time.Second))
	return nil
}

// Waiting returns the unfinished sign-in of this browser. Errors are ErrNotWaiting
// and the database's.
func (s *Store) Waiting(r *http.Request) (Waiting, error) {
	id, ok := cookieID(r, s.cookieName(r, waitingCookie))
	if !ok {
		return Waiting{}, ErrNotWaiting
	}
	return s.waiting(r.Context(), id)
}

// TakeWaiting is Waiting, once: of two answers to one sign-in the second finds
// nothing.
func (s *Store) TakeWaiting(w http.ResponseWriter, r *http.Request) (Waiting, error) {
	id, ok := cookieID(r, s.cookieName(r, waitingCookie))
	if !ok {
		return Waiting{}, ErrNotWaiting
	}
	x, err := s.waiting(r.Context(), id)
	if err != nil {
		return Waiting{}, err
	}
	n, err := s.db.Exec(r.Context(), `DELETE FROM waiting_sign_ins WHERE id_hash = ?`, digest(id))
	if err != nil {
		return Waiting{}, fmt.Errorf("finish sign-in: %w", err)
	}
	if n == 0 {
		return Waiting{}, ErrNotWaiting
	}
	s.setWaitingCookie(w, r, "", -1)
	return x, nil
}

func (s *Store) waiting(ctx context.Context, id string) (x Waiting, err error) {
	var content, userID string
	err = s.db.QueryRow(ctx, `SELECT user_id, content FROM waiting_sign_ins WHERE id_hash = ? AND expires_at > ?`,
		digest(id), db.Micros(s.now())).Scan(&userID, &content)
	if errors.Is(err, sql.ErrNoRows) {
		return Waiting{}, ErrNotWaiting
	}
	if err == nil {
		err = json.Unmarshal([]byte(content), &x)
	}
	if err != nil {
		return Waiting{}, fmt.Errorf("read sign-in: %w", err)
	}
	x.UserID = userID
	return x, nil
}

func (s *Store) setWaitingCookie(w http.ResponseWriter, r *http.Request, id string, maxAge int) {
	s.setCookieFor(w, r, s.cookieName(r, waitingCookie), id, maxAge)
}

// setCookieFor: SameSite=Strict would keep the cookie back when the identity provider
// sends the browser home.
func (s *Store) setCookieFor(w http.ResponseWriter, r *http.Request, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secureFor(r), SameSite: http.SameSiteLaxMode})
}
