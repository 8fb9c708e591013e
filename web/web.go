// Package web is the HTTP shell: the server and its limits, the one route
// table, the middleware, and the place where errors become pages.
//
// It decides who may call which handler and what every response carries. It
// does not know what a page says, how IAM is asked, or what a table holds.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"

	"keydesk/handlers"
	"keydesk/iamsvc"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/db"
	"keydesk/web/session"
)

// Options is everything the pages are made from, ready for use.
type Options struct {
	Accounts      *iamsvc.Accounts
	DB            *db.DB
	Journal       *audit.Journal
	LocalAccounts *auth.LocalAccounts
	Sessions      *session.Store
	Codes         *auth.Codes    // second step of local accounts
	OIDC          *auth.OIDC     // nil without single sign-on
	FirstRun      *auth.FirstRun // nil once an administrator exists
	Log           *slog.Logger
	Now           func() time.Time
	Embedded      bool // the account is the one that comes with Keydesk
	Secure        bool // served over TLS
	// TrustedProxies are believed about the client's address and TLS. ProxyOnly
	// refuses pages to whoever does not come through one of them over TLS.
	TrustedProxies []netip.Prefix
	ProxyOnly      bool
	PublicHost     string // of -public-url, without port; "": not given
	Version        string
	RequireReason  bool // every change needs a reason or ticket
	// FreshSignIn is how old a sign-in may be for what cannot be taken back, default
	// auth.FreshSignIn.
	FreshSignIn time.Duration
	Background  *Background
}

// site holds what the middleware needs besides the handlers.
type site struct {
	Options
	base   handlers.Base
	router chi.Router
	table  []route // behind the router
	probe  probe   // of the database, for /readyz
}

// New is the whole web site as one handler.
func New(o Options) http.Handler {
	if o.FreshSignIn <= 0 {
		o.FreshSignIn = auth.FreshSignIn
	}
	s := &site{Options: o}
	s.base = handlers.Base{
		Accounts: o.Accounts, Sessions: o.Sessions, Journal: o.Journal,
		Log: o.Log, Now: o.Now, Embedded: o.Embedded, Version: o.Version, RequireReason: o.RequireReason, FreshSignIn: o.FreshSignIn,
		RequestID: RequestID, ClientIP: clientIP, Background: o.Background.Go, Writable: o.DB.Writable,
	}
	if err := o.Journal.Ready(); err != nil {
		o.Log.Error("nobody can sign in or change anything", "error", err.Error())
	}
	return s.handler()
}

// Server limits (OWASP ASVS v5.0.0-15.2.2): slow or huge requests must not hold
// the few connections an internal tool has.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 45 * time.Second // longer than the longest change to IAM
	idleTimeout       = 90 * time.Second
	maxHeaderBytes    = 16 << 10
	maxBodyBytes      = 8 << 10
	maxSearchBytes    = 64 << 20
	// drainTimeout is how long changes under way may take to finish and be
	// journalled after a SIGTERM.
	drainTimeout = 18 * time.Second
)

// Listen opens the address that the flag names, and says what to do when another
// program has it.
func Listen(flag, address, other string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		env := "KEYDESK_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
		return nil, fmt.Errorf("%s is taken by another program (another Keydesk, perhaps): choose a free address, for example -%s %s or %s=%s",
			address, flag, other, env, other)
	}
	if err != nil {
		return nil, fmt.Errorf("-%s %s: %w", flag, address, err)
	}
	return l, nil
}

// Serve answers requests on the listener until the context ends, then lets
// what is under way finish.
func Serve(ctx context.Context, l net.Listener, h http.Handler, certFile, keyFile string, log *slog.Logger) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		TLSConfig:         tlsSettings(),
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return withStopping(context.Background(), ctx.Done()) },
	}
	failed := make(chan error, 1)
	go func() {
		if certFile != "" {
			failed <- server.ServeTLS(l, certFile, keyFile)
			return
		}
		failed <- server.Serve(l)
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
