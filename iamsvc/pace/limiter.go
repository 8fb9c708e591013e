// Package pace finds out how many calls a server admits and keeps to it. It
// owns the turns that calls take: who goes first, how many are under way, how
// fast they follow each other. It learns from refusals alone: a server's token
// bucket is empty at the moment it refuses, so the calls that succeed between
// two refusals measure the rate at which it fills (belief.go).
//
// The package must not know what is called: no SDK, no IAM, no error codes.
package pace

import (
	"sync"
	"time"
)

// Class says who waits for a call.
type Class int

const (
	Change     Class = iota // a change, or what its form shows: before everything else
	Person                  // somebody waits for a page: all but what is reserved for changes
	Background              // a reading that should be over soon: all that persons leave
	Sweep                   // a reading without hurry: a fifth of the limit at most
	classes
)

const (
	sweepShare   = 0.2
	sweepGuess   = 10  // calls per second sweepShare is taken of while nothing is known
	reserve      = 3.0 // tokens the background leaves to persons
	changes      = 1.0 // tokens that persons, and the background, leave to changes
	screen       = 54  // calls of a first page of the table and the lists for it, which are let out quickly
	fastWindow   = 10  // calls under way at once until then
	smallBurst   = 22  // calls that came through after which the burst is no small one: more may be under way
	fasterWindow = 16  // of a server far away: its refusals are told late, and there are more by then
	nearWindow   = 30
	slowWindow   = 6 // after the screen, growing
	mostWindow   = 24

	near = 100 * time.Millisecond
)

// Limiter gives out turns. It is safe for concurrent use.
type Limiter struct {
	ceiling float64 // calls per second; 0: none

	mu       sync.Mutex
	belief   belief
	waiting  [classes]queue
	timer    *time.Timer
	inFlight int
	window   float64 // calls under way at once
	onScreen bool    // the first screen is going out
	latency  time.Duration
	recent   history
	kept     Estimate // of an earlier start, until there is a better one

	account, top, sweep bucket // what the server holds for us, what the ceiling allows, what sweeps may use
	given               mark   // calls given out so far
	news                uint64 // calls given out before the last refusal was known: refusals among them are no news
}

// New makes a limiter that gives out at most ceiling turns per second, or as
// many as the server bears when ceiling is 0.
func New(ceiling float64) *Limiter {
	l := &Limiter{ceiling: ceiling, window: fastWindow}
	l.timer = time.AfterFunc(time.Hour, l.tick)
	l.timer.Stop()
	l.top.size = max(2, ceiling/50)
	l.sweep.size = 1
	l.top.tokens, l.sweep.tokens = l.top.size, l.sweep.size
	return l
}

func (l *Limiter) done(t *Turn, o Outcome, now time.Time) {
	l.inFlight--
	switch o {
	case Unsent:
		l.given.void++
		l.refill(now)
		l.account.give()
		l.top.give()
	case Served:
		took := now.Sub(t.mark.at)
		if l.latency == 0 {
			l.latency = took
		}
		l.latency += (took - l.latency) / 8
		l.widen()
	case Refused:
		l.given.void++
		l.refused(t, now)
	}
}

// widen opens the window by one call for each window of calls that came
// through, once a first screen has gone out.
func (l *Limiter) widen() {
	switch out := int(l.given.seq-l.belief.start.seq) + 1; {
	case out < screen:
		l.window, l.onScreen = fastWindow, true
		if out-l.inFlight >= smallBurst {
			l.window = fasterWindow
			if l.latency < near {
				l.window = nearWindow
			}
		}
	case l.onScreen:
		l.window, l.onScreen = slowWindow, false
	case l.waiting[Background].len() > 0:
		l.window = min(l.window+1/l.window, mostWindow)
	}
}

func (l *Limiter) refused(t *Turn, now time.Time) {
	l.refill(now)
	l.account.tokens = 0
	if l.recent.seldom(t.action) {
		return // this action has a bucket of its own, or had bad luck: whoever called waits before the next try
	}
	if t.mark.seq > l.news {
		l.news = l.given.seq
		l.belief.begin()
	}
	at := t.mark
	at.void = l.given.void
	l.belief.refused(at, l.latency)
	l.belief.from = l.news
	l.refit()
}

