package iamsvc

import (
	"context"
	"errors"
	"slices"
	"testing"

	"keydesk/iamsvc/localaccount"
	"keydesk/iamsvc/paste"
)

func TestUserDetails(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	ctx := context.Background()
	d, err := l.UserDetails(ctx, "mateo.jackson")
	if err != nil || d.UserErr != nil || d.User.Name != "mateo.jackson" || !d.LoginProfile.Value.Exists || len(d.MFADevices.Value) != 1 || d.MFADevices.Value[0].Kind != "Virtual" {
		t.Fatalf("%+v %v", d, err)
	}
	k, ok := findKey(d.Keys.Value, documented)
	if !ok || k.Description != "Laptop - command line" || k.LastUsed.AsOf().IsZero() || k.LastUsed.At.IsZero() || k.LastUsed.Service != "iam" {
		t.Errorf("%+v", k)
	}
	d, err = l.UserDetails(ctx, "svc-git-mirror")
	if err != nil || d.LoginProfile.Err != nil || d.LoginProfile.Value.Exists || len(d.SSHPublicKeys.Value) != 2 || len(d.SigningCertificates.Value) != 1 ||
		len(d.ServiceSpecificCredentials.Value) != 2 || len(d.Groups.Value) != 1 || d.Keys.Err != nil || len(d.Keys.Value) != 0 {
		t.Errorf("%+v %v", d, err)
	}
	d, err = l.UserDetails(ctx, "dev-sandbox-bot")
	if err != nil || !d.Quarantined {
		t.Errorf("%+v %v", d.AttachedPolicies, err)
	}
	_, err = l.UserDetails(ctx, "nobody")
	wantIs(t, err, ErrNoSuchUser)
	_, err = l.UserDetails(ctx, "no/body")
	wantIs(t, err, ErrInvalid)
}

// Each read denied by itself marks its part and nothing else.
func TestDeniedSideReadMarksItsPart(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	actions := []string{"GetUser", "ListAccessKeys", "ListGroupsForUser", "ListMFADevices", "GetLoginProfile", "ListSSHPublicKeys",
		"ListSigningCertificates", "ListServiceSpecificCredentials", "ListAttachedUserPolicies", "ListUserPolicies"}
	for i, action := range actions {
		l.server.Trouble().Reset()
		l.server.Trouble().Set(action, func(r *localaccount.Rules) { r.Deny = true })
		d, err := l.UserDetails(context.Background(), "mateo.jackson")
		if err != nil || d.User.Name != "mateo.jackson" || d.User.ARN == "" {
			t.Fatalf("%s: %+v %v", action, d.User, err)
		}
		marks := []error{d.UserErr, d.Keys.Err, d.Groups.Err, d.MFADevices.Err, d.LoginProfile.Err, d.SSHPublicKeys.Err,
			d.SigningCertificates.Err, d.ServiceSpecificCredentials.Err, d.AttachedPolicies.Err, d.InlinePolicies.Err}
		for j, mark := range marks {
			if denied := errors.Is(mark, ErrDenied); denied != (i == j) || !denied && mark != nil {
				t.Errorf("%s denied: mark of %s is %v", action, actions[j], mark)
			}
		}
	}
	l.server.Trouble().Reset()
	l.server.Trouble().Set("GetAccessKeyLastUsed", func(r *localaccount.Rules) { r.Deny = true })
	d, err := l.UserDetails(context.Background(), "mateo.jackson")
	if err != nil || d.Keys.Err != nil || len(d.Keys.Value) != 1 || !d.Keys.Value[0].LastUsed.AsOf().IsZero() || !errors.Is(d.Keys.Value[0].LastUsed.Err, ErrDenied) {
		t.Errorf("%+v %v", d.Keys, err)
	}
}

func TestUserDetailsWhenNothingCanBeSaid(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.server.Trouble().Set("", func(r *localaccount.Rules) { *r = localaccount.Rules{Throttle: -1} })
	_, err := l.UserDetails(context.Background(), "mateo.jackson")
	wantIs(t, err, ErrThrottled)

	l = openLocal(t, localaccount.Options{})
	l.server.Trouble().Set("", func(r *localaccount.Rules) { r.FailWith = localaccount.Failure{Times: -1} })
	_, err = l.UserDetails(context.Background(), "mateo.jackson")
	wantIs(t, err, ErrUnavailable)
}

