package auth

import (
	"errors"
	"testing"
	"time"

	"keydesk/web/db/dbtest"
)

func newFederated(t *testing.T, url string) (*FederatedAccounts, *clock) {
	t.Helper()
	k := newClock()
	o := NewOIDC(openDB(t, url), OIDCSettings{Issuer: "https://i.example", Now: k.now,
		Roles: RoleMap{"admins": RoleAdministrator, "help": RoleHelpDesk}})
	return o.Accounts, k
}

func says(groups ...string) Identity {
	return Identity{Issuer: "https://i.example", Subject: "s1", Name: "ann", Groups: groups}
}

func TestFederatedSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		f, k := newFederated(t, url)
		first, changed, err := f.SignIn(t.Context(), says("staff", "help"))
		if err != nil || changed || first.Role != RoleHelpDesk || first.ID == "" || !first.SignedInAt.IsZero() {
			t.Fatalf("%+v %v %v", first, changed, err)
		}
		k.advance(time.Hour)
		renamed := says("admins")
		renamed.Name, renamed.AuthTime = "Ann", k.now()
		again, changed, err := f.SignIn(t.Context(), renamed)
		if want := (User{ID: first.ID, Issuer: "https://i.example", Subject: "s1", Name: "Ann", Role: RoleAdministrator, SignedInAt: k.now()}); err != nil || !changed || again != want {
			t.Errorf("got %+v %v %v, want %+v", again, changed, err, want)
		}
		if u, err := f.User(t.Context(), first.ID); err != nil || u.Name != "Ann" || u.Role != RoleAdministrator {
			t.Errorf("%+v %v", u, err)
		}
		a, err := f.BySubject(t.Context(), "s1")
		if err != nil || !a.LastSignIn.Equal(k.now()) || a.LastSignIn.Equal(a.Created) || len(a.Groups) != 1 {
			t.Errorf("%+v %v", a, err)
		}
	})
}

func TestFederatedWithoutRole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		f, _ := newFederated(t, url)
		if _, _, err := f.SignIn(t.Context(), says("staff")); !errors.Is(err, ErrNoRole) {
			t.Errorf("without a role: %v", err)
		}
		if list, err := f.List(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("an account was made for somebody without a role: %v %v", list, err)
		}
		u, _, err := f.SignIn(t.Context(), says("help"))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.SignIn(t.Context(), says()); !errors.Is(err, ErrNoRole) {
			t.Errorf("the group lost: %v", err)
		}
		if _, err := f.User(t.Context(), u.ID); !errors.Is(err, ErrNoRole) {
			t.Errorf("the session goes on after the group was lost: %v", err)
		}
	})
}

// TestFederatedRoleFollowsTheMap: a group taken out of the settings has no access
// after the restart, without a new sign-in.
func TestFederatedRoleFollowsTheMap(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		f, _ := newFederated(t, url)
		u, _, err := f.SignIn(t.Context(), says("help"))
		if err != nil {
			t.Fatal(err)
		}
		later := newFederatedAccounts(f.db, f.issuer, RoleMap{"admins": RoleAdministrator}, f.clock)
		if _, err := later.User(t.Context(), u.ID); !errors.Is(err, ErrNoRole) {
			t.Errorf("with a map without the group: %v", err)
		}
		later = newFederatedAccounts(f.db, "https://other.example", f.roles, f.clock)
		if _, err := later.User(t.Context(), u.ID); !errors.Is(err, ErrNoSuchAccount) {
			t.Errorf("with another provider: %v", err)
		}
	})
}

func TestFederatedDisabled(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		f, _ := newFederated(t, url)
		u, _, err := f.SignIn(t.Context(), says("help"))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetDisabled(t.Context(), u.ID, true); err != nil {
			t.Fatal(err)
		}
		if _, err := f.User(t.Context(), u.ID); !errors.Is(err, ErrDisabled) {
			t.Errorf("a disabled account: %v", err)
		}
		if _, _, err := f.SignIn(t.Context(), says("admins")); !errors.Is(err, ErrDisabled) {
			t.Errorf("sign-in of a disabled account: %v", err)
		}
		if err := f.SetDisabled(t.Context(), "nobody", true); !errors.Is(err, ErrNoSuchAccount) {
			t.Errorf("nobody: %v", err)
		}
	})
}
