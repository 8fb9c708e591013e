package iamsvc

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"keydesk/iamsvc/localaccount"
)

// The five documents this product follows, each of their samples through the
// service layer.

// .NET guide, "Managing IAM access keys": its five samples in their order.
func TestDotNetGuide(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{}, func(c *Config) { c.PageSize = 10 })
	const user, readOnly = "S3UserReadOnlyAccess", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"}]}`

	// 1: a user with a read-only S3 policy, and a key for it.
	if _, err := l.CreateUser(administrator(), NewUser{Name: user, PolicyName: "S3ReadOnlyAccess", PolicyDocument: readOnly}); err != nil {
		t.Fatal(err)
	}
	var created []string
	for range 2 {
		k, err := l.CreateAccessKey(administrator(), user, "")
		if err != nil || k.Secret.IsZero() {
			t.Fatal(err)
		}
		created = append(created, k.Key.ID)
	}

	// 2: list the keys, ten at a time.
	keys, err := l.ListAccessKeys(context.Background(), user)
	if err != nil || !slices.Equal(keyIDs(keys), sorted(created)) {
		t.Fatalf("%v %v", keys, err)
	}

	// 3: when each was last used.
	for _, k := range keys {
		owner, used, err := l.AccessKeyLastUsed(context.Background(), k.ID)
		if err != nil || owner != user || used.AsOf().IsZero() || !used.At.IsZero() || used.Region != "N/A" || used.Service != "N/A" {
			t.Errorf("%s: %s %+v %v", k.ID, owner, used, err)
		}
	}

	// 4: the status.
	if err := l.UpdateAccessKey(administrator(), user, created[0], KeyInactive); err != nil {
		t.Error(err)
	}

	// 5: delete them all.
	results, err := l.DeleteAllAccessKeys(administrator(), user)
	if err != nil || len(results) != 2 || !results[0].Deleted || !results[1].Deleted {
		t.Errorf("%+v %v", results, err)
	}
	if keys, err = l.ListAccessKeys(context.Background(), user); err != nil || len(keys) != 0 {
		t.Errorf("%v %v", keys, err)
	}
}

// .NET reference of UpdateAccessKey: the implicit user name and the errors it
// documents (NoSuchEntity, LimitExceeded, ServiceFailure).
func TestDotNetUpdateAccessKeyReference(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	own, err := l.CreateOwnAccessKey(administrator(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.UpdateOwnAccessKey(administrator(), own.Key.ID, KeyInactive); err != nil {
		t.Fatal(err)
	}
	if got := l.statusOf(t, "keydesk", own.Key.ID); got != KeyInactive {
		t.Errorf("status %s", got)
	}
	wantIs(t, l.UpdateAccessKey(administrator(), "keydesk", "AKIAIOSFODNN7MISSING", KeyInactive), ErrNoSuchKey)
	wantIs(t, l.UpdateAccessKey(administrator(), "Bob", own.Key.ID, KeyInactive), ErrNoSuchUser)
	for code, want := range map[string]error{"LimitExceeded": ErrQuota, "ServiceFailure": ErrUnavailable} {
		l.server.Trouble().Set("UpdateAccessKey", func(r *localaccount.Rules) {
			status := map[string]int{"LimitExceeded": 409, "ServiceFailure": 500}[code]
			r.FailWith = localaccount.Failure{Times: -1, Status: status, Code: code}
		})
		err := l.UpdateOwnAccessKey(administrator(), own.Key.ID, KeyActive)
		if wantIs(t, err, want); ErrorCode(err) != code {
			t.Errorf("code %s", ErrorCode(err))
		}
	}
}

// C++ guide: the loop over markers, the ISO 8601 date, activate, deactivate,
// delete.
func TestCPlusPlusGuide(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{}, func(c *Config) { c.PageSize = 1 })
	const user = "terraform-runner" // three keys
	before := l.calls("ListAccessKeys")
	keys, err := l.ListAccessKeys(context.Background(), user)
	if err != nil || len(keys) != 3 || l.calls("ListAccessKeys")-before != 3 {
		t.Fatalf("%v %v, %d calls", keys, err, l.calls("ListAccessKeys")-before)
	}
	k := keys[0]
	_, used, err := l.AccessKeyLastUsed(context.Background(), k.ID)
	if err != nil || used.At.IsZero() {
		t.Fatal(used, err)
	}
	if again, err := time.Parse(time.RFC3339, used.At.Format(time.RFC3339)); err != nil || !again.Equal(used.At) || used.At.Location() != time.UTC {
		t.Errorf("%v is not whole seconds UTC", used.At)
	}
	for _, s := range []KeyStatus{KeyActive, KeyInactive} {
		if err := l.UpdateAccessKey(administrator(), user, k.ID, s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.DeleteAccessKey(administrator(), user, k.ID); err != nil {
		t.Fatal(err)
	}
	if keys, err = l.ListAccessKeys(context.Background(), user); err != nil || len(keys) != 2 {
		t.Errorf("%v %v", keys, err)
	}
}

// Python guide: create, list with a paginator, update, last used and delete,
// some of them for the implicit user.
func TestPythonGuide(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{}, func(c *Config) { c.PageSize = 1 })
	inUse := l.Identity().AccessKeyID
	created, err := l.CreateOwnAccessKey(administrator(), "")
	if err != nil || created.Key.UserName != "keydesk" {
		t.Fatal(err)
	}
	keys, err := l.OwnAccessKeys(context.Background())
	if err != nil || !slices.Equal(keyIDs(keys), sorted([]string{inUse, created.Key.ID})) {
		t.Fatalf("%v %v", keys, err)
	}
	owner, used, err := l.AccessKeyLastUsed(context.Background(), created.Key.ID)
	if err != nil || owner != "keydesk" || used.AsOf().IsZero() {
		t.Errorf("%s %+v %v", owner, used, err)
	}
	if err := l.UpdateOwnAccessKey(administrator(), created.Key.ID, KeyInactive); err != nil {
		t.Error(err)
	}
	if _, err := l.DeleteOwnAccessKey(administrator(), created.Key.ID); err != nil {
		t.Error(err)
	}
	if keys, err = l.OwnAccessKeys(context.Background()); err != nil || len(keys) != 1 || keys[0].ID != inUse {
		t.Errorf("%v %v", keys, err)
	}
}

// IAM User Guide, "How an IAM administrator can manage IAM user access keys":
// create (button off at two keys), deactivate, activate, delete only when
// inactive, find the owner by the ID.
func TestIAMUserGuide(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	ids := l.newUser(t, "guide", 2)
	_, err := l.CreateAccessKey(administrator(), "guide", "")
	if !errors.Is(err, ErrKeyQuota) {
		t.Errorf("third key: %v", err)
	}
	if err := l.UpdateAccessKey(administrator(), "guide", ids[0], KeyInactive); err != nil {
		t.Fatal(err)
	}
	if _, err := l.CreateAccessKey(administrator(), "guide", ""); !errors.Is(err, ErrKeyQuota) {
		t.Errorf("an inactive key counts: %v", err)
	}
	if err := l.UpdateAccessKey(administrator(), "guide", ids[0], KeyActive); err != nil {
		t.Fatal(err)
	}
	if _, err := l.DeleteAccessKey(administrator(), "guide", ids[0]); !errors.Is(err, ErrKeyActive) {
		t.Errorf("delete while active: %v", err)
	}
	r, err := l.LookUp(context.Background(), ids[1])
	if err != nil || r.Kind != KeyFound || r.Owner != "guide" {
		t.Errorf("%+v %v", r, err)
	}
}
