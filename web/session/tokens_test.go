package session_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
	"keydesk/web/session"
)

func issue(t *testing.T, s *site) session.Token {
	t.Helper()
	current := newBrowser(t).signIn(s, "ann")
	value, err := s.IssueToken(t.Context(), current, "CreateAccessKey", "bob")
	if err != nil {
		t.Fatal(err)
	}
	return session.Token{Value: value, SessionHandle: current.Handle, UserID: "ann", Action: "CreateAccessKey", Target: "bob"}
}

func spend(ctx context.Context, d *db.DB, token session.Token, now time.Time) error {
	return d.Tx(ctx, func(tx *db.Tx) error { return session.SpendToken(ctx, tx, token, now) })
}

func TestTokenIsSpentOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		token := issue(t, s)
		if len(token.Value) < 26 { // base32: 130 bits
			t.Errorf("the token %q is too short", token.Value)
		}
		if err := spend(t.Context(), s.db, token, s.clock.now()); err != nil {
			t.Fatal(err)
		}
		if err := spend(t.Context(), s.db, token, s.clock.now()); !errors.Is(err, session.ErrTokenSpent) {
			t.Errorf("spent twice: %v", err)
		}
	})
}

func TestTokenIsBound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		token, other := issue(t, s), issue(t, s)
		for name, change := range map[string]func(*session.Token){
			"unknown":       func(f *session.Token) { f.Value = "AAAAAAAAAAAAAAAAAAAAAAAAAA" },
			"empty":         func(f *session.Token) { f.Value = "" },
			"other session": func(f *session.Token) { f.SessionHandle = other.SessionHandle },
			"no session":    func(f *session.Token) { f.SessionHandle = "" },
			"other user":    func(f *session.Token) { f.UserID = "eve" },
			"other action":  func(f *session.Token) { f.Action = "DeleteAccessKey" },
			"other target":  func(f *session.Token) { f.Target = "Bob" },
		} {
			foreign := token
			change(&foreign)
			if err := spend(t.Context(), s.db, foreign, s.clock.now()); !errors.Is(err, session.ErrTokenSpent) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := spend(t.Context(), s.db, token, s.clock.now()); err != nil {
			t.Errorf("the refusals have spent the token: %v", err)
		}
	})
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		early, late := issue(t, s), issue(t, s)
		began := s.clock.now()
		if err := spend(t.Context(), s.db, early, began.Add(10*time.Minute-time.Microsecond)); err != nil {
			t.Errorf("within ten minutes: %v", err)
		}
		if err := spend(t.Context(), s.db, late, began.Add(10*time.Minute)); !errors.Is(err, session.ErrTokenSpent) {
			t.Errorf("after ten minutes: %v", err)
		}
	})
}

func TestTokenEndsWithItsSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		token := issue(t, s)
		if err := s.EndByHandle(t.Context(), token.SessionHandle); err != nil {
			t.Fatal(err)
		}
		if err := spend(t.Context(), s.db, token, s.clock.now()); !errors.Is(err, session.ErrTokenSpent) {
			t.Errorf("after the session's end: %v", err)
		}
	})
}

func TestTokenOfAnAbortedTransactionIsUnspent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		token, refused := issue(t, s), errors.New("journal down")
		err := s.db.Tx(t.Context(), func(tx *db.Tx) error {
			if err := session.Spend(token, s.clock.now())(t.Context(), tx); err != nil {
				t.Error(err)
			}
			return refused
		})
		if err != refused {
			t.Fatal(err)
		}
		if err := spend(t.Context(), s.db, token, s.clock.now()); err != nil {
			t.Errorf("spent without a change: %v", err)
		}
	})
}

