package session_test

import (
	"net/http"
	"testing"
	"time"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
	"keydesk/web/session"
)

// TestRevokedEverywhereAtOnce: another replica, which has just let a session in, does
// not let it in again once any way of ending it has returned.
func TestRevokedEverywhereAtOnce(t *testing.T) {
	t.Parallel()
	provider := session.ProviderSession("https://i.example", "sid")
	for name, end := range map[string]func(*testing.T, *site, *browser, session.Session) error{
		"signed out": func(_ *testing.T, s *site, b *browser, _ session.Session) (err error) {
			b.copy().visit(func(w http.ResponseWriter, r *http.Request) { err = s.End(w, r) })
			return err
		},
		"signed in again": func(_ *testing.T, s *site, b *browser, _ session.Session) error {
			b.copy().signIn(s, "ann")
			return nil
		},
		"confirmed": func(_ *testing.T, s *site, b *browser, _ session.Session) (err error) {
			b.copy().visit(func(w http.ResponseWriter, r *http.Request) { err = s.Confirm(w, r, s.clock.now()) })
			return err
		},
		"by handle": func(t *testing.T, s *site, _ *browser, current session.Session) error {
			return s.EndByHandle(t.Context(), current.Handle)
		},
		"all of the user's": func(t *testing.T, s *site, _ *browser, _ session.Session) error {
			_, err := s.EndAll(t.Context(), "ann", "")
			return err
		},
		"by the provider": func(t *testing.T, s *site, _ *browser, _ session.Session) error {
			return s.db.Tx(t.Context(), func(tx *db.Tx) error {
				return session.EndOfProvider(t.Context(), tx, provider, "")
			})
		},
		"in the database": func(t *testing.T, s *site, _ *browser, _ session.Session) error {
			_, err := s.db.Exec(t.Context(), `DELETE FROM sessions`)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, url string) {
				here, b := newSite(t, url, session.Options{}), newBrowser(t)
				there := twin(t, here, url)
				b.visit(func(w http.ResponseWriter, r *http.Request) {
					if err := here.BeginWith(w, r, session.Start{UserID: "ann", ProviderSession: provider}); err != nil {
						t.Error(err)
					}
				})
				current, err := b.current(there)
				if err != nil {
					t.Fatal(err)
				}
				if err := end(t, here, b, current); err != nil {
					t.Fatal(err)
				}
				b.wantSignedOut(there, name)
				b.wantSignedOut(here, name)
			})
		})
	}
}

// twin is another store over the same database: of another replica, where there may
// be one.
func twin(t *testing.T, s *site, url string) *site {
	t.Helper()
	d := s.db
	if dbtest.Shared(url) {
		d = openDB(t, url)
	}
	return &site{Store: session.NewStore(d, session.Options{Now: s.clock.now}), db: d, clock: s.clock}
}

// TestRememberedSessionsExpire: time passes without anybody writing.
func TestRememberedSessionsExpire(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		s, b := newSite(t, url, session.Options{Idle: time.Minute, Absolute: time.Hour}), newBrowser(t)
		b.signIn(s, "ann")
		s.clock.advance(time.Minute)
		b.wantSignedOut(s, "idle")
		b.signIn(s, "ann")
		for range 3 * 40 {
			s.clock.advance(30 * time.Second)
			if _, err := b.current(s); err != nil {
				break
			}
		}
		b.wantSignedOut(s, "too old")
	})
}
