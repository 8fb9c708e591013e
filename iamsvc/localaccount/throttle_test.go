package localaccount

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/time/rate"
)

// full is a rule's state as Set makes it.
func full(r Rules) *ruling { return &ruling{Rules: r, buckets: map[string]*rate.Limiter{}} }

func TestTheLimitIsExact(t *testing.T) {
	t.Parallel()
	now := time.Now()
	rules := []*ruling{full(Rules{Rate: 100, Burst: 20})}
	taken := 0
	for tick := range 10_000 { // a millisecond each
		if takeTokens(rules, "ListUsers", now.Add(time.Duration(tick)*time.Millisecond)) {
			taken++
		}
	}
	if want := 20 + 999; taken != want {
		t.Errorf("%d calls in 9.999 seconds at 100/s with a burst of 20, want %d", taken, want)
	}
}

func TestARefusedCallTakesNoToken(t *testing.T) {
	t.Parallel()
	now := time.Now()
	general, own := full(Rules{Rate: 1, Burst: 3}), full(Rules{Rate: 1, Burst: 1})
	for call, want := range []bool{true, false, false, false} {
		if got := takeTokens([]*ruling{general, own}, "ListUsers", now); got != want {
			t.Errorf("call %d let through: %v", call, got)
		}
	}
	for call, want := range []bool{true, true, false} {
		if got := takeTokens([]*ruling{general}, "GetUser", now); got != want {
			t.Errorf("another action's call %d let through: %v", call, got)
		}
	}
}

func TestABucketForEachAction(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	a.Trouble().Set("", func(r *Rules) { r.Rate, r.Burst, r.PerAction = 1e-6, 1, true })
	c := admin(a)
	if err := aliases(t, c); err != nil {
		t.Error("the first call:", err)
	}
	wantError(t, aliases(t, c), http.StatusBadRequest, "Throttling", rateExceeded)
	if _, err := c.GetUser(t.Context(), &iam.GetUserInput{}); err != nil {
		t.Error("another action's first call:", err)
	}
	if n := a.Throttled(); n["ListAccountAliases"] != 1 || n["GetUser"] != 0 || a.Calls()["ListAccountAliases"] != 2 {
		t.Errorf("throttled %v of %v", n, a.Calls())
	}
}

func TestARefusalIsAsLateAsAnAnswer(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	a.Trouble().Set("", func(r *Rules) { r.Throttle, r.Latency = 1, 50*time.Millisecond })
	started := time.Now()
	wantError(t, aliases(t, admin(a)), http.StatusBadRequest, "Throttling", rateExceeded)
	if took := time.Since(started); took < 50*time.Millisecond {
		t.Errorf("refused after %v", took)
	}
}

func TestHangUpBeforeTheEffect(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	id, secret := a.Credentials()
	overTCP := iam.NewFromConfig(aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
		BaseEndpoint: aws.String(server.URL), Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	})
	for name, c := range map[string]*iam.Client{"socket": overTCP, "in-process": admin(a)} {
		a.Trouble().Set("CreateUser", func(r *Rules) { r.HangUp = 1 })
		_, err := c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String(name)})
		var connection interface{ ConnectionError() bool }
		if !errors.As(err, &connection) || !connection.ConnectionError() {
			t.Errorf("%s: error = %v, want a broken connection", name, err)
		}
		if a.store.roster().find(name) != nil {
			t.Errorf("%s: the call had its effect", name)
		}
		createUserNamed(t, c, name)
	}
}
