package iamsvc

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc/localaccount"
)

// mutations are all the ways to change something, each with a user name.
func mutations(a *Account) map[string]func(ctx context.Context, user string) error {
	const id = "AKIAIOSFODNN7EXAMPLE"
	return map[string]func(context.Context, string) error{
		"CreateAccessKey": func(ctx context.Context, user string) error {
			_, err := a.CreateAccessKey(ctx, user, "x")
			return err
		},
		"UpdateAccessKey": func(ctx context.Context, user string) error { return a.UpdateAccessKey(ctx, user, id, KeyInactive) },
		"DeleteAccessKey": func(ctx context.Context, user string) error {
			_, err := a.DeleteAccessKey(ctx, user, id)
			return err
		},
		"DescribeAccessKey":   func(ctx context.Context, user string) error { return a.DescribeAccessKey(ctx, user, id, "x") },
		"UndescribeAccessKey": func(ctx context.Context, user string) error { return a.DescribeAccessKey(ctx, user, id, "") },
		"DeleteAllAccessKeys": func(ctx context.Context, user string) error {
			_, err := a.DeleteAllAccessKeys(ctx, user)
			return err
		},
		"CreateUser": func(ctx context.Context, user string) error {
			_, err := a.CreateUser(ctx, NewUser{Name: user, PolicyName: "p", PolicyDocument: `{"Statement":[]}`})
			return err
		},
	}
}

func changingCalls(calls map[string]int) int {
	n := 0
	for _, action := range []string{"CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey", "TagUser", "UntagUser", "CreateUser", "PutUserPolicy"} {
		n += calls[action]
	}
	return n
}

func TestNothingChangesWithoutLeave(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	gone, cancel := context.WithCancel(administrator())
	cancel()
	auditor := func(may func(Action) bool) context.Context {
		return WithActor(context.Background(), Actor{Name: "eve", May: may})
	}
	contexts := map[string]struct {
		ctx  context.Context
		want error
	}{
		"no actor":            {context.Background(), ErrNoActor},
		"may not":             {auditor(func(Action) bool { return false }), ErrForbidden},
		"nobody said":         {auditor(nil), ErrForbidden},
		"client already gone": {gone, context.Canceled},
	}
	for action, do := range mutations(l.Account) {
		for name, c := range contexts {
			if err := do(c.ctx, "mateo.jackson"); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %v, want %v", action, name, err, c.want)
			}
		}
	}
	if n := changingCalls(l.server.Calls()); n != 0 {
		t.Errorf("%d changing calls reached IAM", n)
	}
	if len(l.journal.attempts) != 0 {
		t.Errorf("attempts without leave: %v", l.journal.attempts)
	}
}

func TestNoCallWithoutAnAttemptRow(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.journal.failAttempt = errDiskFull
	for action, do := range mutations(l.Account) {
		err := do(administrator(), "mateo.jackson")
		var failure *JournalFailure
		if !errors.As(err, &failure) || !errors.Is(err, ErrJournal) || !errors.Is(err, errDiskFull) || failure.Called {
			t.Errorf("%s: %v", action, err)
		}
	}
	if n := changingCalls(l.server.Calls()); n != 0 {
		t.Errorf("%d changing calls reached IAM", n)
	}
}

func TestJournalRows(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	keyID := l.newUser(t, "rows", 1)[0]
	ctx := WithReason(administrator(), "TICKET-7")

	if err := l.UpdateAccessKey(ctx, "rows", keyID, KeyInactive); err != nil {
		t.Fatal(err)
	}
	c, r := l.journal.last(t)
	if c.Action != ActionUpdateAccessKey || c.Account != l.ID() || c.User != "rows" || c.AccessKeyID != keyID || c.OldState != "Active" ||
		c.NewState != "Inactive" || c.Reason != "TICKET-7" || c.Actor.Name != "ada" || r.Outcome != OutcomeOK || r.AWSRequestID == "" {
		t.Errorf("row: %+v %+v", c, r)
	}

	created, err := l.CreateAccessKey(ctx, "rows", "")
	if err != nil {
		t.Fatal(err)
	}
	c, r = l.journal.last(t)
	if c.Action != ActionCreateAccessKey || r.AccessKeyID != created.Key.ID || r.AWSRequestID == "" || created.Attempt != int64(len(l.journal.attempts)) {
		t.Errorf("row: %+v %+v, key %+v", c, r, created)
	}

	_, err = l.CreateAccessKey(ctx, "rows", "")
	wantIs(t, err, ErrKeyQuota)
	if _, r = l.journal.last(t); r.Outcome != OutcomeFailed || r.ErrorCode != "LimitExceeded" || r.AWSRequestID == "" {
		t.Errorf("row: %+v", r)
	}

	_, err = l.DeleteAccessKey(ctx, "rows", created.Key.ID)
	wantIs(t, err, ErrKeyActive)
	if c, r = l.journal.last(t); r.Outcome != OutcomeRefused || c.OldState != "Active" {
		t.Errorf("row: %+v %+v", c, r)
	}
}

