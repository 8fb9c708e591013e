// Keydesk is a web dashboard for AWS IAM access keys: it finds who owns a key
// and takes a key through its whole life. This file only wires the parts
// together, in the order they depend on each other.
package main

//go:generate go tool templ generate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"keydesk/iamsvc"
	"keydesk/iamsvc/localaccount"
	"keydesk/web"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/config"
	"keydesk/web/db"
	"keydesk/web/session"
	"keydesk/web/shelf"
)

const version = "0.1.0"

// Exit codes: 2 is a fault of the settings, as the flag package has it.
const (
	exitFailed   = 1
	exitSettings = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "keydesk: "+strings.ReplaceAll(err.Error(), "\n", "\nkeydesk: "))
	if errors.Is(err, config.ErrSettings) {
		os.Exit(exitSettings)
	}
	os.Exit(exitFailed)
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	c, err := config.Parse(args, getenv, stdout)
	switch {
	case errors.Is(err, config.ErrHelp):
		return nil
	case c.Version:
		fmt.Fprintln(stdout, "keydesk "+version)
		return nil
	}
	protection, protectErr := protected(c)
	if err := errors.Join(err, c.Validate(), web.CheckRoles(c), protectErr); err != nil {
		return config.Fault(err)
	}
	if c.Command != "" {
		return web.AuditCommand(ctx, c, stdout)
	}
	return serve(ctx, c, protection, stdout, newLog(c.LogFormat, stderr))
}

// serve opens what the pages are made from, one thing after the other, and
// answers requests until the context ends.
func serve(ctx context.Context, c config.Config, protection iamsvc.Protection, stdout io.Writer, log *slog.Logger) error {
	// The address first: that it is taken is the most likely trouble, and nothing
	// has been made yet.
	listeners, err := listen(c)
	if err != nil {
		return err
	}
	defer listeners.close()
	stores, err := openStores(ctx, c)
	if err != nil {
		return err
	}
	defer stores.database.Close()

	gate := web.Journal{Audit: stores.journal, Now: time.Now, Version: version}
	account, closeAccount, err := openAccount(ctx, c, iamsvc.Config{Journal: gate, Protection: protection, Logger: log, Shelf: shelf.New(stores.database)}, listeners.local)
	if err != nil {
		return err
	}
	defer closeAccount()
	announceAccount(stdout, c, account.Identity())
	if c.Check {
		if err := stores.journal.Ready(); err != nil {
			return err
		}
		fmt.Fprintln(stdout, "Settings, database and IAM identity are fine.")
		return nil
	}

	firstRun, err := web.FirstAdministrator(ctx, c, stores.people, stdout, listeners.web.Addr())
	if err != nil {
		return err
	}
	proxies, err := c.TrustedProxies()
	if err != nil {
		return err
	}
	accounts := iamsvc.NewAccounts(account)
	go account.Run(ctx)
	go web.Reconciler{Accounts: accounts, Journal: stores.journal, Log: log, Now: time.Now, Version: version}.Run(ctx)
	go web.Retention{Journal: stores.journal, Log: log, Now: time.Now, Keep: c.Retention()}.Run(ctx)
	if stores.sso != nil {
		go stores.sso.Run(ctx, log)
	}
	site := web.New(web.Options{
		Accounts: accounts, DB: stores.database, Journal: stores.journal,
		LocalAccounts: stores.people, Sessions: session.NewStore(stores.database, session.Options{Secure: c.TLSCert != ""}),
		Codes: stores.codes, OIDC: stores.sso, TrustedProxies: proxies, ProxyOnly: c.ProxyOnly(),
		FirstRun: firstRun, Log: log, Now: time.Now, Embedded: c.IAM == config.IAMLocal,
		Secure: c.TLSCert != "", Version: version, RequireReason: c.RequireReason,
	})
	return web.Serve(ctx, listeners.web, site, c.TLSCert, c.TLSKey, log)
}

// stores are what Keydesk keeps: the database and what lives in it.
type stores struct {
	database *db.DB
	journal  *audit.Journal
	people   *auth.LocalAccounts
	codes    *auth.Codes
	sso      *auth.OIDC // nil without an identity provider
}

func openStores(ctx context.Context, c config.Config) (s stores, err error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return s, fmt.Errorf("-data %s: %w", c.Data, err)
	}
	if s.database, err = db.Open(ctx, c.DatabaseURL()); err != nil {
		return s, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.database.Close())
		}
	}()
	if s.journal, err = audit.Open(ctx, s.database, filepath.Join(c.Data, "journal.key")); err != nil {
		return s, err
	}
	s.people = auth.NewLocalAccounts(s.database)
	if s.codes, err = auth.OpenCodes(s.database, filepath.Join(c.Data, "codes.key")); err != nil {
		return s, err
	}
	s.sso, err = web.SingleSignOn(c, s.database)
	return s, err
}

func newLog(format string, w io.Writer) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

// listeners are the sockets of this start; a check opens none.
type listeners struct{ web, local net.Listener }

func (l listeners) close() {
	for _, one := range []net.Listener{l.web, l.local} {
		if one != nil {
			_ = one.Close()
		}
	}
}

func listen(c config.Config) (listeners, error) {
	var l listeners
	if c.Check {
		return l, nil
	}
	var err error
	if l.web, err = web.Listen("listen", c.Listen, "127.0.0.1:8090"); err != nil {
		return l, err
	}
	if c.LocalEndpoint != "" {
		if l.local, err = web.Listen("local-endpoint", c.LocalEndpoint, "127.0.0.1:8091"); err != nil {
			l.close()
			return l, err
		}
	}
	return l, nil
}

// openAccount connects to the one IAM account of this start. The embedded
// account is never a fallback: whoever asks for AWS gets AWS or an error.
func openAccount(ctx context.Context, c config.Config, service iamsvc.Config, local net.Listener) (*iamsvc.Account, func(), error) {
	service.IAMEndpoint, service.STSEndpoint = c.IAMEndpoint, c.STSEndpoint
	service.RateCeiling = float64(c.IAMRateCeiling)
	service.SweepEvery = time.Duration(c.SweepHours) * time.Hour
	service.ShelfMark = c.IAM + " " + c.IAMEndpoint
	if c.IAM == config.IAMAWS {
		var err error
		if service.AWS, err = awsConfig(ctx, c.Region); err != nil {
			return nil, nil, fmt.Errorf("AWS configuration: %w", err)
		}
		account, err := iamsvc.Open(ctx, service)
		if err != nil {
			return nil, nil, fmt.Errorf("asking AWS who Keydesk is: %w", err)
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
	options := []func(*awsconfig.LoadOptions) error{awsconfig.WithDefaultRegion("us-east-1")}
	if region != "" {
		options = append(options, awsconfig.WithRegion(region))
	}
	return awsconfig.LoadDefaultConfig(ctx, options...)
}

func credentialsFile(c config.Config) string { return filepath.Join(c.Data, "local-credentials") }

// announceAccount says whose keys these are, before anyone changes one.
func announceAccount(w io.Writer, c config.Config, i iamsvc.Identity) {
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

// protected reads the rules here, because config does not know iamsvc.
func protected(c config.Config) (iamsvc.Protection, error) {
	p, err := iamsvc.ParseProtection(c.ProtectRules())
	if err != nil {
		err = fmt.Errorf("-protect: %w", err)
	}
	return p, err
}
