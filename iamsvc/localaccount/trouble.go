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
	PerAction     bool          // Rate and Burst of the rules for every action are each action's own
	FailWith      Failure       // an error instead of the effect
	HangUp        int           // the next calls break the connection before anything happens
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
	mu        sync.Mutex
	rules     map[string]*ruling
	throttled map[string]int // calls answered so, by action
	report    time.Duration
	lastUse   time.Duration
}

type ruling struct {
	Rules
	calls   int
	buckets map[string]*rate.Limiter // by action; "" where all actions share one
}

// Set changes the rules of one action, or with an empty name those that hold for every action on top of its own.
// Counts of calls begin anew, with full buckets.
func (t *Trouble) Set(action string, change func(*Rules)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rules == nil {
		t.rules = map[string]*ruling{}
	}
	next := &ruling{buckets: map[string]*rate.Limiter{}}
	if old := t.rules[action]; old != nil {
		next.Rules = old.Rules
	}
	change(&next.Rules)
	t.rules[action] = next
}

// Reset ends all trouble; what was throttled stays counted.
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
	for _, r := range t.holdingFor(action) {
		visit(r)
	}
}

// holdingFor returns the rules of every action and those of this one. The caller holds the lock.
func (t *Trouble) holdingFor(action string) (rules []*ruling) {
	for _, name := range []string{"", action} {
		if r := t.rules[name]; r != nil {
			rules = append(rules, r)
		}
	}
	return rules
}

// before lets a call through, late, or answers it with an error, as late. A client that hangs up ends the wait.
func (t *Trouble) before(ctx context.Context, action string) error {
	wait, err := t.judge(action)
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

// judge decides what becomes of a call, and when its client hears of it.
func (t *Trouble) judge(action string) (wait time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rules := t.holdingFor(action)
	refused := false
	for _, r := range rules {
		wait += r.Latency
		if r.Jitter > 0 {
			wait += rand.N(r.Jitter)
		}
		refused = r.throttles() || refused
	}
	if refused || !takeTokens(rules, action, time.Now()) {
		t.countThrottled(action)
		return wait, throttled()
	}
	for _, r := range rules {
		err = cmp.Or(err, r.failure())
	}
	return wait, err
}

func (r *ruling) throttles() bool {
	r.calls++
	return spend(&r.Throttle) || r.ThrottleEvery > 0 && r.calls%r.ThrottleEvery == 0
}

func (r *ruling) failure() error {
	switch {
	case spend(&r.HangUp):
		return errHungUp
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
