package session

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"keydesk/web/db"
)

// ErrNoForm means that no form is kept under this ID for this person: it took longer
// than ten minutes, or it is somebody else's.
var ErrNoForm = errors.New("no such form is kept")

// Form is a form that waits for its person to sign in or to confirm their sign-in.
// Never put a password or a secret in it: it is stored.
type Form struct {
	// Person is the ID of the user who filled it in, and the only one who gets it back.
	Person string `json:"person"`
	// Action is the local path it posts to.
	Action string     `json:"action"`
	Values url.Values `json:"values"`
}

// KeepForm keeps f for ten minutes and returns the ID it is found by. It lies with the
// unfinished sign-ins, and ends with them.
func (s *Store) KeepForm(r *http.Request, f Form) (string, error) {
	content, err := json.Marshal(f)
	if err != nil {
		return "", fmt.Errorf("keep form: %w", err)
	}
	id, now := newID(), s.now()
	err = s.db.Tx(r.Context(), func(tx *db.Tx) error {
		// Strangers can write these rows, so the old ones go first.
		if err := s.sweep(r.Context(), tx, now); err != nil {
			return err
		}
		_, err := tx.Exec(r.Context(), `INSERT INTO waiting_sign_ins (id_hash, user_id, content, expires_at) VALUES (?, ?, ?, ?)`,
			formDigest(id), f.Person, string(content), db.Micros(now.Add(waitingLife)))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("keep form: %w", err)
	}
	return id, nil
}

// KeptForm returns the form for its person. Reading it does not end it: a page may be
// loaded twice. Errors are ErrNoForm and the database's.
func (s *Store) KeptForm(ctx context.Context, id, person string) (f Form, err error) {
	if _, ok := decodeID(id); !ok || person == "" {
		return Form{}, ErrNoForm
	}
	var content string
	err = s.db.QueryRow(ctx, `SELECT content FROM waiting_sign_ins WHERE id_hash = ? AND user_id = ? AND expires_at > ?`,
		formDigest(id), person, db.Micros(s.now())).Scan(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return Form{}, ErrNoForm
	}
	if err == nil {
		err = json.Unmarshal([]byte(content), &f)
	}
	if err != nil {
		return Form{}, fmt.Errorf("read form: %w", err)
	}
	return f, nil
}

// formDigest is never that of a sign-in's cookie. A stranger can have a form kept for
// anybody, and its ID, sent as the cookie, must not pass for a right password.
func formDigest(id string) string { return digest("form " + id) }
