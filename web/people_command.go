package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"keydesk/handlers"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/config"
	"keydesk/web/db"
	"keydesk/web/session"
)

// people is what the `keydesk people` commands work on. They do what administrators do
// on the pages, for the day on which no administrator can sign in.
type people struct {
	config   config.Config
	database *db.DB
	journal  *audit.Journal // nil where nothing is changed
	accounts *auth.LocalAccounts
	sso      *auth.OIDC // nil without an identity provider
	codes    *auth.Codes
	sessions *session.Store
	version  string
	stdout   io.Writer
}

func peopleCommand(ctx context.Context, c config.Config, version string, stdout io.Writer) (err error) {
	p := people{config: c, version: version, stdout: stdout}
	if c.Command == config.CommandPeople {
		p.database, err = db.OpenToRead(ctx, c.DatabaseURL())
	} else {
		p.database, p.journal, err = openBeside(ctx, c)
	}
	if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, config.ErrSettings) {
		err = wrongData(err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.database.Close()) }()
	p.accounts, p.codes = auth.NewLocalAccounts(p.database), auth.CodesWithoutKey(p.database)
	p.sessions = session.NewStore(p.database, session.Options{})
	if p.sso, err = SingleSignOn(c, p.database); err != nil {
		return err
	}
	switch c.Command {
	case config.CommandPeople:
		return p.list(ctx)
	case config.CommandCreatePerson:
		return p.create(ctx)
	case config.CommandEndSessions:
		return p.endSessions(ctx)
	}
	account, err := p.local(ctx)
	if err != nil {
		return err
	}
	if c.Command == config.CommandResetCodes {
		return p.resetCodes(ctx, account)
	}
	return p.resetPassword(ctx, account)
}

// list prints one line for each person.
func (p people) list(ctx context.Context) error {
	locals, err := p.accounts.List(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "USER\tNAME\tROLE\tSTATUS\tLAST SIGN-IN\tCODES\tSESSIONS")
	for _, a := range locals {
		codes, err := p.codes.Enabled(ctx, a.ID)
		if err != nil {
			return err
		}
		if err := p.line(ctx, table, a.ID, []string{a.Name, a.Name, string(a.Role), status(a.Disabled), lastSignIn(a.LastSignIn), onOff(codes)}); err != nil {
			return err
		}
	}
	if p.sso == nil {
		return table.Flush()
	}
	federated, err := p.sso.Accounts.List(ctx)
	if err != nil {
		return err
	}
	for _, a := range federated {
		cells := []string{plain(handlers.FederatedName(a.Subject)), plain(a.Name), orElse(string(a.Role), "none"), status(a.Disabled), lastSignIn(a.LastSignIn), "-"}
		if err := p.line(ctx, table, a.ID, cells); err != nil {
			return err
		}
	}
	return table.Flush()
}

func (p people) line(ctx context.Context, w io.Writer, id string, cells []string) error {
	sessions, err := p.sessions.List(ctx, id)
	if err == nil {
		_, err = fmt.Fprintf(w, "%s\t%d\n", strings.Join(cells, "\t"), len(sessions))
	}
	return err
}

