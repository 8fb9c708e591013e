package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// key is an access key as a contender reports it and as it really is.
type key struct{ User, ID, Status string }

// client calls the account in this process, signed as Keydesk.
func (e *endpoint) client() *iam.Client {
	id, secret := e.account.Credentials()
	return iam.NewFromConfig(aws.Config{
		Region: "us-east-1", HTTPClient: e.account.Client(),
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	})
}

// truth lists the users and the keys there really are. It wants no limits.
func (e *endpoint) truth(ctx context.Context) (users []string, keys []key, err error) {
	c := e.client()
	pages := iam.NewListUsersPaginator(c, &iam.ListUsersInput{MaxItems: aws.Int32(1000)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, err
		}
		for _, u := range page.Users {
			users = append(users, *u.UserName)
		}
	}
	for _, name := range users {
		out, err := c.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &name})
		if err != nil {
			return nil, nil, err
		}
		for _, k := range out.AccessKeyMetadata {
			keys = append(keys, key{name, *k.AccessKeyId, string(k.Status)})
		}
	}
	return users, keys, nil
}

var errTooFew = errors.New("too few users to change")

// change deactivates a key here, deletes one there and creates one elsewhere,
// each for a user not changed before.
func (e *endpoint) change(ctx context.Context, count int) ([]key, error) {
	users, keys, err := e.truth(ctx)
	if err != nil {
		return nil, err
	}
	if e.changed+count > len(users)/2 {
		return nil, fmt.Errorf("%w: %d of %d", errTooFew, e.changed+count, len(users))
	}
	of := map[string][]key{}
	for _, k := range keys {
		of[k.User] = append(of[k.User], k)
	}
	own, _ := e.account.Credentials()
	for done := 0; done < count; e.changed++ {
		name := users[e.changed]
		if had := of[name]; len(had) > 0 && had[0].ID == own {
			continue
		}
		if err := e.changeUser(ctx, name, of[name], done); err != nil {
			return nil, err
		}
		done++
	}
	_, keys, err = e.truth(ctx)
	return keys, err
}

func (e *endpoint) changeUser(ctx context.Context, name string, had []key, turn int) error {
	c := e.client()
	var err error
	switch {
	case len(had) == 0:
		_, err = c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	case turn%2 == 0:
		_, err = c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &name, AccessKeyId: &had[0].ID})
	default:
		status := types.StatusTypeInactive
		if had[0].Status == string(status) {
			status = types.StatusTypeActive
		}
		_, err = c.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: &name, AccessKeyId: &had[0].ID, Status: status})
	}
	return err
}

// missing counts the keys that are there and not in what was found.
func missing(there, found []key) (n int) {
	has := map[key]bool{}
	for _, k := range found {
		has[k] = true
	}
	for _, k := range there {
		if !has[k] {
			n++
		}
	}
	return n
}

// wrong counts the keys that were found and are not, or not so, there.
func wrong(there, found []key) int { return missing(found, there) }

func (e *endpoint) generateReport(ctx context.Context) error {
	_, err := e.client().GenerateCredentialReport(ctx, &iam.GenerateCredentialReportInput{})
	return err
}