// An outcome that cannot be journalled is reported, although the change stands.
func TestOutcomeThatCannotBeJournalled(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	keyID := l.newUser(t, "rows", 1)[0]
	l.journal.failOutcome = []error{errDiskFull}
	err := l.UpdateAccessKey(administrator(), "rows", keyID, KeyInactive)
	var failure *JournalFailure
	if !errors.As(err, &failure) || !failure.Called || failure.Withdrawn || failure.KeyID != keyID {
		t.Fatalf("error: %#v", err)
	}
	if got := l.statusOf(t, "rows", keyID); got != KeyInactive {
		t.Errorf("status is %s", got)
	}
}

// The client's going away must not leave a change without its outcome.
func TestClientGoneInTheMiddle(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(administrator())
	answers := map[string]func(http.ResponseWriter, url.Values){
		"CreateAccessKey": func(w http.ResponseWriter, form url.Values) {
			cancel()
			sends(`<AccessKey><UserName>ann</UserName><AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId><Status>Active</Status><SecretAccessKey>`+sentinel+`</SecretAccessKey></AccessKey>`)(w, form)
		},
	}
	a, _, journal := openForeign(t, answers)
	created, err := a.CreateAccessKey(ctx, "ann", "")
	if err != nil || created.Secret.Reveal() != sentinel {
		t.Fatalf("%v", err)
	}
	if _, r := journal.last(t); r.Outcome != OutcomeOK {
		t.Errorf("row: %+v", r)
	}
}

// An empty or blank user name never reaches IAM but through the Own methods,
// whatever else is asked.
func FuzzNoBlankUserNameReachesIAM(f *testing.F) {
	f.Add("", "AKIAIOSFODNN7EXAMPLE", "x", uint8(0))
	f.Add(" ", "", "", uint8(1))
	f.Add("\u00a0\t", "AKIAIOSFODNN7EXAMPLE", "Laptop", uint8(2))
	f.Add("ann", "AKIAIOSFODNN7EXAMPLE", "", uint8(6))
	f.Add("%20", "\x00", "a,b", uint8(3))
	server := &foreign{answers: map[string]func(http.ResponseWriter, url.Values){
		"GetCallerIdentity": sends(foreignIdentity),
		"ListAccessKeys":    sends(`<AccessKeyMetadata><member><UserName>ann</UserName><AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId><Status>Inactive</Status></member></AccessKeyMetadata>`),
		"UpdateAccessKey":   sends(""), "DeleteAccessKey": sends(""), "TagUser": sends(""), "UntagUser": sends(""), "PutUserPolicy": sends(""),
		"CreateUser":      sends(`<User><UserName>ann</UserName></User>`),
		"CreateAccessKey": sends(`<AccessKey><UserName></UserName><AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>` + sentinel + `</SecretAccessKey></AccessKey>`),
	}}
	a := openForFuzz(f, server)
	f.Fuzz(func(t *testing.T, user, keyID, text string, which uint8) {
		server.mu.Lock()
		server.calls = nil
		server.mu.Unlock()
		ctx := administrator()
		switch which % 8 {
		case 0:
			_, _ = a.CreateAccessKey(ctx, user, text)
		case 1:
			_ = a.UpdateAccessKey(ctx, user, keyID, KeyActive)
		case 2:
			_, _ = a.DeleteAccessKey(ctx, user, keyID)
		case 3:
			_ = a.DescribeAccessKey(ctx, user, keyID, text)
		case 4:
			_, _ = a.CreateUser(ctx, NewUser{Name: user, Path: text, PolicyName: text, PolicyDocument: `{"Statement":[]}`})
		case 5:
			_, _ = a.DeleteAllAccessKeys(ctx, user)
		case 6:
			_, _ = a.UserDetails(ctx, user)
		case 7:
			_, _ = a.ListAccessKeys(ctx, user)
		}
		server.mu.Lock()
		defer server.mu.Unlock()
		for _, c := range server.calls {
			if name := c.Get("UserName"); ValidateExistingUserName(name) != nil && c.Get("Action") != "GetAccessKeyLastUsed" {
				t.Errorf("%s with user name %q", c.Get("Action"), name)
			}
		}
	})
}

