package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"keydesk/web/db"
)

// ErrSettled means that the end of an attempt is known already.
var ErrSettled = errors.New("the attempt has an outcome already")

const unfinishedAtOnce = 500

// Unfinished returns attempts at the actions, made from one time to before another,
// whose end nobody knows: they have no outcome, or only unknown ones. The oldest come
// first, 500 at most.
func (j *Journal) Unfinished(ctx context.Context, from, before time.Time, actions ...string) ([]Event, error) {
	args := []any{}
	for _, a := range actions {
		args = append(args, a)
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(actions)), ", ")
	return j.query(ctx, `phase = 'attempt' AND action IN (`+marks+`) AND happened_at >= ? AND happened_at < ? AND NOT EXISTS
		(SELECT 1 FROM journal o WHERE o.attempt = journal.seq AND o.outcome <> 'unknown')
		ORDER BY seq LIMIT ?`, append(args, db.Micros(from), db.Micros(before), unfinishedAtOnce)...)
}

// Settle appends what was found out later about the attempt e.Attempt. It returns
// ErrSettled, and writes nothing, when the attempt has found another end meanwhile, or
// when e says again for the same reason that it is not known.
func (j *Journal) Settle(ctx context.Context, e Event) error {
	e.Phase = PhaseOutcome
	_, err := j.Append(ctx, e, func(ctx context.Context, tx *db.Tx) error {
		var n int
		err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM journal WHERE attempt = ? AND phase = 'outcome'
			AND (outcome <> 'unknown' OR (outcome = ? AND reason = ?))`, e.Attempt, e.Outcome, e.Reason).Scan(&n)
		if err != nil {
			return fmt.Errorf("audit journal: %w", err)
		}
		if n > 0 {
			return ErrSettled
		}
		return nil
	})
	return err
}

// KeyActions are the names of the actions by which access keys come and go.
type KeyActions struct{ Create, Delete string }

// unacknowledgedOf is what Unacknowledged is asked for.
type unacknowledgedOf struct {
	actions KeyActions
	filter  Filter // Account, User and WholeUser
}

// Unacknowledged returns, for every creation of an access key that was not deleted and
// whose secret nobody has said to have, the newest outcome that names the key. The
// newest creation comes first. Of f only Account, User and WholeUser count. The events
// are shared: do not change them.
func (j *Journal) Unacknowledged(ctx context.Context, of KeyActions, f Filter) ([]Event, error) {
	return j.unacknowledged.Get(ctx, unacknowledgedOf{of, Filter{Account: f.Account, User: f.User, WholeUser: f.WholeUser}})
}

func (j *Journal) readUnacknowledged(ctx context.Context, of unacknowledgedOf) ([]Event, error) {
	where, args := of.filter.where()
	return j.query(ctx, `outcome IN ('ok', 'delivered', 'undelivered', 'unknown', 'reconciled') AND seq IN
		(SELECT MAX(seq) FROM journal WHERE phase = 'outcome' AND action = ? AND access_key_id <> '' GROUP BY attempt
		HAVING SUM(CASE WHEN outcome IN ('acknowledged', 'withdrawn') THEN 1 ELSE 0 END) = 0)
		AND NOT EXISTS (SELECT 1 FROM journal d
			WHERE d.access_key_id = journal.access_key_id AND d.action = ? AND d.outcome = 'ok' AND d.seq > journal.seq)
		AND `+where+` ORDER BY seq DESC`, append([]any{of.actions.Create, of.actions.Delete}, args...)...)
}
