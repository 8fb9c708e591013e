package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"keydesk/web/db"
)

// ActionSealRow is the action of the row that records that an earlier one was sealed:
// what it held beyond an access key ID was taken out, because it is a secret.
const ActionSealRow = "SealRow"

// ErrNothingToSeal means that the row holds nothing that has to be taken out.
var ErrNothingToSeal = errors.New("the row holds no more than access key IDs")

// keyIDLength is that of an access key ID of AWS, in characters. What follows it was
// pasted with it, without a separator: most likely the secret access key.
const (
	keyIDLength = 20
	sealedMark  = "[sealed]"
)

// glued is an access key ID with enough behind it to be part of a secret.
var glued = regexp.MustCompile(`(?i)((?:AKIA|ASIA)[A-Z0-9]{16})[A-Za-z0-9/+=]{12,}`)

// Exposed is a field of a row that holds more than an access key ID.
type Exposed struct {
	Event Event
	// Field has the name it has in the export.
	Field string
	// Length is how many characters the field holds.
	Length int
}

// Exposed returns the fields that may hold a secret, the oldest row first.
func (j *Journal) Exposed(ctx context.Context) (list []Exposed, err error) {
	for e, err := range j.Each(ctx, Filter{}) {
		if err != nil {
			return nil, err
		}
		list = append(list, exposed(e)...)
	}
	return list, nil
}

// exposed compares a row with what is left of it when it is sealed.
func exposed(e Event) (list []Exposed) {
	sealed := e.sealed()
	after := sealed.record()
	for i, before := range e.record() {
		if before != after[i] {
			list = append(list, Exposed{e, fieldNames[i], utf8.RuneCountInString(before)})
		}
	}
	return list
}

// sealed is the event with nothing behind its access key IDs.
func (e Event) sealed() Event {
	for _, s := range e.texts() {
		*s = glued.ReplaceAllString(*s, "$1"+sealedMark)
	}
	if !strings.HasSuffix(e.AccessKeyID, sealedMark) && utf8.RuneCountInString(e.AccessKeyID) > keyIDLength {
		e.AccessKeyID = string([]rune(e.AccessKeyID)[:keyIDLength]) + sealedMark
	}
	return e
}

// SealRows seals the rows with the numbers, and returns how many were sealed. A row of
// the chain says for each by whom, when and why, which hash the row had, and a hash of
// what is left of it: Verify accepts that and nothing else in its place. The whole
// journal has to be sound. The old bytes stay in the database's files until it is
// vacuumed. Errors are *ChainError, ErrNoSuchEvent, ErrNothingToSeal and the database's;
// the rows before the one that failed stay sealed.
func (j *Journal) SealRows(ctx context.Context, numbers []int64, by Event) (rows int, err error) {
	sound := map[int64]Event{}
	for _, n := range numbers {
		sound[n] = Event{}
	}
	_, err = j.verify(ctx, func(e Event) {
		if _, asked := sound[e.Seq]; asked {
			sound[e.Seq] = e
		}
	})
	if err != nil {
		return 0, err
	}
	for _, n := range numbers {
		if err := j.sealRow(ctx, n, sound[n], by); err != nil {
			return rows, fmt.Errorf("row %d: %w", n, err)
		}
		rows++
	}
	return rows, nil
}

func (j *Journal) sealRow(ctx context.Context, n int64, old, by Event) error {
	fields := exposed(old)
	switch {
	case old.Seq == 0:
		return fmt.Errorf("%w: %d", ErrNoSuchEvent, n)
	case len(fields) == 0:
		return ErrNothingToSeal
	}
	sealed := old.sealed()
	var what []string
	for _, f := range fields {
		what = append(what, fmt.Sprintf("%s held %d characters", f.Field, f.Length))
	}
	by.Action, by.Outcome, by.Account = ActionSealRow, OutcomeOK, old.Account
	by.OldState, by.NewState = sealedRow(old), contentHash(sealed)
	by.Reason = strings.TrimSpace(fmt.Sprintf("row %d: %s. %s", n, strings.Join(what, ", "), by.Reason))
	_, err := j.Append(ctx, by, func(ctx context.Context, tx *db.Tx) error { return replaceRow(ctx, tx, old, sealed) })
	return err
}

