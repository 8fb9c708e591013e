package localaccount

import (
	"maps"
	"time"

	"golang.org/x/time/rate"
)

// bucket is where an action's tokens come from: its own one, or the one that all actions share.
func (r *ruling) bucket(action string) *rate.Limiter {
	if !r.PerAction {
		action = ""
	}
	if r.buckets[action] == nil {
		r.buckets[action] = rate.NewLimiter(rate.Limit(r.Rate), max(1, r.Burst))
	}
	return r.buckets[action]
}

// takeTokens takes one token for each rule that has a rate, or none at all: a call that one bucket refuses must not
// drain another.
func takeTokens(rules []*ruling, action string, now time.Time) bool {
	var buckets []*rate.Limiter
	for _, r := range rules {
		if r.Rate <= 0 {
			continue
		}
		b := r.bucket(action)
		if b.TokensAt(now) < 1 {
			return false
		}
		buckets = append(buckets, b)
	}
	for _, b := range buckets {
		b.AllowN(now, 1)
	}
	return true
}

// countThrottled is called with the lock held.
func (t *Trouble) countThrottled(action string) {
	if t.throttled == nil {
		t.throttled = map[string]int{}
	}
	t.throttled[action]++
}

// Throttled counts the calls of each action that were answered Throttling since Open; Calls has them too.
func (a *Account) Throttled() map[string]int {
	a.trouble.mu.Lock()
	defer a.trouble.mu.Unlock()
	counts := maps.Clone(a.trouble.throttled)
	if counts == nil {
		counts = map[string]int{}
	}
	return counts
}
