package iamsvc

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc/localaccount"
)

func explained(ids ...string) func(string) bool {
	return func(id string) bool {
		for _, known := range ids {
			if id == known {
				return true
			}
		}
		return false
	}
}

func TestReconcileCreations(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	ids := l.newUser(t, "ann", 2)
	creation := Unfinished{Action: ActionCreateAccessKey, User: "ann", At: time.Now(), Explained: explained()}
	for name, test := range map[string]struct {
		change  func(*Unfinished)
		decided bool
		keyID   string
		text    string
	}{
		"one":           {func(u *Unfinished) { u.Explained = explained(ids[0]) }, true, ids[1], ids[1] + " was created"},
		"none":          {func(u *Unfinished) { u.Explained = explained(ids...) }, true, "", "Nothing was created"},
		"several":       {func(*Unfinished) {}, false, "", "cannot be told"},
		"long before":   {func(u *Unfinished) { u.At = u.At.Add(-time.Hour) }, true, "", "Nothing was created"},
		"long after":    {func(u *Unfinished) { u.At = u.At.Add(time.Hour) }, true, "", "Nothing was created"},
		"no such user":  {func(u *Unfinished) { u.User = "gone" }, true, "", "does not exist any more"},
		"clocks differ": {func(u *Unfinished) { u.At = u.At.Add(2 * time.Minute); u.Explained = explained(ids[1]) }, true, ids[0], "was created"},
	} {
		u := creation
		test.change(&u)
		v, err := l.Reconcile(t.Context(), u)
		if err != nil || v.Decided != test.decided || v.AccessKeyID != test.keyID || !strings.Contains(v.Text, test.text) {
			t.Errorf("%s: %+v %v", name, v, err)
		}
	}
	if n := changingCalls(l.server.Calls()); n != 3 { // the user and the two keys of the test
		t.Errorf("%d changing calls, want those of the test", n)
	}
}

func TestReconcileChanges(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	id := l.newUser(t, "ann", 1)[0]
	for name, test := range map[string]struct {
		u    Unfinished
		text string
	}{
		"made":        {Unfinished{Action: ActionUpdateAccessKey, AccessKeyID: id, NewState: "Active"}, "as was asked for"},
		"not made":    {Unfinished{Action: ActionUpdateAccessKey, AccessKeyID: id, NewState: "Inactive"}, "not made"},
		"not deleted": {Unfinished{Action: ActionDeleteAccessKey, AccessKeyID: id}, "not deleted"},
		"deleted":     {Unfinished{Action: ActionDeleteAccessKey, AccessKeyID: "AKIAIOSFODNN7EXAMPLE"}, "does not exist any more"},
	} {
		test.u.User = "ann"
		v, err := l.Reconcile(t.Context(), test.u)
		if err != nil || !v.Decided || v.AccessKeyID != test.u.AccessKeyID || !strings.Contains(v.Text, test.text) {
			t.Errorf("%s: %+v %v", name, v, err)
		}
	}
	_, err := l.Reconcile(t.Context(), Unfinished{Action: "DeleteUser", User: "ann"})
	wantIs(t, err, ErrUnsupported)
}

func TestReconcileUsersAndDescriptions(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	id := l.newUser(t, "ann", 1)[0]
	if err := l.DescribeAccessKey(administrator(), "ann", id, "backup"); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		u    Unfinished
		text string
	}{
		"user created":        {Unfinished{Action: ActionCreateUser, User: "ann", NewState: "path /"}, "was created."},
		"with a policy":       {Unfinished{Action: ActionCreateUser, User: "ann", NewState: "path /, inline policy read"}, "may be missing"},
		"user not created":    {Unfinished{Action: ActionCreateUser, User: "bob"}, "no such user"},
		"somebody else's":     {Unfinished{Action: ActionCreateUser, User: "ann", At: time.Now().Add(-time.Hour)}, "another time"},
		"described":           {Unfinished{Action: ActionTagUser, User: "ann", AccessKeyID: id, NewState: "described"}, "has a description"},
		"description remains": {Unfinished{Action: ActionTagUser, User: "ann", AccessKeyID: id, NewState: "not described"}, "is described: the change was not made"},
		"none":                {Unfinished{Action: ActionTagUser, User: "ann", AccessKeyID: "AKIAIOSFODNN7EXAMPLE", NewState: "not described"}, "no description, as was asked for"},
		"user gone":           {Unfinished{Action: ActionTagUser, User: "bob", AccessKeyID: id, NewState: "described"}, "no such user"},
	} {
		if test.u.At.IsZero() {
			test.u.At = time.Now()
		}
		before := changingCalls(l.server.Calls())
		v, err := l.Reconcile(t.Context(), test.u)
		if err != nil || !v.Decided || v.AccessKeyID != test.u.AccessKeyID || !strings.Contains(v.Text, test.text) {
			t.Errorf("%s: %+v %v", name, v, err)
		}
		if changingCalls(l.server.Calls()) != before {
			t.Errorf("%s: something was changed", name)
		}
	}
}

// An error is no verdict, and Keydesk's own keys are listed without a name.
func TestReconcileNeedsTheWholeList(t *testing.T) {
	t.Parallel()
	a, server, _ := openForeign(t, answers{
		"ListAccessKeys": func(w http.ResponseWriter, form url.Values) {
			if form.Has("UserName") {
				http.Error(w, "no", http.StatusForbidden)
				return
			}
			sends(metadata("ops", documented))(w, form)
		},
	})
	creation := Unfinished{Action: ActionCreateAccessKey, User: "ann", At: time.Now(), Explained: explained()}
	if v, err := a.Reconcile(t.Context(), creation); err == nil || errors.Is(err, ErrNoSuchUser) {
		t.Errorf("%+v %v", v, err)
	}
	creation.User = a.ownUserName()
	if _, err := a.Reconcile(t.Context(), creation); err != nil || server.count("ListAccessKeys") < 2 {
		t.Errorf("own keys: %v", err)
	}
}
