package iamsvc

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"keydesk/iamsvc/localaccount"
	"keydesk/iamsvc/pace"
)

// unpaced gives the account lanes that know nothing of its limit.
func (l local) unpaced(ceiling float64) {
	l.openLanes(Config{RateCeiling: ceiling, AWS: aws.Config{Credentials: l.creds, HTTPClient: l.server.Client()}}.withDefaults())
}

func (l local) refusals() (n int) {
	for _, refused := range l.server.Throttled() {
		n += refused
	}
	return n
}

// Everything is read from an account whose limit is not known beforehand, and
// few calls are refused on the way, while somebody clicks.
func TestLimitIsFound(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{Users: 150})
	l.unpaced(0)
	l.server.Trouble().Set("", func(r *localaccount.Rules) {
		*r = localaccount.Rules{Rate: 30, Burst: 20, Latency: 10 * time.Millisecond}
	})
	users, err := l.listUsers(context.Background(), l.background, l.pageSize, func([]User) {})
	if err != nil {
		t.Fatal(err)
	}
	var lost, clicks atomic.Int64
	var readers sync.WaitGroup
	work := make(chan string)
	for range 64 {
		readers.Go(func() {
			for name := range work {
				if _, err := l.listAccessKeys(context.Background(), l.background, target{user: name}); err != nil {
					lost.Add(1)
				}
			}
		})
	}
	calls := 0
	for _, u := range users {
		work <- u.Name
		if calls++; calls%25 == 0 {
			readers.Go(func() {
				if _, err := l.User(context.Background(), u.Name); err != nil {
					clicks.Add(1)
				}
			})
		}
	}
	close(work)
	readers.Wait()
	if lost.Load() != 0 || clicks.Load() != 0 {
		t.Errorf("%d of %d calls and %d clicks were given up", lost.Load(), calls, clicks.Load())
	}
	if n := l.refusals(); n == 0 || n > calls/5 {
		t.Errorf("%d of %d calls were refused", n, calls)
	}
	if rate := l.callRate(); rate < 10 || rate > 60 {
		t.Errorf("%v calls per second", rate)
	}
}

// Calls of the background are repeated far beyond what the SDK would do, and
// end with their context.
func TestBackgroundNeverGivesUpOnThrottles(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	c := Config{AWS: aws.Config{Credentials: l.creds, HTTPClient: l.server.Client()}}.withDefaults()
	l.background = newLane(c, newPacedRetryer(l.limiter, pace.Background, 8, 20*time.Millisecond), time.Minute)
	l.background.patient = true
	l.server.Trouble().Set("GetUser", func(r *localaccount.Rules) { r.Throttle = 6 })
	if _, err := l.interactive.get(t.Context(), "mateo.jackson"); err != nil {
		t.Error("a person within the deadline:", err)
	}
	l.server.Trouble().Set("GetUser", func(r *localaccount.Rules) { r.Throttle = 12 })
	if _, err := l.background.get(t.Context(), "mateo.jackson"); err != nil {
		t.Error(err)
	}
	l.server.Trouble().Set("GetUser", func(r *localaccount.Rules) { r.Throttle = -1 })
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err := l.background.get(ctx, "mateo.jackson")
	wantIs(t, err, ErrThrottled)
}

func (l *lane) get(ctx context.Context, name string) (*iam.GetUserOutput, error) {
	return call(ctx, l, l.iam.GetUser, &iam.GetUserInput{UserName: &name})
}

// Other failures are not repeated for ever.
func TestBackgroundGivesUpOnFailures(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.background = newLane(Config{AWS: aws.Config{Credentials: l.creds, HTTPClient: l.server.Client()}}.withDefaults(),
		newPacedRetryer(l.limiter, pace.Background, 3, time.Millisecond), time.Minute)
	l.server.Trouble().Set("GetUser", func(r *localaccount.Rules) { r.FailWith = localaccount.Failure{Times: -1} })
	_, err := l.background.get(t.Context(), "mateo.jackson")
	wantIs(t, err, ErrUnavailable)
	if n := l.calls("GetUser"); n != 3 {
		t.Errorf("%d calls", n)
	}
}

