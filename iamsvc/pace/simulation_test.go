package pace

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// scenario is a crawl against a server whose limit the limiter is not told.
// Times are virtual.
type scenario struct {
	name    string
	rate    float64 // calls per second; 0: no limit
	burst   float64
	latency time.Duration
	jitter  time.Duration // up to this much earlier or later
	calls   int           // of the crawl
	clicks  float64       // per second
	split   bool          // a bucket per action
	then    float64       // the rate after half of the calls; 0: the same
	other   float64       // share of the rate that another client uses, at random times
	otherTo float64       // seconds after which it goes away; 0: never
	known   Estimate
	ceiling float64

	rejected, achieved float64       // the most and the least that will do, of 1
	click              time.Duration // on top of the latency, of 99 in 100; 0: not looked at
	first50            time.Duration // until the first 50 calls are out
}

// result is how it went.
type result struct {
	rejected, achieved float64
	click, first50     time.Duration
	took               time.Duration
	estimate           Estimate
}

// limited is the server: token buckets that fill at rate.
type limited struct {
	scenario
	rnd *rand.Rand

	mu                            sync.Mutex
	buckets                       map[string]*bucket
	begun                         time.Time
	attempts, refusals, elsewhere int
	filled                        float64 // tokens that came in since the beginning
	filledAt                      time.Time
}

func newLimited(s scenario, seed uint64) *limited {
	now := time.Now()
	return &limited{scenario: s, rnd: rand.New(rand.NewPCG(seed, 1)), buckets: map[string]*bucket{}, begun: now, filledAt: now}
}

// call is one round trip; it reports whether the call was admitted.
func (l *limited) call(action string) bool {
	time.Sleep(l.leg())
	ok := l.admit(action, &l.attempts)
	time.Sleep(l.leg())
	return ok
}

func (l *limited) leg() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return (l.latency + time.Duration((2*l.rnd.Float64()-1)*float64(l.jitter))) / 2
}

func (l *limited) admit(action string, count *int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	*count++
	if l.rate == 0 {
		return true
	}
	if !l.split {
		action = ""
	}
	b := l.buckets[action]
	if b == nil {
		b = &bucket{tokens: l.burst, size: l.burst, at: time.Now()}
		l.buckets[action] = b
	}
	b.fill(time.Now(), l.rate)
	if b.tokens < 1 {
		if count == &l.attempts {
			l.refusals++
		}
		return false
	}
	b.take()
	if count == &l.elsewhere {
		l.filled-- // theirs
	}
	return true
}

// become changes the rate.
func (l *limited) become(rate float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count()
	for _, b := range l.buckets {
		b.fill(time.Now(), l.rate)
	}
	l.rate = rate
}

func (l *limited) count() {
	l.filled += l.rate * time.Since(l.filledAt).Seconds()
	l.filledAt = time.Now()
}

// sum compares the calls admitted until now with those that would have been.
func (l *limited) sum(r *result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count()
	admitted := l.attempts - l.refusals
	if l.split { // clicks have a bucket of their own
		admitted = l.calls
	}
	r.took = time.Since(l.begun)
	r.achieved = float64(admitted) / (l.burst + l.filled)
	r.rejected = float64(l.refusals) / float64(l.attempts)
}

// until repeats a call until it is admitted.
func until(l *Limiter, s *limited, c Class, action string) {
	for try := 0; ; try++ {
		turn, err := l.Wait(context.Background(), c, action, try > 0)
		if err != nil {
			panic(err)
		}
		ok := s.call(action)
		if ok {
			turn.Done(Served)
			return
		}
		turn.Done(Refused)
		if try > 0 {
			time.Sleep(50 * time.Millisecond << min(try, 6))
		}
	}
}

func (s scenario) run(t *testing.T, seed uint64) (r result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := New(s.ceiling)
		l.Use(s.known)
		server := newLimited(s, seed)
		ctx, cancel := context.WithCancel(context.Background())
		var others sync.WaitGroup
		var clicks []time.Duration
		others.Go(func() { clicks = server.people(ctx, l) })
		others.Go(func() { server.stranger(ctx) })
		server.crawl(l, &r)
		server.sum(&r)
		cancel()
		others.Wait()
		slices.Sort(clicks)
		if len(clicks) > 0 {
			r.click = clicks[int(math.Ceil(0.99*float64(len(clicks))))-1]
		}
		r.estimate = l.Estimate()
	})
	return r
}

func (l *limited) crawl(limiter *Limiter, r *result) {
	var left, done atomic.Int64
	left.Store(int64(l.calls))
	var workers sync.WaitGroup
	for range 64 {
		workers.Go(func() {
			for left.Add(-1) >= 0 {
				until(limiter, l, Background, "list")
				switch n := done.Add(1); {
				case n == 50:
					r.first50 = time.Since(l.begun)
				case n == int64(l.calls/2) && l.then > 0:
					l.become(l.then)
				}
			}
		})
	}
	workers.Wait()
}

// people click at random times, each on a page of its own.
func (l *limited) people(ctx context.Context, limiter *Limiter) (took []time.Duration) {
	var mu sync.Mutex
	var clicks sync.WaitGroup
	rnd := rand.New(rand.NewPCG(uint64(l.calls), 2))
	for l.clicks > 0 && sleepUntil(ctx, rnd.ExpFloat64()/l.clicks) {
		clicks.Go(func() {
			began := time.Now()
			until(limiter, l, Person, "look")
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(began)-l.latency)
		})
	}
	clicks.Wait()
	return took
}

// stranger is another client of the account, which repeats nothing.
func (l *limited) stranger(ctx context.Context) {
	rnd := rand.New(rand.NewPCG(uint64(l.calls), 3))
	for l.other > 0 && sleepUntil(ctx, rnd.ExpFloat64()/(l.other*l.rate)) {
		if l.otherTo > 0 && time.Since(l.begun).Seconds() > l.otherTo {
			return
		}
		l.admit("list", &l.elsewhere)
	}
}

func sleepUntil(ctx context.Context, seconds float64) bool {
	select {
	case <-time.After(time.Duration(seconds * float64(time.Second))):
		return true
	case <-ctx.Done():
		return false
	}
}
