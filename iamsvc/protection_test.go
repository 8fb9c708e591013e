package iamsvc

import (
	"context"
	"errors"
	"testing"

	"keydesk/iamsvc/localaccount"
)

func protecting(t *testing.T, rules ...string) func(*Config) {
	t.Helper()
	p, err := ParseProtection(rules)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *Config) { c.Protection = p }
}

// wantProtected checks the error and the rule it names.
func wantProtected(t *testing.T, err error, rule string) {
	t.Helper()
	var refused *Protected
	if !errors.As(err, &refused) || !errors.Is(err, ErrProtected) || refused.Rule != rule {
		t.Errorf("error is %v, want the rule %q", err, rule)
	}
}

func TestNoKeyForProtectedUsers(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{}, protecting(t, "/service/", "tag:Protected=yes", "user:Backup"))
	for _, u := range []struct {
		user NewUser
		rule string
	}{
		{NewUser{Name: "robot", Path: "/Service/build/"}, "the path /service/"},
		{NewUser{Name: "tagged", Tags: []Tag{{"protected", "yes"}}}, "the tag Protected = yes"},
		{NewUser{Name: "bACKUP"}, "the user name Backup"},
	} {
		if _, err := l.CreateUser(administrator(), u.user); err != nil {
			t.Fatal(err)
		}
		before := changingCalls(l.server.Calls())
		_, err := l.CreateAccessKey(administrator(), u.user.Name, "x")
		wantProtected(t, err, u.rule)
		if c, r := l.journal.last(t); r.Outcome != OutcomeRefused || r.ErrorCode != "Protected" || c.User != u.user.Name {
			t.Errorf("row: %+v %+v", c, r)
		}
		if n := changingCalls(l.server.Calls()) - before; n != 0 {
			t.Errorf("%s: %d changing calls reached IAM", u.user.Name, n)
		}
	}
	for _, u := range []NewUser{{Name: "near", Path: "/servicedesk/"}, {Name: "other", Tags: []Tag{{"Protected", "no"}}}, {Name: "backup2"}} {
		if _, err := l.CreateUser(administrator(), u); err != nil {
			t.Fatal(err)
		}
		if _, err := l.CreateAccessKey(administrator(), u.Name, ""); err != nil {
			t.Errorf("%s: %v", u.Name, err)
		}
	}
}

// A key that is there already can be taken away, and not be given back.
func TestKeysOfProtectedUsersAreNotActivated(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	id := l.newUser(t, "robot", 1)[0]
	l.protection, _ = ParseProtection([]string{"user:robot"})
	if err := l.UpdateAccessKey(administrator(), "robot", id, KeyInactive); err != nil {
		t.Fatal(err)
	}
	wantProtected(t, l.UpdateAccessKey(administrator(), "robot", id, KeyActive), "the user name robot")
	if got := l.statusOf(t, "robot", id); got != KeyInactive {
		t.Errorf("status is %s", got)
	}
	if _, err := l.DeleteAccessKey(administrator(), "robot", id); err != nil {
		t.Error(err)
	}
}

// Who cannot be looked at may be protected.
func TestUnreadableUsersAreProtected(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.newUser(t, "ann", 0)
	l.server.Trouble().Set("GetUser", func(r *localaccount.Rules) { r.Deny = true })
	l.protection, _ = ParseProtection([]string{"tag:Protected=yes"})
	_, err := l.CreateAccessKey(administrator(), "ann", "")
	wantIs(t, err, ErrDenied)
	l.protection, _ = ParseProtection([]string{"user:backup"})
	if _, err := l.CreateAccessKey(administrator(), "ann", ""); err != nil {
		t.Errorf("a rule on names needs no reading: %v", err)
	}
}

func TestParseProtection(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "service", "/service", "tag:", "tag:=x", "tag:x", "user:", "user: "} {
		if _, err := ParseProtection([]string{"/fine/", bad}); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	p, err := ParseProtection([]string{" /a/ ", "tag:K=", "user:x"})
	if err != nil || len(p.rules) != 3 {
		t.Errorf("%+v %v", p, err)
	}
}

func TestNobodyIsProtectedByDefault(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	if err := l.CheckProtection(context.Background(), "nobody.at.all"); err != nil {
		t.Error(err)
	}
	if n := l.calls("GetUser"); n != 0 {
		t.Errorf("%d readings for no rule", n)
	}
}