// Waiting for a turn takes nothing from a background call's time; an attempt
// that hangs does, and is repeated.
func TestPatientLane(t *testing.T) {
	t.Parallel()
	n := 0
	a, _, _ := openForeign(t, answers{"GetUser": func(w http.ResponseWriter, form url.Values) {
		if n++; n == 1 {
			w.(http.Flusher).Flush()
			time.Sleep(300 * time.Millisecond)
			return
		}
		sends("<User><UserName>ann</UserName></User>")(w, form)
	}})
	a.background.deadline = 50 * time.Millisecond
	if _, err := a.background.get(t.Context(), "ann"); err != nil {
		t.Error(err)
	}
	a.limiter = pace.New(0)
	a.limiter.Use(pace.Estimate{Rate: 5, Burst: 1})
	a.background = newLane(Config{AWS: inProcess(&foreign{answers: answers{"GetUser": sends("<User><UserName>ann</UserName></User>")}})},
		newPacedRetryer(a.limiter, pace.Background, 3, time.Millisecond), 50*time.Millisecond)
	a.background.patient = true
	for range 3 {
		if _, err := a.background.get(t.Context(), "ann"); err != nil {
			t.Error(err)
		}
	}
}

// A creation takes its turn like any call, and is sent once.
func TestCreationsTakeTurns(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.unpaced(0)
	l.server.Trouble().Set("CreateUser", func(r *localaccount.Rules) { r.Throttle = 1 })
	_, err := l.CreateUser(administrator(), NewUser{Name: "new"})
	wantIs(t, err, ErrThrottled)
	if n := l.calls("CreateUser"); n != 1 {
		t.Errorf("sent %d times", n)
	}
	if rate := l.callRate(); rate == 0 {
		t.Error("it went past the limiter")
	}
}

// Without a limit the account is read as fast as it answers.
func TestNoLimitIsNotSlowed(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.unpaced(0)
	began := time.Now()
	eachOf(t.Context(), make([]struct{}, 500), func(struct{}) {
		if _, err := l.background.get(t.Context(), "mateo.jackson"); err != nil {
			t.Error(err)
		}
	})
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("%v for 500 calls", took)
	}
}

func TestCallsKeepBelowTheCeiling(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.unpaced(50)
	began := time.Now()
	for range 30 {
		if _, err := l.interactive.get(t.Context(), "mateo.jackson"); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 500*time.Millisecond {
		t.Errorf("30 calls in %v", took)
	}
}

// A call whose turn does not come in time was not sent: IAM is not to be called
// away for it.
func TestNoTurnInTime(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{}, func(c *Config) { c.RateCeiling = 0.01 })
	l.interactive.deadline = 100 * time.Millisecond
	var err error
	for err == nil {
		_, err = l.User(context.Background(), "mateo.jackson")
	}
	wantIs(t, err, ErrThrottled)
}

// A key can be switched off while more pages wait for IAM than it serves in a
// minute. The calls that the form makes go first as well.
func TestDeactivatingDoesNotWaitForPages(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{Users: 10})
	ids := l.newUser(t, "ann", 1)
	l.unpaced(0)
	l.usePaceEstimate(pace.Estimate{Rate: 25, Burst: 50})
	ctx, cancel := context.WithCancel(t.Context())
	var pages sync.WaitGroup
	var waiting atomic.Int64
	waiting.Store(1000)
	for range 1000 {
		pages.Go(func() {
			_, _ = l.User(ctx, "ann")
			waiting.Add(-1)
		})
	}
	for l.limiter.Delay(pace.Person) < 20*time.Second {
		time.Sleep(time.Millisecond)
	}

	if _, err := l.ListAccessKeys(ForChange(ctx), "ann"); err != nil {
		t.Errorf("what the form shows: %v", err)
	}
	if err := l.UpdateAccessKey(administrator(), "ann", ids[0], KeyInactive); err != nil {
		t.Errorf("the change: %v", err)
	}
	if n := waiting.Load(); n < 800 {
		t.Errorf("the change waited until %d of 1000 pages were served", 1000-n)
	}
	cancel()
	pages.Wait()
}
