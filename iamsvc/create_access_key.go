package iamsvc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// CreatedAccessKey is the one and only time a secret access key is seen.
type CreatedAccessKey struct {
	Key          AccessKey
	Secret       Secret
	Attempt      int64 // sequence of the journalled attempt
	AWSRequestID string
	Warnings     []string // sentences: the key exists, but its description could not be set
}

const (
	createTimeout = 20 * time.Second
	tagTimeout    = 5 * time.Second
	// clockSkew is how far IAM's clock may be from ours; a signature from
	// further away would not be accepted for long.
	clockSkew = 5 * time.Minute
)

// throttleWaits are the pauses before a throttled creation is sent again.
var throttleWaits = []time.Duration{200 * time.Millisecond, 500 * time.Millisecond, time.Second}

// CreateAccessKey creates an access key for the user and describes it, if
// there is a description. When the reply is lost it returns *OutcomeUnknown
// with the keys that may be the new one; when the creation cannot be
// journalled it deletes the key again and returns *JournalFailure. The secret
// is returned only once the outcome is in the journal.
func (a *Account) CreateAccessKey(ctx context.Context, user, description string) (CreatedAccessKey, error) {
	if err := ValidateExistingUserName(user); err != nil {
		return CreatedAccessKey{}, err
	}
	return a.createAccessKey(ctx, target{user: user}, description)
}

func (a *Account) createAccessKey(ctx context.Context, t target, description string) (CreatedAccessKey, error) {
	if err := ValidateDescription(description); err != nil {
		return CreatedAccessKey{}, err
	}
	var created CreatedAccessKey
	attempt, err := a.gate(ctx, step{
		change:   Change{Action: ActionCreateAccessKey, User: a.journalName(t), NewState: string(KeyActive)},
		protects: t.user,
		call: func(ctx context.Context) (r Result, err error) {
			created, err = a.sendCreate(ctx, t)
			var lost *OutcomeUnknown
			if errors.As(err, &lost) && len(lost.Candidates) == 1 {
				r.AccessKeyID = lost.Candidates[0].ID
			}
			if err != nil {
				return r, err
			}
			return Result{AccessKeyID: created.Key.ID, AWSRequestID: created.AWSRequestID}, nil
		},
		undo: func(ctx context.Context) error { return a.withdraw(ctx, t, created.Key.ID) },
	})
	if err != nil {
		var lost *OutcomeUnknown
		if errors.As(err, &lost) {
			lost.Attempt = attempt
		}
		return CreatedAccessKey{}, err
	}
	created.Attempt = attempt
	a.changed(ownChange{User: created.Key.UserName, KeyID: created.Key.ID, Created: &created.Key})
	if description != "" {
		created.Warnings = a.describeCreated(ctx, &created.Key, description)
	}
	return created, nil
}

// sendCreate calls IAM once. Throttling alone is tried again: a refusal with
// that code proves that nothing was made.
func (a *Account) sendCreate(ctx context.Context, t target) (CreatedAccessKey, error) {
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	started := a.now()
	for i := 0; ; i++ {
		created, sent, err := a.createOnce(ctx, t)
		if errors.Is(err, ErrThrottled) && i < len(throttleWaits) && sleep(ctx, throttleWaits[i]) == nil {
			continue
		}
		if err != nil && !provesNothingHappened(err, sent) {
			return CreatedAccessKey{}, a.lostCreation(context.WithoutCancel(ctx), t, started, err)
		}
		return created, err
	}
}

// createOnce is the only function that holds the SDK's output. The output
// would print the secret in any log line or JSON, so the pointer is cleared.
func (a *Account) createOnce(ctx context.Context, t target) (CreatedAccessKey, int, error) {
	out, seen, err := tracedCall(ctx, a.writes, a.writes.iam.CreateAccessKey, &iam.CreateAccessKeyInput{UserName: t.userName()},
		func(o *iam.Options) { o.Retryer = a.writes.once })
	if err != nil {
		return CreatedAccessKey{}, seen.sent, err
	}
	k := out.AccessKey
	if k == nil || aws.ToString(k.AccessKeyId) == "" || aws.ToString(k.SecretAccessKey) == "" {
		return CreatedAccessKey{}, 1, &CallError{Operation: "CreateAccessKey", Kind: ErrUnsupported}
	}
	secret := NewSecret(*k.SecretAccessKey)
	k.SecretAccessKey = nil
	owner := aws.ToString(k.UserName)
	if owner == "" {
		owner = t.user
	}
	key := AccessKey{ID: *k.AccessKeyId, UserName: owner, Status: KeyStatus(k.Status), Created: utc(k.CreateDate)}
	if key.Status == "" {
		key.Status = KeyActive
	}
	return CreatedAccessKey{Key: key, Secret: secret, AWSRequestID: seen.requestID}, 1, nil
}

// lostCreation looks for the key that may have been made: what the user has
// now and neither was known before nor is older than the attempt.
func (a *Account) lostCreation(ctx context.Context, t target, started time.Time, cause error) error {
	lost := &OutcomeUnknown{Operation: "CreateAccessKey", User: a.journalName(t), Cause: cause}
	before, _ := a.Inventory().User(t.user)
	for i := 0; ; i++ {
		keys, err := a.listAccessKeys(ctx, a.writes, t)
		lost.ListErr = err
		lost.Candidates = newKeys(keys, before.Keys, started.Add(-clockSkew))
		if i == len(a.settle) || err == nil && len(lost.Candidates) > 0 {
			return lost
		}
		if sleep(ctx, a.settle[i]) != nil {
			return lost
		}
	}
}

func newKeys(now, before []AccessKey, since time.Time) []AccessKey {
	var fresh []AccessKey
	for _, k := range now {
		if _, known := findKey(before, k.ID); known {
			continue
		}
		if k.Created.IsZero() || k.Created.After(since) {
			fresh = append(fresh, k)
		}
	}
	return fresh
}

// withdraw deletes a key whose creation could not be journalled.
func (a *Account) withdraw(ctx context.Context, t target, keyID string) error {
	_, err := call(ctx, a.writes, a.writes.iam.DeleteAccessKey, &iam.DeleteAccessKeyInput{UserName: t.userName(), AccessKeyId: &keyID})
	if err != nil && !errors.Is(err, ErrNoSuchKey) {
		a.log.Error("an access key exists whose secret nobody has", "user", t.user, "access_key_id", keyID, "code", ErrorCode(err))
		return err
	}
	return nil
}

// describeCreated never fails a creation: the person must get the secret.
func (a *Account) describeCreated(ctx context.Context, k *AccessKey, description string) []string {
	if err := a.alsoDescribe(ctx, k.UserName, k.ID, description); err != nil {
		return []string{fmt.Sprintf("The access key was created, but its description could not be saved: %s", describeFailure(err))}
	}
	k.Description = description
	return nil
}
