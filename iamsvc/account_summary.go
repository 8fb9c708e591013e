package iamsvc

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// AccountSummary reads IAM's counts and quotas under their own names, such as
// Users, UsersQuota, AccessKeysPerUserQuota, AccountAccessKeysPresent. A name
// that is missing was not said by the server.
func (a *Account) AccountSummary(ctx context.Context) (map[string]int32, error) {
	out, err := call(ctx, a.interactive, a.interactive.iam.GetAccountSummary, &iam.GetAccountSummaryInput{})
	if err != nil {
		return nil, err
	}
	return out.SummaryMap, nil
}

// AccessKeyInfo asks STS which account a key ID belongs to, in any account.
// STS says nothing about the key's state, and answers for mistyped IDs too.
func (a *Account) AccessKeyInfo(ctx context.Context, keyID string) (account string, err error) {
	if err := validateAccessKeyID(keyID); err != nil {
		return "", err
	}
	out, err := call(ctx, a.interactive, a.interactive.sts.GetAccessKeyInfo, &sts.GetAccessKeyInfoInput{AccessKeyId: &keyID})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Account), nil
}
