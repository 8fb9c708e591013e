package main

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// measureNaive reads the account as a first program with the SDK does it:
// default retries, some workers, and on an error the user or key is passed over.
func measureNaive(ctx context.Context, o order) (findings, error) {
	c := iam.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: &o.Endpoint,
		Credentials: credentials.NewStaticCredentialsProvider(o.KeyID, o.Secret, ""),
	})
	started := time.Now()
	names := make(chan string)
	var mu sync.Mutex
	var found findings
	var wg sync.WaitGroup
	for range o.Workers {
		wg.Go(func() {
			for name := range names {
				keys := naiveKeys(ctx, c, name)
				mu.Lock()
				found.Keys = append(found.Keys, keys...)
				mu.Unlock()
			}
		})
	}
	pages := iam.NewListUsersPaginator(c, &iam.ListUsersInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			break
		}
		for _, u := range page.Users {
			names <- *u.UserName
		}
	}
	close(names)
	wg.Wait()
	found.EveryKey.After = time.Since(started)
	return found, ctx.Err()
}

func naiveKeys(ctx context.Context, c *iam.Client, user string) (keys []key) {
	out, err := c.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &user})
	if err != nil {
		return nil
	}
	for _, k := range out.AccessKeyMetadata {
		keys = append(keys, key{user, *k.AccessKeyId, string(k.Status)})
		// The date goes into a table somewhere; here its cost is what counts.
		_, _ = c.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: k.AccessKeyId})
	}
	return keys
}
