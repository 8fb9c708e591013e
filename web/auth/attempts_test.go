package auth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"keydesk/web/db/dbtest"
)

// try signs in and returns the wait it was told, or 0.
func try(t *testing.T, l *LocalAccounts, name, password, addr string) (time.Duration, error) {
	t.Helper()
	_, err := l.SignIn(t.Context(), name, password, Client{Address: addr})
	var wait *TooManyAttempts
	if errors.As(err, &wait) {
		return wait.RetryAfter, err
	}
	return 0, err
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
		guessAt := func(i int, addr string) (time.Duration, error) {
			return try(t, l, fmt.Sprint("name", i), password, addr)
		}
		for i := range 20 {
			// The port, and the host within an IPv6 network, are the client's to choose.
			if _, err := guessAt(i, fmt.Sprintf("[2001:db8::%d]:%d", i+1, 1000+i)); !errors.Is(err, ErrBadCredentials) {
				t.Fatalf("guess %d: %v", i+1, err)
			}
		}
		if got, err := guessAt(20, "2001:db8::ffff"); got != time.Second {
			t.Errorf("told to wait %v (%v), want 1s", got, err)
		}
		if _, err := guessAt(21, "2001:db8:0:1::1"); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("another network has to wait too: %v", err)
		}
		c.advance(time.Second)
		if _, err := try(t, l, "ann", password, "2001:db8::1"); err != nil {
			t.Fatal(err)
		}
		// The success took nothing back: 20 failures still stand, and the next is the 21st.
		if _, err := guessAt(22, "2001:db8::1"); !errors.Is(err, ErrBadCredentials) {
			t.Fatal(err)
		}
		if got, err := guessAt(23, "2001:db8::1"); got != 2*time.Second {
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
		if err := l.db.QueryRow(t.Context(), `SELECT COUNT(*) FROM sign_in_attempts`).Scan(&rows); err != nil || rows != 3 {
			t.Errorf("%d rows kept (%v), want the last attempt's 3", rows, err)
		}
	})
}

// guess fails n times to sign in.
func guess(t *testing.T, l *LocalAccounts, n int, name string, from func(i int) Client) {
	t.Helper()
	for i := range n {
		if _, err := l.SignIn(t.Context(), name, "wrong password", from(i)); !errors.Is(err, ErrBadCredentials) {
			t.Fatalf("guess %d: %v", i+1, err)
		}
	}
}

func always(c Client) func(int) Client { return func(int) Client { return c } }

// elsewhere is another address for each attempt.
func elsewhere(i int) Client { return Client{Address: fmt.Sprintf("198.51.%d.%d", 100+i/250, 1+i%250)} }

func TestBackoffPerNameAndAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, c := newAccounts(t, url)
		create(t, l, "ann", RoleHelpDesk)
		create(t, l, "bob", RoleHelpDesk)
		guess(t, l, 5, "Ann", always(Client{Address: home}))
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
			want *= time.Second
			// With the right password too, and however often it is tried.
			for range 3 {
				if got, err := try(t, l, "ann", password, home); got != want {
					t.Fatalf("wait %d is %v (%v), want %v", i+1, got, err, want)
				}
			}
			c.advance(want - time.Millisecond)
			if got, _ := try(t, l, "ann", password, home); got != time.Second {
				t.Fatalf("a moment too early: told to wait %v, want 1s", got)
			}
			c.advance(time.Millisecond)
			guess(t, l, 1, "ann", always(Client{Address: home}))
		}
		if _, err := try(t, l, "bob", password, home); err != nil {
			t.Errorf("another name at the address has to wait too: %v", err)
		}
		// Waiting helps for sure: there is no lock-out.
		c.advance(time.Minute)
		if _, err := try(t, l, "ann", password, home); err != nil {
			t.Fatalf("the right password after the longest wait: %v", err)
		}
		guess(t, l, 5, "ann", always(Client{Address: home}))
	})
}

// A stranger who tries a name from anywhere, for as long as they like, keeps nobody
// out but themselves.
func TestStrangersKeepNobodyOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		a := create(t, l, "admin", RoleAdministrator)
		device, err := l.RememberDevice(t.Context(), a.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		var slower time.Duration
		l.sleep = func(_ context.Context, d time.Duration) error { slower = d; return nil }
		guess(t, l, 5, "admin", always(Client{Address: home}))
		guess(t, l, 100, "admin", elsewhere)
		if slower != longestDelay {
			t.Errorf("guess 106 is slowed down by %v, want %v", slower, longestDelay)
		}

		if wait, err := try(t, l, "admin", password, home); wait == 0 {
			t.Fatalf("the stranger's own address does not wait: %v", err)
		}
		for name, from := range map[string]Client{
			"another address":                {Address: "192.0.2.77"},
			"known device, same address":     {Address: home, Device: device},
			"session, at the same address":   {Address: home, Session: "handle"},
			"device of others, elsewhere":    {Address: "192.0.2.78", Device: "made up"},
			"known device, at a new address": {Address: "192.0.2.79", Device: device},
		} {
			if _, err := l.SignIn(t.Context(), "admin", password, from); err != nil {
				t.Errorf("%s: the owner with the right password: %v", name, err)
			}
		}
		slower = 0
		if _, err := l.SignIn(t.Context(), "admin", password, Client{Address: home, Device: device}); err != nil || slower != 0 {
			t.Errorf("a known device is slowed down by %v (%v)", slower, err)
		}
	})
}

