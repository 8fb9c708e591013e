package session_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
	"keydesk/web/session"
)

func (b *browser) wait(s *site, x session.Waiting) {
	b.t.Helper()
	b.visit(func(w http.ResponseWriter, r *http.Request) {
		if err := s.Wait(w, r, x); err != nil {
			b.t.Fatal(err)
		}
	})
}

func (b *browser) waiting(s *site) (x session.Waiting, err error) {
	b.visit(func(_ http.ResponseWriter, r *http.Request) { x, err = s.Waiting(r) })
	return x, err
}

func (b *browser) takeWaiting(s *site) (x session.Waiting, err error) {
	b.visit(func(w http.ResponseWriter, r *http.Request) { x, err = s.TakeWaiting(w, r) })
	return x, err
}

func TestWaitingIsForOneBrowserOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		want := session.Waiting{UserID: "ann", Next: "/search?q=x"}
		b.wait(s, want)
		c := b.cookies["keydesk_sign_in"]
		if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 600 {
			t.Fatalf("cookie %+v", c)
		}
		if _, err := newBrowser(t).waiting(s); !errors.Is(err, session.ErrNotWaiting) {
			t.Errorf("another browser: %v", err)
		}
		if got, err := b.waiting(s); err != nil || got != want {
			t.Errorf("got %+v %v, want %+v", got, err, want)
		}
		twin := b.copy()
		if got, err := b.takeWaiting(s); err != nil || got != want {
			t.Errorf("got %+v %v, want %+v", got, err, want)
		}
		if b.cookies["keydesk_sign_in"] != nil {
			t.Error("the cookie is still there")
		}
		if _, err := twin.takeWaiting(s); !errors.Is(err, session.ErrNotWaiting) {
			t.Errorf("a second time: %v", err)
		}
	})
}

func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		b.wait(s, session.Waiting{UserID: "ann"})
		s.clock.advance(10 * time.Minute)
		if _, err := b.takeWaiting(s); !errors.Is(err, session.ErrNotWaiting) {
			t.Errorf("after ten minutes: %v", err)
		}
		// A password that is reset, an account that is disabled: what was begun with it ends.
		b.wait(s, session.Waiting{UserID: "ann"})
		if _, err := s.EndAll(t.Context(), "ann", ""); err != nil {
			t.Fatal(err)
		}
		if _, err := b.takeWaiting(s); !errors.Is(err, session.ErrNotWaiting) {
			t.Errorf("after the end of all sessions: %v", err)
		}
	})
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		before := b.signIn(s, "ann")
		old := b.copy()
		s.clock.advance(20 * time.Minute)
		at := s.clock.now().Add(-time.Second)
		b.visit(func(w http.ResponseWriter, r *http.Request) {
			if err := s.Confirm(w, r, at); err != nil {
				t.Fatal(err)
			}
		})
		after, err := b.current(s)
		if err != nil || after.Handle != before.Handle || !after.SignedInAt.Equal(at) || !after.Created.Equal(before.Created) {
			t.Errorf("%+v %v, before %+v", after, err, before)
		}
		old.wantSignedOut(s, "the ID from before")
		newBrowser(t).visit(func(w http.ResponseWriter, r *http.Request) {
			if err := s.Confirm(w, r, at); !errors.Is(err, session.ErrNoSession) {
				t.Errorf("without a session: %v", err)
			}
		})
	})
}

func TestEndOfProvider(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		begin := func(userID, sid string) *browser {
			b := newBrowser(t)
			b.visit(func(w http.ResponseWriter, r *http.Request) {
				start := session.Start{UserID: userID, ProviderSession: session.ProviderSession("https://i", sid)}
				if err := s.BeginWith(w, r, start); err != nil {
					t.Fatal(err)
				}
			})
			return b
		}
		end := func(issuer, sid, userID string) {
			t.Helper()
			err := s.db.Tx(t.Context(), func(tx *db.Tx) error {
				return session.EndOfProvider(t.Context(), tx, session.ProviderSession(issuer, sid), userID)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		in := func(b *browser, want bool, why string) {
			t.Helper()
			if _, err := b.current(s); (err == nil) != want {
				t.Errorf("%s: signed in %v, want %v", why, err == nil, want)
			}
		}
		one, two, unnamed, other, local := begin("ann", "1"), begin("ann", "2"), begin("ann", ""), begin("bob", "3"), begin("eve", "")
		end("https://other", "1", "")
		end("https://i", "", "")
		for _, b := range []*browser{one, two, unnamed, other, local} {
			in(b, true, "an end that is nobody's")
		}
		end("https://i", "1", "ann")
		in(one, false, "the session with the sid")
		in(two, true, "the person's session with another sid")
		in(unnamed, false, "the person's session without a sid")
		end("https://i", "", "ann")
		in(two, false, "all of the person's")
		in(other, true, "somebody else's")
		in(local, true, "somebody else's without a sid")
	})
}

func TestCookiesBehindATLSProxy(t *testing.T) {
	t.Parallel()
	s, b := newSite(t, dbtest.SQLite(t), session.Options{}), newBrowser(t)
	secured := func(serve func(w http.ResponseWriter, r *http.Request)) {
		b.visit(func(w http.ResponseWriter, r *http.Request) {
			serve(w, r.WithContext(session.WithSecure(context.WithoutCancel(r.Context()))))
		})
	}
	secured(func(w http.ResponseWriter, r *http.Request) {
		if err := errors.Join(s.Begin(w, r, "ann"), s.Wait(w, r, session.Waiting{UserID: "ann"}),
			s.SendAway(w, r, session.Waiting{State: "STATE"})); err != nil {
			t.Fatal(err)
		}
	})
	if len(b.cookies) != 3 {
		t.Fatalf("cookies %v", b.cookies)
	}
	for name, c := range b.cookies {
		if !strings.HasPrefix(name, "__Host-") || !c.Secure {
			t.Errorf("cookie %+v", c)
		}
	}
	secured(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := s.Current(r); err != nil {
			t.Errorf("over TLS: %v", err)
		}
	})
	b.wantSignedOut(s, "in plain, a cookie that was set over TLS does not count")
}
