package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// refresh is one reading after some users had changed.
type refresh struct {
	Changed int
	Took    time.Duration
	Cost    tally
	Missing int // keys that are not in the table afterwards, or not as they are
	Wrong   int // keys in the table that are not there, or not so
}

// steady counts what is asked while nothing happens.
func (m *reading) steady(ctx context.Context) error {
	before, err := m.tally(ctx)
	if err != nil {
		return err
	}
	select {
	case <-time.After(m.Steady):
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := m.tally(ctx)
	m.found.Steady = after.since(before)
	return err
}

func (m *reading) tally(ctx context.Context) (t tally, err error) {
	return t, ask(ctx, http.MethodGet, m.Endpoint+"/control/tally", &t)
}

// refreshes changes users behind Keydesk's back and has it look again.
func (m *reading) refreshes(ctx context.Context) error {
	for _, count := range m.Changes {
		var there []key
		if err := ask(ctx, http.MethodPost, fmt.Sprintf("%s/control/change/%d", m.Endpoint, count), &there); err != nil {
			return err
		}
		m.ahead.Add(int64(later))
		before, err := m.tally(ctx)
		if err != nil {
			return err
		}
		started := time.Now()
		if err := m.account.Refresh(ctx); err != nil {
			return err
		}
		took := time.Since(started)
		after, err := m.tally(ctx)
		if err != nil {
			return err
		}
		found := keysOf(m.account.Inventory())
		m.found.Refreshes = append(m.found.Refreshes, refresh{
			Changed: count, Took: took, Cost: after.since(before),
			Missing: missing(there, found), Wrong: wrong(there, found),
		})
	}
	return nil
}
