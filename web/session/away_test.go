package session_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"keydesk/web/db/dbtest"
	"keydesk/web/session"
)

func (b *browser) sendAway(s *site, x session.Waiting) {
	b.t.Helper()
	b.visit(func(w http.ResponseWriter, r *http.Request) {
		if err := s.SendAway(w, r, x); err != nil {
			b.t.Fatal(err)
		}
	})
}

func (b *browser) returned(s *site, state string) (x session.Waiting, err error) {
	b.visit(func(w http.ResponseWriter, r *http.Request) { x, err = s.Returned(w, r, state) })
	return x, err
}

func TestEachTabReturnsOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		var sent []session.Waiting
		for i := range 3 {
			x := session.Waiting{UserID: "ann", Next: fmt.Sprint("/search?q=", i), State: fmt.Sprint("STATE", i), Nonce: "n", Verifier: "the verifier"}
			b.sendAway(s, x)
			sent = append(sent, x)
		}
		for name, c := range b.cookies {
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 600 || strings.Contains(c.Value, "verifier") {
				t.Errorf("cookie %s: %+v", name, c)
			}
		}
		if _, err := newBrowser(t).returned(s, "STATE1"); !errors.Is(err, session.ErrNotWaiting) {
			t.Errorf("another browser: %v", err)
		}
		for _, state := range []string{"", "STATE", "STATE9", "x; y=z", "\x00"} {
			if _, err := b.returned(s, state); !errors.Is(err, session.ErrNotWaiting) {
				t.Errorf("state %q: %v", state, err)
			}
		}
		for _, x := range []session.Waiting{sent[1], sent[0], sent[2]} {
			if got, err := b.returned(s, x.State); err != nil || !reflect.DeepEqual(got, x) {
				t.Errorf("got %+v %v, want %+v", got, err, x)
			}
			if _, err := b.returned(s, x.State); !errors.Is(err, session.ErrNotWaiting) {
				t.Errorf("%s a second time: %v", x.State, err)
			}
		}
		if len(b.cookies) != 0 {
			t.Errorf("cookies are left: %v", b.cookies)
		}
	})
}

// Strangers begin as many as they like: the database has none of them.
func TestSendAwayWritesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		for i := range 20 {
			newBrowser(t).sendAway(s, session.Waiting{Next: "/", State: fmt.Sprint("STATE", i)})
		}
		var rows int
		if err := s.db.QueryRow(t.Context(), `SELECT COUNT(*) FROM waiting_sign_ins`).Scan(&rows); err != nil || rows != 0 {
			t.Errorf("%d rows, %v", rows, err)
		}
	})
}

func TestABrowserKeepsTheNewestFive(t *testing.T) {
	t.Parallel()
	s, b := newSite(t, dbtest.SQLite(t), session.Options{}), newBrowser(t)
	for i := range 9 {
		b.sendAway(s, session.Waiting{Next: "/" + strings.Repeat("x", 10000), State: fmt.Sprint("STATE", i)})
		s.clock.advance(time.Second)
	}
	size := 0
	for name, c := range b.cookies {
		size += len(name) + len(c.Value)
	}
	if len(b.cookies) != 5 || size > 7000 {
		t.Errorf("%d cookies, %d bytes", len(b.cookies), size)
	}
	for i, want := range map[int]bool{3: false, 4: true, 8: true} {
		if x, err := b.returned(s, fmt.Sprint("STATE", i)); (err == nil) != want || want && x.Next != "/" {
			t.Errorf("number %d: %v %q", i, err, x.Next)
		}
	}
}

func TestAwayEnds(t *testing.T) {
	t.Parallel()
	s, b := newSite(t, dbtest.SQLite(t), session.Options{}), newBrowser(t)
	b.sendAway(s, session.Waiting{State: "STATE"})
	s.clock.advance(10 * time.Minute)
	if _, err := b.returned(s, "STATE"); !errors.Is(err, session.ErrNotWaiting) {
		t.Errorf("after ten minutes: %v", err)
	}
}

// Replicas share the key; what another key sealed, or another name, is no sign-in.
func TestAwayIsSealed(t *testing.T) {
	t.Parallel()
	key := []byte(strings.Repeat("k", 64))
	dbURL := dbtest.PostgreSQL(t)
	s, twin := newSite(t, dbURL, session.Options{SignInKey: key}), newSite(t, dbURL, session.Options{SignInKey: key})
	other, b := newSite(t, dbURL, session.Options{}), newBrowser(t)
	b.sendAway(s, session.Waiting{State: "STATE", Next: "/search"})
	if _, err := b.copy().returned(other, "STATE"); !errors.Is(err, session.ErrNotWaiting) {
		t.Errorf("another key: %v", err)
	}
	moved := b.copy()
	c := *moved.cookies["keydesk_away_STATE"]
	c.Name = "keydesk_away_OTHER"
	moved.cookies = map[string]*http.Cookie{c.Name: &c}
	if _, err := moved.returned(s, "OTHER"); !errors.Is(err, session.ErrNotWaiting) {
		t.Errorf("another name: %v", err)
	}
	if x, err := b.returned(twin, "STATE"); err != nil || x.Next != "/search" {
		t.Errorf("another replica: %+v %v", x, err)
	}
}

func TestAFormComesBack(t *testing.T) {
	t.Parallel()
	s, b := newSite(t, dbtest.SQLite(t), session.Options{}), newBrowser(t)
	form := session.Form{Person: "ann", Action: "/x", Values: url.Values{"reason": {strings.Repeat("long ", 2000)}}}
	b.sendAway(s, session.Waiting{UserID: "ann", State: "STATE", Form: &form})
	x, err := b.returned(s, "STATE")
	if err != nil || x.Form == nil || !reflect.DeepEqual(*x.Form, form) {
		t.Errorf("%+v %v", x, err)
	}
}

// Strangers fill the table with forms up to a bound; people who are signed in are not
// bound by it.
func TestFormsOfStrangersAreBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, dbURL string) {
		s := newSite(t, dbURL, session.Options{})
		_, err := s.db.Exec(t.Context(), `INSERT INTO waiting_sign_ins (id_hash, user_id, content, expires_at)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
			SELECT 'x' || i, 'eve', '{}', ? FROM n`, s.clock.now().Add(time.Minute).UnixMicro())
		if err != nil {
			t.Fatal(err)
		}
		for person, kept := range map[string]bool{"": false, "ann": true} {
			b := newBrowser(t)
			form := session.Form{Person: "ann", Action: "/x", Values: url.Values{"reason": {"r"}}}
			b.sendAway(s, session.Waiting{UserID: person, State: "STATE", Form: &form})
			if x, err := b.returned(s, "STATE"); err != nil || (x.Form != nil) != kept {
				t.Errorf("signed in %v: %+v %v", person != "", x, err)
			}
		}
	})
}
