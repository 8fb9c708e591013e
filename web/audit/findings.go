package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// ActionAcceptCheckpoint is the action of a row by which an operator accepts that the
// checkpoint was missing once, because they had restored a backup. Its OldState is
// the number of the row that the journal went on with.
const ActionAcceptCheckpoint = "AcceptCheckpoint"

// Finding is what a sound chain cannot rule out. The chain shows what was changed or
// taken out between two rows; only the checkpoint shows that rows are missing at the
// end, and whoever can write the data folder can remove it.
type Finding struct {
	// Seq is the row the finding is about; 0 when it is about the checkpoint file.
	Seq int64
	// Text is a sentence for an operator.
	Text string
}

// Report is what verifying the journal came to.
type Report struct {
	At       time.Time   // when it ended, UTC; zero: not verified yet
	Rows     int64       // rows that are sound
	Head     string      // the newest row as "NUMBER:HASH", to compare with what the log says
	Damage   *ChainError // the first row that is not sound; nil: none
	Findings []Finding
	Err      error // why the journal could not be read
}

// Sound reports whether nothing speaks against the journal.
func (r Report) Sound() bool { return r.Damage == nil && r.Err == nil && len(r.Findings) == 0 }

// Check verifies the journal and keeps the report for LastReport.
func (j *Journal) Check(ctx context.Context) Report {
	r := Report{}
	r.Rows, r.Err = j.Verify(ctx)
	if errors.As(r.Err, &r.Damage) {
		r.Err = nil
	}
	if r.Err == nil {
		r.Findings, r.Err = j.Findings(ctx)
	}
	if r.Err == nil {
		r.Head, r.Err = j.Head(ctx)
	}
	r.At = time.Now().UTC()

	j.mu.Lock()
	defer j.mu.Unlock()
	j.report = r
	return r
}

// LastReport is what the last Check of this process came to.
func (j *Journal) LastReport() Report {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.report
}

// Head names the newest row by its number and hash. A copy of it that is kept
// elsewhere proves later that the rows up to there are still the same.
func (j *Journal) Head(ctx context.Context) (string, error) {
	head, err := headOf(j.db.QueryRow(ctx, selectHead))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d:%s", head.Seq, head.Hash), nil
}

// Compare checks that a head noted elsewhere is still in the journal. The error is a
// *ChainError when it is not, or the database's. known is false where retention has
// taken the row out since.
func (j *Journal) Compare(ctx context.Context, head string) (known bool, err error) {
	var noted link
	if _, err := fmt.Sscanf(head, "%d:%64s", &noted.Seq, &noted.Hash); err != nil || noted.Seq < 1 {
		return false, fmt.Errorf("%q is not a row of the audit log: want NUMBER:HASH", head)
	}
	var hash string
	err = j.db.QueryRow(ctx, `SELECT hash FROM journal WHERE seq = ?`, noted.Seq).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return false, j.explainAbsence(ctx, noted.Seq)
	}
	if err == nil && hash != noted.Hash {
		err = &ChainError{noted.Seq, "the row is not the one that was noted"}
	}
	return err == nil, err
}

// explainAbsence is nil where retention took the row out.
func (j *Journal) explainAbsence(ctx context.Context, seq int64) error {
	gaps, err := j.gaps(ctx)
	if err != nil {
		return err
	}
	for _, g := range gaps {
		if seq >= g.first && seq <= g.last.Seq {
			return nil
		}
	}
	return &ChainError{seq, "the row is missing"}
}

// Findings looks for a checkpoint that is missing, empty, or was so once and was not
// accepted since.
func (j *Journal) Findings(ctx context.Context) (list []Finding, err error) {
	_, found, err := j.filed()
	if err != nil {
		return nil, err
	}
	if !found {
		list = append(list, Finding{Text: "the checkpoint file " + j.noteFile +
			" is missing or empty: rows that were cut off at the end would not show"})
	}

	anchors, err := j.query(ctx, `action = ? AND reason <> ? AND CAST(seq AS TEXT) NOT IN
		(SELECT old_state FROM journal WHERE action = ?) ORDER BY seq`, actionAnchor, reasonNewKey, ActionAcceptCheckpoint)
	if err != nil {
		return nil, err
	}
	for _, e := range anchors {
		list = append(list, Finding{Seq: e.Seq, Text: fmt.Sprintf("the checkpoint file was missing when row %d was written, on %s: "+
			"rows that stood before it may have been cut off", e.Seq, e.Time.UTC().Format(time.RFC3339))})
	}
	return list, nil
}

// AcceptCheckpoint records that an operator knows why the checkpoint was missing, and
// returns how many times it was.
func (j *Journal) AcceptCheckpoint(ctx context.Context, by Event) (accepted int, err error) {
	list, err := j.Findings(ctx)
	if err != nil {
		return 0, err
	}
	for _, f := range list {
		if f.Seq == 0 {
			continue // the row that says so is written when the journal is opened
		}
		by.Phase, by.Action, by.Outcome = PhaseEvent, ActionAcceptCheckpoint, OutcomeOK
		by.OldState = strconv.FormatInt(f.Seq, 10)
		if _, err := j.Append(ctx, by); err != nil {
			return accepted, err
		}
		accepted++
	}
	return accepted, nil
}
