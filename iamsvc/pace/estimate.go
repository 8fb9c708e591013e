package pace

import "time"

// Estimate is what a Limiter has learnt, for the next start of the program.
type Estimate struct {
	Rate  float64 `json:"rate"`  // calls per second the server admits; 0: no limit was met
	Burst float64 `json:"burst"` // calls it admits at once after a rest
}

// Estimate returns what is known now.
func (l *Limiter) Estimate() Estimate {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.belief.phase != cruising {
		return l.kept
	}
	return Estimate{Rate: l.belief.rate, Burst: l.belief.burst}
}

// Use begins with an estimate of an earlier time. A limit that is not there
// any more, or is lower by now, is found out.
func (l *Limiter) Use(e Estimate) {
	if !(e.Rate > 0) || !(e.Burst >= 1) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = e
	now := time.Now()
	last := mark{seq: l.given.seq, void: l.given.void, at: now}
	l.belief = belief{burst: e.Burst, last: last, prior: last, from: last.seq}
	l.belief.cruise(min(max(e.Rate, slowest), fastest), enough)
	l.belief.aim(l.latency)
	l.refit()
	l.account.tokens, l.account.at = l.account.size, now
	l.admit(now)
}

// Rate is how many calls per second were made over the last seconds.
func (l *Limiter) Rate() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.recent.rate(time.Now())
}
