package iamsvc

import (
	"context"
	encoding "encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"keydesk/iamsvc/localaccount"
	"keydesk/iamsvc/pace"
)

// notebook is the other side of the Journal boundary, kept in memory.
type notebook struct {
	mu          sync.Mutex
	attempts    []Change
	outcomes    []Result
	of          []int64
	failAttempt error
	failOnly    Action  // "": attempts of every action
	failOutcome []error // one per outcome, until used up
}

func (n *notebook) Attempt(_ context.Context, c Change) (int64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failAttempt != nil && (n.failOnly == "" || n.failOnly == c.Action) {
		return 0, n.failAttempt
	}
	n.attempts = append(n.attempts, c)
	return int64(len(n.attempts)), nil
}

func (n *notebook) Outcome(_ context.Context, attempt int64, _ Change, r Result) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.failOutcome) > 0 {
		err := n.failOutcome[0]
		n.failOutcome = n.failOutcome[1:]
		if err != nil {
			return err
		}
	}
	n.outcomes, n.of = append(n.outcomes, r), append(n.of, attempt)
	return nil
}

func (n *notebook) last(t *testing.T) (Change, Result) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.attempts) == 0 || len(n.outcomes) == 0 {
		t.Fatalf("journal has %d attempts, %d outcomes", len(n.attempts), len(n.outcomes))
	}
	if got, want := n.of[len(n.of)-1], int64(len(n.attempts)); got != want {
		t.Errorf("the last outcome belongs to attempt %d, the last attempt is %d", got, want)
	}
	return n.attempts[len(n.attempts)-1], n.outcomes[len(n.outcomes)-1]
}

// row is the latest attempt of an action, with its outcome.
func (n *notebook) row(t *testing.T, action Action) (Change, Result) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, attempt := range slices.Backward(n.of) {
		if c := n.attempts[attempt-1]; c.Action == action {
			return c, n.outcomes[i]
		}
	}
	t.Fatalf("no row of %s with an outcome in %+v", action, n.attempts)
	return Change{}, Result{}
}

var errDiskFull = errors.New("disk full")

// administrator may do everything.
func administrator() context.Context {
	return WithActor(context.Background(), Actor{Issuer: "local", Subject: "1", Name: "ada", Role: "administrator", May: func(Action) bool { return true }})
}

// local is the embedded account and Keydesk's view of it.
type local struct {
	*Account
	server  *localaccount.Account
	journal *notebook
}

func openLocal(t testing.TB, o localaccount.Options, change ...func(*Config)) local {
	t.Helper()
	server, err := localaccount.Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	id, secret := server.Credentials()
	journal := &notebook{}
	c := Config{
		AWS: aws.Config{
			Region: "us-east-1", HTTPClient: server.Client(),
			Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
		},
		Journal: journal, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		SweepEvery: 1, // every refresh reads everything again
	}
	for _, f := range change {
		f(&c)
	}
	a, err := Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	quick(a)
	return local{a, server, journal}
}

// quick shortens the waits that are there for AWS.
func quick(a *Account) {
	a.usePaceEstimate(pace.Estimate{Rate: 10000, Burst: 10000})
	a.settle = []time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 40 * time.Millisecond}
	a.reportPoll, a.reportWait = 10*time.Millisecond, 5*time.Second
}

// calls counts calls of an action since the last time.
func (l local) calls(action string) int { return l.server.Calls()[action] }

// newUser creates a user with n keys and returns their IDs.
func (l local) newUser(t *testing.T, name string, n int) []string {
	t.Helper()
	if _, err := l.CreateUser(administrator(), NewUser{Name: name}); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range n {
		k, err := l.CreateAccessKey(administrator(), name, "")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, k.Key.ID)
	}
	return ids
}

func (l local) statusOf(t *testing.T, user, keyID string) KeyStatus {
	t.Helper()
	keys, err := l.listAccessKeys(context.Background(), l.interactive, target{user: user})
	if err != nil {
		t.Fatal(err)
	}
	k, _ := findKey(keys, keyID)
	return k.Status
}

// foreign is a server that speaks IAM's protocol in a way of its own.
type foreign struct {
	mu      sync.Mutex
	calls   []url.Values
	answers map[string]func(w http.ResponseWriter, form url.Values)
}

// sends answers with a document inside <XResponse><XResult>.
func sends(body string) func(http.ResponseWriter, url.Values) {
	return func(w http.ResponseWriter, form url.Values) {
		name := form.Get("Action")
		fmt.Fprintf(w, `<%[1]sResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></%[1]sResponse>`, name, body)
	}
}

func sendsRaw(status int, body string) func(http.ResponseWriter, url.Values) {
	return func(w http.ResponseWriter, _ url.Values) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func fails(status int, code, message string) func(http.ResponseWriter, url.Values) {
	return sendsRaw(status, fmt.Sprintf(`<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>r-2</RequestId></ErrorResponse>`, code, message))
}

const foreignIdentity = `<Arn>arn:aws:iam::123456789012:user/ops</Arn><UserId>u1</UserId><Account>123456789012</Account>`

func (f *foreign) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	f.mu.Lock()
	f.calls = append(f.calls, r.PostForm)
	answer := f.answers[r.PostForm.Get("Action")]
	f.mu.Unlock()
	if answer == nil {
		answer = fails(400, "InvalidAction", "Could not find operation")
	}
	answer(w, r.PostForm)
}

func (f *foreign) count(action string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c.Get("Action") == action {
			n++
		}
	}
	return n
}

func (f *foreign) config(t *testing.T) (Config, *notebook) {
	t.Helper()
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	journal := &notebook{}
	return Config{
		AWS:         aws.Config{Credentials: credentials.NewStaticCredentialsProvider("opskey0123456789", "opssecret", "")},
		IAMEndpoint: srv.URL, Journal: journal,
		Logger:     slog.New(slog.NewTextHandler(io.Discard, nil)),
		SweepEvery: 1, // every refresh reads everything again
	}, journal
}

// answers of a foreign server, by action.
type answers = map[string]func(http.ResponseWriter, url.Values)

// openForeign opens an account on a server that can tell who Keydesk is.
func openForeign(t *testing.T, answers answers) (*Account, *foreign, *notebook) {
	t.Helper()
	if answers["GetCallerIdentity"] == nil {
		answers["GetCallerIdentity"] = sends(foreignIdentity)
	}
	f := &foreign{answers: answers}
	c, journal := f.config(t)
	a, err := Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	quick(a)
	return a, f, journal
}

func wantIs(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func keyIDs(keys []AccessKey) []string {
	ids := make([]string, 0, len(keys))
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	slices.Sort(ids)
	return ids
}

// inProcess reaches a handler without a socket.
func inProcess(h http.Handler) aws.Config {
	return aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("opskey0123456789", "opssecret", ""),
		HTTPClient: roundTrip(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Result(), nil
		}),
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) Do(r *http.Request) (*http.Response, error) { return f(r) }

func base64(text string) string { return encoding.StdEncoding.EncodeToString([]byte(text)) }

// ListUsers is what the server says of its users to anybody.
func (a *Account) ListUsers(ctx context.Context) ([]User, error) {
	return a.listUsers(ctx, a.interactive, a.pageSize, func([]User) {})
}
