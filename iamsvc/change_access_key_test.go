package iamsvc

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc/localaccount"
)

func TestLifeOfAKey(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.newUser(t, "ann", 0)
	created, err := l.CreateAccessKey(administrator(), "ann", "first")
	if err != nil {
		t.Fatal(err)
	}
	id := created.Key.ID
	_, err = l.DeleteAccessKey(administrator(), "ann", id)
	wantIs(t, err, ErrKeyActive)
	for _, s := range []KeyStatus{KeyInactive, KeyActive, KeyInactive} {
		if err := l.UpdateAccessKey(administrator(), "ann", id, s); err != nil {
			t.Fatal(err)
		}
		if got := l.statusOf(t, "ann", id); got != s {
			t.Errorf("status %s, want %s", got, s)
		}
	}
	if err := l.DescribeAccessKey(administrator(), "ann", id, "second"); err != nil {
		t.Fatal(err)
	}
	if warnings, err := l.DeleteAccessKey(administrator(), "ann", id); err != nil || len(warnings) != 0 {
		t.Fatal(warnings, err)
	}
	u, err := l.User(context.Background(), "ann")
	if err != nil || len(u.Tags) != 0 {
		t.Errorf("the description outlives its key: %v, %v", u.Tags, err)
	}
	_, err = l.DeleteAccessKey(administrator(), "ann", id)
	wantIs(t, err, ErrNoSuchKey)
	wantIs(t, l.UpdateAccessKey(administrator(), "ann", id, KeyActive), ErrNoSuchKey)
	wantIs(t, l.UpdateAccessKey(administrator(), "nobody", id, KeyActive), ErrNoSuchUser)
	wantIs(t, l.UpdateAccessKey(administrator(), "ann", id, KeyExpired), ErrInvalid)
	wantIs(t, l.DescribeAccessKey(administrator(), "ann", id, "x"), ErrNoSuchKey)
}

func TestKeyOfAnotherUser(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	theirs := l.newUser(t, "ann", 1)[0]
	l.newUser(t, "bob", 1)
	wantIs(t, l.UpdateAccessKey(administrator(), "bob", theirs, KeyInactive), ErrNoSuchKey)
	wantIs(t, l.DescribeAccessKey(administrator(), "bob", theirs, "x"), ErrNoSuchKey)
	_, err := l.DeleteAccessKey(administrator(), "bob", theirs)
	wantIs(t, err, ErrNoSuchKey)
}

// A list may lag behind what somebody else did: a deactivation is sent even if
// the key looks inactive.
func TestStatusItHasAlready(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	id := l.newUser(t, "ann", 1)[0]
	if err := l.UpdateAccessKey(administrator(), "ann", id, KeyActive); err != nil {
		t.Fatal(err)
	}
	if n := l.calls("UpdateAccessKey"); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	if c, r := l.journal.last(t); c.Action != ActionUpdateAccessKey || r.Outcome != OutcomeOK {
		t.Errorf("row %+v %+v", c, r)
	}
}

// A change that took effect while its replies were lost is a success.
func TestLostReplyOfAChange(t *testing.T) {
	t.Parallel()
	for _, losses := range []int{1, -1} {
		l := openLocal(t, localaccount.Options{})
		id := l.newUser(t, "ann", 1)[0]
		for _, action := range []string{"UpdateAccessKey", "DeleteAccessKey"} {
			l.server.Trouble().Set(action, func(r *localaccount.Rules) { r.LoseReply = losses })
		}
		if err := l.UpdateAccessKey(administrator(), "ann", id, KeyInactive); err != nil {
			t.Errorf("%d lost: update: %v", losses, err)
		}
		if _, err := l.DeleteAccessKey(administrator(), "ann", id); err != nil {
			t.Errorf("%d lost: delete: %v", losses, err)
		}
		if got := l.statusOf(t, "ann", id); got != "" {
			t.Errorf("%d lost: the key is there, %s", losses, got)
		}
	}
}

