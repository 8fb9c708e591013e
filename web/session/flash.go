package session

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"keydesk/web/db"
)

// Flash is a message for the next page a person sees.
type Flash struct {
	// Kind is "success", "info", "warning" or "error".
	Kind  string `json:"kind"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// The key of the flashes among a session's values, and how many are kept: a person
// reads no more, and a loop must not fill the row.
const (
	flashes    = "flashes"
	maxFlashes = 8
)

// AddFlash keeps f for the next page. Without a session one is begun that nobody is
// signed in to. Never put a secret in it: it is stored.
func (s *Store) AddFlash(w http.ResponseWriter, r *http.Request, f Flash) error {
	g, err := s.Get(r, s.cookieName(r, sessionCookie))
	if err != nil {
		return err
	}
	if g.ID == "" {
		if err := s.Save(r, w, g); err != nil {
			return err
		}
	}
	_, err = s.editFlashes(r.Context(), g.ID, func(old []Flash) []Flash {
		kept := append(old, f)
		return kept[max(0, len(kept)-maxFlashes):]
	})
	return err
}

// TakeFlashes returns the messages kept for this page, the oldest first, and
// forgets them: two tabs that load at once do not both show one. A session that
// nobody is signed in to has then served its purpose and ends.
func (s *Store) TakeFlashes(w http.ResponseWriter, r *http.Request) ([]Flash, error) {
	g, err := s.Get(r, s.cookieName(r, sessionCookie))
	if err != nil || g.ID == "" {
		return nil, err
	}
	// Most pages have no message; looking first spares them the write lock.
	x, err := s.rows.Get(r.Context(), digest(g.ID))
	if errors.Is(err, ErrNoSession) || err == nil && x.content == "{}" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	list, err := s.editFlashes(r.Context(), g.ID, func([]Flash) []Flash { return nil })
	if row, ok := g.Values[rowKey{}].(Session); err != nil || !ok || row.UserID != "" {
		return list, err
	}
	return list, s.discard(r.Context(), w, g)
}

// editFlashes changes the messages within one transaction and returns the old ones.
func (s *Store) editFlashes(ctx context.Context, id string, edit func([]Flash) []Flash) (old []Flash, err error) {
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		var content string
		err := tx.QueryRow(ctx, `SELECT content FROM sessions WHERE id_hash = ?`, digest(id)).Scan(&content)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoSession
		}
		if err != nil {
			return err
		}
		values := map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(content), &values); err != nil {
			return err
		}
		if raw, ok := values[flashes]; ok {
			if err := json.Unmarshal(raw, &old); err != nil {
				return err
			}
		}
		if err := setFlashes(values, edit(old)); err != nil {
			return err
		}
		text, err := json.Marshal(values)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE sessions SET content = ? WHERE id_hash = ?`, string(text), digest(id))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	return old, nil
}

func setFlashes(values map[string]json.RawMessage, list []Flash) error {
	if len(list) == 0 {
		delete(values, flashes)
		return nil
	}
	raw, err := json.Marshal(list)
	values[flashes] = raw
	return err
}
