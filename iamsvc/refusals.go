package iamsvc

import (
	"context"
	"errors"
	"math/rand/v2"
)

const (
	// manyDenied: after so many users whose keys may not be listed, and none
	// whose may, one in askAllTheSame of the rest is asked about. Where names or
	// paths decide who may be read, the next name may be another matter.
	manyDenied    = 25
	askAllTheSame = 10
)

// refusals are those of a reading, of permissions or of credentials. Once IAM
// has refused many users and answered for none, the others are skipped, but for
// some: one answer, and who was skipped is asked about all the same.
type refusals struct {
	many     int
	last     error
	answered bool
	skipped  []User
}

func (r *refusals) count(err error) {
	if !refusesOthersToo(err) {
		r.answered = r.answered || err == nil
		return
	}
	r.many, r.last = r.many+1, err
}

// refusesOthersToo: what was refused for one user is likely to be for the next.
func refusesOthersToo(err error) bool {
	for _, kind := range []error{ErrDenied, ErrCredentials, ErrClockSkew, ErrInterposed, ErrRefused} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// likelyRefusal is what IAM would say of u too, nil when it is to be asked.
func (a *Account) likelyRefusal(u User) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.denied.answered || a.denied.many < manyDenied || rand.N(askAllTheSame) == 0 {
		return nil
	}
	a.denied.skipped = append(a.denied.skipped, u)
	return a.denied.last
}

// crawlSkipped reads users who were taken for refused before IAM answered for
// another.
func (a *Account) crawlSkipped(ctx context.Context, l *lane) {
	a.mu.Lock()
	skipped := a.denied.skipped
	again := a.denied.answered && len(skipped) > 0
	a.denied.skipped = nil
	a.mu.Unlock()
	if !again {
		return
	}
	a.queue.open()
	a.queue.plan(skipped)
	a.queue.close()
	a.crawl(ctx, l)
}
