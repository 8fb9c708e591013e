// Package localaccount is an AWS account in a folder: an http.Handler that speaks the IAM (2010-05-08) and STS
// (2011-06-15) Query protocol as AWS does, for machines without an AWS account and for tests.
//
// It owns the account's users, access keys, tags, policies and credential report, their storage, the verification of
// request signatures, and the trouble that tests can order. It must not know who calls it: every client, Keydesk
// included, is an IAM principal that signs its requests, and nothing in here speaks of pages, roles or sessions.
//
// What it answers follows the IAM and STS API references, the IAM User Guide and behaviour recorded from AWS.
package localaccount

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	// DefaultAccountID is the account number AWS's own documentation uses for examples.
	DefaultAccountID = "123456789012"

	// DefaultUsers is large enough for every list to have more than one page at the API's default page size.
	DefaultUsers = 150

	accountAlias = "keydesk-demo"
	day          = 24 * time.Hour
)

// Options are the settings of a new account; one that exists keeps its number and its users.
type Options struct {
	Users     int              // users to begin with; 0: DefaultUsers; at least the named ones of the seed, at most 5000
	Now       func() time.Time // the account's clock; nil: time.Now. Signatures are always checked against the real one.
	AccountID string           // 12 digits; "": DefaultAccountID
	Trouble   *Trouble         // nil: a fresh one

	GroupPolicies map[string][]string // managed policies attached to groups, by the group's name
	RootKey       time.Time           // when root's active access key was created; zero: root has none
}

// Account is the embedded account. It is safe for concurrent use.
type Account struct {
	id      string
	now     func() time.Time
	trouble *Trouble
	lock    *os.File
	master  masterKey
	signer  *v4.Signer
	store   *store
	ownKey  string

	groupPolicies map[string][]string // by the group's name
	rootKey       time.Time           // zero: root has none

	mu    sync.Mutex
	calls map[string]int
}

var accountIDPattern = regexp.MustCompile(`^\d{12}$`)

// Open opens the account in dir, or makes and seeds one if there is none; dir is created, for its owner only. It
// returns ErrInUse when another process has it open and ErrDamaged when what is stored cannot be trusted.
func Open(dir string, o Options) (*Account, error) {
	if o.AccountID == "" {
		o.AccountID = DefaultAccountID
	}
	if !accountIDPattern.MatchString(o.AccountID) {
		return nil, fmt.Errorf("account ID %q: must be 12 digits", o.AccountID)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	a := &Account{id: o.AccountID, now: o.Now, trouble: o.Trouble, lock: lock, signer: v4.NewSigner(), calls: map[string]int{}}
	a.groupPolicies, a.rootKey = o.GroupPolicies, o.RootKey
	if a.now == nil {
		a.now = time.Now
	}
	if a.trouble == nil {
		a.trouble = &Trouble{}
	}
	if err := a.load(dir, o.Users); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *Account) load(dir string, users int) error {
	log, records, err := openLog(filepath.Join(dir, "account.log"))
	if err != nil {
		return err
	}
	a.store = newStore(log, records)
	isNew := len(records) == 0
	if a.master, err = loadMasterKey(filepath.Join(dir, "master.key"), isNew); err != nil {
		return err
	}
	if isNew {
		a.store = newStore(log, seed(a.id, users, a.clock()))
	}
	if a.store.account.ID != a.id {
		return fmt.Errorf("%s holds account %q, not %q", dir, a.store.account.ID, a.id)
	}
	if err := removeLeftovers(dir); err != nil {
		return err
	}
	if err := log.rewrite(a.store.records()); err != nil {
		return err
	}
	a.ownKey, err = a.principalKey(keydeskUser)
	return err
}

// removeLeftovers clears files that a killed process had not finished and nobody else will ever look for.
func removeLeftovers(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.new"))
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// Trouble is how tests make the account misbehave.
func (a *Account) Trouble() *Trouble { return a.trouble }

// Calls counts the calls of each action since Open, the refused ones too.
func (a *Account) Calls() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.calls)
}

func (a *Account) count(action string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls[action]++
}

// Close brings everything to disk and lets another process open the folder. Requests after it fail.
func (a *Account) Close() error {
	var err error
	if a.store != nil {
		err = a.store.close()
	}
	return errors.Join(err, unlockFile(a.lock))
}
