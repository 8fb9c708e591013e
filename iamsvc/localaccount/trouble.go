package localaccount

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rules is the trouble one action is in; the zero value is none. Counts that are negative last until they are changed.
type Rules struct {
	Latency       time.Duration // every call waits this long before anything happens
	Jitter        time.Duration // and up to this much longer
	Throttle      int           // the next calls are answered 400 Throttling
	ThrottleEvery int           // so is each nth call; 0: none
	Rate          float64       // calls per second; those beyond are answered Throttling; 0: no limit
	Burst         int           // how many calls Rate lets through at once; at least 1
	FailWith      Failure       // an error instead of the effect
	LoseReply     int           // the next successful calls take effect and then break the connection
	Deny          bool          // 403 AccessDenied, as if no policy allowed the action
	LagReads      time.Duration // reads see the account as it was this long ago
}

// Failure is an error that calls get while nothing happens.
type Failure struct {
	Times   int    // for how many calls
	Status  int    // HTTP status, default 503
	Code    string // default ServiceFailure
	Message string // default as AWS words a ServiceFailure
}

func (f Failure) err() *apiError {
	e := serviceFailure(cmp.Or(f.Status, http.StatusServiceUnavailable))
	e.code, e.message = cmp.Or(f.Code, e.code), cmp.Or(f.Message, e.message)
	return e
}

const (
	defaultReportTime = 2 * time.Second
	defaultUseLag     = 2 * time.Second
)

// Trouble makes the account misbehave as AWS does on a bad day. The zero value, which is ready to use, is a good day.
// It may be changed at any time, from any goroutine.
type Trouble struct {
	mu      sync.Mutex
	rules   map[string]*ruling
	report  time.Duration
	lastUse time.Duration
}

type ruling struct {
	Rules
	calls   int
	limiter *rate.Limiter
}

// Set changes the rules of one action, or with an empty name those that hold for every action on top of its own.
// Counts of calls begin anew.
func (t *Trouble) Set(action string, change func(*Rules)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rules == nil {
		t.rules = map[string]*ruling{}
	}
	next := &ruling{}
	if old := t.rules[action]; old != nil {
		next.Rules = old.Rules
	}
	change(&next.Rules)
	if next.Rate > 0 {
		next.limiter = rate.NewLimiter(rate.Limit(next.Rate), max(1, next.Burst))
	}
	t.rules[action] = next
}

// Reset ends all trouble.
func (t *Trouble) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rules, t.report, t.lastUse = nil, 0, 0
}

// SetReportTime sets how long a credential report takes to generate; 0 is the usual two seconds.
func (t *Trouble) SetReportTime(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report = d
}

// SetLastUsedLag sets how long a use of an access key stays unreported; 0 is the usual two seconds (on AWS: minutes
// to hours).
func (t *Trouble) SetLastUsedLag(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lastUse = d
}

func (t *Trouble) reportTime() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return cmp.Or(t.report, defaultReportTime)
}

func (t *Trouble) useLag() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return cmp.Or(t.lastUse, defaultUseLag)
}

// each calls visit with the rules that hold for an action, the general ones first.
func (t *Trouble) each(action string, visit func(*ruling)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range []string{"", action} {
		if r := t.rules[name]; r != nil {
			visit(r)
		}
	}
}

// before lets a call through, late, or answers it with an error. A client that hangs up ends the wait.
func (t *Trouble) before(ctx context.Context, action string) error {
	var wait time.Duration
	var err error
	t.each(action, func(r *ruling) {
		wait += r.Latency
		if r.Jitter > 0 {
			wait += rand.N(r.Jitter)
		}
		if e := r.verdict(); e != nil && err == nil {
			err = e
		}
	})
	if wait <= 0 {
		return err
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *ruling) verdict() error {
	r.calls++
	switch {
	case spend(&r.Throttle), r.ThrottleEvery > 0 && r.calls%r.ThrottleEvery == 0, r.limiter != nil && !r.limiter.Allow():
		return throttled()
	case spend(&r.FailWith.Times):
		return r.FailWith.err()
	}
	return nil
}

// spend takes one from a count; a negative count never ends.
func spend(count *int) bool {
	if *count > 0 {
		*count--
		return true
	}
	return *count < 0
}

func (t *Trouble) denies(action string) (denied bool) {
	t.each(action, func(r *ruling) { denied = denied || r.Deny })
	return denied
}

func (t *Trouble) losesReply(action string) (lost bool) {
	t.each(action, func(r *ruling) { lost = lost || spend(&r.LoseReply) })
	return lost
}

func (t *Trouble) lag(action string) (lag time.Duration) {
	t.each(action, func(r *ruling) { lag = max(lag, r.LagReads) })
	return lag
}

// history is how long the past must be kept for the reads that lag the most.
func (t *Trouble) history() (longest time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.rules {
		longest = max(longest, r.LagReads)
	}
	return longest
}
