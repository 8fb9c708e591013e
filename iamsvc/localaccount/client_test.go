package localaccount

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// bareBody hides the SDK's own body type, whose WriteTo breaks off connections to servers that answer at once.
type bareBody struct{ client *http.Client }

func (b bareBody) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body := r.Body
		r.Body = struct {
			io.Reader
			io.Closer
		}{body, body}
	}
	return b.client.Do(r)
}

// overLoopback is a client that reaches the account as other programs do.
func overLoopback(t *testing.T, a *Account) aws.Config {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	id, secret := a.Credentials()
	cfg := config(a, id, secret, "")
	cfg.HTTPClient = bareBody{server.Client()}
	cfg.BaseEndpoint = &server.URL
	return cfg
}

func TestOverLoopback(t *testing.T) {
	t.Parallel()
	a := open(t, Options{Users: 130})
	cfg := overLoopback(t, a)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	c := iam.NewFromConfig(cfg)
	if got := listNames(t, c, 100); len(got) != 130 {
		t.Errorf("%d users", len(got))
	}
	id, _ := createKeyFor(t, c, "svc+deploy=prod,eu.west@corp_1-x")
	if _, key := a.store.keyOwner(id); key == nil {
		t.Error("the key was not created")
	}
	a.Trouble().Set("DeleteAccessKey", func(r *Rules) { r.LoseReply = 1 })
	_, err := c.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: aws.String("svc+deploy=prod,eu.west@corp_1-x"), AccessKeyId: &id})
	if err == nil {
		t.Error("the lost reply arrived")
	}
	if _, key := a.store.keyOwner(id); key != nil {
		t.Error("the effect of the lost reply did not take place")
	}
}

func TestClientRefusesARequestThatIsOver(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := admin(a).CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("never")})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	if len(a.Calls()) != 0 {
		t.Errorf("calls = %v", a.Calls())
	}
}

func TestClientAnswersAsAServerDoes(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://iam.amazonaws.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := a.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || int64(len(body)) != response.ContentLength || response.StatusCode != http.StatusForbidden || response.Status != "403 Forbidden" {
		t.Errorf("answer = %s, %d bytes of %d, %v", response.Status, len(body), response.ContentLength, err)
	}
	if response.Header.Get("Date") == "" || response.Request != r || !strings.Contains(string(body), "MissingAuthenticationToken") {
		t.Errorf("headers %v, body %s", response.Header, body)
	}
}

func TestClosedAccountChangesNothing(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := admin(a).CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("late")})
	wantError(t, err, http.StatusInternalServerError, "ServiceFailure", "The request processing has failed because of an unknown error, exception or failure.")
	if a.store.roster().find("late") != nil {
		t.Error("a user that could not be written is there")
	}
}
