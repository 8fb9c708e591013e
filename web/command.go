package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"keydesk/iamsvc/paste"
	"keydesk/web/audit"
	"keydesk/web/config"
	"keydesk/web/db"
)

// Command is what Keydesk does besides serving: `keydesk audit` and `keydesk people`.
func Command(ctx context.Context, c config.Config, version string, stdout io.Writer) error {
	switch c.Command {
	case config.CommandVerify, config.CommandExport, config.CommandFindSecrets:
		return readAudit(ctx, c, stdout)
	case config.CommandRotate:
		return rotateKey(ctx, c, stdout)
	case config.CommandSeal:
		return sealAudit(ctx, c, version, stdout)
	case config.CommandAccept:
		return acceptCheckpoint(ctx, c, version, stdout)
	}
	return peopleCommand(ctx, c, version, stdout)
}

// openBeside opens database and journal to write to them, whether a Keydesk runs on them
// or not. Neither is made where there is none.
func openBeside(ctx context.Context, c config.Config) (*db.DB, *audit.Journal, error) {
	keyFile := filepath.Join(c.Data, "journal.key")
	if _, err := os.Stat(keyFile); err != nil {
		return nil, nil, wrongData(err)
	}
	database, err := db.OpenBeside(ctx, c.DatabaseURL())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, wrongData(err)
	}
	if err != nil {
		return nil, nil, err
	}
	journal, err := audit.Open(ctx, database, keyFile)
	if err != nil {
		return nil, nil, errors.Join(err, database.Close())
	}
	return database, journal, nil
}

// wrongData is the answer where nothing of Keydesk's was found.
func wrongData(err error) error {
	return config.Fault(fmt.Errorf("%w; -data names the folder that Keydesk runs with", err))
}

// operator is who typed the command, to the journal. Nobody has signed in: whoever can
// write the database could do the same with SQL, unrecorded.
func operator() audit.Actor {
	id := strconv.Itoa(os.Getuid())
	name := "user " + id
	if u, err := user.LookupId(id); err == nil {
		name = u.Username
	}
	// Anybody can set the variable, but only root could be somebody else.
	if by := os.Getenv("SUDO_USER"); by != "" && os.Getuid() == 0 {
		name += " for " + by
	}
	return audit.Actor{Issuer: "console", Subject: "uid " + id, Name: name + " at the console", Role: "operator"}
}

// commandReason is why, for the journal, by the rules of the forms.
func commandReason(c config.Config) (string, error) {
	switch {
	case c.Reason == "" && c.RequireReason:
		return "", config.Fault(errors.New("-require-reason is set: give -reason"))
	case paste.HasSecret(c.Reason):
		return "", config.Fault(errors.New("-reason looks like a secret access key; the audit log must not hold one"))
	}
	return c.Reason, nil
}

// recorded makes a change that no browser asks for: no change without a row that says
// that it is tried, and one that says how it ended.
func recorded(ctx context.Context, journal *audit.Journal, e audit.Event, do func(context.Context) error) (err error) {
	e.Phase = audit.PhaseAttempt
	if e.Attempt, err = journal.Append(ctx, e); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	changeErr := do(ctx)
	e.Phase, e.Outcome = audit.PhaseOutcome, audit.OutcomeOK
	if changeErr != nil {
		e.Outcome = audit.OutcomeFailed
	}
	_, err = journal.Append(ctx, e)
	return errors.Join(changeErr, err)
}
