package iamsvc

import (
	"context"
	"net/url"
	"slices"
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
	return allPages(ctx, "ListAttachedUserPolicies", boundOfOneUser, func(ctx context.Context, marker *string) (page[AttachedPolicy], error) {
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
	return allPages(ctx, "ListUserPolicies", boundOfOneUser, func(ctx context.Context, marker *string) (page[string], error) {
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

// quarantinePolicies begin the names of the policies that AWS gives to a user
// whose key it found in public: V2, V3 and V4 of the first have followed, the
// second is older and inline. They limit what the key may do, no more.
var quarantinePolicies = []string{"AWSCompromisedKeyQuarantine", "AWSExposedCredentialPolicy"}

// quarantined reports whether one of the policies is AWS's quarantine.
func quarantined(attached []AttachedPolicy, inline []string) bool {
	return slices.ContainsFunc(attached, func(p AttachedPolicy) bool { return isQuarantine(p.Name) }) ||
		slices.ContainsFunc(inline, isQuarantine)
}

func isQuarantine(policy string) bool {
	return slices.ContainsFunc(quarantinePolicies, func(prefix string) bool { return strings.HasPrefix(policy, prefix) })
}

func newInlinePolicyName(p types.PolicyDetail) string { return aws.ToString(p.PolicyName) }
