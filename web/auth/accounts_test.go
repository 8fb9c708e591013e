package auth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
)

const (
	password = "seven wet badgers"
	home     = "192.0.2.1:5000"
)

// cheap keeps tests fast; TestHashFollowsOWASP looks at the real cost.
var cheap = cost{memory: 8, time: 1, lanes: 1}

// clock is a clock that stands until it is moved.
type clock struct{ micros atomic.Int64 }

func (c *clock) now() time.Time          { return db.Time(c.micros.Load()) }
func (c *clock) advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

func newClock() *clock {
	c := &clock{}
	c.micros.Store(db.Micros(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
	return c
}

func TestMain(m *testing.M) { os.Exit(dbtest.Run(m)) }

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

func newAccounts(t *testing.T, url string) (*LocalAccounts, *clock) {
	t.Helper()
	return accountsOver(openDB(t, url))
}

func accountsOver(d *db.DB) (*LocalAccounts, *clock) {
	l, c := NewLocalAccounts(d), newClock()
	l.hasher, l.clock = newHasher(cheap), c.now
	return l, c
}

func create(t *testing.T, l *LocalAccounts, name string, role Role) LocalAccount {
	t.Helper()
	a, err := l.Create(t.Context(), name, role, password)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCreateAndList(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, c := newAccounts(t, url)
		zoe := create(t, l, "Zoe", RoleAuditor)
		ann := create(t, l, "ann", RoleAdministrator)
		list, err := l.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 2 || list[0] != ann || list[1] != zoe {
			t.Errorf("got %+v, want %+v and %+v", list, ann, zoe)
		}
		if !ann.Created.Equal(c.now()) || !ann.LastSignIn.IsZero() || ann.ID == zoe.ID {
			t.Errorf("unexpected account %+v", ann)
		}
		u, err := l.User(t.Context(), zoe.ID)
		if want := (User{ID: zoe.ID, Issuer: "local", Subject: zoe.ID, Name: "Zoe", Role: RoleAuditor}); err != nil || u != want {
			t.Errorf("got %+v %v, want %+v", u, err, want)
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		create(t, l, "Ann.Lee", RoleAuditor)
		if _, err := l.Create(t.Context(), "aNN.lEE", RoleAuditor, password); !errors.Is(err, ErrNameTaken) {
			t.Errorf("same name in other case: %v", err)
		}
		for field, err := range map[string]error{
			"name":     second(l.Create(t.Context(), "no spaces", RoleAuditor, password)),
			"password": second(l.Create(t.Context(), "bob", RoleAuditor, "short")),
			"role":     second(l.Create(t.Context(), "bob", "emperor", password)),
		} {
			var f *FieldError
			if !errors.As(err, &f) || f.Field != field {
				t.Errorf("%s: error is %v", field, err)
			}
		}
		list, err := l.List(t.Context())
		if err != nil || len(list) != 1 {
			t.Errorf("%d accounts, %v; want 1", len(list), err)
		}
	})
}

func second(_ LocalAccount, err error) error { return err }

func TestNamesStayUniqueInParallel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		var made atomic.Int32
		var wg sync.WaitGroup
		for _, name := range []string{"ann", "Ann", "ANN", "aNN"} {
			wg.Go(func() {
				switch _, err := l.Create(t.Context(), name, RoleAuditor, password); {
				case err == nil:
					made.Add(1)
				case !errors.Is(err, ErrNameTaken):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 1 {
			t.Errorf("%d accounts made, want 1", made.Load())
		}
	})
}

func TestOneFirstAdministrator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		replicas := []*db.DB{openDB(t, url)}
		if dbtest.Shared(url) {
			replicas = append(replicas, openDB(t, url))
		}
		var made atomic.Int32
		var wg sync.WaitGroup
		for i := range 8 {
			l, _ := accountsOver(replicas[i%len(replicas)])
			wg.Go(func() {
				switch _, err := l.CreateFirstAdministrator(t.Context(), fmt.Sprint("admin", i), password); {
				case err == nil:
					made.Add(1)
				case !errors.Is(err, ErrAdministratorExists):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 1 {
			t.Errorf("%d first administrators, want 1", made.Load())
		}
	})
}

func TestChangesAreLive(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		create(t, l, "root", RoleAdministrator)
		a := create(t, l, "ann", RoleHelpDesk)
		if err := l.SetRole(t.Context(), a.ID, RoleAuditor); err != nil {
			t.Fatal(err)
		}
		if u, err := l.User(t.Context(), a.ID); err != nil || u.Role != RoleAuditor {
			t.Errorf("after SetRole: %v %v", u, err)
		}
		if err := l.SetDisabled(t.Context(), a.ID, true); err != nil {
			t.Fatal(err)
		}
		if _, err := l.User(t.Context(), a.ID); !errors.Is(err, ErrDisabled) {
			t.Errorf("after SetDisabled: %v", err)
		}
		if err := l.SetDisabled(t.Context(), a.ID, false); err != nil {
			t.Fatal(err)
		}
		if _, err := l.User(t.Context(), a.ID); err != nil {
			t.Errorf("after enabling: %v", err)
		}
	})
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		a := create(t, l, "ann", RoleHelpDesk)
		var f *FieldError
		if err := l.SetPassword(t.Context(), a.ID, "I am Ann Archist"); !errors.As(err, &f) || f.Field != "password" {
			t.Errorf("a password with the name: %v", err)
		}
		if err := l.SetPassword(t.Context(), a.ID, "eight dry badgers"); err != nil {
			t.Fatal(err)
		}
		if _, err := l.SignIn(t.Context(), "ann", password, Client{Address: home}); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("the old password: %v", err)
		}
		if _, err := l.SignIn(t.Context(), "ann", "eight dry badgers", Client{Address: home}); err != nil {
			t.Errorf("the new password: %v", err)
		}
	})
}

func TestUnknownAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		_, err := l.User(t.Context(), "nobody")
		for what, err := range map[string]error{
			"User":        err,
			"SetRole":     l.SetRole(t.Context(), "nobody", RoleAuditor),
			"SetDisabled": l.SetDisabled(t.Context(), "nobody", true),
			"SetPassword": l.SetPassword(t.Context(), "nobody", password),
		} {
			if !errors.Is(err, ErrNoSuchAccount) {
				t.Errorf("%s: error is %v", what, err)
			}
		}
	})
}

func TestLastAdministratorStays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		create(t, l, "bob", RoleAuditor)
		has := func(want bool) {
			t.Helper()
			if got, err := l.HasAdministrator(t.Context()); err != nil || got != want {
				t.Errorf("HasAdministrator: %v %v, want %v", got, err, want)
			}
		}
		has(false)
		a := create(t, l, "ann", RoleAdministrator)
		has(true)
		refused := func() {
			t.Helper()
			if err := l.SetRole(t.Context(), a.ID, RoleHelpDesk); !errors.Is(err, ErrLastAdministrator) {
				t.Errorf("SetRole: %v", err)
			}
			if err := l.SetDisabled(t.Context(), a.ID, true); !errors.Is(err, ErrLastAdministrator) {
				t.Errorf("SetDisabled: %v", err)
			}
			if u, err := l.User(t.Context(), a.ID); err != nil || u.Role != RoleAdministrator {
				t.Errorf("the refused change took effect: %v %v", u, err)
			}
		}
		refused()
		// A disabled administrator is none.
		other := create(t, l, "zoe", RoleAdministrator)
		if err := l.SetDisabled(t.Context(), other.ID, true); err != nil {
			t.Fatal(err)
		}
		refused()
		if err := l.SetDisabled(t.Context(), other.ID, false); err != nil {
			t.Fatal(err)
		}
		if err := l.SetRole(t.Context(), a.ID, RoleHelpDesk); err != nil {
			t.Errorf("with another administrator: %v", err)
		}
	})
}

func TestAdministratorsCannotRemoveEachOtherAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		var wg sync.WaitGroup
		accounts := []LocalAccount{
			create(t, l, "ann", RoleAdministrator), create(t, l, "bob", RoleAdministrator), create(t, l, "zoe", RoleAdministrator),
		}
		for _, a := range accounts {
			wg.Go(func() {
				err := l.SetRole(context.Background(), a.ID, RoleAuditor)
				if err != nil && !errors.Is(err, ErrLastAdministrator) {
					t.Error(err)
				}
			})
			wg.Go(func() {
				err := l.SetDisabled(context.Background(), a.ID, true)
				if err != nil && !errors.Is(err, ErrLastAdministrator) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if has, err := l.HasAdministrator(t.Context()); err != nil || !has {
			t.Errorf("an administrator is left: %v %v", has, err)
		}
	})
}

// Sentinel search: what people type must not be found in the database's files.
func TestNothingTypedIsStored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		l, _ := newAccounts(t, url)
		ann := create(t, l, "ann", RoleAdministrator)
		const typo = "password typed as a name"
		for _, name := range []string{"ann", typo} {
			_, err := l.SignIn(t.Context(), name, password+"?", Client{Address: home})
			if !errors.Is(err, ErrBadCredentials) {
				t.Fatal(err)
			}
		}
		dbtest.HoldsNone(t, url, ann.ID, password, typo)
	})
}
