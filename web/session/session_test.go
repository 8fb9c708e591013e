package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
	"keydesk/web/session"
)

// clock is a clock that stands until it is moved.
type clock struct{ micros atomic.Int64 }

func (c *clock) now() time.Time          { return db.Time(c.micros.Load()) }
func (c *clock) advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

// site is a store, its database and its clock.
type site struct {
	*session.Store
	db    *db.DB
	clock *clock
}

func TestMain(m *testing.M) { os.Exit(dbtest.Run(m)) }

func newSite(t *testing.T, url string, o session.Options) *site {
	t.Helper()
	s := &site{clock: &clock{}}
	s.clock.micros.Store(db.Micros(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
	s.db = openDB(t, url)
	o.Now = s.clock.now
	s.Store = session.NewStore(s.db, o)
	return s
}

func openDB(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// browser keeps cookies as a browser does: the last one of a name counts.
type browser struct {
	t       *testing.T
	cookies map[string]*http.Cookie
}

func newBrowser(t *testing.T) *browser {
	return &browser{t: t, cookies: map[string]*http.Cookie{}}
}

// visit runs one request.
func (b *browser) visit(serve func(w http.ResponseWriter, r *http.Request)) *http.Response {
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, "/", nil)
	r.Header.Set("User-Agent", "Test/1.0")
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	serve(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w.Result()
}

func (b *browser) copy() *browser {
	twin := newBrowser(b.t)
	for name, c := range b.cookies {
		twin.cookies[name] = c
	}
	return twin
}

func (b *browser) value() string {
	for _, c := range b.cookies {
		return c.Value
	}
	return ""
}

func (b *browser) signIn(s *site, userID string) session.Session {
	b.t.Helper()
	b.visit(func(w http.ResponseWriter, r *http.Request) {
		if err := s.Begin(w, r, userID); err != nil {
			b.t.Fatal(err)
		}
	})
	current, err := b.current(s)
	if err != nil {
		b.t.Fatal(err)
	}
	return current
}

func (b *browser) current(s *site) (current session.Session, err error) {
	b.visit(func(_ http.ResponseWriter, r *http.Request) { current, err = s.Current(r) })
	return current, err
}

func (b *browser) wantSignedOut(s *site, why string) {
	b.t.Helper()
	if current, err := b.current(s); !errors.Is(err, session.ErrNoSession) {
		b.t.Errorf("%s: session %+v, error %v; want ErrNoSession", why, current, err)
	}
}

func TestCookie(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"keydesk_session": false, "__Host-keydesk_session": true} {
		s := newSite(t, dbtest.SQLite(t), session.Options{Secure: secure})
		b := newBrowser(t)
		b.signIn(s, "ann")
		c := b.cookies[name]
		if c == nil {
			t.Fatalf("no cookie %s among %v", name, b.cookies)
		}
		if !c.HttpOnly || c.Secure != secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 {
			t.Errorf("cookie is %s", c.Raw)
		}
		if len(c.Value) != 43 { // 256 bits in base64
			t.Errorf("cookie value has %d characters, want 43", len(c.Value))
		}
	}
}

func TestBeginAndCurrent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		b.wantSignedOut(s, "before signing in")
		got := b.signIn(s, "ann")
		now := s.clock.now()
		want := session.Session{Handle: got.Handle, UserID: "ann", Created: now, LastSeen: now, SignedInAt: now,
			RemoteAddr: "192.0.2.1", UserAgent: "Test/1.0"}
		if got != want || got.Handle == "" {
			t.Errorf("got %+v, want %+v", got, want)
		}
		b.visit(func(w http.ResponseWriter, r *http.Request) {
			if err := s.Begin(w, r, ""); err == nil {
				t.Error("a session was begun for nobody")
			}
		})
	})
}

func TestSigningInChangesTheID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, victim := newSite(t, url, session.Options{}), newBrowser(t)
		first := victim.signIn(s, "ann")
		stranger := victim.copy()
		second := victim.signIn(s, "ann")
		if victim.value() == stranger.value() || first.Handle == second.Handle {
			t.Error("the ID stays the same: session fixation")
		}
		stranger.wantSignedOut(s, "the ID from before the sign-in")

		// An ID that a stranger made up and planted is not taken over either.
		planted := strings.Repeat("A", 43)
		victim.cookies["keydesk_session"] = &http.Cookie{Name: "keydesk_session", Value: planted}
		victim.signIn(s, "ann")
		if victim.value() == planted {
			t.Error("a planted ID was taken over")
		}
	})
}

