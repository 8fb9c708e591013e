package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"keydesk/web/audit"
	"keydesk/web/config"
	"keydesk/web/db"
)

// AuditCommand is `keydesk audit`: it reads the journal, beside a Keydesk that may be running, and
// changes nothing.
func AuditCommand(ctx context.Context, c config.Config, stdout io.Writer) error {
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
		return audit.WriteCSV(stdout, events)
	}
	return audit.WriteJSONL(stdout, events)
}

func verifyAudit(ctx context.Context, journal *audit.Journal, stdout io.Writer) error {
	rows, err := journal.Verify(ctx)
	if err != nil {
		return err // a *audit.ChainError names the first bad row
	}
	fmt.Fprintf(stdout, "The audit log is as it was written: %d rows.\n", rows)
	return nil
}
