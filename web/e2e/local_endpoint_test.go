package e2e

import (
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

var localEndpoint = regexp.MustCompile(`--endpoint-url (http://\S+)`)

func awsConfig(t *testing.T, endpoint string, options ...func(*config.LoadOptions) error) aws.Config {
	t.Helper()
	c, err := config.LoadDefaultConfig(context.Background(), append(options, config.WithRegion("us-east-1"),
		config.WithBaseEndpoint(endpoint))...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func static(id, secret string) func(*config.LoadOptions) error {
	return config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(id, secret, ""))
}

func callerARN(c aws.Config) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, nil)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Arn), nil
}

// A key made in the browser works for other programs until it is deactivated.
func TestAKeyMadeInTheBrowserWorksUntilItIsDeactivated(t *testing.T) {
	t.Parallel()
	a := start(t, "-local-endpoint", freeAddress(t))
	endpoint := a.await(localEndpoint)[1]
	b := a.tab()
	b.signIn("admin", password)
	id, secret := b.createKey("li.juan")
	b.done()
	b.sees("Never used")
	client := awsConfig(t, endpoint, static(id, secret))
	// A new key is accepted everywhere only after some seconds, as in AWS.
	b.eventually("the new key to be accepted", func() bool {
		arn, err := callerARN(client)
		return err == nil && arn == "arn:aws:iam::"+account+":user/li.juan"
	})
	wantRefused(t, awsConfig(t, endpoint, static(id, secret[:39]+"x")), "SignatureDoesNotMatch")

	b.eventually("the use to be shown", func() bool {
		b.open(users + "/li.juan")
		return eval[bool](b, `/Last used region\s+us-east-1\s+Last used service\s+sts/.test(document.body.innerText)`)
	})
	b.click("Actions for " + id)
	b.click("Deactivate")
	b.sees("This key was used just now", "It called sts in us-east-1.")
	b.click("Deactivate")
	b.sees("Access key deactivated")
	b.eventually("the key to be refused", func() bool {
		_, err := callerARN(client)
		return err != nil
	})
	wantRefused(t, client, "InvalidClientTokenId")
}

func wantRefused(t *testing.T, client aws.Config, code string) {
	t.Helper()
	_, err := callerARN(client)
	var answer smithy.APIError
	if !errors.As(err, &answer) || answer.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// The operator's credentials file is for programs of this machine that need no
// browser.
func TestTheOperatorsCredentialsFile(t *testing.T) {
	t.Parallel()
	a := start(t, "-local-endpoint", freeAddress(t), "-local-users", "30")
	file := filepath.Join(a.Data, "local-credentials")
	operator := awsConfig(t, a.await(localEndpoint)[1], config.WithSharedCredentialsFiles([]string{file}), config.WithSharedConfigFiles(nil))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client := iam.NewFromConfig(operator)
	list, err := client.ListUsers(ctx, nil)
	if err != nil || len(list.Users) != 30 {
		t.Fatalf("%v, %v", list, err)
	}
	made, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("li.juan")})
	if err != nil {
		t.Fatal(err)
	}
	b := a.tab()
	b.signIn("admin", password)
	b.fill("Search access key ID or user", *made.AccessKey.AccessKeyId+"\n")
	b.sees("li.juan", "Access keys (1)", *made.AccessKey.AccessKeyId)
}
