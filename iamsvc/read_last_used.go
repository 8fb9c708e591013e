package iamsvc

import (
	"cmp"
	"context"
	"slices"
	"time"
)

const (
	// askAgainAfter leaves an hour in which a last use can be read again before
	// the answer is too old for advice.
	askAgainAfter = lastUsedLife - time.Hour
	// shortestSilence is the least that a list calls unused.
	shortestSilence = 45 * 24 * time.Hour
)

// readLastUsed asks IAM about the keys of which no current report tells, unless
// it was asked since then.
func (a *Account) readLastUsed(ctx context.Context, l *lane, since time.Time) {
	a.publish()
	a.mu.Lock()
	ask := a.facts.keysToAsk(a.Inventory(), a.now(), since)
	a.mu.Unlock()
	a.queue.more(len(ask))
	eachOf(ctx, ask, func(keyID string) {
		if a.queue.resumed(ctx) != nil {
			return
		}
		defer a.queue.less()
		a.mu.Lock()
		answered := a.facts.AskedUses[keyID].since(since)
		a.mu.Unlock()
		if !answered { // by a page or another reading, while this one waited
			_, _, _ = a.accessKeyLastUsed(ctx, l, keyID) // its error is in the picture
		}
	})
}

// keysToAsk lists the keys whose last use neither a current report nor an answer
// since then tells. Those marked unused come first, because an error about them
// stops a program, then those nothing is known of, then the oldest answers.
func (f *facts) keysToAsk(inv *Inventory, now, since time.Time) []string {
	type candidate struct {
		id    string
		rank  int
		asked time.Time
	}
	var found []candidate
	for i := range inv.Users {
		u := &inv.Users[i]
		row, _ := f.row(u.User)
		for _, k := range u.Keys {
			asked := f.AskedUses[k.ID]
			if k.ID == "" || asked.since(since) || f.Report.lastUsed(row, k, u.Keys).Current(now) {
				continue
			}
			found = append(found, candidate{k.ID, askingOrder(k.LastUsed, now), asked.Asked})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), a.asked.Compare(b.asked))
	})
	ids := make([]string, len(found))
	for i, c := range found {
		ids[i] = c.id
	}
	return ids
}

func askingOrder(u LastUsed, now time.Time) int {
	switch {
	case !u.asOf.IsZero() && u.markedUnused(now):
		return 0
	case u.asOf.IsZero():
		return 1
	}
	return 2
}

// since reports whether the key was asked about since then, with an answer that
// would be the same again.
func (u askedUse) since(then time.Time) bool { return u.settled() && !u.Asked.Before(then) }

// readWantedUses asks about the last use of a user's keys if they are on a
// screen.
func (a *Account) readWantedUses(ctx context.Context, l *lane, u User) {
	a.mu.Lock()
	since, wanted := a.wantedUses[u.Name]
	delete(a.wantedUses, u.Name)
	var ids []string
	if wanted {
		ids = a.facts.usesBefore(u, since)
	}
	a.mu.Unlock()
	for _, id := range ids {
		_, _, _ = a.accessKeyLastUsed(ctx, l, id) // its error is in the picture
	}
}

// usesBefore lists the user's keys about which there is no answer since then.
func (f *facts) usesBefore(u User, since time.Time) (ids []string) {
	r, _ := f.reading(u)
	row, _ := f.row(u)
	for _, k := range r.Keys {
		if !f.AskedUses[k.ID].since(since) && f.Report.lastUsed(row, k, r.Keys).asOf.Before(since) {
			ids = append(ids, k.ID)
		}
	}
	return ids
}