func TestBeginIsSeenInItsOwnRequest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		b.visit(func(w http.ResponseWriter, r *http.Request) {
			if _, err := s.Current(r); !errors.Is(err, session.ErrNoSession) {
				t.Error(err)
			}
			if err := s.Begin(w, r, "ann"); err != nil {
				t.Fatal(err)
			}
			if current, err := s.Current(r); err != nil || current.UserID != "ann" {
				t.Errorf("after Begin: %+v %v", current, err)
			}
			if err := s.End(w, r); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Current(r); !errors.Is(err, session.ErrNoSession) {
				t.Errorf("after End: %v", err)
			}
		})
	})
}

func TestSigningOutRevokes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		b.signIn(s, "ann")
		replay := b.copy()
		response := b.visit(func(w http.ResponseWriter, r *http.Request) {
			if err := s.End(w, r); err != nil {
				t.Fatal(err)
			}
		})
		replay.wantSignedOut(s, "the cookie replayed after signing out")
		if len(b.cookies) != 0 {
			t.Errorf("the browser keeps %v", b.cookies)
		}
		if c := response.Cookies(); len(c) != 1 || c[0].Value != "" || c[0].MaxAge >= 0 {
			t.Errorf("cookies of the response: %v", c)
		}
		if got := response.Header.Get("Clear-Site-Data"); !strings.Contains(got, `"cache"`) {
			t.Errorf("Clear-Site-Data is %q", got)
		}
		b.visit(func(w http.ResponseWriter, r *http.Request) {
			if err := s.End(w, r); err != nil {
				t.Errorf("signing out twice: %v", err)
			}
		})
	})
}

func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	for _, o := range []session.Options{{}, {Idle: time.Hour, Absolute: 12 * time.Hour}} {
		dbtest.Each(t, func(t *testing.T, url string) {
			s, b := newSite(t, url, o), newBrowser(t)
			b.signIn(s, "ann")
			s.clock.advance(time.Hour - time.Microsecond)
			if _, err := b.current(s); err != nil {
				t.Errorf("just within the hour: %v", err)
			}
			s.clock.advance(time.Hour)
			b.wantSignedOut(s, "an idle hour later")
		})
	}
}

func TestAbsoluteTimeout(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		b.signIn(s, "ann")
		for range 24 {
			if _, err := b.current(s); err != nil {
				t.Fatalf("busy within twelve hours: %v", err)
			}
			s.clock.advance(30 * time.Minute)
		}
		b.wantSignedOut(s, "busy for twelve hours")
		if list, err := s.List(t.Context(), "ann"); err != nil || len(list) != 0 {
			t.Errorf("an expired session is listed: %v %v", list, err)
		}
	})
}

func TestLastSeenIsWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		began := b.signIn(s, "ann").LastSeen
		for _, step := range []struct {
			advance time.Duration
			want    time.Time
		}{
			{time.Minute - time.Microsecond, began},
			{time.Microsecond, began.Add(time.Minute)},
			{30 * time.Second, began.Add(time.Minute)},
			{30 * time.Second, began.Add(2 * time.Minute)},
		} {
			s.clock.advance(step.advance)
			if current, err := b.current(s); err != nil || !current.LastSeen.Equal(step.want) {
				t.Errorf("last seen %v %v, want %v", current.LastSeen, err, step.want)
			}
			var stored int64
			if err := s.db.QueryRow(t.Context(), `SELECT seen_at FROM sessions`).Scan(&stored); err != nil || !db.Time(stored).Equal(step.want) {
				t.Errorf("stored %v %v, want %v", db.Time(stored), err, step.want)
			}
		}
	})
}

func TestCookiesThatAreNone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		good := b.signIn(s, "ann")
		value := b.value()
		for _, wrong := range []string{
			"", "x", value[:42], value + "A", value + "=", " " + value, strings.ToUpper(value), good.Handle,
			strings.Repeat("A", 43), strings.Repeat("A", 100_000), "../../etc/passwd", "' OR ''='", "%00",
		} {
			c := newBrowser(t)
			c.cookies["keydesk_session"] = &http.Cookie{Name: "keydesk_session", Value: wrong}
			c.wantSignedOut(s, wrong[:min(len(wrong), 50)])
		}
		// A prefixed store does not take the cookie any plaintext page could have set.
		secure := session.NewStore(s.db, session.Options{Secure: true, Now: s.clock.now})
		b.visit(func(_ http.ResponseWriter, r *http.Request) {
			if _, err := secure.Current(r); !errors.Is(err, session.ErrNoSession) {
				t.Errorf("a cookie without the __Host- prefix: %v", err)
			}
		})
	})
}

func TestDatabaseDownIsNotSignedOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		b.signIn(s, "ann")
		if err := s.db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := b.current(s); err == nil || errors.Is(err, session.ErrNoSession) {
			t.Errorf("error is %v, want the database's", err)
		}
	})
}

func TestListAndEndByHandle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		laptop, phone, other := newBrowser(t), newBrowser(t), newBrowser(t)
		one := laptop.signIn(s, "ann")
		s.clock.advance(time.Minute)
		two := phone.signIn(s, "ann")
		other.signIn(s, "bob")
		if list, err := s.List(t.Context(), "ann"); err != nil || len(list) != 2 || list[0] != two || list[1] != one {
			t.Errorf("got %+v %v, want %+v and %+v", list, err, two, one)
		}
		if err := s.EndByHandle(t.Context(), one.Handle); err != nil {
			t.Fatal(err)
		}
		laptop.wantSignedOut(s, "revoked")
		if err := s.EndByHandle(t.Context(), one.Handle); !errors.Is(err, session.ErrNoSession) {
			t.Errorf("revoked twice: %v", err)
		}
		for _, b := range []*browser{phone, other} {
			if _, err := b.current(s); err != nil {
				t.Errorf("another session was ended: %v", err)
			}
		}
	})
}

func TestEndAll(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		newBrowser(t).signIn(s, "ann")
		s.clock.advance(2 * time.Hour) // that one is dead and not counted
		laptop, phone, tablet, other := newBrowser(t), newBrowser(t), newBrowser(t), newBrowser(t)
		here := laptop.signIn(s, "ann")
		phone.signIn(s, "ann")
		tablet.signIn(s, "ann")
		other.signIn(s, "bob")
		if n, err := s.EndAll(t.Context(), "ann", here.Handle); err != nil || n != 2 {
			t.Errorf("ended %d %v, want 2", n, err)
		}
		phone.wantSignedOut(s, "the phone")
		if _, err := laptop.current(s); err != nil {
			t.Errorf("the excepted session: %v", err)
		}
		if n, err := s.EndAll(t.Context(), "ann", ""); err != nil || n != 1 {
			t.Errorf("ended %d %v, want 1", n, err)
		}
		laptop.wantSignedOut(s, "the laptop")
		if _, err := other.current(s); err != nil {
			t.Errorf("another person's session: %v", err)
		}
	})
}

func TestSessionsOfAPersonAreBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		bob := newBrowser(t)
		bob.signIn(s, "bob")
		first, second := newBrowser(t), newBrowser(t)
		first.signIn(s, "ann")
		second.signIn(s, "ann")
		for range 19 {
			s.clock.advance(time.Second)
			newBrowser(t).signIn(s, "ann")
		}

		list, err := s.List(t.Context(), "ann")
		if err != nil || len(list) != 20 {
			t.Errorf("ann has %d sessions (%v), want 20", len(list), err)
		}
		if list, err := s.List(t.Context(), "bob"); err != nil || len(list) != 1 {
			t.Errorf("bob has %d sessions (%v), want 1", len(list), err)
		}
	})
}

func TestExpiredRowsAreSweptAway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		for range 3 {
			current := newBrowser(t).signIn(s, "ann")
			if _, err := s.IssueToken(t.Context(), current, "a", "t"); err != nil {
				t.Fatal(err)
			}
		}
		s.clock.advance(50 * time.Minute)
		current := newBrowser(t).signIn(s, "eve")
		if _, err := s.IssueToken(t.Context(), current, "a", "t"); err != nil {
			t.Fatal(err)
		}
		s.clock.advance(10 * time.Minute) // the sessions of ann and the token of eve end
		newBrowser(t).signIn(s, "bob")
		for table, want := range map[string]int{"sessions": 2, "one_time_tokens": 0} {
			var n int
			if err := s.db.QueryRow(t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil || n != want {
				t.Errorf("%d rows in %s (%v), want %d", n, table, err, want)
			}
		}
	})
}

// Sentinel search: who reads the database, or a backup, can present nothing.
func TestDatabaseHoldsNoCookieAndNoToken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		current := b.signIn(s, "ann")
		token, err := s.IssueToken(t.Context(), current, "Create", "bob")
		if err != nil {
			t.Fatal(err)
		}
		dbtest.HoldsNone(t, url, current.Handle, b.value(), token)
	})
}
