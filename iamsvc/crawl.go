package iamsvc

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// publishEvery bounds how often a running crawl draws a new picture.
const publishEvery = 250 * time.Millisecond

// Inventory is the current picture, never nil.
func (a *Account) Inventory() *Inventory { return a.snapshot.Load() }

// Run keeps the inventory fresh until ctx is done.
func (a *Account) Run(ctx context.Context) {
	ticker := time.NewTicker(a.refreshEvery)
	defer ticker.Stop()
	for {
		if err := a.Refresh(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("the inventory could not be read completely", "account", a.ID(), "code", ErrorCode(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-a.wake:
		}
	}
}

// RefreshSoon asks Run for a reading and does not wait for it.
func (a *Account) RefreshSoon() {
	select {
	case a.wake <- struct{}{}:
	default: // one is asked for already
	}
}

// Refresh reads the whole account and returns when that is done; one at a
// time. The picture is published as its parts arrive. What could not be read
// is marked in it; the error is about the list of users alone.
func (a *Account) Refresh(ctx context.Context) error {
	select {
	case a.refreshing <- struct{}{}:
		defer func() { <-a.refreshing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	started := a.now()
	a.learn(func(f *facts) { f.loading = true })
	defer a.learn(func(f *facts) { f.loading = false })

	var report, rest sync.WaitGroup
	report.Go(func() { a.readReport(ctx) })
	rest.Go(func() { a.readDetails(ctx) })
	rest.Go(func() { a.readVirtualMFA(ctx) })
	users, err := a.listUsers(ctx, a.background)
	a.learn(func(f *facts) { f.setUsers(users, err, started) })
	a.readKeys(ctx)
	report.Wait()
	a.readLastUsed(ctx)
	rest.Wait()
	a.learn(func(f *facts) {
		f.forgetGone()
		if err == nil && ctx.Err() == nil {
			a.own.prune(started)
		}
	})
	return err
}

// learn changes the facts and publishes the picture of them.
func (a *Account) learn(change func(*facts)) {
	a.mu.Lock()
	change(&a.facts)
	a.mu.Unlock()
	a.publish()
}

func (a *Account) publish() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.snapshot.Store(a.facts.inventory(a.own))
}

// readDetails gets groups, tags and policies of all users in a few calls.
func (a *Account) readDetails(ctx context.Context) {
	started := a.now()
	l := a.background
	list, err := allPages("GetAccountAuthorizationDetails", func(marker *string) (page[types.UserDetail], error) {
		in := &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeUser}, Marker: marker, MaxItems: &a.pageSize}
		out, err := call(ctx, l, l.iam.GetAccountAuthorizationDetails, in)
		if err != nil {
			return page[types.UserDetail]{}, err
		}
		return page[types.UserDetail]{out.UserDetailList, out.IsTruncated, out.Marker}, nil
	})
	a.learn(func(f *facts) {
		f.detailsErr = err
		if err != nil {
			return
		}
		f.details, f.detailsAt = make(map[string]details, len(list)), started
		for _, d := range list {
			f.details[aws.ToString(d.UserName)] = newDetails(d)
		}
	})
}

func newDetails(d types.UserDetail) details {
	one := details{
		groups: d.GroupList, tags: convert(d.Tags, newTag),
		quarantined: quarantined(convert(d.AttachedManagedPolicies, newAttachedPolicy)),
	}
	if b := d.PermissionsBoundary; b != nil {
		one.boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	return one
}

// readVirtualMFA finds out which kind of MFA users have. Without it the table
// still says whether they have one, so an error needs no mark.
func (a *Account) readVirtualMFA(ctx context.Context) {
	if names, err := a.virtualMFAUsers(ctx, a.background); err == nil {
		a.learn(func(f *facts) { f.virtualMFA = names })
	}
}

// readReport gets the credential report, having it made if there is none.
func (a *Account) readReport(ctx context.Context) {
	var asked bool
	for waited := time.Duration(0); ; waited += a.reportPoll {
		r, err := a.credentialReport(ctx, a.background)
		if err == nil {
			a.learn(func(f *facts) { f.setReport(r) })
			return
		}
		missing := errors.Is(err, ErrReportNotPresent) || errors.Is(err, ErrReportExpired)
		if missing && !asked {
			asked = true
			if _, failed := a.generateReport(ctx, a.background); failed != nil {
				err, missing = failed, false
			}
		}
		if !missing && !errors.Is(err, ErrReportInProgress) || waited >= a.reportWait || sleep(ctx, a.reportPoll) != nil {
			a.learn(func(f *facts) { f.reportErr = err })
			return
		}
	}
}

// readKeys lists the keys of every user, those first who have some by the
// report.
func (a *Account) readKeys(ctx context.Context) {
	a.mu.Lock()
	users := slices.Clone(a.facts.users)
	likely := make(map[string]bool, len(users))
	for _, u := range users {
		row, ok := a.facts.row(u)
		likely[u.Name] = !ok || len(row.Slots) > 0
	}
	a.mu.Unlock()
	slices.SortStableFunc(users, func(u, v User) int {
		return boolOrder(likely[u.Name]) - boolOrder(likely[v.Name])
	})
	eachOf(ctx, users, a.publishNowAndThen(), func(u User) {
		reading := keyReading{started: a.now(), err: ErrEmptyUserName}
		if strings.TrimSpace(u.Name) != "" {
			reading.keys, reading.err = a.listAccessKeys(ctx, a.background, target{user: u.Name})
		}
		if ctx.Err() != nil {
			return
		}
		a.mu.Lock()
		a.facts.setKeys(u, reading)
		a.mu.Unlock()
	})
}

func boolOrder(first bool) int {
	if first {
		return 0
	}
	return 1
}

// readLastUsed asks IAM about the keys the report says nothing certain about.
func (a *Account) readLastUsed(ctx context.Context) {
	a.publish()
	var unsure []string
	kept := map[string]LastUsed{}
	a.mu.Lock()
	for _, u := range a.Inventory().Users {
		row, _ := a.facts.row(u.User)
		for _, k := range u.Keys {
			if _, ok := row.lastUsed(k, u.Keys); !ok {
				unsure = append(unsure, k.ID)
			}
			if before, ok := a.facts.lastUsed[k.ID]; ok {
				kept[k.ID] = before
			}
		}
	}
	a.facts.lastUsed = kept
	a.mu.Unlock()
	eachOf(ctx, unsure, a.publishNowAndThen(), func(keyID string) {
		_, used, _ := a.accessKeyLastUsed(ctx, a.background, keyID)
		if ctx.Err() != nil {
			return
		}
		a.mu.Lock()
		a.facts.lastUsed[keyID] = used
		a.mu.Unlock()
	})
}

// publishNowAndThen returns a function that publishes when the last time is
// long enough ago.
func (a *Account) publishNowAndThen() func() {
	var mu sync.Mutex
	last := time.Now()
	return func() {
		if !mu.TryLock() {
			return // somebody is at it
		}
		defer mu.Unlock()
		if time.Since(last) >= publishEvery {
			a.publish()
			last = time.Now()
		}
	}
}

// eachOf runs one for all items, a few at a time, until ctx is done.
func eachOf[T any](ctx context.Context, items []T, after func(), one func(T)) {
	work := make(chan T)
	var wg sync.WaitGroup
	for range mostAtOnce {
		wg.Go(func() {
			for item := range work {
				one(item)
				after()
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
