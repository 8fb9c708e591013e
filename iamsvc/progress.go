package iamsvc

import (
	"context"
	"time"
)

// Progress is how far the reading of an account has come.
type Progress struct {
	Reading     bool          // a reading is going on, or waits while it is paused
	Paused      bool          // nothing is read in the background until Resume
	Again       bool          // the account was read before; this reading is about what has changed since
	Users       int           // users known
	UsersRead   int           // of these, users whose access keys are known
	UsersFailed int           // of these, users whose access keys could not be read; they are marked in the table
	UsersDenied int           // of these, users whose access keys Keydesk may not list (iam:ListAccessKeys)
	Done, Total int           // calls this reading has made, of those it has to make as far as is known
	Rate        float64       // calls per second at present
	Remaining   time.Duration // a guess; 0: cannot be told
	Started     time.Time     // when the reading began
}

// Progress of the reading that goes on, or of the last one.
func (a *Account) Progress() Progress {
	return a.ProgressIn(a.Inventory())
}

// ProgressIn is Progress with the figures of a picture, for pages that show both.
func (a *Account) ProgressIn(inv *Inventory) Progress {
	p := Progress{
		Reading: inv.Loading, Paused: inv.Paused, Users: len(inv.Users),
		UsersRead: inv.KeysRead, UsersFailed: inv.KeysFailed, UsersDenied: inv.KeysDenied, Rate: a.callRate(),
	}
	p.Done, p.Total, _ = a.queue.count()
	a.mu.Lock()
	p.Started, p.Again = a.started, a.facts.readBefore
	a.mu.Unlock()
	if p.Rate > 0 && p.Reading && !p.Paused {
		p.Remaining = time.Duration(float64(p.Total-p.Done) / p.Rate * float64(time.Second))
	}
	return p
}

// Watch returns a channel that is closed at the next change of the picture or
// of the progress.
func (a *Account) Watch() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.watched
}

// Pause stops the reading in the background until Resume. Clicks, look-ups and
// changes go on. A restart resumes.
func (a *Account) Pause() {
	a.queue.setPaused(true)
	a.publish()
}

// Resume goes on with what Pause stopped.
func (a *Account) Resume() {
	a.queue.setPaused(false)
	a.publish()
}

// soonEnough: a user who was tried so lately is not read again unasked.
const soonEnough = time.Minute

// ReadSoon puts users at the head of the reading: they are on a screen, or were
// just looked up. The last use of their keys is asked where no current answer
// tells it. ReadSoon does not wait, and leaves out who was tried a moment ago.
func (a *Account) ReadSoon(names ...string) {
	now := a.now()
	a.want(names, now.Add(-soonEnough), now.Add(-lastUsedLife))
}

// ReadAgain is ReadSoon for somebody who asked for another try: whatever is
// known of the users and of the last use of their keys is read again.
func (a *Account) ReadAgain(names ...string) {
	a.mu.Lock()
	a.denied = refusals{}
	a.mu.Unlock()
	now := a.now()
	a.want(names, now.Add(time.Hour), now)
}

// ScreenRead waits until everything is read that ReadSoon and ReadAgain asked
// for, or ctx is done.
func (a *Account) ScreenRead(ctx context.Context) { a.queue.screenRead(ctx) }

// want queues users, unless they were tried after unless. Answers about last
// uses from before usesSince are not enough.
func (a *Account) want(names []string, unless, usesSince time.Time) {
	if len(names) == 0 {
		return
	}
	inv := a.Inventory()
	var users []User
	a.mu.Lock()
	for _, name := range names {
		row, ok := inv.User(name)
		r, _ := a.facts.reading(row.User)
		tried := !r.tried.Before(unless) || !r.Started.Before(unless)
		if ok && (!tried || len(a.facts.usesBefore(row.User, usesSince)) > 0) {
			users = append(users, row.User)
			a.wantedUses[name] = later(a.wantedUses[name], usesSince)
		}
	}
	a.mu.Unlock()
	if len(users) == 0 {
		return
	}
	a.queue.first(users)
	select {
	case a.wanted <- struct{}{}:
	default: // Run knows already
	}
}
