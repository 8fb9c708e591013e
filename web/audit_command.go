package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"keydesk/web/audit"
	"keydesk/web/config"
	"keydesk/web/csvfile"
	"keydesk/web/db"
)

// AuditCommand is `keydesk audit`. Verifying and exporting read the journal, beside a Keydesk
// that may be running, and change nothing.
func AuditCommand(ctx context.Context, c config.Config, stdout io.Writer) error {
	if c.Command == config.CommandRotate {
		return rotateKey(ctx, c, stdout)
	}
	database, err := db.OpenToRead(ctx, c.DatabaseURL())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, db.ErrURL) {
		return config.Fault(fmt.Errorf("%w; -data names the folder that Keydesk runs with", err))
	}
	if err != nil {
		return err
	}
	defer database.Close()
	journal, err := audit.OpenToRead(ctx, database, filepath.Join(c.Data, "journal.key"))
	if errors.Is(err, audit.ErrKeyMissing) || errors.Is(err, audit.ErrNoJournal) {
		return config.Fault(fmt.Errorf("%w; -data names the folder that Keydesk runs with", err))
	}
	if err != nil {
		return err
	}
	if c.Command == config.CommandVerify {
		return verifyAudit(ctx, journal, stdout)
	}
	events := journal.Each(ctx, audit.Filter{})
	if c.Format == "csv" {
		return audit.WriteCSV(csvfile.NewWriter(stdout), events)
	}
	return audit.WriteJSONL(stdout, events)
}

// rotateKey needs the database for itself: SQLite sees to that, with PostgreSQL the
// replicas refuse to go on under the old key.
func rotateKey(ctx context.Context, c config.Config, stdout io.Writer) error {
	keyFile := filepath.Join(c.Data, "journal.key")
	if _, err := os.Stat(keyFile); err != nil {
		return config.Fault(fmt.Errorf("%w; -data names the folder that Keydesk runs with", err))
	}
	database, err := db.Open(ctx, c.DatabaseURL())
	if err != nil {
		return err
	}
	defer database.Close()
	rows, err := audit.Rotate(ctx, database, keyFile)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "The %d rows of the audit log are as they were written. New ones are sealed with a new key.\nBack up %s, and copy it to the other replicas before they start.\n", rows, keyFile)
	return nil
}

func verifyAudit(ctx context.Context, journal *audit.Journal, stdout io.Writer) error {
	rows, err := journal.Verify(ctx)
	if err != nil {
		return err // a *audit.ChainError names the first bad row
	}
	fmt.Fprintf(stdout, "The audit log is as it was written: %d rows.\n", rows)
	return nil
}