// The first send took effect and its reply was lost; the refusal of the second
// does not prove that nothing happened.
func TestRefusalAfterALostReply(t *testing.T) {
	t.Parallel()
	status, tries := "Active", 0
	a, _, _ := openForeign(t, answers{
		"ListAccessKeys": func(w http.ResponseWriter, form url.Values) {
			sends(strings.ReplaceAll(metadata("ann", documented), "Active", status))(w, form)
		},
		"UpdateAccessKey": func(w http.ResponseWriter, form url.Values) {
			if tries++; tries == 1 {
				status = "Inactive"
				panic(http.ErrAbortHandler)
			}
			fails(403, "AccessDenied", "no")(w, form)
		},
	})
	if err := a.UpdateAccessKey(administrator(), "ann", documented, KeyInactive); err != nil || tries != 2 {
		t.Errorf("%v after %d sends", err, tries)
	}
}

// Somebody else deletes the key between our look and our call: it is gone, as
// was asked.
func TestDeleteOfAKeyThatVanishes(t *testing.T) {
	t.Parallel()
	a, _, journal := openForeign(t, answers{
		"ListAccessKeys":  sends(strings.ReplaceAll(metadata("ann", documented), "Active", "Inactive")),
		"DeleteAccessKey": fails(404, "NoSuchEntity", "The Access Key with id "+documented+" cannot be found."),
		"UntagUser":       sends(""),
	})
	if warnings, err := a.DeleteAccessKey(administrator(), "ann", documented); err != nil || len(warnings) != 0 {
		t.Error(warnings, err)
	}
	if c, r := journal.row(t, ActionDeleteAccessKey); c.OldState != "Inactive" || r.Outcome != OutcomeOK {
		t.Errorf("row %+v %+v", c, r)
	}
}

func TestChangeThatFails(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	id := l.newUser(t, "ann", 1)[0]
	l.server.Trouble().Set("UpdateAccessKey", func(r *localaccount.Rules) { r.FailWith = localaccount.Failure{Times: -1} })
	err := l.UpdateAccessKey(administrator(), "ann", id, KeyInactive)
	if !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrOutcomeUnknown) {
		t.Errorf("the server said no and the list agrees, but: %v", err)
	}
	l.server.Trouble().Set("UpdateAccessKey", func(r *localaccount.Rules) { *r = localaccount.Rules{Deny: true} })
	err = l.UpdateAccessKey(administrator(), "ann", id, KeyInactive)
	var denied *Denied
	if !errors.As(err, &denied) || denied.Action != "iam:UpdateAccessKey" {
		t.Errorf("denied: %v", err)
	}
}

// No reply at all and a list that does not show the change: nobody knows.
func TestChangeWithoutAnyReplyIsUnknown(t *testing.T) {
	t.Parallel()
	a, _, journal := openForeign(t, map[string]func(http.ResponseWriter, url.Values){
		"ListAccessKeys":  sends(`<AccessKeyMetadata><member><UserName>ann</UserName><AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId><Status>Active</Status></member></AccessKeyMetadata>`),
		"UpdateAccessKey": func(http.ResponseWriter, url.Values) { panic(http.ErrAbortHandler) },
	})
	err := a.UpdateAccessKey(administrator(), "ann", "AKIAIOSFODNN7EXAMPLE", KeyInactive)
	var lost *OutcomeUnknown
	if !errors.As(err, &lost) || len(lost.Candidates) != 1 || lost.Candidates[0].Status != KeyActive {
		t.Fatalf("%v", err)
	}
	if _, r := journal.last(t); r.Outcome != OutcomeUnknownIs {
		t.Errorf("row %+v", r)
	}
}

// Deactivating is the emergency action: it works where keys may not be listed.
func TestDeactivateWithoutTheRightToList(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	id := l.newUser(t, "ann", 1)[0]
	l.server.Trouble().Set("ListAccessKeys", func(r *localaccount.Rules) { r.Deny = true })
	if err := l.UpdateAccessKey(administrator(), "ann", id, KeyInactive); err != nil {
		t.Error(err)
	}
	_, err := l.DeleteAccessKey(administrator(), "ann", id)
	wantIs(t, err, ErrDenied)
	if n := l.calls("DeleteAccessKey"); n != 0 {
		t.Errorf("deleted without looking: %d", n)
	}
}

