package localaccount

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// open opens an account in a new folder with the smallest seed, and closes it with the test.
func open(t *testing.T, o Options) *Account {
	t.Helper()
	return openIn(t, t.TempDir(), o)
}

func openIn(t *testing.T, dir string, o Options) *Account {
	t.Helper()
	if o.Users == 0 {
		o.Users = 1
	}
	a, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// manualClock stands still until it is told otherwise.
type manualClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *manualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// config is how Keydesk reaches the account, with the credential it is given here. Nothing is tried twice, so that a
// test sees every answer.
func config(a *Account, keyID, secret, token string) aws.Config {
	return aws.Config{
		Region:      "us-east-1",
		HTTPClient:  a.Client(),
		Credentials: credentials.NewStaticCredentialsProvider(keyID, secret, token),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func iamAs(a *Account, keyID, secret string) *iam.Client {
	return iam.NewFromConfig(config(a, keyID, secret, ""))
}

func admin(a *Account) *iam.Client {
	id, secret := a.Credentials()
	return iamAs(a, id, secret)
}

func stsAdmin(a *Account) *sts.Client {
	id, secret := a.Credentials()
	return sts.NewFromConfig(config(a, id, secret, ""))
}

// wantError checks the whole of what AWS says with an error.
func wantError(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var said smithy.APIError
	if !errors.As(err, &said) {
		t.Fatalf("error = %v, want %s", err, code)
	}
	if said.ErrorCode() != code || said.ErrorMessage() != message {
		t.Errorf("error = %s: %q\nwant    %s: %q", said.ErrorCode(), said.ErrorMessage(), code, message)
	}
	var reply *smithyhttp.ResponseError
	if !errors.As(err, &reply) || reply.HTTPStatusCode() != status {
		t.Errorf("status = %v, want %d", err, status)
	}
}

// eventually waits for something that happens by itself, as long as a loaded machine may need.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func createUserNamed(t *testing.T, c *iam.Client, name string) {
	t.Helper()
	if _, err := c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name}); err != nil {
		t.Fatal(err)
	}
}

func createKeyFor(t *testing.T, c *iam.Client, name string) (id, secret string) {
	t.Helper()
	out, err := c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return *out.AccessKey.AccessKeyId, *out.AccessKey.SecretAccessKey
}

func TestLifeOfAnAccessKey(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	a.Trouble().SetLastUsedLag(time.Nanosecond)
	c := admin(a)
	createUserNamed(t, c, "alice")
	id, secret := createKeyFor(t, c, "alice")
	if len(id) != 20 || len(secret) != 40 {
		t.Errorf("key of %d characters and secret of %d, want 20 and 40", len(id), len(secret))
	}

	whoami := sts.NewFromConfig(config(a, id, secret, ""))
	who, err := whoami.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != "arn:aws:iam::123456789012:user/alice" || *who.Account != DefaultAccountID {
		t.Errorf("caller = %s of %s", *who.Arn, *who.Account)
	}

	eventually(t, "the use is reported", func() bool {
		used, err := c.GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
		return err == nil && used.AccessKeyLastUsed.LastUsedDate != nil &&
			*used.UserName == "alice" && *used.AccessKeyLastUsed.ServiceName == "sts" && *used.AccessKeyLastUsed.Region == "us-east-1"
	})

	name := aws.String("alice")
	if _, err := c.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: &id, Status: "Inactive"}); err != nil {
		t.Fatal(err)
	}
	_, err = whoami.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	wantError(t, err, http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
	if _, err := c.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: &id, Status: "Active"}); err != nil {
		t.Fatal(err)
	}
	if _, err := whoami.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Error("a key that was activated again:", err)
	}

	if _, err := c.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: &id}); err != nil {
		t.Fatal(err)
	}
	_, err = whoami.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	wantError(t, err, http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
	keys, err := c.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: name})
	if err != nil || len(keys.AccessKeyMetadata) != 0 {
		t.Errorf("keys after the last was deleted: %v, %v", keys, err)
	}
}

func TestListUsersFollowsEveryPage(t *testing.T) {
	t.Parallel()
	a := open(t, Options{Users: 150})
	names := map[string]bool{}
	pages := iam.NewListUsersPaginator(admin(a), &iam.ListUsersInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.Users {
			names[*u.UserName] = true
		}
	}
	if len(names) != 150 {
		t.Errorf("%d users, want 150", len(names))
	}
}
