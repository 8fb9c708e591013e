package iamsvc

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// What is taken from a server at most. It may be broken, or somebody else's: an
// endless list and a page of gigabytes must not take Keydesk's memory with them.
const (
	maxReply         = 8 << 20 // bytes; 1,000 users with their policies are a few megabytes
	maxElements      = 250_000 // of one document; 20,000 users on one page have 200,000
	maxDepth         = 1_000   // of one document; IAM's have 10, a web page in its place some hundred open tags
	defaultMaxUsers  = 20_000  // AWS allows 5,000
	keysOfAll        = 5       // access keys of all users, for each user that there may be
	longestReading   = 15 * time.Minute
	pagesOfOneUser   = 100
	entriesOfOneUser = 1_000
)

// LimitError says that the server had more than Keydesk takes. What was read until
// then is a part, and must be shown as one.
type LimitError struct {
	What string // "20,000 users", "8 MiB in one answer"
	Hint string // what sets the limit, a setting's name; "" when it is fixed
}

// Error can go behind a colon in a sentence.
func (e *LimitError) Error() string {
	if e.Hint != "" {
		return "reading stopped at " + e.What + " (" + e.Hint + ")"
	}
	return "reading stopped at " + e.What
}

// Is makes it an ErrUnsupported too: asking again would bring the same.
func (e *LimitError) Is(target error) bool { return target == ErrTooMuch || target == ErrUnsupported }

// bound is how much of one list is read.
type bound struct {
	entries, pages int
	time           time.Duration // 0: as long as the calls take
	what, hint     string        // of the entries
}

func (a *Account) boundOfUsers() bound {
	return bound{entries: a.maxUsers, pages: a.maxUsers, time: longestReading, what: "users", hint: "-max-users"}
}

var boundOfOneUser = bound{entries: entriesOfOneUser, pages: pagesOfOneUser, what: "entries"}

// reached is the error of a list that goes on behind the bound.
func (b bound) reached(entries, pages int) error {
	switch {
	case entries > b.entries:
		return &LimitError{What: thousands(b.entries) + " " + b.what, Hint: b.hint}
	case pages >= b.pages:
		return &LimitError{What: thousands(b.pages) + " pages"}
	}
	return nil
}

// within gives a list its time, and tells that from the end of the caller's.
func (b bound) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if b.time == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, b.time, &LimitError{What: fmt.Sprintf("%d minutes", int(b.time.Minutes()))})
}

// outOfTime is the list's own end in place of the error of the call that met it.
func outOfTime(ctx context.Context, err error) error {
	var limit *LimitError
	if errors.As(context.Cause(ctx), &limit) {
		return limit
	}
	return err
}

// tooManyKeys is the error of a reading that would be too much beside all that is
// known of other users.
func (f *facts) tooManyKeys(u User, r keyReading, most int) error {
	if f.keyCount-len(f.Keys[u.Name].Keys)+len(r.Keys) > most {
		return &LimitError{What: thousands(most) + " access keys"}
	}
	return nil
}

// countKeys is for when more than one user's keys have changed.
func (f *facts) countKeys() {
	f.keyCount = 0
	for _, r := range f.Keys {
		f.keyCount += len(r.Keys)
	}
}

func thousands(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
