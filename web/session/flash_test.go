package session_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"keydesk/web/db/dbtest"
	"keydesk/web/session"
)

func (b *browser) add(s *site, f session.Flash) {
	b.t.Helper()
	b.visit(func(w http.ResponseWriter, r *http.Request) {
		if err := s.AddFlash(w, r, f); err != nil {
			b.t.Error(err)
		}
	})
}

func (b *browser) take(s *site) (list []session.Flash) {
	b.t.Helper()
	b.visit(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if list, err = s.TakeFlashes(w, r); err != nil {
			b.t.Error(err)
		}
	})
	return list
}

func rows(t *testing.T, s *site) (n int) {
	t.Helper()
	if err := s.db.QueryRow(t.Context(), `SELECT COUNT(*) FROM sessions`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFlashIsShownOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		b.signIn(s, "ann")
		one := session.Flash{Kind: "success", Title: "Deleted", Text: `<b>"quoted"</b> ü`}
		two := session.Flash{Kind: "error", Title: "Second"}
		b.add(s, one)
		b.add(s, two)
		if got := newBrowser(t).take(s); got != nil {
			t.Errorf("a stranger reads %v", got)
		}
		if got := b.take(s); !slices.Equal(got, []session.Flash{one, two}) {
			t.Errorf("got %v", got)
		}
		if got := b.take(s); got != nil {
			t.Errorf("shown again: %v", got)
		}
		if _, err := b.current(s); err != nil {
			t.Errorf("reading messages ended the session: %v", err)
		}
	})
}

func TestFlashForNobody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		b.add(s, session.Flash{Title: "Please sign in"})
		b.wantSignedOut(s, "with a message waiting")
		if got := b.take(s); len(got) != 1 || got[0].Title != "Please sign in" {
			t.Errorf("got %v", got)
		}
		if n := rows(t, s); n != 0 || len(b.cookies) != 0 {
			t.Errorf("%d sessions and cookies %v are left", n, b.cookies)
		}
	})
}

func TestFlashInTheRequestOfSigningInOrOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		hello, bye := session.Flash{Title: "Hello"}, session.Flash{Title: "Bye"}
		b.visit(func(w http.ResponseWriter, r *http.Request) {
			if err := errors.Join(s.Begin(w, r, "ann"), s.AddFlash(w, r, hello)); err != nil {
				t.Fatal(err)
			}
		})
		if got := b.take(s); !slices.Equal(got, []session.Flash{hello}) {
			t.Errorf("after signing in: %v", got)
		}
		b.visit(func(w http.ResponseWriter, r *http.Request) {
			if err := errors.Join(s.End(w, r), s.AddFlash(w, r, bye)); err != nil {
				t.Fatal(err)
			}
		})
		b.wantSignedOut(s, "after signing out")
		if got := b.take(s); !slices.Equal(got, []session.Flash{bye}) {
			t.Errorf("after signing out: %v", got)
		}
	})
}

func TestFlashesAreBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		b.signIn(s, "ann")
		for i := range 20 {
			b.add(s, session.Flash{Title: fmt.Sprint(i)})
		}
		if got := b.take(s); len(got) != 8 || got[0].Title != "12" || got[7].Title != "19" {
			t.Errorf("got %v, want the last eight", got)
		}
	})
}

func TestTabsDoNotLoseOrRepeatFlashes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		b.signIn(s, "ann")
		var wg sync.WaitGroup
		for i := range 8 {
			tab := b.copy()
			wg.Go(func() { tab.add(s, session.Flash{Title: fmt.Sprint(i)}) })
		}
		wg.Wait()
		var shown atomic.Int32
		for range 8 {
			tab := b.copy()
			wg.Go(func() { shown.Add(int32(len(tab.take(s)))) })
		}
		wg.Wait()
		if shown.Load() != 8 {
			t.Errorf("%d messages shown, want 8", shown.Load())
		}
	})
}

