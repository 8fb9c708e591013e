package iamsvc

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"keydesk/iamsvc/localaccount"
)

// tripBreaker reads a user until IAM is no longer asked.
func (l local) tripBreaker(t *testing.T, user string) {
	t.Helper()
	for range tripAfter {
		if _, err := l.User(t.Context(), user); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("a call to a server that fails: %v", err)
		}
	}
}

func TestPagesDoNotWaitForAServerThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{Users: 10})
	user := l.newUser(t, "ann", 1)
	l.server.Trouble().Set("", func(r *localaccount.Rules) { r.FailWith = localaccount.Failure{Times: -1} })
	l.tripBreaker(t, "ann")

	before := l.calls("GetUser")
	if _, err := l.User(t.Context(), "ann"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("the next page: %v", err)
	}
	if n := l.calls("GetUser") - before; n != 0 {
		t.Errorf("it made %d calls, want none", n)
	}

	l.server.Trouble().Reset()
	if err := l.UpdateAccessKey(administrator(), "ann", user[0], KeyInactive); err != nil {
		t.Errorf("a change, in the second in which IAM answers again: %v", err)
	}
	for l.readFails(t, "ann") { // until the next call that is tried
		time.Sleep(10 * time.Millisecond)
	}
}

func (l local) readFails(t *testing.T, user string) bool {
	_, err := l.User(t.Context(), user)
	if err != nil && !errors.Is(err, ErrUnavailable) {
		t.Fatal(err)
	}
	return err != nil
}

// A call that hangs counts before its deadline, so that few pages wait for it.
func TestHangingCallsCountEarly(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{Users: 10})
	l.newUser(t, "ann", 1)
	l.server.Trouble().Set("", func(r *localaccount.Rules) { r.Latency = time.Hour })
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for range tripAfter {
		waiting.Go(func() {
			if _, err := l.User(ctx, "ann"); !errors.Is(err, context.Canceled) {
				t.Errorf("a call that hangs: %v", err)
			}
		})
	}
	for {
		if _, err := l.interactive.breaker.circuit.Allow(); err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := l.User(ctx, "ann"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("the next page: %v", err)
	}
	cancel()
	waiting.Wait()
}

// What is refused has been answered.
func TestRefusalsAreAnswers(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{Users: 10})
	for range 3 * tripAfter {
		if _, err := l.User(t.Context(), "no-such-user"); !errors.Is(err, ErrNoSuchUser) {
			t.Fatal(err)
		}
	}
}

// What is not tried says why the calls before it were not answered.
func TestBreakerNamesTheCause(t *testing.T) {
	t.Parallel()
	b := newBreaker()
	for range tripAfter {
		ended, err := b.begin(t.Context(), "GetUser", &trace{})
		if err != nil {
			t.Fatal(err)
		}
		ended(&CallError{Operation: "GetUser", Kind: &ConnectionError{Reason: ErrConnectionRefused, Host: "iam.example:443"}})
	}
	_, err := b.begin(t.Context(), "ListUsers", &trace{})
	wantIs(t, err, ErrConnectionRefused)
	if Cause(err) != "the server iam.example:443 refused the connection" {
		t.Error(err)
	}
}
