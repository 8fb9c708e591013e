package pace

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// limitedTo is a limiter that knows a limit, after the burst has been used.
func limitedTo(rate float64) *Limiter {
	l := New(0)
	l.Use(Estimate{Rate: rate, Burst: 10})
	for range 9 {
		turn, _ := l.Wait(context.Background(), Person, "x", false)
		turn.Done(Served)
	}
	return l
}

// Whatever callers and server do, every call gets its turn or its context's
// error, nothing is left over, and the rate stays above nothing.
func TestNobodyIsForgotten(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 4))
			l := New([]float64{0, 0, 7}[rnd.IntN(3)])
			refuse, patience := rnd.Float64(), time.Duration(1+rnd.IntN(20))*time.Second
			var mu sync.Mutex // of rnd
			random := func() float64 { mu.Lock(); defer mu.Unlock(); return rnd.Float64() }
			var callers sync.WaitGroup
			for i := range 300 {
				callers.Go(func() {
					time.Sleep(time.Duration(random() * float64(5*time.Second)))
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random()*float64(patience)))
					defer cancel()
					turn, err := l.Wait(ctx, Class(i%int(classes)), []string{"a", "b"}[i%2], random() < 0.2)
					if err != nil {
						if !errors.Is(err, context.DeadlineExceeded) {
							t.Error(err)
						}
						return
					}
					time.Sleep(time.Duration(random() * float64(time.Second)))
					outcome := Served
					if random() < refuse {
						outcome = []Outcome{Refused, Unsent}[int(2*random())]
					}
					turn.Done(outcome)
					turn.Done(Served)
				})
			}
			callers.Wait()
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.inFlight != 0 || l.waiting[Person].len()+l.waiting[Background].len()+l.waiting[Sweep].len() != 0 {
				t.Errorf("seed %d: %d under way, %v waiting", seed, l.inFlight, l.waiting)
			}
			if speed := l.speed(); !(speed >= slowest) || !(speed <= fastest) || !(l.belief.burst >= 0) {
				t.Errorf("seed %d: %v calls per second, burst %v", seed, speed, l.belief.burst)
			}
		})
	}
}

// A server that refuses everything is asked ever more rarely, and found again
// when it is back.
func TestRefusedThroughout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, calls := New(0), 0
		began := time.Now()
		for time.Since(began) < time.Minute {
			turn, _ := l.Wait(context.Background(), Background, "x", false)
			calls++
			turn.Done(Refused)
		}
		if calls > 60 {
			t.Errorf("%d calls in a minute", calls)
		}
		began = time.Now()
		for range 200 {
			turn, _ := l.Wait(context.Background(), Background, "x", false)
			turn.Done(Served)
		}
		if took := time.Since(began); took > 45*time.Second {
			t.Errorf("%v for 200 calls that are served again", took)
		}
	})
}

func TestPersonsGoFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limitedTo(2)
		var order []Class
		for _, c := range []Class{Sweep, Background, Background, Person, Change} {
			go func() {
				turn, _ := l.Wait(context.Background(), c, "x", false)
				order = append(order, c)
				turn.Done(Served)
			}()
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if want := []Class{Change, Person, Background, Background, Sweep}; !slices.Equal(order, want) {
			t.Errorf("%v, want %v", order, want)
		}
	})
}

func TestRepeatedCallsGoBeforeNewOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limitedTo(2)
		var order []bool
		for _, repeated := range []bool{false, false, true} {
			go func() {
				turn, _ := l.Wait(context.Background(), Background, "x", repeated)
				order = append(order, repeated)
				turn.Done(Served)
			}()
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(order) != 3 || !order[0] {
			t.Errorf("%v", order)
		}
	})
}

