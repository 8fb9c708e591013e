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

	"golang.org/x/crypto/argon2"

	"keydesk/web/db/dbtest"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, c := newAccounts(t, url)
		a := create(t, l, "Ann", RoleHelpDesk)
		c.advance(time.Hour)
		u, err := l.SignIn(t.Context(), "aNN", password, Client{Address: home})
		if want := (User{ID: a.ID, Issuer: "local", Subject: a.ID, Name: "Ann", Role: RoleHelpDesk, SignedInAt: c.now()}); err != nil || u != want {
			t.Errorf("got %+v %v, want %+v", u, err, want)
		}
		list, err := l.List(t.Context())
		if err != nil || !list[0].LastSignIn.Equal(c.now()) {
			t.Errorf("last sign-in is %v %v", list, err)
		}
	})
}

// countHashes counts the hashes that h computes from now on.
func countHashes(h *hasher) *atomic.Int32 {
	n := &atomic.Int32{}
	h.idKey = func(password, salt []byte, time, memory uint32, lanes uint8, bytes uint32) []byte {
		n.Add(1)
		return argon2.IDKey(password, salt, time, memory, lanes, bytes)
	}
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
			n := countHashes(l.hasher)
			_, err := l.SignIn(t.Context(), test.name, test.password, Client{Address: home})
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
		fill(t, &l.hasher.queue)
		l.hasher.queue.unknown = l.hasher.queue.unknown[:1] // room to wait
		done := make(chan error)
		go func() {
			_, err := l.SignIn(ctx, "ann", password, Client{Address: home})
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
			if _, err := l.SignIn(t.Context(), "ann", password, Client{Address: home}); err != nil {
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
			if _, err := l.signedIn(t.Context(), a, stored, stored, attempt{}); !errors.Is(err, ErrBadCredentials) {
				t.Errorf("%s: error is %v", name, err)
			}
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
