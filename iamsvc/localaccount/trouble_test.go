package localaccount

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

const rateExceeded = "Rate exceeded"

func aliases(t *testing.T, c *iam.Client) error {
	t.Helper()
	_, err := c.ListAccountAliases(t.Context(), &iam.ListAccountAliasesInput{})
	return err
}

func TestThrottleTheNextCalls(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := admin(a)
	a.Trouble().Set("ListAccountAliases", func(r *Rules) { r.Throttle = 2 })
	wantError(t, aliases(t, c), http.StatusBadRequest, "Throttling", rateExceeded)
	if _, err := c.GetUser(t.Context(), &iam.GetUserInput{}); err != nil {
		t.Error("another action is throttled too:", err)
	}
	wantError(t, aliases(t, c), http.StatusBadRequest, "Throttling", rateExceeded)
	if err := aliases(t, c); err != nil {
		t.Error("the third call:", err)
	}
	if calls := a.Calls(); calls["ListAccountAliases"] != 3 || calls["GetUser"] != 1 {
		t.Errorf("calls = %v", calls)
	}
}

func TestTheSDKRetriesThrottling(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	a.Trouble().Set("", func(r *Rules) { r.Throttle = 1 })
	id, secret := a.Credentials()
	cfg := config(a, id, secret, "")
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	if err := aliases(t, iam.NewFromConfig(cfg)); err != nil || a.Calls()["ListAccountAliases"] != 2 {
		t.Errorf("after %d calls: %v", a.Calls()["ListAccountAliases"], err)
	}
}

func TestThrottleEveryNthCall(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	a.Trouble().Set("", func(r *Rules) { r.ThrottleEvery = 3 })
	for n := 1; n <= 9; n++ {
		if err := aliases(t, admin(a)); (err != nil) != (n%3 == 0) {
			t.Errorf("call %d: %v", n, err)
		}
	}
	a.Trouble().Reset()
	for n := range 3 {
		if err := aliases(t, admin(a)); err != nil {
			t.Errorf("call %d after the reset: %v", n, err)
		}
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	a.Trouble().Set("", func(r *Rules) { r.Rate, r.Burst = 1e-6, 2 })
	for n := range 2 {
		if err := aliases(t, admin(a)); err != nil {
			t.Errorf("call %d of the burst: %v", n, err)
		}
	}
	wantError(t, aliases(t, admin(a)), http.StatusBadRequest, "Throttling", rateExceeded)
}

func TestFailWith(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := admin(a)
	a.Trouble().Set("CreateUser", func(r *Rules) { r.FailWith = Failure{Times: 1} })
	create := func() error {
		_, err := c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("later")})
		return err
	}
	wantError(t, create(), http.StatusServiceUnavailable, "ServiceFailure", "The request processing has failed because of an unknown error, exception or failure.")
	if a.store.roster().find("later") != nil {
		t.Error("a call that failed had its effect")
	}
	a.Trouble().Set("CreateUser", func(r *Rules) {
		r.FailWith = Failure{Times: -1, Status: 409, Code: "ConcurrentModification", Message: "Try again."}
	})
	for range 3 {
		wantError(t, create(), http.StatusConflict, "ConcurrentModification", "Try again.")
	}
	a.Trouble().Set("CreateUser", func(r *Rules) { r.FailWith.Times = 0 })
	if err := create(); err != nil {
		t.Error(err)
	}
}

func TestReplyLostAfterTheEffect(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := admin(a)
	createUserNamed(t, c, "unlucky")
	a.Trouble().Set("CreateAccessKey", func(r *Rules) { r.LoseReply = 1 })
	_, err := c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("nobody")})
	wantError(t, err, http.StatusNotFound, "NoSuchEntity", "The user with name nobody cannot be found.")
	_, err = c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("unlucky")})
	var connection interface{ ConnectionError() bool }
	if !errors.As(err, &connection) || !connection.ConnectionError() {
		t.Errorf("error = %v, want a broken connection", err)
	}
	if n := len(a.store.roster().find("unlucky").Keys); n != 1 {
		t.Errorf("%d keys, want the one whose reply was lost", n)
	}
}

func TestDeniedAction(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	a.Trouble().Set("TagUser", func(r *Rules) { r.Deny = true })
	wantError(t, tagNow(t, admin(a), pair("k", "v")), http.StatusForbidden, "AccessDenied", "User: arn:aws:iam::123456789012:user/keydesk is not authorized "+
		"to perform: iam:TagUser on resource: user tagged because no identity-based policy allows the iam:TagUser action")
}

func TestLaggingReads(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := admin(a)
	createUserNamed(t, c, "early")
	a.Trouble().Set("ListAccessKeys", func(r *Rules) { r.LagReads = time.Hour })
	createKeyFor(t, c, "early")
	createKeyFor(t, c, "early")
	list := func() int {
		t.Helper()
		got, err := c.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("early")})
		if err != nil {
			t.Fatal(err)
		}
		return len(got.AccessKeyMetadata)
	}
	if n := list(); n != 0 {
		t.Errorf("%d keys are seen within the lag", n)
	}
	_, err := c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("early")})
	wantError(t, err, http.StatusConflict, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	a.Trouble().Set("ListAccessKeys", func(r *Rules) { r.LagReads = time.Nanosecond })
	eventually(t, "the lag is over", func() bool { return list() == 2 })
}

func TestLatencyEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	a.Trouble().Set("CreateUser", func(r *Rules) { r.Latency, r.Jitter = time.Hour, time.Hour })
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := admin(a).CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("never")})
		failed <- err
	}()
	eventually(t, "the call is waiting", func() bool { return a.Calls()["CreateUser"] == 1 })
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that the context was cancelled", err)
	}
	a.Trouble().Set("CreateUser", func(r *Rules) { r.Latency, r.Jitter = time.Millisecond, 0 })
	createUserNamed(t, admin(a), "soon")
	if a.store.roster().find("never") != nil {
		t.Error("a call that was given up while it waited had its effect")
	}
}
