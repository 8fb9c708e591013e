package pace

import (
	"slices"
	"time"
)

type waiter struct {
	turn  *Turn
	ready chan struct{}
}

// queue is first in, first out, but for those who come again.
type queue struct{ all []*waiter }

func (q *queue) len() int { return len(q.all) }

func (q *queue) add(w *waiter, first bool) {
	if first {
		q.all = slices.Insert(q.all, 0, w)
		return
	}
	q.all = append(q.all, w)
}

func (q *queue) take() *waiter {
	w := q.all[0]
	q.all[0] = nil
	q.all = q.all[1:]
	return w
}

// remove reports whether w was still waiting.
func (q *queue) remove(w *waiter) bool {
	i := slices.Index(q.all, w)
	if i < 0 {
		return false
	}
	q.all = slices.Delete(q.all, i, i+1)
	return true
}

// bucket holds up to size tokens; it may be in debt.
type bucket struct {
	tokens, size float64
	spilled      float64 // what ran over since this was last 0
	at           time.Time
}

// fill adds what came in at rate since the last time.
func (b *bucket) fill(now time.Time, rate float64) {
	if !b.at.IsZero() {
		b.tokens += rate * now.Sub(b.at).Seconds()
	}
	b.at = now
	if over := b.tokens - b.size; over > 0 {
		b.tokens -= over
		b.spilled += over
	}
}

func (b *bucket) take() { b.tokens-- }
func (b *bucket) give() { b.tokens = min(b.tokens+1, b.size) }

// until is the time to a level of need tokens.
func (b *bucket) until(need, rate float64) time.Duration {
	missing := need - b.tokens
	if missing <= 1e-9 {
		return 0
	}
	return max(time.Microsecond, time.Duration(missing/rate*float64(time.Second)))
}
