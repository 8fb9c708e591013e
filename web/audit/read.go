package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"keydesk/web/db"
)

// ErrNoSuchEvent means the journal has no row with the number.
var ErrNoSuchEvent = errors.New("no such event in the audit journal")

// Filter selects events; zero fields do not restrict. Letter case never matters.
type Filter struct {
	// Actor and User match any part of the name, and Actor also the whole subject.
	// WholeUser makes User match whole names only, as IAM does.
	Actor, User string
	WholeUser   bool
	// These match whole values.
	Account, AccessKeyID, Action, Outcome string
	// RequestID matches in the case it was made in.
	RequestID string
	// AccessKeyIDEnd matches the last characters of the ID: a whole one has no place
	// in the address of a filtered page.
	AccessKeyIDEnd string
	// From is inclusive, To exclusive.
	From, To time.Time
	// Limit (default 50) and Offset page through List; Each does not use them.
	Limit, Offset int
}

const defaultLimit = 50

// List returns one page of the matching events, the newest first, and how many match
// in all.
func (j *Journal) List(ctx context.Context, f Filter) (page []Event, total int, err error) {
	where, args := f.where()
	if err := j.db.QueryRow(ctx, `SELECT COUNT(*) FROM journal WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("audit journal: %w", err)
	}
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	page, err = j.query(ctx, where+` ORDER BY seq DESC LIMIT ? OFFSET ?`, append(args, f.Limit, max(0, f.Offset))...)
	return page, total, err
}

// Event returns one row. Errors are ErrNoSuchEvent and the database's.
func (j *Journal) Event(ctx context.Context, seq int64) (Event, error) {
	list, err := j.query(ctx, `seq = ?`, seq)
	if err != nil {
		return Event{}, err
	}
	if len(list) == 0 {
		return Event{}, fmt.Errorf("%w: %d", ErrNoSuchEvent, seq)
	}
	return list[0], nil
}

// Outcomes returns what became of the attempt, the oldest first; none means that its
// end is not known.
func (j *Journal) Outcomes(ctx context.Context, attempt int64) ([]Event, error) {
	return j.query(ctx, `attempt = ? AND attempt > 0 ORDER BY seq`, attempt)
}

// Each yields every matching event, the oldest first, until an error. It reads in
// batches, so a slow consumer holds no read transaction open.
func (j *Journal) Each(ctx context.Context, f Filter) iter.Seq2[Event, error] {
	return j.after(ctx, math.MinInt64, f)
}

const batch = 500

func (j *Journal) after(ctx context.Context, seq int64, f Filter) iter.Seq2[Event, error] {
	where, args := f.where()
	return func(yield func(Event, error) bool) {
		for more := true; more; {
			list, err := j.query(ctx, where+` AND seq > ? ORDER BY seq LIMIT ?`, append(args[:len(args):len(args)], seq, batch)...)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, e := range list {
				if !yield(e, nil) {
					return
				}
				seq = e.Seq
			}
			more = len(list) == batch
		}
	}
}

// where returns a condition and its arguments.
func (f Filter) where() (string, []any) {
	conditions, args := []string{"1 = 1"}, []any{}
	add := func(set bool, condition string, values ...any) {
		if set {
			conditions, args = append(conditions, condition), append(args, values...)
		}
	}
	const equals, contains = ` = LOWER(?)`, ` LIKE LOWER(?) ESCAPE '\'`
	add(f.Actor != "", `(LOWER(actor_name)`+contains+` OR LOWER(actor_subject)`+equals+`)`, part(f.Actor), f.Actor)
	add(f.User != "" && f.WholeUser, `LOWER(user_name)`+equals, f.User)
	add(f.User != "" && !f.WholeUser, `LOWER(user_name)`+contains, part(f.User))
	add(f.Account != "", `LOWER(account)`+equals, f.Account)
	add(f.AccessKeyID != "", `LOWER(access_key_id) IN (LOWER(?), LOWER(?))`, f.AccessKeyID, f.AccessKeyID+sealedMark)
	add(f.AccessKeyIDEnd != "", `LOWER(access_key_id)`+contains, strings.TrimSuffix(part(f.AccessKeyIDEnd), "%"))
	add(f.Action != "", `LOWER(action)`+equals, f.Action)
	add(f.Outcome != "", `LOWER(outcome)`+equals, f.Outcome)
	add(f.RequestID != "", `request_id = ?`, f.RequestID)
	add(!f.From.IsZero(), `happened_at >= ?`, db.Micros(f.From))
	add(!f.To.IsZero(), `happened_at < ?`, db.Micros(f.To))
	return strings.Join(conditions, " AND "), args
}

// part makes a LIKE pattern in which % and _, legal or typed, stand for themselves.
func part(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) + "%"
}

// columns are in the order of Event.texts, framed by the other fields.
const (
	columns = `seq, happened_at, phase, attempt,
	actor_issuer, actor_subject, actor_name, actor_role, action, account, user_name, access_key_id,
	old_state, new_state, reason, outcome, error_code, request_id, aws_request_id, source_ip, replica, version, hash`
	selectHead = `SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1`
)

func (j *Journal) query(ctx context.Context, rest string, args ...any) (list []Event, err error) {
	rows, err := j.db.Query(ctx, `SELECT `+columns+` FROM journal WHERE `+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("audit journal: %w", err)
	}
	return scanEvents(rows)
}

// scanEvents reads what columns names, and closes the rows.
func scanEvents(rows *sql.Rows) (list []Event, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e Event
		var at int64
		fields := []any{&e.Seq, &at, &e.Phase, &e.Attempt}
		for _, s := range e.texts() {
			fields = append(fields, s)
		}
		if err := rows.Scan(append(fields, &e.Hash)...); err != nil {
			return nil, fmt.Errorf("audit journal: %w", err)
		}
		e.Time = db.Time(at)
		list = append(list, e)
	}
	return list, rows.Err()
}

// headOf returns the zero link for an empty journal.
func headOf(row *sql.Row) (l link, err error) {
	err = row.Scan(&l.Seq, &l.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return link{}, nil
	}
	if err != nil {
		return link{}, fmt.Errorf("audit journal: %w", err)
	}
	return l, nil
}

func insert(ctx context.Context, tx *db.Tx, e Event) error {
	values := []any{e.Seq, db.Micros(e.Time), e.Phase, e.Attempt}
	for _, s := range e.texts() {
		values = append(values, *s)
	}
	values = append(values, e.Hash)
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ")
	_, err := tx.Exec(ctx, `INSERT INTO journal (`+columns+`) VALUES (`+marks+`)`, values...)
	if err != nil {
		return fmt.Errorf("audit journal: append: %w", err)
	}
	return nil
}
