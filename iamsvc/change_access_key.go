package iamsvc

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// UpdateAccessKey activates or deactivates a key. The call is made even if the
// key seems to have that status: a list may lag behind someone else's change,
// and a deactivation must not be skipped on its word. The key Keydesk itself runs with cannot be
// deactivated: ErrKeyInUse.
func (a *Account) UpdateAccessKey(ctx context.Context, user, keyID string, s KeyStatus) error {
	if err := ValidateExistingUserName(user); err != nil {
		return err
	}
	return a.updateAccessKey(ctx, target{user: user}, keyID, s)
}

func (a *Account) updateAccessKey(ctx context.Context, t target, keyID string, s KeyStatus) error {
	if err := errors.Join(validateAccessKeyID(keyID), validateStatus(s)); err != nil {
		return err
	}
	_, err := a.gate(ctx, step{
		change:   Change{Action: ActionUpdateAccessKey, User: a.journalName(t), AccessKeyID: keyID, NewState: string(s)},
		protects: t.user,
		read: func(ctx context.Context) (string, error) {
			if s == KeyInactive && a.keyInUse(ctx, keyID) {
				return "", ErrKeyInUse
			}
			now, err := a.readKey(ctx, t, keyID)
			if errors.Is(err, ErrDenied) || errors.Is(err, ErrUnsupported) {
				// Deactivating is the emergency action: it must not fail
				// because keys may not be listed.
				err = nil
			}
			return string(now.Status), err
		},
		call: func(ctx context.Context) (_ Result, err error) {
			r := Result{AccessKeyID: keyID}
			r.AWSRequestID, err = a.sendUpdate(ctx, t, keyID, s)
			return r, err
		},
	})
	return err
}

func (a *Account) sendUpdate(ctx context.Context, t target, keyID string, s KeyStatus) (requestID string, err error) {
	in := &iam.UpdateAccessKeyInput{UserName: t.userName(), AccessKeyId: &keyID, Status: types.StatusType(s)}
	_, seen, err := tracedCall(ctx, a.writes, a.writes.iam.UpdateAccessKey, in)
	if err != nil && !provesNothingHappened(err, seen.sent) {
		err = a.verify(ctx, t, "UpdateAccessKey", keyID, err, func(k AccessKey, exists bool) bool {
			return exists && k.Status.is(s)
		})
	}
	if err != nil {
		return "", err
	}
	a.changed(ownChange{User: t.user, KeyID: keyID, Status: s})
	return seen.requestID, nil
}

// verify lists the user's keys after a change whose reply was lost, or was a
// server's failure. The change is done if the list shows it, and unknown if it
// does not: the request may still be on its way. Only where the server itself
// answered that it failed is an unchanged list the proof of that.
func (a *Account) verify(ctx context.Context, t target, operation, keyID string, cause error, done func(k AccessKey, exists bool) bool) error {
	lost := &OutcomeUnknown{Operation: operation, User: a.journalName(t), Cause: cause}
	for i := 0; ; i++ {
		keys, err := a.listAccessKeys(ctx, a.writes, t)
		k, exists := findKey(keys, keyID)
		if lost.ListErr = err; err == nil && done(k, exists) {
			return nil
		}
		if lost.Candidates = nil; exists {
			lost.Candidates = []AccessKey{k}
		}
		if i == len(a.settle) || sleep(ctx, a.settle[i]) != nil {
			break
		}
	}
	if lost.ListErr == nil && serverSaidItFailed(cause) {
		return cause
	}
	return lost
}

// DeleteAccessKey deletes an inactive key, and then its description. The
// status is read again right before: ErrKeyActive when it is not inactive. The
// warnings are about the description.
func (a *Account) DeleteAccessKey(ctx context.Context, user, keyID string) (warnings []string, err error) {
	if err := ValidateExistingUserName(user); err != nil {
		return nil, err
	}
	return a.deleteAccessKey(ctx, target{user: user}, keyID)
}

func (a *Account) deleteAccessKey(ctx context.Context, t target, keyID string) (warnings []string, err error) {
	if err := validateAccessKeyID(keyID); err != nil {
		return nil, err
	}
	_, err = a.gate(ctx, step{
		change: Change{Action: ActionDeleteAccessKey, User: a.journalName(t), AccessKeyID: keyID, NewState: "Deleted"},
		read: func(ctx context.Context) (string, error) {
			if a.keyInUse(ctx, keyID) {
				return "", ErrKeyInUse
			}
			now, err := a.readKey(ctx, t, keyID)
			if err == nil && !now.Status.is(KeyInactive) && !now.Status.is(KeyExpired) {
				err = ErrKeyActive
			}
			return string(now.Status), err
		},
		call: func(ctx context.Context) (Result, error) {
			requestID, err := a.sendDelete(ctx, t, keyID)
			return Result{AccessKeyID: keyID, AWSRequestID: requestID}, err
		},
	})
	if err != nil {
		return nil, err
	}
	return a.removeDescription(ctx, t, keyID), nil
}

func (a *Account) sendDelete(ctx context.Context, t target, keyID string) (requestID string, err error) {
	in := &iam.DeleteAccessKeyInput{UserName: t.userName(), AccessKeyId: &keyID}
	_, seen, err := tracedCall(ctx, a.writes, a.writes.iam.DeleteAccessKey, in)
	if errors.Is(err, ErrNoSuchKey) {
		// It was there a moment ago: the first of several sends took effect
		// and its reply was lost, or somebody else deleted it.
		err = nil
	}
	if err != nil && !provesNothingHappened(err, seen.sent) {
		err = a.verify(ctx, t, "DeleteAccessKey", keyID, err, func(_ AccessKey, exists bool) bool { return !exists })
	}
	if err != nil {
		return "", err
	}
	a.changed(ownChange{User: t.user, KeyID: keyID, Deleted: true})
	return seen.requestID, nil
}

// removeDescription: IAM leaves the tag behind, where it burns one of the
// user's fifty.
func (a *Account) removeDescription(ctx context.Context, t target, keyID string) []string {
	ctx = context.WithoutCancel(ctx)
	if t.user == "" || !a.mayBeDescribed(ctx, t.user, keyID) {
		return nil
	}
	if err := a.alsoDescribe(ctx, t.user, keyID, ""); err != nil {
		return []string{fmt.Sprintf("The access key was deleted, but its description is still among the user's tags: %s", describeFailure(err))}
	}
	return nil
}

// KeyResult is what became of one key of several.
type KeyResult struct {
	Key      AccessKey // as it was
	Deleted  bool
	Warnings []string
	Err      error
}

// DeleteAllAccessKeys deactivates and deletes every key of the user, each as a
// change of its own, and stops at the first that fails. The keys after that
// one have no result. The error is that key's, or says why the keys could not
// be listed.
func (a *Account) DeleteAllAccessKeys(ctx context.Context, user string) ([]KeyResult, error) {
	keys, err := a.ListAccessKeys(ctx, user)
	if err != nil {
		return nil, err
	}
	var results []KeyResult
	for _, k := range keys {
		r := KeyResult{Key: k}
		if k.Status.is(KeyActive) {
			r.Err = a.UpdateAccessKey(ctx, user, k.ID, KeyInactive)
		}
		if r.Err == nil {
			r.Warnings, r.Err = a.DeleteAccessKey(ctx, user, k.ID)
		}
		r.Deleted = r.Err == nil
		if results = append(results, r); r.Err != nil {
			return results, fmt.Errorf("access key %s: %w", k.ID, r.Err)
		}
	}
	return results, nil
}