func TestDevicesAndSessionsHaveCountersOfTheirOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		a := create(t, l, "ann", RoleHelpDesk)
		device, err := l.RememberDevice(t.Context(), a.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		for name, from := range map[string]Client{
			"device":  {Address: home, Device: device},
			"session": {Address: home, Session: "handle"},
		} {
			guess(t, l, 5, "ann", always(from))
			var wait *TooManyAttempts
			if _, err := l.SignIn(t.Context(), "ann", password, from); !errors.As(err, &wait) {
				t.Errorf("%s: the sixth attempt: %v", name, err)
			}
		}
		if _, err := l.SignIn(t.Context(), "ann", password, Client{Address: home}); err != nil {
			t.Errorf("without either: %v", err)
		}
	})
}

func TestKnownDevices(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, c := newAccounts(t, url)
		ann, bob := create(t, l, "ann", RoleHelpDesk), create(t, l, "bob", RoleHelpDesk)
		remember := func(id, before string) string {
			t.Helper()
			value, err := l.RememberDevice(t.Context(), id, before)
			if err != nil {
				t.Fatal(err)
			}
			c.advance(time.Second)
			return value
		}
		knows := func(id, device string) bool {
			t.Helper()
			known, err := knowsDevice(t.Context(), l.db, id, device, c.now())
			if err != nil {
				t.Fatal(err)
			}
			return known
		}

		first := remember(ann.ID, "")
		second := remember(bob.ID, first)
		if knows(ann.ID, first) || !knows(ann.ID, second) || !knows(bob.ID, second) {
			t.Error("two people of one browser do not share its newest cookie")
		}
		for range mostDevices {
			remember(ann.ID, "")
		}
		if knows(ann.ID, second) || !knows(bob.ID, second) {
			t.Error("the number of devices of one account is not bounded, or touches another's")
		}
		if err := l.SetPassword(t.Context(), bob.ID, "eight dry badgers"); err != nil {
			t.Fatal(err)
		}
		if knows(bob.ID, second) {
			t.Error("a device outlives the password")
		}
		last := remember(ann.ID, "")
		c.advance(DeviceLife)
		if knows(ann.ID, last) {
			t.Error("a device is known for longer than its life")
		}
		if knows("", "") {
			t.Error("no cookie is a known device")
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
		for i := range 40 {
			wg.Go(func() {
				_, err := try(t, l, "ann", fmt.Sprint("wrong password ", i), home)
				if errors.Is(err, ErrBadCredentials) {
					checked.Add(1)
				}
			})
		}
		wg.Wait()
		if checked.Load() != 5 {
			t.Errorf("%d of 40 parallel guesses were checked, want 5", checked.Load())
		}
	})
}

// An office signs in at nine: forty people behind two addresses, and no failure.
func TestManyPeopleSignInAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		l.clock = time.Now
		for i := range 40 {
			create(t, l, fmt.Sprint("person", i), RoleHelpDesk)
		}
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				if _, err := try(t, l, fmt.Sprint("person", i), password, fmt.Sprint("192.0.2.", i%2)); err != nil {
					t.Errorf("person %d: %v", i, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestClockSetBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, c := newAccounts(t, url)
		create(t, l, "ann", RoleHelpDesk)
		create(t, l, "bob", RoleHelpDesk)
		guess(t, l, 6, "ann", func(i int) Client {
			c.advance(time.Second)
			return Client{Address: home}
		})
		guess(t, l, 1, "bob", always(Client{Address: home}))
		c.advance(-time.Hour)

		if wait, err := try(t, l, "bob", password, home); err != nil {
			t.Errorf("after the clock was set back: wait %v (%v)", wait, err)
		}
		wait, err := try(t, l, "ann", password, home)
		if wait > 2*time.Second {
			t.Errorf("told to wait %v (%v), want what it was before", wait, err)
		}
		c.advance(wait)
		if _, err := try(t, l, "ann", password, home); err != nil {
			t.Errorf("after that wait: %v", err)
		}
	})
}

// What was not checked does not count.
func TestBusyDoesNotCount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		create(t, l, "ann", RoleHelpDesk)
		fill(t, &l.hasher.queue)
		for range 10 {
			if _, err := try(t, l, "ann", password, home); !errors.Is(err, ErrBusy) {
				t.Fatalf("at a full queue: %v", err)
			}
		}
		for range hashesAtOnce + mostHashesWait {
			l.hasher.queue.leave()
		}
		if _, err := try(t, l, "ann", password, home); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// Only who knows the password guesses codes. They are stopped from many addresses
// too, and are in the way of neither the owner's device nor their session.
func TestCodeGuessesFromManyAddresses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		c, k, app := enrolled(t, url)
		k.advance(time.Hour)
		l := &LocalAccounts{db: c.db, clock: k.now}
		device, err := l.RememberDevice(t.Context(), "ann", "")
		if err != nil {
			t.Fatal(err)
		}
		var wait *TooManyAttempts
		for i := range 31 {
			err := c.Check(t.Context(), "ann", "000000", elsewhere(i))
			if i < 30 && !errors.Is(err, ErrBadCode) || i == 30 && !errors.As(err, &wait) {
				t.Fatalf("guess %d: %v", i+1, err)
			}
		}
		if err := c.Check(t.Context(), "ann", app(), Client{Address: home, Device: device}); err != nil {
			t.Errorf("the owner's device: %v", err)
		}
		k.advance(codePeriod)
		if err := c.Check(t.Context(), "ann", app(), Client{Address: home, Session: "handle"}); err != nil {
			t.Errorf("the owner's session: %v", err)
		}
	})
}
