package iamsvc

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// AttachedPolicy is a managed policy of a user.
type AttachedPolicy struct{ Name, ARN string }

// ListAttachedUserPolicies reads every page.
func (a *Account) ListAttachedUserPolicies(ctx context.Context, user string) ([]AttachedPolicy, error) {
	if err := ValidateExistingUserName(user); err != nil {
		return nil, err
	}
	l := a.interactive
	return allPages("ListAttachedUserPolicies", func(marker *string) (page[AttachedPolicy], error) {
		out, err := call(ctx, l, l.iam.ListAttachedUserPolicies, &iam.ListAttachedUserPoliciesInput{UserName: &user, Marker: marker, MaxItems: &a.pageSize})
		if err != nil {
			return page[AttachedPolicy]{}, err
		}
		return page[AttachedPolicy]{convert(out.AttachedPolicies, newAttachedPolicy), out.IsTruncated, out.Marker}, nil
	})
}

func newAttachedPolicy(p types.AttachedPolicy) AttachedPolicy {
	return AttachedPolicy{aws.ToString(p.PolicyName), aws.ToString(p.PolicyArn)}
}

// ListUserPolicies reads the names of the user's inline policies.
func (a *Account) ListUserPolicies(ctx context.Context, user string) ([]string, error) {
	if err := ValidateExistingUserName(user); err != nil {
		return nil, err
	}
	l := a.interactive
	return allPages("ListUserPolicies", func(marker *string) (page[string], error) {
		out, err := call(ctx, l, l.iam.ListUserPolicies, &iam.ListUserPoliciesInput{UserName: &user, Marker: marker, MaxItems: &a.pageSize})
		if err != nil {
			return page[string]{}, err
		}
		return page[string]{out.PolicyNames, out.IsTruncated, out.Marker}, nil
	})
}

// UserPolicy reads the document of an inline policy: JSON, as it was put. It
// returns ErrNoSuchEntity when the user has no policy of that name.
func (a *Account) UserPolicy(ctx context.Context, user, name string) (string, error) {
	if err := ValidateExistingUserName(user); err != nil {
		return "", err
	}
	if err := validateName("policy name", name, maxPolicyName); err != nil {
		return "", err
	}
	out, err := call(ctx, a.interactive, a.interactive.iam.GetUserPolicy, &iam.GetUserPolicyInput{UserName: &user, PolicyName: &name})
	if err != nil {
		return "", err
	}
	document := aws.ToString(out.PolicyDocument)
	if plain, err := url.QueryUnescape(document); err == nil && !strings.HasPrefix(document, "{") {
		return plain, nil // IAM sends it URL-encoded (RFC 3986)
	}
	return document, nil
}

// quarantined: AWS attaches AWSCompromisedKeyQuarantine, V2 or V3 to a user
// whose key it found in public. It limits what the key may do, no more.
func quarantined(policies []AttachedPolicy) bool {
	for _, p := range policies {
		if strings.HasPrefix(p.Name, "AWSCompromisedKeyQuarantine") {
			return true
		}
	}
	return false
}
