package pace

import (
	"context"
	"sync"
	"time"
)

// Outcome is what became of a call.
type Outcome int

const (
	Served  Outcome = iota // answered by anything but a refusal, or not at all
	Refused                // the server said that calls come too fast
	Unsent                 // it never left
)

// Turn is the right to make one call. Done must be called when it is over.
type Turn struct {
	limiter *Limiter
	class   Class
	action  string
	mark    mark // where in the record of calls it stands
	once    sync.Once
}

// Wait returns when the call may be made, or with ctx's error. A repeated call
// goes before others of its class.
func (l *Limiter) Wait(ctx context.Context, c Class, action string, repeated bool) (*Turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := &waiter{turn: &Turn{limiter: l, class: c, action: action}, ready: make(chan struct{})}
	l.mu.Lock()
	l.waiting[c].add(w, repeated)
	l.admit(time.Now())
	l.mu.Unlock()
	select {
	case <-w.ready:
		return w.turn, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	waited := l.waiting[c].remove(w)
	l.admit(time.Now()) // it may have stood in the way of others
	l.mu.Unlock()
	if !waited { // the turn came at the same moment
		w.turn.Done(Unsent)
	}
	return nil, ctx.Err()
}

// Done ends the turn; later calls of it change nothing.
func (t *Turn) Done(o Outcome) {
	t.once.Do(func() {
		now := time.Now()
		t.limiter.mu.Lock()
		defer t.limiter.mu.Unlock()
		t.limiter.done(t, o, now)
		t.limiter.admit(now)
	})
}
