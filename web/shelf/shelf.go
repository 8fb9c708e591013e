// Package shelf keeps what was read of IAM accounts in the database, so that a
// start need not read it again before it shows something. It must not know what
// is in it: to lose it costs a reading and nothing else.
package shelf

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"keydesk/web/db"
)

// Shelf is the table of kept readings. Of two replicas that save under one name
// the later one is kept.
type Shelf struct{ d *db.DB }

// New is the shelf of a database.
func New(d *db.DB) Shelf { return Shelf{d} }

// Load returns what was saved last under the name, nil when nothing was.
func (s Shelf) Load(ctx context.Context, name string) ([]byte, error) {
	var data []byte
	err := s.d.QueryRow(ctx, `SELECT data FROM shelf WHERE name = ?`, name).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take %s from the shelf: %w", name, err)
	}
	return data, nil
}

// Save puts data in the place of what was saved under the name before.
func (s Shelf) Save(ctx context.Context, name string, data []byte) error {
	_, err := s.d.Exec(ctx, `INSERT INTO shelf (name, saved_at, data) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET saved_at = excluded.saved_at, data = excluded.data`,
		name, time.Now().UnixMicro(), data)
	if err != nil {
		return fmt.Errorf("put %s on the shelf: %w", name, err)
	}
	return nil
}
