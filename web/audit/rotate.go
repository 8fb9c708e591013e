package audit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"keydesk/web/db"
)

// ActionRotateKey is the action of the last row that a key seals; the next key seals
// the rows after it.
const ActionRotateKey = "RotateJournalKey"

// ErrKeyChanged means that the journal's key has been changed since this program, or the
// key file it was given, has known it.
var ErrKeyChanged = errors.New("the audit journal's key was changed: copy journal.key from where that was done, and start again")

// Rotate changes the key of the journal in d, whose every row must be sound. The first
// row under the new key follows the hash of the last one before, so whoever knows the old
// key cannot rewrite what it sealed. The old keys stay in the file: without them nothing
// they sealed could be verified. It returns how many rows there were. No other program may
// append meanwhile. Errors are those of OpenToRead and Verify, ErrKeyFile and the
// database's. After one, Rotate begins anew.
func Rotate(ctx context.Context, d *db.DB, keyFile string) (rows int64, err error) {
	j, err := OpenToRead(ctx, d, keyFile)
	if err != nil {
		return 0, err
	}
	j.keys, j.damage = j.keys[:j.stretch+1], nil // without a key that nothing has been sealed with
	if rows, err = j.Verify(ctx); err != nil {
		return rows, err
	}
	if j.noted, _, err = j.filed(); err != nil {
		return rows, err
	}
	key := make([]byte, keyBytes)
	rand.Read(key) // never fails: crypto/rand ends the program instead
	keys := append(slices.Clone(j.keys), key)
	if len(keys) > maxKeys {
		return rows, fmt.Errorf("%w: it holds %d keys and has no room for more", ErrKeyFile, maxKeys)
	}
	// The file first: rows that no key fits are lost, a key without rows is not.
	if err := replace(keyFile, slices.Concat(keys...), true); err != nil {
		return rows, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	if _, err := j.Append(ctx, Event{Action: ActionRotateKey, Outcome: OutcomeOK, Reason: "the rows after this one are sealed with another key"}); err != nil {
		return rows, err
	}
	j.keys, j.key, j.stretch = keys, key, j.stretch+1
	_, err = j.Append(ctx, Event{Action: actionAnchor, Reason: reasonNewKey})
	return rows, err
}

// choose finds the key that seals new rows: each row that announces another ends the
// stretch of one.
func (j *Journal) choose(ctx context.Context) error {
	err := j.db.QueryRow(ctx, `SELECT COUNT(*), COALESCE(MAX(seq), 0) FROM journal WHERE action = ?`, ActionRotateKey).Scan(&j.stretch, &j.begins)
	if err != nil {
		return fmt.Errorf("audit journal: %w", err)
	}
	if newest := len(j.keys) - 1; j.stretch > newest {
		j.stretch, err = newest, ErrKeyChanged
	}
	j.key, j.damage = j.keys[j.stretch], unannounced(j.stretch, j.keys)
	return err
}

// unannounced notices a journal that was cut at a row from before the key was changed:
// whoever has the old key could go on from there.
func unannounced(stretch int, keys [][]byte) *ChainError {
	if stretch == len(keys)-1 {
		return nil
	}
	return &ChainError{Why: "the key file holds a key that no row announces; either rows are missing, or a change of the key was not finished and has to be done again"}
}

// keyStays refuses to append under a key that another program has replaced.
func (j *Journal) keyStays(ctx context.Context, tx *db.Tx, noted link) error {
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM journal WHERE seq > ? AND action = ?`, max(noted.Seq, j.begins), ActionRotateKey).Scan(&n)
	if err != nil {
		return fmt.Errorf("audit journal: %w", err)
	}
	if n > 0 {
		return ErrKeyChanged
	}
	return nil
}

// filed is the checkpoint. A key that was changed meanwhile may have sealed it, on
// another replica.
func (j *Journal) filed() (l link, found bool, err error) {
	for _, key := range slices.Backward(j.keys) {
		l, found, err = readNote(key, j.noteFile)
		if bad := (*ChainError)(nil); !errors.As(err, &bad) {
			break
		}
	}
	return l, found, err
}
