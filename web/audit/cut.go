package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"keydesk/web/db"
)

// ActionCut is the action of the row that stays in the place of rows too old to keep.
const ActionCut = "CutJournal"

// maxCut is how many rows one row stands for: deleting more in one transaction would
// keep changes waiting.
const maxCut = 5000

// gap is a stretch of the chain that was taken out. The row that stands for it records
// its numbers and the hash of its last row, from which the chain goes on.
type gap struct {
	first int64
	last  link
}

func (g gap) size() int64 { return g.last.Seq - g.first + 1 }

func (g gap) numbers() string { return fmt.Sprintf("%d-%d", g.first, g.last.Seq) }

// readGap answers false for a row that records no cut.
func readGap(e Event) (g gap, ok bool) {
	if e.Action != ActionCut {
		return gap{}, false
	}
	n, err := fmt.Sscanf(e.OldState, "%d-%d", &g.first, &g.last.Seq)
	g.last.Hash = e.NewState
	return g, err == nil && n == 2 && g.first <= g.last.Seq
}

// Cut deletes rows from before a time, and returns how many. These stay: the first and
// the newest row, rows that stand for earlier cuts, a change of the key or a sealing, and every row of a creation whose
// key was not deleted and whose secret nobody has said to have. The chain stays
// verifiable.
func (j *Journal) Cut(ctx context.Context, before time.Time, of KeyActions) (rows int64, err error) {
	gaps, err := j.tooOld(ctx, before, of)
	if err != nil {
		return 0, err
	}
	for _, g := range gaps {
		n := g.size()
		_, err := j.Append(ctx, Event{
			Action: ActionCut, Outcome: OutcomeOK, OldState: g.numbers(), NewState: g.last.Hash,
			Reason: fmt.Sprintf("%d rows from before %s were deleted", n, before.UTC().Format(time.RFC3339)),
		}, g.remove)
		if err != nil {
			return rows, err
		}
		rows += n
	}
	return rows, nil
}

// tooOld finds the stretches without a row that has to stay.
func (j *Journal) tooOld(ctx context.Context, before time.Time, of KeyActions) (gaps []gap, err error) {
	rows, err := j.db.Query(ctx, `SELECT seq, hash FROM journal
		WHERE happened_at < ? AND seq > 1 AND seq < (SELECT MAX(seq) FROM journal) AND action NOT IN (?, ?, ?)
		AND NOT EXISTS (SELECT 1 FROM journal a
			WHERE (a.seq = journal.seq OR a.seq = journal.attempt) AND a.phase = 'attempt' AND a.action = ?
			AND NOT EXISTS (SELECT 1 FROM journal o WHERE o.attempt = a.seq
				AND (o.outcome IN ('acknowledged', 'withdrawn', 'failed', 'refused') OR (o.outcome = 'reconciled' AND o.access_key_id = '') OR (o.access_key_id <> '' AND EXISTS
					(SELECT 1 FROM journal d WHERE d.access_key_id = o.access_key_id AND d.action = ? AND d.outcome = 'ok')))))
		ORDER BY seq`, db.Micros(before), ActionCut, ActionRotateKey, ActionSealRow, of.Create, of.Delete)
	if err != nil {
		return nil, fmt.Errorf("audit journal: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var l link
		if err := rows.Scan(&l.Seq, &l.Hash); err != nil {
			return nil, fmt.Errorf("audit journal: %w", err)
		}
		if n := len(gaps); n > 0 && gaps[n-1].last.Seq == l.Seq-1 && l.Seq-gaps[n-1].first < maxCut {
			gaps[n-1].last = l
			continue
		}
		gaps = append(gaps, gap{first: l.Seq, last: l})
	}
	return gaps, rows.Err()
}

// remove deletes the rows in the transaction of the row that records it. The database
// lets rows go only where journal_cuts names them.
func (g gap) remove(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `INSERT INTO journal_cuts (first_seq, last_seq) VALUES (?, ?)`, g.first, g.last.Seq); err != nil {
		return fmt.Errorf("audit journal: cut: %w", err)
	}
	n, err := tx.Exec(ctx, `DELETE FROM journal WHERE seq BETWEEN ? AND ?`, g.first, g.last.Seq)
	if err != nil {
		return fmt.Errorf("audit journal: cut: %w", err)
	}
	if want := g.size(); n != want {
		return fmt.Errorf("audit journal: cut: %d of %d rows were there: another replica is cutting too", n, want)
	}
	return nil
}

// wasCut reports whether a row was taken out by a cut. It takes the database's word:
// Verify is who does not.
func wasCut(ctx context.Context, tx *db.Tx, seq int64) (bool, error) {
	var found int
	err := tx.QueryRow(ctx, `SELECT 1 FROM journal_cuts WHERE ? BETWEEN first_seq AND last_seq`, seq).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("audit journal: %w", err)
	}
	return true, nil
}

// gaps are all there are, by their first row. They are believed only because the rows
// that record them are links of the chain themselves.
func (j *Journal) gaps(ctx context.Context) (map[int64]gap, error) {
	all := map[int64]gap{}
	for e, err := range j.Each(ctx, Filter{Action: ActionCut}) {
		if err != nil {
			return nil, err
		}
		if g, ok := readGap(e); ok {
			all[g.first] = g
		}
	}
	return all, nil
}

// over follows the chain over the gaps that come next.
func (l link) over(gaps map[int64]gap) link {
	for g, ok := gaps[l.Seq+1]; ok; g, ok = gaps[l.Seq+1] {
		l = g.last
	}
	return l
}