// Who gives up gives way.
func TestCancelledWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limitedTo(1)
		began := time.Now()
		turn, err := l.Wait(context.Background(), Person, "x", false)
		if err != nil {
			t.Fatal(err)
		}
		turn.Done(Unsent)
		alone := time.Since(began)
		ctx, cancel := context.WithCancel(context.Background())
		for range 20 {
			go func() { _, _ = l.Wait(ctx, Person, "x", false) }()
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		began = time.Now()
		turn, _ = l.Wait(context.Background(), Person, "x", false)
		turn.Done(Served)
		if took := time.Since(began); took > alone {
			t.Errorf("waited %v behind those who gave up, %v without", took, alone)
		}
		if _, err := l.Wait(ctx, Person, "x", false); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestSweepsUseAFifth(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]func() *Limiter{"known": func() *Limiter { return limitedTo(25) }, "unknown": func() *Limiter { return New(0) }} {
		synctest.Test(t, func(t *testing.T) {
			l, calls := l(), 0
			for began := time.Now(); time.Since(began) < 100*time.Second; calls++ {
				turn, _ := l.Wait(context.Background(), Sweep, "x", false)
				turn.Done(Served)
			}
			if most := map[string]int{"known": 502, "unknown": 202}[name]; calls > most || calls < most-20 {
				t.Errorf("%s: %d calls in 100 s", name, calls)
			}
		})
	}
}

func TestCeiling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, calls := New(20), 0
		for began := time.Now(); time.Since(began) < 10*time.Second; calls++ {
			turn, _ := l.Wait(context.Background(), Class(calls%2), "x", false)
			turn.Done(Served)
		}
		if calls < 195 || calls > 202 {
			t.Errorf("%d calls in 10 s", calls)
		}
		if rate := l.Rate(); rate < 19 || rate > 21 {
			t.Errorf("rate %v", rate)
		}
	})
}

// An action with few calls and a bucket of its own does not slow the others.
func TestRareActionRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limitedTo(25)
		for i := range 400 {
			action, outcome := "list", Served
			if i%20 == 0 && i > 100 {
				action, outcome = "report", Refused
			}
			turn, _ := l.Wait(context.Background(), Background, action, false)
			time.Sleep(time.Millisecond)
			turn.Done(outcome)
		}
		if e := l.Estimate(); e.Rate != 25 {
			t.Errorf("%+v", e)
		}
	})
}

func TestEstimateIsKept(t *testing.T) {
	t.Parallel()
	l := New(0)
	if e := l.Estimate(); e != (Estimate{}) {
		t.Errorf("nothing is known, but %+v", e)
	}
	l.Use(Estimate{Rate: -1, Burst: 5})
	l.Use(Estimate{Rate: 5})
	if e := l.Estimate(); e != (Estimate{}) {
		t.Errorf("nonsense was taken: %+v", e)
	}
	var e Estimate
	if err := json.Unmarshal([]byte(`{"rate":25,"burst":50}`), &e); err != nil {
		t.Fatal(err)
	}
	l.Use(e)
	if got := l.Estimate(); got != e {
		t.Errorf("%+v, want %+v", got, e)
	}
}

// After a rest the burst is there again, and is used at once.
func TestBurstAfterARest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limitedTo(5)
		time.Sleep(time.Minute)
		began := time.Now()
		for range 8 {
			turn, _ := l.Wait(context.Background(), Person, "x", false)
			turn.Done(Served)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("%v for the burst", took)
		}
	})
}

// In process there is no limit, and none is imposed.
func BenchmarkTurn(b *testing.B) {
	l := New(0)
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			turn, _ := l.Wait(context.Background(), Background, "x", false)
			turn.Done(Served)
		}
	})
}

// However many persons wait, the next turn is a change's.
func TestChangesDoNotWaitForPersons(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limitedTo(25)
		ctx, cancel := context.WithCancel(context.Background())
		var persons sync.WaitGroup
		for range 500 {
			persons.Go(func() {
				if turn, err := l.Wait(ctx, Person, "look", false); err == nil {
					turn.Done(Served)
				}
			})
		}
		time.Sleep(time.Second)

		if delay := l.Delay(Person); delay < 10*time.Second {
			t.Errorf("one more person would wait %v behind 475", delay)
		}
		for range 20 {
			if delay := l.Delay(Change); delay > 100*time.Millisecond {
				t.Errorf("a change would wait %v", delay)
			}
			began := time.Now()
			turn, err := l.Wait(ctx, Change, "deactivate", false)
			if err != nil {
				t.Fatal(err)
			}
			turn.Done(Served)
			if took := time.Since(began); took > 100*time.Millisecond {
				t.Errorf("a change waited %v", took)
			}
		}
		cancel()
		persons.Wait()
	})
}
