package auth

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"keydesk/web/db/dbtest"
)

func newCodes(t *testing.T, url string) (*Codes, *clock) {
	t.Helper()
	c, err := OpenCodes(openDB(t, url), filepath.Join(t.TempDir(), "codes.key"))
	if err != nil {
		t.Fatal(err)
	}
	k := newClock()
	c.clock = k.now
	return c, k
}

// enrolled has codes on for "ann" and returns what her app would show.
func enrolled(t *testing.T, url string) (c *Codes, k *clock, app func() string) {
	t.Helper()
	c, k = newCodes(t, url)
	text, err := c.Begin(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := base32Secret.DecodeString(text)
	if err != nil || len(secret) != secretBytes {
		t.Fatalf("secret %q: %v", text, err)
	}
	app = func() string { return code(secret, stepAt(k.now())) }
	if err := c.Confirm(t.Context(), "ann", app(), Client{Address: home}); err != nil {
		t.Fatal(err)
	}
	return c, k, app
}

func TestCodesCountFromTheFirstRightOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		c, _ := newCodes(t, url)
		if _, err := c.Begin(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		if on, err := c.Enabled(t.Context(), "ann"); on || err != nil {
			t.Errorf("on before the first code: %v %v", on, err)
		}
		if err := c.Confirm(t.Context(), "ann", "000000", Client{Address: home}); !errors.Is(err, ErrBadCode) {
			t.Errorf("a wrong first code: %v", err)
		}
		if err := c.Check(t.Context(), "ann", "000000", Client{Address: home}); !errors.Is(err, ErrNoCodes) {
			t.Errorf("a check before the first code: %v", err)
		}
		if err := c.Confirm(t.Context(), "bob", "000000", Client{Address: home}); !errors.Is(err, ErrNoCodes) {
			t.Errorf("somebody who has not begun: %v", err)
		}
	})
}

func TestCodeWorksOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		c, k, app := enrolled(t, url)
		if on, err := c.Enabled(t.Context(), "ann"); !on || err != nil {
			t.Fatalf("not on: %v", err)
		}
		if err := c.Check(t.Context(), "ann", app(), Client{Address: home}); !errors.Is(err, ErrBadCode) {
			t.Errorf("the code that turned codes on, again: %v", err)
		}
		k.advance(codePeriod)
		old := app()
		k.advance(codePeriod)
		if err := c.Check(t.Context(), "ann", " "+app()[:3]+" "+app()[3:], Client{Address: home}); err != nil {
			t.Errorf("a code with spaces: %v", err)
		}
		if err := c.Check(t.Context(), "ann", old, Client{Address: home}); !errors.Is(err, ErrBadCode) {
			t.Errorf("an earlier code after a later one: %v", err)
		}
		k.advance(codePeriod)
		var accepted atomic.Int32
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if err := c.Check(t.Context(), "ann", app(), Client{Address: home}); err == nil {
					accepted.Add(1)
				}
			})
		}
		wg.Wait()
		if accepted.Load() != 1 {
			t.Errorf("one code was accepted %d times", accepted.Load())
		}
	})
}

func TestCodeGuessesAreSlowedDown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		c, k, app := enrolled(t, url)
		k.advance(time.Hour)
		var wait *TooManyAttempts
		for i := range 6 {
			err := c.Check(t.Context(), "ann", "000000", Client{Address: home})
			if i < 5 && !errors.Is(err, ErrBadCode) || i == 5 && !errors.As(err, &wait) {
				t.Fatalf("guess %d: %v", i, err)
			}
		}
		if err := c.Check(t.Context(), "ann", app(), Client{Address: home}); !errors.As(err, &wait) {
			t.Errorf("the right code while waiting: %v", err)
		}
		k.advance(time.Minute)
		if err := c.Check(t.Context(), "ann", app(), Client{Address: home}); err != nil {
			t.Errorf("the right code after the wait: %v", err)
		}
	})
}

func TestCodesInUseAreNotReplaced(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		c, k, app := enrolled(t, url)
		if _, err := c.Begin(t.Context(), "ann"); !errors.Is(err, ErrCodesOn) {
			t.Errorf("beginning again: %v", err)
		}
		k.advance(codePeriod)
		if err := c.Confirm(t.Context(), "ann", app(), Client{Address: home}); !errors.Is(err, ErrCodesOn) {
			t.Errorf("confirming again: %v", err)
		}
		if err := c.Remove(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Begin(t.Context(), "ann"); err != nil {
			t.Errorf("after turning off: %v", err)
		}
	})
}

// TestCodeSecretIsSealed: the database alone makes no codes, and a row copied to
// another account does not open.
func TestCodeSecretIsSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		c, _ := newCodes(t, url)
		text, err := c.Begin(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		secret, err := base32Secret.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		var sealed string
		if err := c.db.QueryRow(t.Context(), `SELECT sealed FROM verification_codes`).Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains([]byte(sealed), secret) || bytes.Contains([]byte(sealed), []byte(text)) {
			t.Error("the secret is in the database")
		}
		if got, err := c.unlock("ann", sealed); err != nil || !bytes.Equal(got, secret) {
			t.Errorf("unlocked %x %v, want %x", got, err, secret)
		}
		if _, err := c.unlock("bob", sealed); !errors.Is(err, ErrCodesUnreadable) {
			t.Errorf("another account's row opens: %v", err)
		}
		other, err := OpenCodes(c.db, filepath.Join(t.TempDir(), "codes.key"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.unlock("ann", sealed); !errors.Is(err, ErrCodesUnreadable) {
			t.Errorf("another key opens it: %v", err)
		}
	})
}

func TestCodesKeyFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "codes.key")
	d := openDB(t, dbtest.SQLite(t))
	first, err := OpenCodes(d, file)
	if err != nil {
		t.Fatal(err)
	}
	sealed := first.lock("ann", []byte("x"))
	again, err := OpenCodes(d, file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.unlock("ann", sealed); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	for _, mode := range []os.FileMode{0o604, 0o620, 0o644} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenCodes(d, file); !errors.Is(err, ErrKeyFile) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("too short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCodes(d, short); !errors.Is(err, ErrKeyFile) {
		t.Errorf("a short key: %v", err)
	}
}
