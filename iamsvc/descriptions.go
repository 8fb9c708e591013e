package iamsvc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// DescribeAccessKey sets the description of a user's key, or takes it away
// when it is empty. As in the AWS console it is a tag of the user whose key is
// the access key ID.
func (a *Account) DescribeAccessKey(ctx context.Context, user, keyID, description string) error {
	if err := errors.Join(ValidateExistingUserName(user), validateAccessKeyID(keyID), ValidateDescription(description)); err != nil {
		return err
	}
	s := a.describing(user, keyID, description)
	s.read = func(ctx context.Context) (string, error) {
		_, err := a.readKey(ctx, target{user: user}, keyID)
		return "", err
	}
	_, err := a.gate(ctx, s)
	return err
}

func (a *Account) describing(user, keyID, description string) step {
	return step{
		// The journal is told that, not what: it keeps no free text.
		change: Change{Action: ActionTagUser, User: user, AccessKeyID: keyID, NewState: descriptionState(description)},
		call: func(ctx context.Context) (Result, error) {
			requestID, err := a.putDescription(ctx, user, keyID, description)
			return Result{AccessKeyID: keyID, AWSRequestID: requestID}, err
		},
	}
}

// alsoDescribe describes a key that was just created or deleted. It is a change of
// its own and journalled as one; who asked for the other waits for it, so that its
// time is short.
func (a *Account) alsoDescribe(ctx context.Context, user, keyID, description string) error {
	s := a.describing(user, keyID, description)
	describe := s.call
	s.call = func(ctx context.Context) (Result, error) {
		ctx, cancel := context.WithTimeout(ctx, tagTimeout)
		defer cancel()
		return describe(ctx)
	}
	_, err := a.gate(context.WithoutCancel(ctx), s)
	return err
}

// mayBeDescribed is true also where IAM does not tell.
func (a *Account) mayBeDescribed(ctx context.Context, user, keyID string) bool {
	u, err := a.User(ctx, user)
	if err != nil {
		return true
	}
	return slices.ContainsFunc(u.Tags, func(t Tag) bool { return strings.EqualFold(t.Key, keyID) }) ||
		a.described(user, []AccessKey{{ID: keyID}}, nil)[0].Description != ""
}

func descriptionState(description string) string {
	if description == "" {
		return "not described"
	}
	return "described"
}

// putDescription writes or removes the tag and patches the inventory.
func (a *Account) putDescription(ctx context.Context, user, keyID, description string) (requestID string, err error) {
	if err := ValidateExistingUserName(user); err != nil {
		return "", err
	}
	var seen *trace
	if description == "" {
		_, seen, err = tracedCall(ctx, a.writes, a.writes.iam.UntagUser, &iam.UntagUserInput{UserName: &user, TagKeys: []string{keyID}})
	} else {
		tag := types.Tag{Key: &keyID, Value: &description}
		_, seen, err = tracedCall(ctx, a.writes, a.writes.iam.TagUser, &iam.TagUserInput{UserName: &user, Tags: []types.Tag{tag}})
	}
	if err != nil {
		return "", err
	}
	a.changed(ownChange{User: user, KeyID: keyID, Description: &description})
	return seen.requestID, nil
}

// describeFailure words why a description could not be changed.
func describeFailure(err error) string {
	var denied *Denied
	switch {
	case errors.Is(err, ErrJournal):
		return "the audit log could not be written."
	case errors.As(err, &denied):
		return fmt.Sprintf("Keydesk lacks the permission %s.", denied.Action)
	case errors.Is(err, ErrQuota):
		return "the user already has as many tags as IAM allows."
	case errors.Is(err, ErrUnsupported):
		return "this server does not support tags of users."
	}
	return "IAM did not accept it (" + ErrorCode(err) + ")."
}

// withDescriptions fills in descriptions from the user's tags. IAM compares
// the keys of user tags without case.
func withDescriptions(keys []AccessKey, tags []Tag) []AccessKey {
	described := slices.Clone(keys)
	for i := range described {
		k := &described[i]
		for _, t := range tags {
			if len(t.Key) == len(k.ID) && strings.EqualFold(t.Key, k.ID) { // lengths first: this runs for every key of every picture
				k.Description = t.Value
			}
		}
	}
	return described
}
