package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"keydesk/web/db/dbtest"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, c := newAccounts(t, url)
		a := create(t, l, "Ann", RoleHelpDesk)
		c.advance(time.Hour)
		u, err := l.SignIn(t.Context(), "aNN", password, home)
		if want := (User{ID: a.ID, Issuer: "local", Subject: a.ID, Name: "Ann", Role: RoleHelpDesk, SignedInAt: c.now()}); err != nil || u != want {
			t.Errorf("got %+v %v, want %+v", u, err, want)
		}
		list, err := l.List(t.Context())
		if err != nil || !list[0].LastSignIn.Equal(c.now()) {
			t.Errorf("last sign-in is %v %v", list, err)
		}
	})
}

// countHashes replaces the hasher's places by a meeting point with the test, so that
// each hash is counted.
func countHashes(t *testing.T, h *hasher) *atomic.Int32 {
	n, done, slots := &atomic.Int32{}, t.Context().Done(), make(chan struct{})
	h.slots = slots
	go func() {
		for {
			select {
			case <-slots:
				n.Add(1)
				slots <- struct{}{}
			case <-done:
				return
			}
		}
	}()
	return n
}

func TestFailuresAreAlike(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		create(t, l, "ann", RoleHelpDesk)
		off := create(t, l, "off", RoleHelpDesk)
		if err := l.SetDisabled(t.Context(), off.ID, true); err != nil {
			t.Fatal(err)
		}
		// A stale hash is replaced at sign-in, and only then: a second hash for the right
		// password of a disabled account would give it away.
		l.hasher = newHasher(cost{memory: 16, time: 1, lanes: 1})
		for _, test := range []struct{ name, password string }{
			{"ann", "wrong password"}, {"nobody", password}, {"off", password}, {"off", "wrong password"},
			{"", ""}, {strings.Repeat("x", 5000), strings.Repeat("y", 5000)}, {"ann'--", "' OR 1=1"},
		} {
			n := countHashes(t, l.hasher)
			_, err := l.SignIn(t.Context(), test.name, test.password, home)
			if err != ErrBadCredentials {
				t.Errorf("%.20s: error is %v", test.name, err)
			}
			// The hash is what takes the time: without it a stranger could tell names apart.
			if n.Load() != 1 {
				t.Errorf("%.20s: %d hashes, want 1", test.name, n.Load())
			}
		}
		c, _, _, err := decode(NewLocalAccounts(l.db).hasher.decoy)
		if err != nil || c != currentCost {
			t.Errorf("the decoy costs %v %v, want %v", c, err, currentCost)
		}
	})
}

func TestSignInHeedsItsContext(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		create(t, l, "ann", RoleHelpDesk)
		ctx, cancel := context.WithCancel(t.Context())
		l.hasher.slots = make(chan struct{})
		done := make(chan error)
		go func() {
			_, err := l.SignIn(ctx, "ann", password, home)
			done <- err
		}()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestRehashWhenTheCostChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		create(t, l, "ann", RoleHelpDesk)
		l.hasher = newHasher(cost{memory: 16, time: 2, lanes: 1})
		for range 2 {
			if _, err := l.SignIn(t.Context(), "ann", password, home); err != nil {
				t.Fatal(err)
			}
		}
		_, stored, _, err := l.credentials(t.Context(), "ann")
		if err != nil || !strings.Contains(stored, "$m=16,t=2,p=1$") {
			t.Errorf("stored hash is %q %v", stored, err)
		}
	})
}

// An account disabled, or given another password, while its hash is being computed
// must not be signed in to.
func TestChangeDuringSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		for name, change := range map[string]func(id string) error{
			"disabled": func(id string) error { return l.SetDisabled(t.Context(), id, true) },
			"password": func(id string) error { return l.SetPassword(t.Context(), id, "eight dry badgers") },
		} {
			a := create(t, l, name[:4], RoleHelpDesk)
			_, stored, _, err := l.credentials(t.Context(), name[:4])
			if err != nil {
				t.Fatal(err)
			}
			if err := change(a.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := l.signedIn(t.Context(), a, stored, stored, home); !errors.Is(err, ErrBadCredentials) {
				t.Errorf("%s: error is %v", name, err)
			}
		}
	})
}

// try signs in and returns the wait it was told, or 0.
func try(t *testing.T, l *LocalAccounts, name, password, addr string) (time.Duration, error) {
	t.Helper()
	_, err := l.SignIn(t.Context(), name, password, addr)
	var wait *TooManyAttempts
	if errors.As(err, &wait) {
		return wait.RetryAfter, err
	}
	return 0, err
}