func openForFuzz(f *testing.F, server *foreign) *Account {
	f.Helper()
	a, err := Open(context.Background(), Config{AWS: inProcess(server), Journal: &notebook{}})
	if err != nil {
		f.Fatal(err)
	}
	quick(a)
	return a
}

// The Own methods, and only they, leave the name out.
func TestOwnKeysAreCalledWithoutUserName(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	inUse := l.Identity().AccessKeyID
	created, err := l.CreateOwnAccessKey(administrator(), "second")
	if err != nil || created.Key.UserName != "keydesk" || len(created.Warnings) != 0 {
		t.Fatalf("%+v %v", created, err)
	}
	if c, _ := l.journal.last(t); c.User != "keydesk" {
		t.Errorf("journal names %q", c.User)
	}
	keys, err := l.OwnAccessKeys(context.Background())
	if want := []string{inUse, created.Key.ID}; err != nil || !slices.Equal(keyIDs(keys), sorted(want)) {
		t.Fatalf("own keys %v, want %v, %v", keyIDs(keys), want, err)
	}
	wantIs(t, l.UpdateOwnAccessKey(administrator(), inUse, KeyInactive), ErrKeyInUse)
	wantIs(t, l.UpdateAccessKey(administrator(), "keydesk", inUse, KeyInactive), ErrKeyInUse)
	_, err = l.DeleteOwnAccessKey(administrator(), inUse)
	wantIs(t, err, ErrKeyInUse)
	_, err = l.DeleteAccessKey(administrator(), "keydesk", inUse)
	wantIs(t, err, ErrKeyInUse)
	if err := l.UpdateOwnAccessKey(administrator(), created.Key.ID, KeyInactive); err != nil {
		t.Fatal(err)
	}
	if warnings, err := l.DeleteOwnAccessKey(administrator(), created.Key.ID); err != nil || len(warnings) != 0 {
		t.Fatal(warnings, err)
	}
	if got := l.statusOf(t, "keydesk", inUse); got != KeyActive {
		t.Errorf("the key in use is %q", got)
	}
}

// The same on the wire: the parameter is absent, not empty.
func TestOwnCallsOnTheWire(t *testing.T) {
	t.Parallel()
	a, server, _ := openForeign(t, answers{
		"ListAccessKeys":  sends(metadata("ops", documented)),
		"UpdateAccessKey": sends(""), "DeleteAccessKey": sends(""), "UntagUser": sends(""),
		"CreateAccessKey": sends(`<AccessKey><UserName>ops</UserName><AccessKeyId>AKIAI44QH8DHBEXAMPLE</AccessKeyId><SecretAccessKey>` + sentinel + `</SecretAccessKey></AccessKey>`),
	})
	if _, err := a.CreateOwnAccessKey(administrator(), ""); err != nil {
		t.Error(err)
	}
	if err := a.UpdateOwnAccessKey(administrator(), documented, KeyInactive); err != nil {
		t.Error(err)
	}
	server.mu.Lock()
	server.answers["ListAccessKeys"] = sends(strings.ReplaceAll(metadata("ops", documented), "Active", "Inactive"))
	server.mu.Unlock()
	if _, err := a.DeleteOwnAccessKey(administrator(), documented); err != nil {
		t.Error(err)
	}
	for _, c := range server.calls {
		action := c.Get("Action")
		if named := c.Has("UserName"); named && strings.HasSuffix(action, "AccessKey") || named && action == "ListAccessKeys" {
			t.Errorf("%s names %q", action, c.Get("UserName"))
		}
	}
	for _, action := range []string{"ListAccessKeys", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"} {
		if server.count(action) == 0 {
			t.Errorf("%s was not called", action)
		}
	}
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

func TestThrottleWaitsAreShorterThanTheTimeout(t *testing.T) {
	t.Parallel()
	var sum time.Duration
	for _, w := range throttleWaits {
		sum += w
	}
	if sum >= createTimeout/2 {
		t.Errorf("%v of %v is spent waiting", sum, createTimeout)
	}
}
