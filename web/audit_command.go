package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"keydesk/web/audit"
	"keydesk/web/config"
	"keydesk/web/csvfile"
	"keydesk/web/db"
)

// readAudit verifies, exports or searches the journal, beside a Keydesk that may be
// running, and changes nothing.
func readAudit(ctx context.Context, c config.Config, stdout io.Writer) error {
	database, err := db.OpenToRead(ctx, c.DatabaseURL())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, db.ErrURL) {
		return wrongData(err)
	}
	if err != nil {
		return err
	}
	defer database.Close()
	journal, err := audit.OpenToRead(ctx, database, filepath.Join(c.Data, "journal.key"))
	if errors.Is(err, audit.ErrKeyMissing) || errors.Is(err, audit.ErrNoJournal) {
		return wrongData(err)
	}
	if errors.Is(err, audit.ErrKeyFile) {
		return config.Fault(err)
	}
	if err != nil {
		return err
	}
	switch c.Command {
	case config.CommandVerify:
		return verifyAudit(ctx, journal, c.Head, stdout)
	case config.CommandFindSecrets:
		return findSecrets(ctx, journal, stdout)
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
		return wrongData(err)
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

// ErrFindings means that the audit log is sound as far as it goes, and that its
// checkpoint is or was missing: rows may have been cut off at the end.
var ErrFindings = errors.New("the end of the audit log is not proved")

func verifyAudit(ctx context.Context, journal *audit.Journal, head string, stdout io.Writer) error {
	report := journal.Check(ctx)
	switch {
	case report.Damage != nil:
		return report.Damage // names the first bad row
	case report.Err != nil:
		return report.Err
	}
	if err := compareHead(ctx, journal, head, stdout); err != nil {
		return err
	}
	if err := tellSealings(ctx, journal, report.Rows, stdout); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "The newest row is "+report.Head)

	var found error
	for _, f := range report.Findings {
		found = errors.Join(found, errors.New(f.Text))
	}
	if found != nil {
		return fmt.Errorf("%w:\n%w\nIf you restored a backup: keydesk audit accept-checkpoint -reason TEXT", ErrFindings, found)
	}
	return nil
}

// compareHead checks a row that was noted elsewhere, where one was given.
func compareHead(ctx context.Context, journal *audit.Journal, head string, stdout io.Writer) error {
	if head == "" {
		return nil
	}
	known, err := journal.Compare(ctx, head)
	if err == nil && !known {
		fmt.Fprintln(stdout, "Retention has taken out the row of -head since.")
	}
	return err
}

func tellSealings(ctx context.Context, journal *audit.Journal, rows int64, stdout io.Writer) error {
	sealings, err := journal.Sealings(ctx)
	if err != nil {
		return err
	}
	if len(sealings) == 0 {
		fmt.Fprintf(stdout, "The audit log is as it was written: %d rows.\n", rows)
		return nil
	}
	fmt.Fprintf(stdout, "The audit log is as it was written: %d rows. Secrets were taken out of %d (%s):\n",
		rows, len(sealings), audit.ActionSealRow)
	for _, e := range sealings {
		fmt.Fprintf(stdout, "  %s by %s, row %d: %s\n", e.Time.Format(time.RFC3339), e.Actor.Name, e.Seq, e.Reason)
	}
	return nil
}

// acceptCheckpoint ends the findings that a restored backup leaves.
func acceptCheckpoint(ctx context.Context, c config.Config, version string, stdout io.Writer) (err error) {
	reason, err := commandReason(c)
	if err != nil {
		return err
	}
	database, journal, err := openBeside(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Close()) }()

	accepted, err := journal.AcceptCheckpoint(ctx, audit.Event{Actor: operator(), Reason: reason, Version: version})
	if err == nil {
		fmt.Fprintf(stdout, "Accepted and recorded: %d.\n", accepted)
	}
	return err
}

// findSecrets names the rows, never what they hold: a terminal keeps what it has shown.
func findSecrets(ctx context.Context, journal *audit.Journal, stdout io.Writer) error {
	list, err := journal.Exposed(ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(stdout, "No row of the audit log holds more than an access key ID.")
		return nil
	}
	for _, x := range list {
		fmt.Fprintf(stdout, "row %d, %s, %s by %s: %s holds %d characters\n", x.Event.Seq,
			x.Event.Time.Format(time.RFC3339), x.Event.Action, orElse(x.Event.Actor.Name, "unknown"), x.Field, x.Length)
	}
	fmt.Fprintf(stdout, "\nAn access key ID of AWS has 20 characters; what follows may be its secret access key.\n"+
		"1. Deactivate these keys in IAM: their secrets are in backups, exports and CloudTrail too.\n"+
		"2. keydesk audit seal -rows %s\n", config.RowsFound)
	return nil
}

// sealAudit takes what is secret out of rows for good, and then out of the database's
// files. To do it again does no harm, and ends what was interrupted.
func sealAudit(ctx context.Context, c config.Config, version string, stdout io.Writer) (err error) {
	reason, err := commandReason(c)
	if err != nil {
		return err
	}
	database, journal, err := openBeside(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	rows, err := rowsToSeal(ctx, c, journal)
	if err != nil {
		return err
	}
	sealed, err := journal.SealRows(ctx, rows, audit.Event{Actor: operator(), Reason: reason, Version: version})
	fmt.Fprintf(stdout, "%d rows sealed.\n", sealed)
	if err != nil && strings.Contains(err.Error(), "permission denied") { // PostgreSQL's words
		return fmt.Errorf("%w; give -database the role that owns the tables", err)
	}
	if err != nil {
		return err
	}
	done, err := database.Vacuum(ctx)
	if err != nil {
		return fmt.Errorf("the rows are sealed, but their old bytes are still in the database's files: %w", err)
	}
	if !done {
		fmt.Fprintln(stdout, "PostgreSQL keeps the old bytes until the owner of the tables runs: VACUUM FULL journal; CHECKPOINT;")
	}
	fmt.Fprintln(stdout, "Backups and exported files from before still hold what was taken out here.")
	return nil
}

func rowsToSeal(ctx context.Context, c config.Config, journal *audit.Journal) (rows []int64, err error) {
	if rows, err = c.SealRows(); err != nil || c.Rows != config.RowsFound {
		return rows, err
	}
	list, err := journal.Exposed(ctx)
	for _, x := range list {
		rows = append(rows, x.Event.Seq)
	}
	return slices.Compact(rows), err // one row may hold several
}
