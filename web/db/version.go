package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
)

// version names a state of the database. While it stays the same nothing has been
// committed: by this process, another replica, or an operator with a shell.
type version struct {
	connection int64
	state      string
}

// watch asks the database for its version, over a connection of its own: SQLite
// counts for each connection what others commit, and a PostgreSQL that has crashed
// may come to the same snapshot by another way, but never over the same connection.
type watch struct {
	pool  *sql.DB
	query string

	turn   chan struct{} // whoever asks has put something in
	conn   *sql.Conn     // with turn; nil before the first question and after an error
	last   version       // with turn; valid while there is a connection
	number int64         // with turn; of the connection

	asked atomic.Int64 // questions begun
}

func newWatch(pool *sql.DB, query string) *watch {
	return &watch{pool: pool, query: query, turn: make(chan struct{}, 1)}
}

// version is one that held at some moment after the call. Callers who wait for their
// turn share the next answer: a slow network is crossed once for all of them.
func (w *watch) version(ctx context.Context) (version, error) {
	arrived := w.asked.Load()
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return version{}, ctx.Err()
	}
	if w.conn != nil && w.asked.Load() > arrived {
		return w.last, nil
	}
	w.asked.Add(1)
	// A visitor who leaves must not cost everybody the connection.
	if err := w.ask(context.WithoutCancel(ctx)); err != nil {
		return version{}, fmt.Errorf("ask for the database's version: %w", errors.Join(err, w.disconnect()))
	}
	return w.last, nil
}

func (w *watch) ask(ctx context.Context) (err error) {
	if w.conn == nil {
		if w.conn, err = w.pool.Conn(ctx); err != nil {
			return err
		}
		w.number++
	}
	w.last.connection = w.number
	return w.conn.QueryRowContext(ctx, w.query).Scan(&w.last.state)
}

// disconnect needs the turn. The next question opens another connection.
func (w *watch) disconnect() error {
	if w.conn == nil {
		return nil
	}
	err := w.conn.Close()
	w.conn = nil
	return err
}

// close waits for a question under way.
func (w *watch) close() error {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	return w.disconnect()
}
