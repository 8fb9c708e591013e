// Package connect connects a start of Keydesk to its one IAM account: AWS, a
// server that speaks its protocol, or the embedded account, which it also opens
// and serves to other programs. It must not know what is done with the account.
package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/logging"

	"keydesk/iamsvc"
	"keydesk/iamsvc/localaccount"
	"keydesk/web"
	"keydesk/web/config"
)

// Account connects to the IAM account that the settings name, and returns what
// ends that. The embedded account is never a fallback: whoever asks for AWS gets
// AWS or an error. A listener serves the embedded account to other programs.
func Account(ctx context.Context, c config.Config, service iamsvc.Config, local net.Listener) (*iamsvc.Account, func(), error) {
	service.IAMEndpoint, service.STSEndpoint = c.IAMEndpoint, c.STSEndpoint
	service.RateCeiling = float64(c.IAMRateCeiling)
	service.MaxUsers = c.MaxUsers
	service.SweepEvery = time.Duration(c.SweepHours) * time.Hour
	service.ShelfMark = c.IAM + " " + c.IAMEndpoint
	if c.IAM == config.IAMAWS {
		var err error
		if service.AWS, err = awsConfig(ctx, c.Region); err != nil {
			return nil, nil, configError(err)
		}
		account, err := iamsvc.Open(ctx, service)
		if err != nil {
			return nil, nil, startError(err)
		}
		return account, func() {}, nil
	}
	embedded, err := localaccount.Open(filepath.Join(c.Data, "local-account"), localaccount.Options{Users: c.LocalUsers})
	if err != nil {
		return nil, nil, fmt.Errorf("embedded account: %w", err)
	}
	if err := embedded.WriteCredentialsFile(credentialsFile(c)); err != nil {
		return nil, nil, errors.Join(err, embedded.Close())
	}
	id, secret := embedded.Credentials()
	service.AWS = aws.Config{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
		HTTPClient:  embedded.Client(),
	}
	account, err := iamsvc.Open(ctx, service)
	if err != nil {
		return nil, nil, errors.Join(err, embedded.Close())
	}
	stop := func() {}
	if local != nil {
		stop = serveEmbedded(local, embedded, service.Logger)
	}
	return account, func() {
		stop()
		if err := embedded.Close(); err != nil {
			service.Logger.Error("closing the embedded account", "error", err.Error())
		}
	}, nil
}

// serveEmbedded lets other programs of this machine use the embedded account.
func serveEmbedded(l net.Listener, account *localaccount.Account, log *slog.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := web.Serve(ctx, l, account, "", "", log); err != nil {
			log.Error("serving the embedded account", "error", err.Error())
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// awsConfig is the SDK's own way to region and credentials. IAM is global, so
// that a missing region is no reason to stop.
func awsConfig(ctx context.Context, region string) (aws.Config, error) {
	options := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithDefaultRegion("us-east-1"),
		awsconfig.WithLogger(logging.Nop{}), // it warns in words of its own about what Keydesk says in plain ones
	}
	if region != "" {
		options = append(options, awsconfig.WithRegion(region))
	}
	return awsconfig.LoadDefaultConfig(ctx, options...)
}

func credentialsFile(c config.Config) string { return filepath.Join(c.Data, "local-credentials") }

// Announce says whose keys these are, before anyone changes one.
func Announce(w io.Writer, c config.Config, i iamsvc.Identity) {
	alias := ""
	if i.Alias != "" {
		alias = " (" + i.Alias + ")"
	}
	kind := "AWS account"
	if c.IAM == config.IAMLocal {
		kind = "Embedded local account"
	}
	fmt.Fprintf(w, "%s %s%s, as %s\n", kind, i.Account, alias, i.ARN)
	for _, warning := range i.Warnings {
		fmt.Fprintln(w, "  note: "+warning)
	}
	if c.LocalEndpoint != "" {
		fmt.Fprintf(w, "Other programs can use it too:\n  export AWS_SHARED_CREDENTIALS_FILE=%s\n  aws --region us-east-1 --endpoint-url http://%s iam list-users\n",
			credentialsFile(c), c.LocalEndpoint)
	}
}

// Protection reads the rules of protected users; config does not know iamsvc.
func Protection(c config.Config) (iamsvc.Protection, error) {
	p, err := iamsvc.ParseProtection(c.ProtectRules())
	if err != nil {
		err = fmt.Errorf("-protect: %w", err)
	}
	return p, err
}
