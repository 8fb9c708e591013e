package session

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// Preferences are a person's display settings. The zero value is the defaults.
type Preferences struct {
	Theme        string   `json:"theme,omitempty"`
	Density      string   `json:"density,omitempty"`
	PageSize     int      `json:"pageSize,omitempty"`
	UserColumns  []string `json:"userColumns,omitempty"`
	KeyColumns   []string `json:"keyColumns,omitempty"`
	ShortcutsOff bool     `json:"shortcutsOff,omitempty"`
	UTC          bool     `json:"utc,omitempty"`
}

// maxPreferences bounds what one person may store, in bytes.
const maxPreferences = 8 << 10

// ErrPreferencesTooLarge means the settings exceed 8 KiB; nothing was stored.
var ErrPreferencesTooLarge = errors.New("the display settings are too large")

// Preferences returns the person's settings, the zero value when none were saved.
// The lists of columns are shared: replace them, do not change them.
func (s *Store) Preferences(ctx context.Context, userID string) (Preferences, error) {
	p, err := s.preferences.Get(ctx, userID)
	if err != nil {
		return Preferences{}, fmt.Errorf("read preferences: %w", err)
	}
	return p, nil
}

func (s *Store) readPreferences(ctx context.Context, userID string) (p Preferences, err error) {
	var content []byte
	err = s.db.QueryRow(ctx, `SELECT content FROM preferences WHERE user_id = ?`, userID).Scan(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &p)
	}
	return p, err
}

// SavePreferences replaces the person's settings. Whether the values make sense is
// the caller's to check.
func (s *Store) SavePreferences(ctx context.Context, userID string, p Preferences) error {
	content, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("save preferences: %w", err)
	}
	if len(content) > maxPreferences {
		return ErrPreferencesTooLarge
	}
	_, err = s.db.Exec(ctx, `INSERT INTO preferences (user_id, content) VALUES (?, ?)
		ON CONFLICT (user_id) DO UPDATE SET content = excluded.content`, userID, string(content))
	if err != nil {
		return fmt.Errorf("save preferences: %w", err)
	}
	return nil
}