// create adds a local account.
func (p people) create(ctx context.Context) error {
	role := auth.Role(p.config.Role)
	if !slices.Contains(auth.Roles(), role) {
		return config.Fault(fmt.Errorf("-role %q is not one of %q", p.config.Role, auth.Roles()))
	}
	password, err := p.password(p.config.User)
	if err != nil {
		return err
	}
	e := audit.Event{Action: handlers.ActionCreateLocalAccount, User: handlers.LocalName(p.config.User), NewState: string(role)}
	err = p.change(ctx, e, func(ctx context.Context) error {
		_, err := p.accounts.Create(ctx, p.config.User, role, password)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s can sign in as %s.\n", p.config.User, role.Label())
	return p.say(password)
}

// resetPassword ends the sessions too, as the page does: others may know the old one.
func (p people) resetPassword(ctx context.Context, a auth.LocalAccount) error {
	password, err := p.password(a.Name)
	if err != nil {
		return err
	}
	e := audit.Event{Action: handlers.ActionResetPassword, User: handlers.LocalName(a.Name)}
	err = p.change(ctx, e, func(ctx context.Context) error {
		if err := p.accounts.SetPassword(ctx, a.ID, password); err != nil {
			return err
		}
		_, err := p.sessions.EndAll(ctx, a.ID, "")
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s signs in with the new password from now on. Their sessions have ended.\n", a.Name)
	if a.Disabled {
		fmt.Fprintln(p.stdout, "The account is disabled, and stays so until an administrator enables it.")
	}
	codes, err := p.codes.Enabled(ctx, a.ID)
	if err != nil {
		return err
	}
	if codes {
		fmt.Fprintln(p.stdout, "They are asked for a verification code too; `keydesk people reset-codes` ends that.")
	}
	return p.say(password)
}

func (p people) resetCodes(ctx context.Context, a auth.LocalAccount) error {
	e := audit.Event{Action: handlers.ActionResetCodes, User: handlers.LocalName(a.Name)}
	err := p.change(ctx, e, func(ctx context.Context) error {
		if err := p.codes.Remove(ctx, a.ID); err != nil {
			return err
		}
		_, err := p.sessions.EndAll(ctx, a.ID, "")
		return err
	})
	if err == nil {
		fmt.Fprintf(p.stdout, "%s signs in without a code until they set codes up again. Their sessions have ended.\n", a.Name)
	}
	return err
}

// endSessions signs a local person, or one of the identity provider, out everywhere.
func (p people) endSessions(ctx context.Context) error {
	id, e := "", audit.Event{Action: handlers.ActionEndFederatedSessions, User: p.config.User}
	if subject, federated := strings.CutPrefix(p.config.User, handlers.FederatedName("")); federated {
		if p.sso == nil {
			return config.Fault(errors.New("people of the identity provider are found with the -oidc flags that Keydesk runs with"))
		}
		a, err := p.sso.Accounts.BySubject(ctx, subject)
		if err != nil {
			return fmt.Errorf("-user %s: %w", plain(p.config.User), err)
		}
		id = a.ID
	} else {
		a, err := p.local(ctx)
		if err != nil {
			return err
		}
		id, e.Action, e.User = a.ID, handlers.ActionEndSessions, handlers.LocalName(a.Name)
	}
	ended := 0
	err := p.change(ctx, e, func(ctx context.Context) (err error) {
		ended, err = p.sessions.EndAll(ctx, id, "")
		return err
	})
	if err == nil {
		fmt.Fprintf(p.stdout, "Sessions ended: %d.\n", ended)
	}
	return err
}

// change records what the operator does.
func (p people) change(ctx context.Context, e audit.Event, do func(context.Context) error) (err error) {
	e.Actor, e.Version = operator(), p.version
	if e.Reason, err = commandReason(p.config); err != nil {
		return err
	}
	return recorded(ctx, p.journal, e, do)
}

// local is the account that -user names, in whatever case, as at sign-in.
func (p people) local(ctx context.Context) (auth.LocalAccount, error) {
	accounts, err := p.accounts.List(ctx)
	if err != nil {
		return auth.LocalAccount{}, err
	}
	for _, a := range accounts {
		if strings.EqualFold(a.Name, p.config.User) {
			return a, nil
		}
	}
	return auth.LocalAccount{}, fmt.Errorf("-user %s: %w; `keydesk people list` names them", plain(p.config.User), auth.ErrNoSuchAccount)
}

// password is what the file says, or one that nobody knows yet. It never stands on the
// command line, which every user of the machine can read.
func (p people) password(name string) (string, error) {
	password := rand.Text()
	if p.config.PasswordFile != "" {
		content, err := os.ReadFile(p.config.PasswordFile)
		if err != nil {
			return "", fmt.Errorf("-password-file: %w", err)
		}
		password = strings.TrimRight(string(content), "\r\n")
	}
	if err := auth.CheckAccount(name, password); err != nil {
		return "", config.Fault(err)
	}
	return password, nil
}

// say prints a password that was made up, this one time.
func (p people) say(password string) error {
	if p.config.PasswordFile != "" {
		return nil
	}
	_, err := fmt.Fprintf(p.stdout, "Their password, shown only now: %s\nThey change it in Settings.\n", password)
	return err
}

// plain keeps what a terminal would obey out of it.
func plain(s string) string {
	if quoted := strconv.QuoteToGraphic(s); quoted != `"`+s+`"` {
		return quoted
	}
	return s
}

func status(disabled bool) string {
	if disabled {
		return "disabled"
	}
	return "enabled"
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func lastSignIn(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.RFC3339)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