// Two openings of one database stand for two processes.
// A script that reloads a page keeps its newest forms, and nobody else loses theirs.
func TestOpenFormsOfASessionAreBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		other, first := issue(t, s), issue(t, s)
		current := session.Session{Handle: first.SessionHandle, UserID: "ann"}
		last := first
		for range 500 {
			s.clock.advance(time.Millisecond)
			value, err := s.IssueToken(t.Context(), current, first.Action, first.Target)
			if err != nil {
				t.Fatal(err)
			}
			last.Value = value
		}

		var rows int
		if err := s.db.QueryRow(t.Context(), `SELECT COUNT(*) FROM one_time_tokens WHERE session_handle = ?`,
			first.SessionHandle).Scan(&rows); err != nil || rows != 500 {
			t.Errorf("%d forms of the session are open (%v), want 500", rows, err)
		}
		if err := spend(t.Context(), s.db, first, s.clock.now()); !errors.Is(err, session.ErrTokenSpent) {
			t.Errorf("the oldest form: %v", err)
		}
		for name, token := range map[string]session.Token{"newest": last, "of another session": other} {
			if err := spend(t.Context(), s.db, token, s.clock.now()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestOneWinnerOfAHundred(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		token := issue(t, s)
		replicas := []*db.DB{s.db, s.db}
		if dbtest.Shared(url) {
			replicas[1] = openDB(t, url)
		}
		var winners atomic.Int32
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				switch err := spend(t.Context(), replicas[i%2], token, s.clock.now()); {
				case err == nil:
					winners.Add(1)
				case !errors.Is(err, session.ErrTokenSpent):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if winners.Load() != 1 {
			t.Errorf("%d winners, want 1", winners.Load())
		}
	})
}

func begin(t *testing.T, s *site, account, user string) error {
	return s.db.Tx(t.Context(), func(tx *db.Tx) error { return session.BeginCreate(t.Context(), tx, account, user) })
}

func TestOneCreateInFlight(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		if err := begin(t, s, "111111111111", "Bob"); err != nil {
			t.Fatal(err)
		}
		if err := begin(t, s, "111111111111", "bOB"); !errors.Is(err, session.ErrCreateInFlight) {
			t.Errorf("a second one: %v", err)
		}
		if err := errors.Join(begin(t, s, "111111111111", "ann"), begin(t, s, "222222222222", "Bob")); err != nil {
			t.Errorf("for another user or account: %v", err)
		}
		err := s.db.Tx(t.Context(), func(tx *db.Tx) error { return session.EndCreate(t.Context(), tx, "111111111111", "BOB") })
		if err != nil {
			t.Fatal(err)
		}
		if err := begin(t, s, "111111111111", "Bob"); err != nil {
			t.Errorf("after the end: %v", err)
		}
		if err := begin(t, s, "111111111111", "ann"); !errors.Is(err, session.ErrCreateInFlight) {
			t.Errorf("the end of one ended another: %v", err)
		}
	})
}

func TestCreateInFlightExpires(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		age := func(d time.Duration) {
			t.Helper()
			if _, err := s.db.Exec(t.Context(), `UPDATE creates_in_flight SET started_at = ?`, db.Micros(time.Now().Add(-d))); err != nil {
				t.Fatal(err)
			}
		}
		if err := begin(t, s, "1", "bob"); err != nil {
			t.Fatal(err)
		}
		age(time.Minute)
		if err := begin(t, s, "1", "bob"); !errors.Is(err, session.ErrCreateInFlight) {
			t.Errorf("after a minute: %v", err)
		}
		age(2 * time.Minute)
		if err := begin(t, s, "1", "bob"); err != nil {
			t.Errorf("after two minutes: %v", err)
		}
		if err := begin(t, s, "1", "bob"); !errors.Is(err, session.ErrCreateInFlight) {
			t.Errorf("the second create has no time of its own: %v", err)
		}
	})
}

func TestTokenInContext(t *testing.T) {
	t.Parallel()
	if _, ok := session.TokenFrom(t.Context()); ok {
		t.Error("an empty context has a token")
	}
	want := session.Token{Value: "v", Action: "a"}
	if got, ok := session.TokenFrom(session.WithToken(t.Context(), want)); !ok || got != want {
		t.Errorf("got %v %v", got, ok)
	}
}
