package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"keydesk/web/auth"
	"keydesk/web/db"
	"keydesk/web/db/dbtest"
	"keydesk/web/session"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Run(m)) }

const issuer = "https://i.example"

// replica is one process's share of the check: who may pass on to the handlers.
func replica(d *db.DB) *site {
	return &site{Options: Options{
		DB: d, LocalAccounts: auth.NewLocalAccounts(d), Sessions: session.NewStore(d, session.Options{}),
		OIDC: auth.NewOIDC(d, auth.OIDCSettings{Issuer: issuer, Roles: auth.RoleMap{"admins": auth.RoleAdministrator, "help": auth.RoleHelpDesk}}),
		Log:  slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
	}}
}

func openDB(tb testing.TB, url string) *db.DB {
	tb.Helper()
	d, err := db.Open(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Error(err)
		}
	})
	return d
}

// signInAs begins a session and returns its cookie.
func (s *site) signInAs(tb testing.TB, userID string) *http.Cookie {
	tb.Helper()
	w := httptest.NewRecorder()
	if err := s.Sessions.Begin(w, httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "/", nil), userID); err != nil {
		tb.Fatal(err)
	}
	return w.Result().Cookies()[0]
}

// roleOf is the role with which the middleware lets the cookie's owner in, "" when it
// does not.
func (s *site) roleOf(tb testing.TB, cookie *http.Cookie) (role auth.Role) {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, "/", nil)
	r.AddCookie(cookie)
	s.withUser(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		user, _ := auth.UserFrom(r.Context())
		role = user.Role
	})).ServeHTTP(httptest.NewRecorder(), r)
	return role
}

// TestAccountChangesReachEveryReplicaAtOnce: a replica that has just let somebody in
// goes by what another has changed since.
func TestAccountChangesReachEveryReplicaAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		here := replica(openDB(t, url))
		there := here
		if dbtest.Shared(url) {
			there = replica(openDB(t, url))
		}
		local := person(t, here, "ann")
		federated, _, err := here.OIDC.Accounts.SignIn(t.Context(), auth.Identity{Issuer: issuer, Subject: "s1", Name: "bob", Groups: []string{"admins"}})
		if err != nil {
			t.Fatal(err)
		}
		ann, bob := here.signInAs(t, local.ID), here.signInAs(t, federated.ID)
		want := func(step string, cookie *http.Cookie, role auth.Role) {
			t.Helper()
			if got := there.roleOf(t, cookie); got != role {
				t.Errorf("%s: role %q, want %q", step, got, role)
			}
		}
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		want("signed in", ann, auth.RoleAuditor)
		want("signed in", bob, auth.RoleAdministrator)
		do(here.LocalAccounts.SetRole(t.Context(), local.ID, auth.RoleHelpDesk))
		want("another role", ann, auth.RoleHelpDesk)
		do(here.LocalAccounts.SetDisabled(t.Context(), local.ID, true))
		want("disabled", ann, "")
		do(here.LocalAccounts.SetDisabled(t.Context(), local.ID, false))
		want("enabled", ann, auth.RoleHelpDesk)
		_, err = here.Sessions.EndAll(t.Context(), local.ID, "") // as when the password changes
		do(err)
		want("sessions ended", ann, "")
		_, _, err = here.OIDC.Accounts.SignIn(t.Context(), auth.Identity{Issuer: issuer, Subject: "s1", Name: "bob", Groups: []string{"help"}})
		do(err)
		want("other groups", bob, auth.RoleHelpDesk)
		do(here.OIDC.Accounts.SetDisabled(t.Context(), federated.ID, true))
		want("disabled", bob, "")
	})
}

func person(tb testing.TB, s *site, name string) auth.LocalAccount {
	tb.Helper()
	a, err := s.LocalAccounts.Create(tb.Context(), name, auth.RoleAuditor, "correct horse battery staple")
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// BenchmarkSessionCheck is what a signed-in request costs before its handler runs:
// the session, whether it may still be used, and the account as it is now. "whole"
// adds the preferences and messages that every page asks for; "after a write" has
// nothing remembered.
func BenchmarkSessionCheck(b *testing.B) {
	for name, url := range map[string]string{"SQLite": dbtest.SQLite(b), "PostgreSQL": dbtest.PostgreSQL(b)} {
		s := replica(openDB(b, url))
		who := person(b, s, "ann")
		cookie := s.signInAs(b, who.ID)
		check := func(w http.ResponseWriter, r *http.Request) {
			if _, ok := auth.UserFrom(r.Context()); !ok {
				b.Fatal("signed out")
			}
		}
		b.Run(name, func(b *testing.B) { s.benchmarkCheck(b, cookie, check, func() {}) })
		b.Run(name+"/whole", func(b *testing.B) {
			s.benchmarkCheck(b, cookie, func(w http.ResponseWriter, r *http.Request) {
				if _, err := s.Sessions.Preferences(r.Context(), who.ID); err != nil {
					b.Fatal(err)
				}
				if _, err := s.Sessions.TakeFlashes(w, r); err != nil {
					b.Fatal(err)
				}
			}, func() {})
		})
		b.Run(name+"/after a write", func(b *testing.B) {
			n := 0 // SQLite writes nothing when nothing changes
			s.benchmarkCheck(b, cookie, check, func() {
				b.StopTimer()
				n++
				if err := s.Sessions.SavePreferences(b.Context(), "somebody else", session.Preferences{PageSize: n}); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			})
		})
	}
}

func (s *site) benchmarkCheck(b *testing.B, cookie *http.Cookie, inner http.HandlerFunc, before func()) {
	h := s.withUser(inner)
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/", nil)
	r.AddCookie(cookie)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		before()
		h.ServeHTTP(w, r.Clone(b.Context()))
	}
}