func TestBackoffPerName(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, c := newAccounts(t, url)
		create(t, l, "ann", RoleHelpDesk)
		create(t, l, "bob", RoleHelpDesk)
		from := func(i int) string { return fmt.Sprintf("198.51.100.%d", i) }
		for i := range 5 {
			if _, err := try(t, l, "Ann", "wrong password", from(i)); !errors.Is(err, ErrBadCredentials) {
				t.Fatalf("attempt %d: %v", i+1, err)
			}
		}
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
			want *= time.Second
			// From everywhere, with the right password too, and however often it is tried.
			for range 3 {
				if got, err := try(t, l, "ann", password, from(10+i)); got != want {
					t.Fatalf("wait %d is %v (%v), want %v", i+1, got, err, want)
				}
			}
			c.advance(want - time.Millisecond)
			if got, _ := try(t, l, "ann", password, from(10+i)); got != time.Second {
				t.Fatalf("a moment too early: told to wait %v, want 1s", got)
			}
			c.advance(time.Millisecond)
			if _, err := try(t, l, "ann", "wrong password", from(10+i)); !errors.Is(err, ErrBadCredentials) {
				t.Fatalf("after the wait: %v", err)
			}
		}
		if _, err := try(t, l, "bob", password, from(99)); err != nil {
			t.Errorf("another name has to wait too: %v", err)
		}
		// Waiting helps for sure: there is no lock-out.
		c.advance(time.Minute)
		if _, err := try(t, l, "ann", password, from(99)); err != nil {
			t.Fatalf("the right password after the longest wait: %v", err)
		}
		for i := range 5 {
			if _, err := try(t, l, "ann", "wrong password", from(i)); !errors.Is(err, ErrBadCredentials) {
				t.Fatalf("success has not reset the count: %v", err)
			}
		}
	})
}

func TestBackoffOfUnknownNamesIsTheSame(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		for range 5 {
			if _, err := try(t, l, "nobody", password, home); !errors.Is(err, ErrBadCredentials) {
				t.Fatal(err)
			}
		}
		if got, err := try(t, l, "nobody", password, home); got != time.Second {
			t.Errorf("told to wait %v (%v), want 1s", got, err)
		}
	})
}

func TestBackoffPerAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, c := newAccounts(t, url)
		create(t, l, "ann", RoleHelpDesk)
		guess := func(i int, addr string) (time.Duration, error) {
			return try(t, l, fmt.Sprint("name", i), password, addr)
		}
		for i := range 20 {
			// The port, and the host within an IPv6 network, are the client's to choose.
			if _, err := guess(i, fmt.Sprintf("[2001:db8::%d]:%d", i+1, 1000+i)); !errors.Is(err, ErrBadCredentials) {
				t.Fatalf("guess %d: %v", i+1, err)
			}
		}
		if got, err := guess(20, "2001:db8::ffff"); got != time.Second {
			t.Errorf("told to wait %v (%v), want 1s", got, err)
		}
		if _, err := guess(21, "2001:db8:0:1::1"); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("another network has to wait too: %v", err)
		}
		c.advance(time.Second)
		if _, err := try(t, l, "ann", password, "2001:db8::1"); err != nil {
			t.Fatal(err)
		}
		// The success took back its own count only: 20 failures still stand.
		if got, err := guess(22, "2001:db8::1"); got != time.Second {
			t.Errorf("a good account bought guesses at others: wait %v (%v)", got, err)
		}
	})
}

func TestBackoffIsForgottenAndOutlivesARestart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, c := newAccounts(t, url)
		for range 5 {
			if _, err := try(t, l, "ann", "wrong password", home); !errors.Is(err, ErrBadCredentials) {
				t.Fatal(err)
			}
		}
		again := NewLocalAccounts(l.db)
		again.hasher, again.clock = l.hasher, c.now
		if got, err := try(t, again, "ann", password, home); got != time.Second {
			t.Errorf("after a restart told to wait %v (%v), want 1s", got, err)
		}
		c.advance(forgetAfter)
		for range 5 {
			if _, err := try(t, again, "ann", "wrong password", home); !errors.Is(err, ErrBadCredentials) {
				t.Fatalf("a quarter of an hour later: %v", err)
			}
		}
		c.advance(forgetAfter + time.Microsecond)
		if _, err := try(t, again, "bob", "wrong password", "192.0.2.9"); !errors.Is(err, ErrBadCredentials) {
			t.Fatal(err)
		}
		var rows int
		if err := l.db.QueryRow(t.Context(), `SELECT COUNT(*) FROM sign_in_attempts`).Scan(&rows); err != nil || rows != 2 {
			t.Errorf("%d rows kept (%v), want the last attempt's 2", rows, err)
		}
	})
}

func TestParallelGuessesDoNotSlipThrough(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		create(t, l, "ann", RoleHelpDesk)
		var checked atomic.Int32
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				_, err := try(t, l, "ann", fmt.Sprint("wrong password ", i), fmt.Sprint("203.0.113.", i))
				if errors.Is(err, ErrBadCredentials) {
					checked.Add(1)
				}
			})
		}
		wg.Wait()
		if checked.Load() != 5 {
			t.Errorf("%d of 60 parallel guesses were checked, want 5", checked.Load())
		}
	})
}

func TestFirstRun(t *testing.T) {
	t.Parallel()
	f, token, err := NewFirstRun()
	if err != nil {
		t.Fatal(err)
	}
	if len(token) < 26 { // base32: 130 bits
		t.Errorf("the token %q is too short", token)
	}
	for _, wrong := range []string{"", token[1:], token + "A", strings.ToLower(token)} {
		if f.Valid(wrong) || f.Spend(wrong) {
			t.Errorf("%q is accepted", wrong)
		}
	}
	for range 2 {
		if !f.Valid(token) {
			t.Error("looking has spent the token")
		}
	}
	var winners atomic.Int32
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if f.Spend(token) {
				winners.Add(1)
			}
		})
	}
	wg.Wait()
	if winners.Load() != 1 {
		t.Errorf("%d winners, want 1", winners.Load())
	}
	if f.Valid(token) {
		t.Error("a spent token is valid")
	}
	if strings.Contains(fmt.Sprintf("%+v %#v", f, f), token) {
		t.Error("the token is kept in memory")
	}
}
