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

	"keydesk/iamsvc"
	"keydesk/web"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/config"
	"keydesk/web/connect"
	"keydesk/web/db"
	"keydesk/web/session"
	"keydesk/web/shelf"
)

const version = "0.1.0"

// Exit codes: 2 is a fault of the settings, as the flag package has it; 3 is what
// keydesk audit verify finds in a log that is sound as far as it goes.
const (
	exitFailed   = 1
	exitSettings = 2
	exitFindings = 3
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
	if errors.Is(err, web.ErrFindings) {
		os.Exit(exitFindings)
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
	protection, protectErr := connect.Protection(c)
	if err := errors.Join(err, c.Validate(), web.CheckRoles(c), protectErr); err != nil {
		return config.Fault(err)
	}
	if c.Command != "" {
		return web.Command(ctx, c, version, stdout)
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
	account, closeAccount, err := connect.Account(ctx, c, iamsvc.Config{Journal: gate, Protection: protection, Logger: log, Shelf: shelf.New(stores.database)}, listeners.local)
	if err != nil {
		return err
	}
	defer closeAccount()
	connect.Announce(stdout, c, account.Identity())
	if c.Check {
		if err := stores.journal.Ready(); err != nil {
			return err
		}
		fmt.Fprintln(stdout, "Settings, database and IAM identity are fine.")
		return nil
	}

	firstRun, err := web.FirstAdministrator(ctx, c, stores.people, gate, stdout, listeners.web.Addr())
	if err != nil {
		return err
	}
	proxies, err := c.TrustedProxies()
	if err != nil {
		return err
	}
	accounts := iamsvc.NewAccounts(account)
	background := startBackground(ctx, c, stores, accounts, log)
	site := web.New(web.Options{
		Accounts: accounts, DB: stores.database, Journal: stores.journal,
		LocalAccounts: stores.people, Sessions: session.NewStore(stores.database, session.Options{Secure: c.TLSCert != "", SignInKey: stores.signIn}),
		Codes: stores.codes, OIDC: stores.sso, TrustedProxies: proxies, ProxyOnly: c.ProxyOnly(), PublicHost: c.PublicHost(),
		FirstRun: firstRun, Log: log, Now: time.Now, Embedded: c.IAM == config.IAMLocal,
		Secure: c.TLSCert != "", Version: version, RequireReason: c.RequireReason, FreshSignIn: c.FreshSignInWindow(), Background: background,
	})
	// What writes to the database ends before it is closed.
	return errors.Join(web.Serve(ctx, listeners.web, site, c.TLSCert, c.TLSKey, log), background.Stop())
}

// startBackground begins what goes on between requests.
func startBackground(ctx context.Context, c config.Config, s stores, accounts *iamsvc.Accounts, log *slog.Logger) *web.Background {
	background := web.NewBackground(ctx)
	background.Go(accounts.Default().Run)
	background.Go(web.Reconciler{Accounts: accounts, Journal: s.journal, Log: log, Now: time.Now, Version: version}.Run)
	background.Go(web.Retention{Journal: s.journal, Log: log, Now: time.Now, Keep: c.Retention()}.Run)
	background.Go(web.AuditCheck{Journal: s.journal, Log: log}.Run)
	if s.sso != nil {
		background.Go(func(ctx context.Context) { s.sso.Run(ctx, log) })
	}
	return background
}

// stores are what Keydesk keeps: the database and what lives in it.
type stores struct {
	database *db.DB
	journal  *audit.Journal
	people   *auth.LocalAccounts
	codes    *auth.Codes
	sso      *auth.OIDC // nil without an identity provider
	signIn   []byte     // key of the cookies of sign-ins there
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
	if s.signIn, err = auth.SignInKey(filepath.Join(c.Data, "codes.key")); err != nil {
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