func TestCreateUser(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"}]}`
	n := NewUser{Name: "svc+x=1,y.z@w_-", Path: "/R&D/a/", Tags: []Tag{{"Owner", "Développement"}}, PolicyName: "S3-ReadOnly", PolicyDocument: policy}
	created, err := l.CreateUser(administrator(), n)
	if err != nil || created.User.Name != n.Name || created.User.Path != n.Path || len(created.Warnings) != 0 {
		t.Fatalf("%+v %v", created, err)
	}
	u, err := l.User(context.Background(), n.Name)
	if err != nil || !slices.Equal(u.Tags, n.Tags) {
		t.Errorf("%+v %v", u, err)
	}
	names, err := l.ListUserPolicies(context.Background(), n.Name)
	if err != nil || !slices.Equal(names, []string{"S3-ReadOnly"}) {
		t.Errorf("%v %v", names, err)
	}
	if doc, err := l.UserPolicy(context.Background(), n.Name, "S3-ReadOnly"); err != nil || doc != policy {
		t.Errorf("%s %v", doc, err)
	}
	_, err = l.UserPolicy(context.Background(), n.Name, "other")
	wantIs(t, err, ErrNoSuchEntity)
	c, r := l.journal.last(t)
	if c.Action != ActionCreateUser || c.NewState != "path /R&D/a/, inline policy S3-ReadOnly" || r.Outcome != OutcomeOK || r.AWSRequestID == "" {
		t.Errorf("row %+v %+v", c, r)
	}
}

func TestCreateUserThatExists(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	_, err := l.CreateUser(administrator(), NewUser{Name: "Nikki.WOLF", PolicyName: "p", PolicyDocument: `{"Statement":[]}`})
	var exists *UserExists
	if !errors.As(err, &exists) || !errors.Is(err, ErrUserExists) || exists.User.Name != "nikki.wolf" || exists.User.ARN == "" {
		t.Errorf("%v, %+v", err, exists)
	}
	if n := l.calls("PutUserPolicy"); n != 0 {
		t.Error("the existing user got the policy")
	}
	if _, r := l.journal.last(t); r.Outcome != OutcomeFailed || r.ErrorCode != "EntityAlreadyExists" {
		t.Errorf("row %+v", r)
	}
}

func TestPolicyThatCannotBePut(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.server.Trouble().Set("PutUserPolicy", func(r *localaccount.Rules) { r.Deny = true })
	created, err := l.CreateUser(administrator(), NewUser{Name: "x", PolicyName: "p", PolicyDocument: `{"Statement":[]}`})
	if err != nil || !errors.Is(created.PolicyErr, ErrDenied) || len(created.Warnings) != 1 {
		t.Errorf("%+v %v", created, err)
	}
	if _, r := l.journal.last(t); r.ErrorCode != "PutUserPolicy AccessDenied" {
		t.Errorf("row %+v", r)
	}
}

func TestLostReplyOfCreateUser(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.server.Trouble().Set("CreateUser", func(r *localaccount.Rules) { r.LoseReply = 1 })
	created, err := l.CreateUser(administrator(), NewUser{Name: "x"})
	if err != nil || created.User.Name != "x" || l.calls("CreateUser") != 1 {
		t.Errorf("%+v %v", created, err)
	}
	l.server.Trouble().Set("CreateUser", func(r *localaccount.Rules) { *r = localaccount.Rules{FailWith: localaccount.Failure{Times: -1}} })
	_, err = l.CreateUser(administrator(), NewUser{Name: "y"})
	var lost *OutcomeUnknown
	if !errors.As(err, &lost) || lost.User != "y" || lost.Attempt == 0 {
		t.Errorf("%v", err)
	}
}

func TestAccountReads(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	ctx := context.Background()
	summary, err := l.AccountSummary(ctx)
	if err != nil || summary["AccessKeysPerUserQuota"] != 2 || summary["Users"] < 150 {
		t.Errorf("%v %v", summary, err)
	}
	_, k, _ := func() (InventoryUser, AccessKey, bool) {
		_ = l.Refresh(ctx)
		return l.Inventory().Key(l.Identity().AccessKeyID)
	}()
	account, err := l.AccessKeyInfo(ctx, k.ID)
	decoded, ok := paste.AccountOfKey(k.ID)
	if err != nil || account != l.ID() || !ok || decoded != account {
		t.Errorf("STS %q, decoded %q, %v", account, decoded, err)
	}
	if l.Identity().Alias == "" || l.Identity().UserName != "keydesk" || len(l.Identity().Warnings) != 0 {
		t.Errorf("%+v", l.Identity())
	}
}