// The list may lag our own change by a second: deactivate and delete in one go
// must not end in "the key is active".
func TestDeleteRightAfterDeactivate(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	id := l.newUser(t, "ann", 1)[0]
	l.settle = []time.Duration{200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond}
	l.server.Trouble().Set("ListAccessKeys", func(r *localaccount.Rules) { r.LagReads = 300 * time.Millisecond })
	if err := l.UpdateAccessKey(administrator(), "ann", id, KeyInactive); err != nil {
		t.Fatal(err)
	}
	if keys, err := l.ListAccessKeys(context.Background(), "ann"); err != nil || len(keys) != 1 || keys[0].Status != KeyInactive {
		t.Errorf("own change is not on the next page: %v %v", keys, err)
	}
	if _, err := l.DeleteAccessKey(administrator(), "ann", id); err != nil {
		t.Error(err)
	}
}

func TestDescriptionLeftBehindIsAWarning(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	id := l.newUser(t, "ann", 1)[0]
	if err := errors.Join(l.DescribeAccessKey(administrator(), "ann", id, "CI"), l.UpdateAccessKey(administrator(), "ann", id, KeyInactive)); err != nil {
		t.Fatal(err)
	}
	l.server.Trouble().Set("UntagUser", func(r *localaccount.Rules) { r.Deny = true })
	warnings, err := l.DeleteAccessKey(administrator(), "ann", id)
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "iam:UntagUser") {
		t.Errorf("%v %v", warnings, err)
	}
	if c, r := l.journal.last(t); c.Action != ActionTagUser || c.NewState != "not described" || r.Outcome != OutcomeFailed {
		t.Errorf("row %+v %+v", c, r)
	}
}

// A description follows a change of the key as a change of its own: no call is made
// that the journal was not told of before, and none where there is nothing to take
// away.
func TestDescriptionsAreJournalledToo(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.newUser(t, "ann", 0)
	for _, description := range []string{"CI", ""} {
		created, err := l.CreateAccessKey(administrator(), "ann", description)
		if err != nil {
			t.Fatal(err)
		}
		before := len(l.journal.attempts)
		id := created.Key.ID
		if err := l.UpdateAccessKey(administrator(), "ann", id, KeyInactive); err != nil {
			t.Fatal(err)
		}
		if warnings, err := l.DeleteAccessKey(administrator(), "ann", id); err != nil || len(warnings) != 0 {
			t.Fatal(warnings, err)
		}
		if untags, more := l.calls("UntagUser"), len(l.journal.attempts)-before; untags != 1 || description == "" && more != 2 || description != "" && more != 3 {
			t.Errorf("description %q: %d calls of UntagUser, %d rows", description, untags, more)
		}
	}
	l.journal.failAttempt, l.journal.failOnly = errDiskFull, ActionTagUser
	created, err := l.CreateAccessKey(administrator(), "ann", "CI")
	if err != nil || created.Secret.IsZero() || len(created.Warnings) != 1 || !strings.Contains(created.Warnings[0], "audit log") {
		t.Errorf("%+v, %v", created, err)
	}
	if n := l.calls("TagUser"); n != 1 {
		t.Errorf("%d calls of TagUser, of which one was journalled", n)
	}
}

func TestDeleteAllStopsAtTheFirstSurprise(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	ids := l.newUser(t, "ann", 2)
	l.server.Trouble().Set("DeleteAccessKey", func(r *localaccount.Rules) { r.Deny = true })
	results, err := l.DeleteAllAccessKeys(administrator(), "ann")
	if !errors.Is(err, ErrDenied) || len(results) != 1 || results[0].Deleted || !errors.Is(results[0].Err, ErrDenied) {
		t.Errorf("%+v %v", results, err)
	}
	untouched := ids[0]
	if results[0].Key.ID == untouched {
		untouched = ids[1]
	}
	if got := l.statusOf(t, "ann", untouched); got != KeyActive {
		t.Errorf("the other key is %s", got)
	}
	results, err = l.DeleteAllAccessKeys(administrator(), "keydesk")
	if !errors.Is(err, ErrKeyInUse) || len(results) != 1 || l.statusOf(t, "keydesk", l.Identity().AccessKeyID) != KeyActive {
		t.Errorf("the key in use: %+v %v", results, err)
	}
}