// refit makes the account's bucket as large as it is believed to be, or a
// little less.
func (l *Limiter) refit() {
	l.account.size = max(l.belief.burst-1, 1+l.reserved(Sweep))
	l.account.spilled = 0
}

// admit gives turns to all who may go now and sets the timer for the next.
func (l *Limiter) admit(now time.Time) {
	l.refill(now)
	next := time.Duration(-1)
	for c := range classes {
		for l.waiting[c].len() > 0 {
			wait, ok := l.wait(c)
			if wait > 0 && (next < 0 || wait < next) {
				next = wait
			}
			if !ok || wait > 0 {
				break
			}
			l.give(l.waiting[c].take(), now)
		}
		if l.waiting[c].len() > 0 {
			break // nobody goes before those who come first
		}
	}
	l.timer.Stop()
	if next >= 0 {
		l.timer.Reset(next)
	}
}

func (l *Limiter) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.admit(time.Now())
}

// wait is how long the first in a class has to wait for its turn; !ok: until a
// call under way ends.
func (l *Limiter) wait(c Class) (time.Duration, bool) {
	if c >= Background && l.inFlight >= l.most(c) {
		return 0, false
	}
	return l.until(c, 0), true
}

// until is how long a call of the class has to wait when so many go before it.
func (l *Limiter) until(c Class, ahead float64) time.Duration {
	var wait time.Duration

	if l.ceiling > 0 {
		below := 0.0
		if c >= Background {
			below = 1
		}
		wait = l.top.until(1+below+ahead, l.ceiling)
	}
	if c == Sweep {
		wait = max(wait, l.sweep.until(1+ahead, l.sweepRate()))
	}
	if l.belief.known() {
		wait = max(wait, l.account.until(1+l.reserved(c)+ahead, l.speed()))
	}
	return wait
}

// reserved is how many tokens the class leaves to those before it.
func (l *Limiter) reserved(c Class) float64 {
	left := l.belief.reserve()
	switch {
	case c == Change || left == 0:
		return 0
	case c == Person:
		return min(changes, left/3)
	}
	return left + min(changes, left/3)
}

// Delay is how long a call of the class that came now would have to wait for its
// turn. It is 0 while no limit is known.
func (l *Limiter) Delay(c Class) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.refill(time.Now())
	ahead := 0
	for before := range c + 1 {
		ahead += l.waiting[before].len()
	}
	return l.until(c, float64(ahead))
}

func (l *Limiter) most(c Class) int {
	switch {
	case c == Sweep:
		return 2
	case !l.belief.known():
		return int(l.window)
	}
	return int(min(max(fastWindow, 2*l.speed()*l.latency.Seconds()), mostWindow))
}

func (l *Limiter) give(w *waiter, now time.Time) {
	l.given.seq++
	l.given.at = now
	l.inFlight++
	l.top.take()
	if w.turn.class == Sweep {
		l.sweep.take()
	}
	w.turn.mark = l.given
	if l.full(now) {
		l.belief.start = l.given
	}
	l.account.take()
	l.recent.add(w.turn.action, now)
	close(w.ready)
}

// full reports whether the server's bucket is taken to be full.
func (l *Limiter) full(now time.Time) bool {
	if l.belief.known() {
		return l.account.tokens >= l.account.size
	}
	return l.recent.idle(now)
}

func (l *Limiter) refill(now time.Time) {
	if l.belief.known() {
		l.account.fill(now, l.speed())
		if l.account.spilled > 1 {
			l.belief.sure = false // what succeeds from now on no longer measures the rate
		}
	}
	l.top.fill(now, l.ceiling)
	l.sweep.fill(now, l.sweepRate())
}

func (l *Limiter) speed() float64 { return l.belief.speed(l.given.seq) }

func (l *Limiter) sweepRate() float64 {
	if l.belief.known() {
		return sweepShare * l.belief.rate
	}
	return sweepShare * max(sweepGuess, l.recent.peak)
}
