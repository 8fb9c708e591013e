package iamsvc

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	crawlers     = 30 // users whose keys are being read at the same time, at most; as many as the limiter lets out
	firstScreen  = 50 // rows of a list's first page
	publishEvery = 250 * time.Millisecond
	saveEvery    = 10 * time.Second
)

// learn changes the facts and publishes the picture of them.
func (a *Account) learn(change func(*facts)) {
	a.mu.Lock()
	change(&a.facts)
	a.facts.reread = nil
	a.mu.Unlock()
	a.publish()
}

// publish draws the picture and wakes who watches.
func (a *Account) publish() {
	a.mu.Lock()
	defer a.mu.Unlock()
	began := time.Now()
	_, _, a.facts.paused = a.queue.count()
	a.facts.readBefore = a.facts.readBefore || !a.facts.loading && !a.facts.UsersAt.IsZero()
	if before := a.snapshot.Load(); before != nil && a.facts.reread != nil {
		a.snapshot.Store(a.facts.redrawn(before, a.own))
	} else {
		a.snapshot.Store(a.facts.inventory(a.own))
	}
	a.facts.reread = map[string]bool{}
	close(a.watched)
	a.watched = make(chan struct{})
	a.published, a.drawing = time.Now(), time.Since(began)
}

// publishNowAndThen publishes when the last time is long enough ago: drawing
// takes a tenth of one processor at most.
func (a *Account) publishNowAndThen() {
	if a.publishIsDue() {
		a.publish()
	}
}

// publishIsDue says so to one caller, who publishes.
func (a *Account) publishIsDue() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	due := time.Since(a.published) >= max(publishEvery, 10*a.drawing)
	if due {
		a.published = time.Now() // nobody else, while this one is drawing
	}
	return due
}

// crawl reads the keys of queued users until the queue is closed and empty.
func (a *Account) crawl(ctx context.Context, l *lane) {
	var wg sync.WaitGroup
	for range crawlers {
		wg.Go(func() {
			for {
				u, ok := a.queue.next(ctx)
				if !ok {
					return
				}
				lane := a.laneFor(u, l)
				a.readKeysOf(ctx, lane, u)
				a.readWantedUses(ctx, lane, u)
				if a.queue.finished(u) {
					a.publish() // a screen is complete
				} else {
					a.publishNowAndThen()
				}
				a.saveNowAndThen(ctx)
			}
		})
	}
	wg.Wait()
}

// laneFor: nobody waits for another reading of what is known already, unless they
// asked for it, but for all else.
func (a *Account) laneFor(u User, again *lane) *lane {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r, known := a.facts.known(u); known && r.err == nil && !a.queue.awaits(u.Name) {
		return again
	}
	return a.background
}

func (a *Account) readKeysOf(ctx context.Context, l *lane, u User) {
	r := keyReading{Started: a.now(), err: a.likelyRefusal(u)}
	switch {
	case r.err != nil:
	case strings.TrimSpace(u.Name) == "":
		r.err = ErrEmptyUserName
	default:
		r.Keys, r.err = a.fetchAccessKeys(ctx, l, target{user: u.Name})
		if ctx.Err() != nil {
			return // no answer is no finding
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.facts.tooManyKeys(u, r, keysOfAll*a.maxUsers); err != nil {
		r.Keys, r.err = nil, err
	}
	a.facts.setKeys(u, r)
	a.denied.count(r.err)
}

// noticeKeys takes a list that a page or a change has just read into the picture.
func (a *Account) noticeKeys(user string, r keyReading) {
	known, ok := a.Inventory().User(user)
	if !ok {
		return
	}
	a.mu.Lock()
	before, read := a.facts.reading(known.User)
	same := read && before.err == nil && slices.EqualFunc(before.Keys, r.Keys, func(k, l AccessKey) bool { return k.ID == l.ID && k.Status == l.Status })
	a.facts.setKeys(known.User, r)
	a.mu.Unlock()
	if !same {
		a.publish()
	}
}

// eachOf runs one for all items, some at a time, until ctx is done.
func eachOf[T any](ctx context.Context, items []T, one func(T)) {
	work := make(chan T)
	var wg sync.WaitGroup
	for range min(crawlers, len(items)) {
		wg.Go(func() {
			for item := range work {
				one(item)
			}
		})
	}
	defer wg.Wait()
	defer close(work)
	for _, item := range items {
		select {
		case work <- item:
		case <-ctx.Done():
			return
		}
	}
}
