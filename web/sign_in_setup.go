package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"keydesk/handlers"
	"keydesk/web/auth"
	"keydesk/web/config"
	"keydesk/web/db"
)

// CheckRoles looks at the role map before anything is opened: config does not know
// the roles.
func CheckRoles(c config.Config) error {
	if c.OIDCRoles == "" {
		return nil
	}
	if _, err := auth.ParseRoleMap(c.OIDCRoles); err != nil {
		return fmt.Errorf("-oidc-roles: %w", err)
	}
	return nil
}

// SingleSignOn is nil when no identity provider is set up.
func SingleSignOn(c config.Config, d *db.DB) (*auth.OIDC, error) {
	if c.OIDCIssuer == "" {
		return nil, nil
	}
	roles, err := auth.ParseRoleMap(c.OIDCRoles)
	if err != nil {
		return nil, err
	}
	secret, err := os.ReadFile(c.OIDCClientSecretFile)
	if err != nil {
		return nil, fmt.Errorf("-oidc-client-secret-file: %w", err)
	}
	return auth.NewOIDC(d, auth.OIDCSettings{
		Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, ClientSecret: strings.TrimSpace(string(secret)),
		RedirectURL: strings.TrimRight(c.PublicURL, "/") + "/sign-in/oidc/callback",
		GroupsClaim: c.OIDCGroupsClaim, Roles: roles, FreshSignIn: c.FreshSignInWindow(),
	}), nil
}

// FirstAdministrator makes sure that somebody can sign in: from the password
// file, or by a link that works once and only from this machine.
func FirstAdministrator(ctx context.Context, c config.Config, people *auth.LocalAccounts, journal Journal, w io.Writer, address net.Addr) (*auth.FirstRun, error) {
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	home := fmt.Sprintf("%s://%s", scheme, address)
	public := home
	if c.PublicURL != "" {
		public = strings.TrimRight(c.PublicURL, "/")
	}
	exists, err := people.HasAdministrator(ctx)
	if err != nil {
		return nil, err
	}
	if exists {
		fmt.Fprintf(w, "Keydesk is at %s\n", public)
		return nil, nil
	}
	if c.AdminPasswordFile != "" {
		if err := administratorFromFile(ctx, people, journal, c.AdminPasswordFile); err != nil {
			return nil, err
		}
		fmt.Fprintf(w, "Keydesk is at %s; sign in as admin\n", public)
		return nil, nil
	}
	firstRun, token, err := auth.NewFirstRun()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(w, "Keydesk is at %s\n\nThere is no administrator yet. Open this link on this machine to become the first;\nit works once:\n\n  %s/first-run/%s\n\n",
		public, home, token)
	return firstRun, nil
}

// administratorFromFile journals what it does, as the first-run link does: nobody
// comes to be an administrator unrecorded.
func administratorFromFile(ctx context.Context, people *auth.LocalAccounts, journal Journal, file string) error {
	const name = "admin"
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("-admin-password-file: %w", err)
	}
	password := strings.TrimRight(string(content), "\r\n")
	if err := auth.CheckAccount(name, password); err != nil {
		return config.Fault(fmt.Errorf("-admin-password-file: %w", err))
	}
	e := handlers.FirstAdministratorEvent(name, "-admin-password-file")
	e.Version = journal.Version
	err = recorded(ctx, journal.Audit, e, func(ctx context.Context) error {
		_, err := people.CreateFirstAdministrator(ctx, name, password)
		return err
	})
	// Another replica that starts at the same time may be first.
	if err != nil && !errors.Is(err, auth.ErrAdministratorExists) {
		return fmt.Errorf("-admin-password-file: %w", err)
	}
	return nil
}
