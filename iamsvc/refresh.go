package iamsvc

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// cheapRefresh is how many calls a refresh may make beside those for users
// that changed. What does not fit is read with the sweep.
const cheapRefresh = 5

// Inventory is the current picture, never nil.
func (a *Account) Inventory() *Inventory { return a.snapshot.Load() }

// Refresh finds out which users appeared, vanished or changed and reads those
// again, the whole account the first time. It returns when that is done; one
// at a time. The picture is published as its parts arrive. What could not be
// read is marked in it; the error is about the list of users alone.
func (a *Account) Refresh(ctx context.Context) error {
	select {
	case a.refreshing <- struct{}{}:
		defer func() { <-a.refreshing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	a.learn(func(f *facts) { f.loading = true })
	defer a.learn(func(f *facts) { f.loading = false })
	if err := a.queue.resumed(ctx); err != nil {
		return err
	}
	l := a.background
	a.mu.Lock()
	a.denied, a.started = refusals{}, a.now()
	if !a.facts.UsersAt.IsZero() && a.facts.Report.tooOld(a.started) {
		l = a.sweep // every user again, which nobody waits for
	}
	a.mu.Unlock()

	a.queue.open()
	var crawl sync.WaitGroup
	crawl.Go(func() { a.crawl(ctx, l) })
	err := a.readLists(ctx)
	a.plan()
	a.queue.close()
	crawl.Wait()
	a.crawlSkipped(ctx, l)
	a.readLastUsed(ctx, a.laneForUses(l), a.now().Add(-min(a.sweepEvery, askAgainAfter)))
	if a.someoneGone() {
		_, err = a.readUsers(ctx)
	}
	a.tidyUp(ctx)
	return err
}

// laneForUses: without a current report all keys are asked about, which nobody
// waits for unless nothing was known before.
func (a *Account) laneForUses(l *lane) *lane {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.facts.readBefore && a.now().Sub(a.facts.Report.Made) > reportLife {
		return a.sweep
	}
	return l
}

// readLists reads what is about all users. The first time everything at once;
// later a new report, which is a list of users too, else that list.
func (a *Account) readLists(ctx context.Context) error {
	a.mu.Lock()
	first, dear := a.facts.UsersAt.IsZero(), a.facts.DetailCalls
	a.mu.Unlock()
	if first {
		return a.readListsAtFirst(ctx)
	}
	calls, newer, err := a.readNewReport(ctx)
	if newer {
		a.learn(func(f *facts) { f.usersErr, f.stale = nil, nil })
	} else {
		var more int
		more, err = a.readUsers(ctx)
		calls += more
	}
	a.plan()
	if calls+dear <= cheapRefresh {
		a.readDetails(ctx, a.background)
	}
	return err
}

// readNewReport makes no call while the report that is known is the last: IAM makes
// none anew for four hours.
func (a *Account) readNewReport(ctx context.Context) (calls int, current bool, err error) {
	a.mu.Lock()
	last := a.now().Sub(a.facts.Report.Since) < reportLife
	a.mu.Unlock()
	if last {
		return 0, false, nil
	}
	return a.readReport(ctx, func() {})
}

func (a *Account) readListsAtFirst(ctx context.Context) error {
	var report sync.WaitGroup
	looked := make(chan struct{})
	report.Go(func() {
		_, _, _ = a.readReport(ctx, func() { close(looked) }) // its error is in the picture
		a.plan()
	})
	_, err := a.readUsers(ctx)
	<-looked // a report that is there spares most of the calls
	a.plan()
	a.readDetails(ctx, a.background)
	report.Wait()
	return err
}

// readUsers reads the list of users. Of a first one, every page is shown as it
// comes and the keys of the first screen are read before any other.
func (a *Account) readUsers(ctx context.Context) (calls int, err error) {
	started := a.now()
	a.mu.Lock()
	first := a.facts.UsersAt.IsZero()
	a.mu.Unlock()
	size := a.pageSize
	if first {
		size = min(size, 2*firstScreen)
	}
	soFar := []User{}
	users, err := a.listUsers(ctx, a.lists, size, func(page []User) {
		calls++
		if !first {
			return
		}
		soFar = append(soFar, page...)
		soFar = soFar[:min(len(soFar), a.maxUsers)]
		if calls > 1 && !a.publishIsDue() {
			return // a server with small pages would have everything sorted for each
		}
		a.learn(func(f *facts) { f.setUsers(listing{users: soFar, started: started, going: true, most: a.maxUsers}) })
		if calls == 1 {
			a.readFirstScreen(ctx)
		}
	})
	a.learn(func(f *facts) { f.setUsers(listing{users: users, started: started, err: err, most: a.maxUsers}) })
	return calls, err
}

// readFirstScreen waits a while for the keys of the first rows: whatever else
// is called would take their turns.
func (a *Account) readFirstScreen(ctx context.Context) {
	a.mu.Lock()
	users := slices.Clone(a.facts.Users[:min(firstScreen, len(a.facts.Users))])
	a.mu.Unlock()
	a.queue.first(users)
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	a.queue.screenRead(ctx)
}

// plan queues the users whose keys have to be read.
func (a *Account) plan() {
	a.mu.Lock()
	overdue := a.started.Add(-a.sweepEvery)
	if a.facts.Report.tooOld(a.now()) {
		overdue = a.started // nothing tells who changed
	}
	users := a.facts.toRead(a.own, overdue)
	a.mu.Unlock()
	a.queue.plan(users)
}

// toRead lists the users whose keys were never listed, or not since overdue,
// or could not be, or are not as a newer report has them. Those first of whom it
// is not known what they have, and of these who has keys by the report. Who has
// none by the report needs no call.
func (f *facts) toRead(own ownChanges, overdue time.Time) []User {
	changes := own.byUser()
	var likely, rest, again []User
	for _, u := range f.Users {
		row, reported := f.row(u)
		r, read := f.reading(u)
		switch {
		case !read && f.reportedKeyless(u):
			continue
		case !read:
		case reported && f.Report.Since.After(r.knownAt(changes[u.Name])) && !row.agrees(applyOwn(changes[u.Name], slices.Clone(r.Keys), r.Started, r.Started)):
		case r.err != nil, r.Started.Before(overdue):
			again = append(again, u)
			continue
		default:
			continue
		}
		if reported && len(row.Slots) == 0 {
			rest = append(rest, u)
		} else {
			likely = append(likely, u)
		}
	}
	return slices.Concat(likely, rest, again)
}

// knownAt is until when what is known of the user's keys is surely right.
func (r keyReading) knownAt(own []ownChange) time.Time {
	at := r.Started
	for _, c := range own {
		at = later(at, c.At.Add(lagWindow))
	}
	return at
}

// someoneGone: a user was deleted between the list and the reading of the
// keys, or so IAM says of one that is very new.
func (a *Account) someoneGone() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.facts.Users, func(u User) bool {
		r, ok := a.facts.reading(u)
		return ok && errors.Is(r.err, ErrNoSuchUser)
	})
}

