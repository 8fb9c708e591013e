package iamsvc

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

const (
	logEvery     = 30 * time.Second
	detailsEvery = time.Hour
	// reportPatience is how long after a report's end IAM is asked for the next
	// one: the two clocks do not tell the same second.
	reportPatience = 5 * time.Second
)

// Run keeps the inventory fresh until ctx is done.
func (a *Account) Run(ctx context.Context) {
	var sweeping sync.WaitGroup
	defer a.save(ctx) // what pages have asked since
	defer sweeping.Wait()
	sweeping.Go(func() { a.sweepNowAndThen(ctx) })
	sweeping.Go(func() { a.readWanted(ctx) })
	if a.restored {
		a.checkIdentity(ctx)
	}
	for {
		a.refreshAndTell(ctx)
		if sleep(ctx, a.untilRefresh()) != nil {
			return
		}
	}
}

// readWanted reads what people look at while a refresh or nothing goes on: they
// must not wait until the whole account is read.
func (a *Account) readWanted(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.wanted:
			a.crawl(ctx, a.background)
			a.publish()
		}
	}
}

// untilRefresh is sooner than usual when the report comes to the end of its
// life before: from then on it does not tell which keys are unused.
func (a *Account) untilRefresh() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	left := a.facts.Report.Made.Add(reportLife + reportPatience).Sub(a.now())
	if left > 0 && left < a.refreshEvery {
		return left
	}
	return a.refreshEvery
}

// refreshAndTell refreshes, and tells the log how that goes.
func (a *Account) refreshAndTell(ctx context.Context) {
	done := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() {
		ticker := time.NewTicker(logEvery)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				a.tell("reading the account")
			}
		}
	})
	err := a.Refresh(ctx)
	close(done)
	telling.Wait()
	switch {
	case ctx.Err() != nil:
	case err != nil:
		a.log.Warn("the inventory could not be read completely", "account", a.ID(), "code", ErrorCode(err), "cause", Cause(err))
	default:
		a.tell("the account is read")
	}
}

func (a *Account) tell(what string) {
	p := a.Progress()
	a.log.Info(what, "account", a.ID(), "users", p.Users, "read", p.UsersRead, "failed", p.UsersFailed,
		"done", p.Done, "total", p.Total, "calls_per_second", int(p.Rate+0.5), "remaining", p.Remaining.Round(time.Second))
}

// sweepNowAndThen reads the users again whose last reading is the oldest, a
// few at a time, so that each is read once in sweepEvery whatever the reports
// say.
func (a *Account) sweepNowAndThen(ctx context.Context) {
	ticker := time.NewTicker(a.refreshEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if a.queue.resumed(ctx) == nil {
				a.sweepSome(ctx)
			}
		}
	}
}

func (a *Account) sweepSome(ctx context.Context) {
	a.mu.Lock()
	readDetails := a.now().Sub(a.facts.DetailsAt) >= detailsEvery
	users := a.facts.oldest(a.now().Add(-a.sweepEvery / 2))
	a.mu.Unlock()
	if readDetails {
		a.readDetails(ctx, a.sweep)
	}
	// In half the time, twice the share: what is missed once is not overdue.
	share := 2 * float64(len(a.Inventory().Users)) * float64(a.refreshEvery) / float64(a.sweepEvery)
	users = users[:min(len(users), int(share)+1)]
	a.sweepUsers(ctx, users)
	a.readLastUsed(ctx, a.sweep, a.now().Add(-min(a.sweepEvery/2, askAgainAfter)))
	a.publish()
	a.tidyUp(ctx)
}

func (a *Account) sweepUsers(ctx context.Context, users []User) {
	eachOf(ctx, users, func(u User) {
		if a.queue.resumed(ctx) == nil {
			a.readKeysOf(ctx, a.sweep, u)
		}
	})
}

// oldest lists the users whose keys were last read before then, the longest
// time ago first.
func (f *facts) oldest(then time.Time) []User {
	at := func(u User) time.Time {
		if r, ok := f.reading(u); ok {
			return later(r.Started, r.tried)
		}
		return f.Report.Since
	}
	var users []User
	for _, u := range f.Users {
		if at(u).Before(then) {
			users = append(users, u)
		}
	}
	slices.SortStableFunc(users, func(u, v User) int { return cmp.Or(at(u).Compare(at(v)), byName(u.Name, v.Name)) })
	return users
}
