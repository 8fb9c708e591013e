package localaccount

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func TestGetAccessKeyInfo(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := stsAdmin(a)
	for id, account := range map[string]string{
		"ASIAY34FZKBOKMUTVV7A":   "609629065308",
		"AKIAIOSFODNN7EXAMPLE":   DefaultAccountID,
		"AKIAI44QH8DHBEXAMPLE":   DefaultAccountID,
		a.ownKey:                 DefaultAccountID,
		a.ownKey[:14] + "AAAAAA": DefaultAccountID,
	} {
		got, err := c.GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: &id})
		if err != nil || *got.Account != account {
			t.Errorf("account of %s = %v, %v; want %s", id, got, err, account)
		}
	}
	for _, id := range []string{"AKIAJZZZZZZZZZZZZZZZ", "AKIA0000000000000000"} {
		_, err := c.GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: &id})
		wantError(t, err, http.StatusBadRequest, "ValidationError", "The access key ID "+id+" is not valid.")
	}
}

func assume(t *testing.T, a *Account) *types.Credentials {
	t.Helper()
	out, err := stsAdmin(a).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::123456789012:role/ops/Deployer"), RoleSessionName: aws.String("night-shift")})
	if err != nil {
		t.Fatal(err)
	}
	if *out.AssumedRoleUser.Arn != "arn:aws:sts::123456789012:assumed-role/Deployer/night-shift" {
		t.Errorf("assumed %s", *out.AssumedRoleUser.Arn)
	}
	return out.Credentials
}

func TestTemporaryCredentials(t *testing.T) {
	t.Parallel()
	clock := &manualClock{now: time.Now().Truncate(time.Second)}
	a := open(t, Options{Now: clock.Now})
	session := assume(t, a)
	if !strings.HasPrefix(*session.AccessKeyId, "ASIA") || !session.Expiration.Equal(clock.Now().Add(time.Hour)) {
		t.Errorf("session %s until %v", *session.AccessKeyId, session.Expiration)
	}
	as := func(token string) aws.Config { return config(a, *session.AccessKeyId, *session.SecretAccessKey, token) }
	who, err := sts.NewFromConfig(as(*session.SessionToken)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:sts::123456789012:assumed-role/Deployer/night-shift" ||
		!strings.HasPrefix(*who.UserId, "AROA") || !strings.HasSuffix(*who.UserId, ":night-shift") {
		t.Errorf("caller = %+v, %v", who, err)
	}
	c := iam.NewFromConfig(as(*session.SessionToken))
	if _, err := c.ListUsers(t.Context(), &iam.ListUsersInput{}); err != nil {
		t.Error("the caller's permissions should hold for the session:", err)
	}
	const says = "Must specify userName when calling with non-User credentials"
	_, err = c.GetUser(t.Context(), &iam.GetUserInput{})
	wantError(t, err, http.StatusBadRequest, "ValidationError", says)
	_, err = c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{})
	wantError(t, err, http.StatusBadRequest, "ValidationError", says)
	_, err = c.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{})
	wantError(t, err, http.StatusBadRequest, "ValidationError", says)
	if _, err := c.ListServiceSpecificCredentials(t.Context(), &iam.ListServiceSpecificCredentialsInput{AllUsers: aws.Bool(true)}); err != nil {
		t.Error(err)
	}

	const invalid = "The security token included in the request is invalid."
	other := assume(t, a)
	for _, token := range []string{"", "x", *session.SessionToken + "x", "x" + *session.SessionToken, *other.SessionToken} {
		_, err := iam.NewFromConfig(as(token)).ListUsers(t.Context(), &iam.ListUsersInput{})
		wantError(t, err, http.StatusForbidden, "InvalidClientTokenId", invalid)
	}
	clock.Advance(time.Hour)
	_, err = c.ListUsers(t.Context(), &iam.ListUsersInput{})
	wantError(t, err, http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
}

func TestTemporaryCredentialsEndWithTheirUser(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := admin(a)
	createUserNamed(t, c, "guest")
	putPolicy(t, c, "guest", "assume", `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}`)
	id, secret := createKeyFor(t, c, "guest")
	out, err := sts.NewFromConfig(config(a, id, secret, "")).AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::123456789012:role/Guest"), RoleSessionName: aws.String("visit"), DurationSeconds: aws.Int32(900)})
	if err != nil {
		t.Fatal(err)
	}
	s := out.Credentials
	visitor := sts.NewFromConfig(config(a, *s.AccessKeyId, *s.SecretAccessKey, *s.SessionToken))
	if _, err := visitor.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Fatal(err)
	}
	if err := a.store.remove("guest", write{}, func(*user) error { return nil }); err != nil {
		t.Fatal(err)
	}
	createUserNamed(t, c, "guest")
	_, err = visitor.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	wantError(t, err, http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
}

func TestAssumeRoleRefusals(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := stsAdmin(a)
	assume := func(arn, name string, seconds int32) error {
		_, err := c.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: &name, DurationSeconds: &seconds})
		return err
	}
	const role, at = "arn:aws:iam::123456789012:role/R", "1 validation error detected: Value at '%' failed to satisfy constraint: Member must have "
	wantError(t, assume("arn:aws:iam::999999999999:role/R", "ok", 900), http.StatusForbidden, "AccessDenied",
		"User: arn:aws:iam::123456789012:user/keydesk is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::999999999999:role/R")
	wantError(t, assume("arn:aws:iam::123456789012:user/R", "ok", 900), http.StatusBadRequest, "ValidationError", "arn:aws:iam::123456789012:user/R is invalid")
	wantError(t, assume(role, "x", 900), http.StatusBadRequest, "ValidationError", strings.Replace(at, "%", "roleSessionName", 1)+"length greater than or equal to 2")
	wantError(t, assume(role, "ok", 899), http.StatusBadRequest, "ValidationError", strings.Replace(at, "%", "durationSeconds", 1)+"value greater than or equal to 900")
	wantError(t, assume(role, "ok", 43201), http.StatusBadRequest, "ValidationError", strings.Replace(at, "%", "durationSeconds", 1)+"value less than or equal to 43200")
}