func (a *Account) tidyUp(ctx context.Context) {
	a.mu.Lock()
	if errors.Is(a.facts.usersErr, ErrTooMuch) {
		a.facts.forgetGone() // or what other users had would pile up
	}
	if !a.facts.partial { // else nobody can tell who is gone
		a.facts.forgetGone()
		a.facts.pruneOwn(a.own)
		a.facts.reread = nil
	}
	a.mu.Unlock()
	a.save(ctx)
}

// readDetails gets groups, tags and policies of all users in a few calls, and
// which kind of MFA they have. Without the latter the table still says whether
// they have one, so an error of that needs no mark.
func (a *Account) readDetails(ctx context.Context, l *lane) {
	started, calls := a.now(), 0
	groups := map[string]bool{}
	list, err := allPages(ctx, "GetAccountAuthorizationDetails", a.boundOfUsers(), func(ctx context.Context, marker *string) (page[types.UserDetail], error) {
		in := &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeUser, types.EntityTypeGroup}, Marker: marker, MaxItems: &a.pageSize}
		out, err := call(ctx, l, l.iam.GetAccountAuthorizationDetails, in)
		if calls++; err != nil {
			return page[types.UserDetail]{}, err
		}
		for _, g := range out.GroupDetailList {
			groups[aws.ToString(g.GroupName)] = quarantined(
				convert(g.AttachedManagedPolicies, newAttachedPolicy), convert(g.GroupPolicyList, newInlinePolicyName))
		}
		return page[types.UserDetail]{out.UserDetailList, out.IsTruncated, out.Marker}, nil
	})
	names, mfaErr := a.virtualMFAUsers(ctx, l)
	a.learn(func(f *facts) {
		if mfaErr == nil {
			f.VirtualMFA = names
		}
		f.DetailCalls = calls + 1
		if f.detailsErr = err; err != nil {
			return
		}
		f.Details, f.DetailsAt = make(map[string]details, len(list)), started
		f.QuarantinedGroups = groups
		for _, d := range list {
			f.Details[aws.ToString(d.UserName)] = newDetails(d)
		}
	})
}

func newDetails(d types.UserDetail) details {
	one := details{
		UserID: aws.ToString(d.UserId), Created: utc(d.CreateDate),
		Groups: d.GroupList, Tags: convert(d.Tags, newTag),
		Quarantined: quarantined(convert(d.AttachedManagedPolicies, newAttachedPolicy), convert(d.UserPolicyList, newInlinePolicyName)),
	}
	if b := d.PermissionsBoundary; b != nil {
		one.Boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	return one
}
