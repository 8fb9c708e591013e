package iamsvc

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// KeyStatus is the status of an access key as the server said it.
type KeyStatus string

// The statuses IAM has. Expired is in its enumeration since 2025; Keydesk
// shows it and never sends it.
const (
	KeyActive   KeyStatus = "Active"
	KeyInactive KeyStatus = "Inactive"
	KeyExpired  KeyStatus = "Expired"
)

// AccessKey is an access key without its secret.
type AccessKey struct {
	ID          string // as the server gave it: other servers have lower case and 21 characters
	UserName    string
	Status      KeyStatus
	Created     time.Time // UTC, whole seconds; zero when the server gave none
	Description string    // from the user's tags, where those were read
	LastUsed    LastUsed  // where it was read
}

// ListAccessKeys reads every page of a user's keys, without descriptions and
// last use. On an error it also returns the keys read until then.
func (a *Account) ListAccessKeys(ctx context.Context, user string) ([]AccessKey, error) {
	if err := ValidateExistingUserName(user); err != nil {
		return nil, err
	}
	return a.listWithOwn(ctx, target{user: user})
}

// listWithOwn puts in what Keydesk itself changed a moment ago.
func (a *Account) listWithOwn(ctx context.Context, t target) ([]AccessKey, error) {
	started := a.now()
	keys, err := a.listAccessKeys(ctx, a.interactive, t)
	a.mu.Lock()
	defer a.mu.Unlock()
	return applyOwn(a.own.of(t.user), slices.Clone(keys), started, started), err
}

// target is whose keys a call is about: a named user's, or the caller's own,
// which IAM takes from the signature when the user name is left out. Only the
// Own methods make one with own set.
type target struct {
	user string
	own  bool
}

func (t target) userName() *string {
	if t.own {
		return nil
	}
	return &t.user
}

// listAccessKeys takes every whole list into the inventory, whoever asked.
func (a *Account) listAccessKeys(ctx context.Context, l *lane, t target) ([]AccessKey, error) {
	started := a.now()
	keys, err := a.fetchAccessKeys(ctx, l, t)
	if err == nil && !t.own {
		a.noticeKeys(t.user, keyReading{Keys: keys, Started: started})
	}
	return keys, err
}

func (a *Account) fetchAccessKeys(ctx context.Context, l *lane, t target) ([]AccessKey, error) {
	return allPages(ctx, "ListAccessKeys", boundOfOneUser, func(ctx context.Context, marker *string) (page[AccessKey], error) {
		in := &iam.ListAccessKeysInput{UserName: t.userName(), Marker: marker, MaxItems: &a.pageSize}
		out, err := call(ctx, l, l.iam.ListAccessKeys, in)
		if err != nil {
			return page[AccessKey]{}, err
		}
		keys := convert(out.AccessKeyMetadata, func(m types.AccessKeyMetadata) AccessKey {
			return AccessKey{ID: aws.ToString(m.AccessKeyId), UserName: t.user, Status: KeyStatus(m.Status), Created: utc(m.CreateDate)}
		})
		return page[AccessKey]{keys, out.IsTruncated, out.Marker}, nil
	})
}

// listSettled lists keys until the list agrees with what Keydesk itself has
// just changed, a few seconds at most: IAM's lists lag its writes.
func (a *Account) listSettled(ctx context.Context, t target) ([]AccessKey, error) {
	started := a.now()
	for i := 0; ; i++ {
		keys, err := a.listAccessKeys(ctx, a.writes, t)
		if err != nil || i == len(a.settle) || a.agreesWithOwn(t.user, keys, started) {
			return keys, err
		}
		if err := sleep(ctx, a.settle[i]); err != nil {
			return keys, err
		}
	}
}

// readKey returns the key as it is now, or ErrNoSuchKey.
func (a *Account) readKey(ctx context.Context, t target, keyID string) (AccessKey, error) {
	keys, err := a.listSettled(ctx, t)
	if err != nil {
		return AccessKey{}, err
	}
	if k, ok := findKey(keys, keyID); ok {
		return k, nil
	}
	return AccessKey{}, &CallError{Operation: "ListAccessKeys", Kind: ErrNoSuchKey}
}

func findKey(keys []AccessKey, keyID string) (AccessKey, bool) {
	for _, k := range keys {
		if k.ID == keyID {
			return k, true
		}
	}
	return AccessKey{}, false
}

func (s KeyStatus) is(other KeyStatus) bool { return strings.EqualFold(string(s), string(other)) }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