// sealedRow names a row by its number and its hash, which it keeps: the next row
// follows it.
func sealedRow(e Event) string { return fmt.Sprintf("%d %s", e.Seq, e.Hash) }

// contentHash needs no key: the row that records it is a link of the chain.
func contentHash(e Event) string {
	sum := sha256.Sum256(canonical("sealed "+e.Hash, e))
	return hex.EncodeToString(sum[:])
}

// replaceRow puts the sealed row in the old one's place. The database lets no row be
// changed, and lets one go only where journal_cuts names it: this one, until the end of
// the transaction.
func replaceRow(ctx context.Context, tx *db.Tx, old, sealed Event) error {
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM journal WHERE seq = ?`, old.Seq)
	if err != nil {
		return fmt.Errorf("audit journal: %w", err)
	}
	found, err := scanEvents(rows)
	if err != nil {
		return err
	}
	if len(found) != 1 || found[0] != old {
		return &ChainError{old.Seq, "the row was changed while it was being sealed"}
	}
	for _, statement := range []string{
		`INSERT INTO journal_cuts (first_seq, last_seq) VALUES (?, ?)`,
		`DELETE FROM journal WHERE seq BETWEEN ? AND ?`,
		`DELETE FROM journal_cuts WHERE first_seq = ? AND last_seq = ?`,
	} {
		if _, err := tx.Exec(ctx, statement, old.Seq, old.Seq); err != nil {
			return fmt.Errorf("audit journal: seal row %d: %w", old.Seq, err)
		}
	}
	return insert(ctx, tx, sealed)
}

// Sealings returns the rows that record a sealing, the oldest first.
func (j *Journal) Sealings(ctx context.Context) ([]Event, error) {
	return j.query(ctx, `action = ? ORDER BY seq`, ActionSealRow)
}

// sealings are what one verification believes of sealed rows, until it has come past
// the rows that record them.
type sealings struct {
	journal  *Journal
	unproved map[int64]Event // by the number of the sealed row
}

// accept reports whether the newest row that records a sealing of e names what e holds
// now.
func (s *sealings) accept(ctx context.Context, e Event) (bool, error) {
	list, err := s.journal.query(ctx, `action = ? AND old_state = ? AND seq > ? ORDER BY seq DESC LIMIT 1`,
		ActionSealRow, sealedRow(e), e.Seq)
	if err != nil || len(list) == 0 || list[0].NewState != contentHash(e) {
		return false, err
	}
	s.unproved[e.Seq] = list[0]
	return true, nil
}

// pass is told of every sound row. A row that a sealing names must hold what was left
// of it: the old content would still fit its hash.
func (s *sealings) pass(ctx context.Context, e Event) error {
	var n int64
	if e.Action != ActionSealRow {
		return nil
	}
	if _, err := fmt.Sscanf(e.OldState, "%d ", &n); err != nil {
		return nil
	}
	if _, seen := s.unproved[n]; !seen {
		row, err := s.journal.Event(ctx, n)
		if errors.Is(err, ErrNoSuchEvent) { // cut meanwhile, or missing, which is found out elsewhere
			return nil
		}
		if err != nil {
			return err
		}
		if ok, err := s.accept(ctx, row); err != nil {
			return err
		} else if !ok {
			return &ChainError{n, fmt.Sprintf("row %d says that it was sealed, and it holds something else", e.Seq)}
		}
	}
	if s.unproved[n] == e {
		delete(s.unproved, n)
	}
	return nil
}

// rest names a row whose sealing was not in the chain when its turn came.
func (s *sealings) rest() error {
	for n := range s.unproved {
		return &ChainError{n, "the row was changed, and what says that it was sealed is not in the chain"}
	}
	return nil
}
