package iamsvc

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"keydesk/iamsvc/pace"
)

// Config says which account to serve and with what.
type Config struct {
	AWS         aws.Config // credentials, region (default us-east-1), HTTP client
	IAMEndpoint string     // "" = AWS
	STSEndpoint string     // "" = IAMEndpoint's, so that a request signed for another server is never sent to AWS
	Journal     Journal
	Logger      *slog.Logger
	Now         func() time.Time // nil = time.Now
	Protection  Protection

	// PageSize is the MaxItems of every list call; 0 = 1000, IAM's maximum.
	PageSize int32
	// RateCeiling is the calls per second that are never exceeded; 0 = as many
	// as the account's own limit admits, which is found out.
	RateCeiling float64
	// MaxUsers is how many users are read at most; 0 = 20,000.
	MaxUsers int
	// RefreshEvery is the time between looks at what changed; 0 = 15 minutes.
	RefreshEvery time.Duration
	// SweepEvery is the time within which every user is read again, whatever
	// the reports say; 0 = 6 hours.
	SweepEvery time.Duration
	Shelf      Shelf  // keeps the inventory over a restart; nil: nothing does
	ShelfMark  string // tells this server from others on the same shelf
}

// Account is one AWS account, or one server that speaks IAM's protocol.
type Account struct {
	journal  Journal
	log      *slog.Logger
	now      func() time.Time
	creds    aws.CredentialsProvider
	pageSize int32
	maxUsers int

	// Lanes with clients of their own, so that a crawl never starves a click
	// and a change never waits for either. They share the account's limit.
	interactive, writes, background, sweep *lane
	lists                                  *lane // the few calls that tell who is there, before the many
	limiter                                *pace.Limiter

	identity   atomic.Pointer[Identity]
	protection Protection

	refreshEvery, sweepEvery time.Duration
	refreshing               chan struct{} // holds one token while a refresh runs
	wanted                   chan struct{} // users were queued while nothing was going on
	queue                    *queue
	shelf                    shelf
	restored                 bool            // from what an earlier run kept
	settle                   []time.Duration // waits between looks at a list that may lag a write
	reportPoll               time.Duration   // between two looks at a report being generated
	reportWait               time.Duration   // how long a report may take before the inventory does without

	mu      sync.Mutex // guards what follows
	facts   facts
	own     ownChanges
	started time.Time // of the last reading
	denied  refusals  // to list keys

	wantedUses map[string]time.Time // by user: answers about the last use of their keys are wanted that are newer

	published time.Time     // the picture
	drawing   time.Duration // what that took
	watched   chan struct{} // closed when it is drawn
	snapshot  atomic.Pointer[Inventory]
}

// Open reaches the account and finds out who Keydesk is in it. A server
// without STS degrades (see Identity.Warnings); one that gives no account ID
// at all, or refuses the credentials, is an error.
func Open(ctx context.Context, c Config) (*Account, error) {
	if c.Journal == nil {
		return nil, fmt.Errorf("iamsvc: no journal")
	}
	c = c.withDefaults()
	if c.AWS.Credentials != nil {
		c.AWS.Credentials = retriever{c.AWS.Credentials}
	}
	a := &Account{
		journal: c.Journal, log: c.Logger, now: c.Now, creds: c.AWS.Credentials, pageSize: c.PageSize, maxUsers: c.MaxUsers,
		refreshEvery: c.RefreshEvery, protection: c.Protection,
		sweepEvery: c.SweepEvery,
		refreshing: make(chan struct{}, 1),
		wanted:     make(chan struct{}, 1),
		watched:    make(chan struct{}),
		queue:      newQueue(),
		shelf:      shelf{Shelf: c.Shelf, mark: c.ShelfMark},
		settle:     []time.Duration{500 * time.Millisecond, time.Second, 1500 * time.Millisecond},
		reportPoll: time.Second,
		reportWait: time.Minute,
		own:        ownChanges{},
		wantedUses: map[string]time.Time{},
	}
	a.openLanes(c)
	before := a.takeDown(ctx)
	id, err := a.whoAmI(ctx, before.Identity)
	if err != nil {
		return nil, err
	}
	a.identity.Store(&id)
	if before.Identity.Account == id.Account {
		a.restore(before)
	}
	a.publish()
	return a, nil
}

func (c Config) withDefaults() Config {
	if c.AWS.Region == "" {
		c.AWS.Region = "us-east-1"
	}
	if c.STSEndpoint == "" {
		c.STSEndpoint = c.IAMEndpoint
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.PageSize == 0 {
		c.PageSize = 1000
	}
	if c.MaxUsers == 0 {
		c.MaxUsers = defaultMaxUsers
	}
	if c.RefreshEvery == 0 {
		c.RefreshEvery = 15 * time.Minute
	}
	if c.SweepEvery == 0 {
		c.SweepEvery = 6 * time.Hour
	}
	return c
}

// ID is the account ID as the server gave it: 12 digits on AWS.
func (a *Account) ID() string { return a.identity.Load().Account }

// Identity is who Keydesk is in this account.
func (a *Account) Identity() Identity { return *a.identity.Load() }

// awsHosts end the names of AWS's own endpoints, VPC and FIPS ones among them.
var awsHosts = []string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws"}

// OnAWS reports whether calls go to AWS, as opposed to another server by the
// settings or the AWS configuration.
func (a *Account) OnAWS() bool {
	endpoint := a.interactive.iam.Options().BaseEndpoint
	if endpoint == nil {
		return true
	}
	u, err := url.Parse(*endpoint)
	return err == nil && slices.ContainsFunc(awsHosts, func(end string) bool { return strings.HasSuffix(u.Hostname(), end) })
}

// Accounts are the accounts Keydesk serves.
type Accounts struct {
	byID  map[string]*Account
	first *Account
}

// NewAccounts takes at least one account; the first is the default.
func NewAccounts(all ...*Account) *Accounts {
	s := &Accounts{byID: map[string]*Account{}, first: all[0]}
	for _, a := range all {
		s.byID[a.ID()] = a
	}
	return s
}

// Lookup returns the account with that ID, or ErrNoSuchAccount.
func (s *Accounts) Lookup(id string) (*Account, error) {
	if a, ok := s.byID[id]; ok {
		return a, nil
	}
	return nil, ErrNoSuchAccount
}

// Default is the account shown when none was chosen.
func (s *Accounts) Default() *Account { return s.first }