func TestGorillaStore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		const name = "keydesk_session"
		b.visit(func(w http.ResponseWriter, r *http.Request) {
			g, err := s.Get(r, name)
			if err != nil || !g.IsNew || g.ID != "" {
				t.Fatalf("got %+v %v, want a new session", g, err)
			}
			g.Values["return"] = "/users"
			if err := g.Save(r, w); err != nil {
				t.Fatal(err)
			}
		})
		b.wantSignedOut(s, "with values only")
		b.visit(func(_ http.ResponseWriter, r *http.Request) {
			g, err := s.Get(r, name)
			if err != nil || g.IsNew || g.Values["return"] != "/users" {
				t.Errorf("got %+v %v", g, err)
			}
			if again, err := s.Get(r, name); err != nil || again != g {
				t.Errorf("read twice in one request: %v", err)
			}
		})
		var content string
		if err := s.db.QueryRow(t.Context(), `SELECT content FROM sessions`).Scan(&content); err != nil || !json.Valid([]byte(content)) {
			t.Errorf("stored as %q %v, want JSON", content, err)
		}
	})
}

func TestSaveAfterRevocation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		current := b.signIn(s, "ann")
		b.visit(func(w http.ResponseWriter, r *http.Request) {
			g, err := s.Get(r, "keydesk_session")
			if err != nil {
				t.Fatal(err)
			}
			if err := s.EndByHandle(t.Context(), current.Handle); err != nil {
				t.Fatal(err)
			}
			if err := g.Save(r, w); !errors.Is(err, session.ErrNoSession) {
				t.Errorf("saving a revoked session: %v", err)
			}
			if err := s.AddFlash(w, r, session.Flash{}); !errors.Is(err, session.ErrNoSession) {
				t.Errorf("a message for a revoked session: %v", err)
			}
			if list, err := s.TakeFlashes(w, r); err != nil || list != nil {
				t.Errorf("messages of a revoked session: %v %v", list, err)
			}
		})
		if n := rows(t, s); n != 0 {
			t.Errorf("the session came back to life: %d rows", n)
		}
	})
}

func TestValuesThatAreNotJSON(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{}), newBrowser(t)
		b.signIn(s, "ann")
		b.visit(func(w http.ResponseWriter, r *http.Request) {
			g, err := s.Get(r, "keydesk_session")
			if err != nil {
				t.Fatal(err)
			}
			g.Values["f"] = func() {}
			if err := g.Save(r, w); err == nil {
				t.Error("a function was stored")
			}
		})
		if _, err := s.db.Exec(t.Context(), `UPDATE sessions SET content = 'gob'`); err != nil {
			t.Fatal(err)
		}
		if _, err := b.current(s); err == nil || errors.Is(err, session.ErrNoSession) {
			t.Errorf("a damaged row: %v, want an error that is not ErrNoSession", err)
		}
	})
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url, session.Options{})
		equal := func(user string, want session.Preferences) {
			t.Helper()
			got, err := s.Preferences(t.Context(), user)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got %+v %v, want %+v", got, err, want)
			}
		}
		equal("ann", session.Preferences{})
		for _, p := range []session.Preferences{
			{Theme: "dark", Density: "compact", PageSize: 50, UserColumns: []string{"path", "groups"}, KeyColumns: []string{"age"}, ShortcutsOff: true, UTC: true},
			{Theme: "light"},
			{},
		} {
			if err := s.SavePreferences(t.Context(), "ann", p); err != nil {
				t.Fatal(err)
			}
			equal("ann", p)
			equal("bob", session.Preferences{})
		}
		huge := session.Preferences{UserColumns: []string{strings.Repeat("x", 8<<10)}}
		if err := s.SavePreferences(t.Context(), "ann", huge); !errors.Is(err, session.ErrPreferencesTooLarge) {
			t.Errorf("error is %v", err)
		}
		equal("ann", session.Preferences{})
	})
}
