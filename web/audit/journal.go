package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strconv"
	"sync"

	"keydesk/web/db"
)

// InTx is what shares a row's transaction: spending the one-time token of the form
// that asked for the change.
type InTx = func(context.Context, *db.Tx) error

// Journal is the audit journal. It is safe for concurrent use.
type Journal struct {
	db       *db.DB
	keys     [][]byte // one for each stretch of the journal, see Rotate
	stretch  int      // the newest one's number
	begins   int64    // after this row
	key      []byte   // seals new rows
	noteFile string
	replica  string
	// unacknowledged is asked for with every page, and changes with few.
	unacknowledged *db.Memo[unacknowledgedOf, []Event]

	mu sync.Mutex
	// noted is the newest row this program knows to be committed; the checkpoint file
	// has it too, unless noteErr says why not.
	noted   link
	noteErr error
	// damage, found at Open, keeps Append from burying the evidence under new rows.
	damage *ChainError
	report Report // of the last Check
}

// Open opens the journal in d. keyFile holds the chain's key; it is created with mode
// 0600 on the first start. The checkpoint lies beside it, named keyFile.checkpoint.
//
// Replicas over one database have the same key and each its own checkpoint. A
// checkpoint says "at least up to here", so it stays true while other replicas append.
//
// A damaged journal opens, so that it can be read and verified, but Append refuses.
// An operator who restored an older database on purpose removes the checkpoint file;
// the journal then goes on with a row that says so. Errors are ErrKeyFile,
// ErrKeyMissing, ErrKeyChanged and the database's.
func Open(ctx context.Context, d *db.DB, keyFile string) (*Journal, error) {
	j := newJournal(d, keyFile)
	head, err := headOf(d.QueryRow(ctx, selectHead))
	if err != nil {
		return nil, err
	}
	j.keys, err = readKeys(keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		if head.Seq > 0 {
			return nil, fmt.Errorf("%w: restore %s from a backup, or copy it from another replica", ErrKeyMissing, keyFile)
		}
		j.keys, err = createKey(keyFile)
	}
	if err == nil {
		err = j.choose(ctx)
	}
	if err != nil || j.damage != nil {
		return j, err
	}
	return j, j.anchor(ctx, head)
}

// OpenToRead opens a journal that is there, for verifying and exporting: it creates no
// key and writes no row. Errors are ErrNoJournal, ErrKeyFile, ErrKeyMissing and the
// database's.
func OpenToRead(ctx context.Context, d *db.DB, keyFile string) (*Journal, error) {
	head, err := headOf(d.QueryRow(ctx, selectHead))
	if err != nil {
		return nil, err
	}
	keys, err := readKeys(keyFile)
	if errors.Is(err, fs.ErrNotExist) && head.Seq == 0 {
		return nil, ErrNoJournal
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrKeyMissing, keyFile)
	}
	if err != nil {
		return nil, err
	}
	j := newJournal(d, keyFile)
	j.keys = keys
	if err := j.choose(ctx); !errors.Is(err, ErrKeyChanged) {
		return j, err
	}
	return j, nil // the row that says so may be forged: verifying shows it
}

func newJournal(d *db.DB, keyFile string) *Journal {
	j := &Journal{db: d, noteFile: keyFile + ".checkpoint", replica: replicaName()}
	j.unacknowledged = db.NewMemo(d, j.readUnacknowledged)
	return j
}

// anchor joins what the database and the checkpoint say, and writes the first row of
// a new journal.
func (j *Journal) anchor(ctx context.Context, head link) error {
	noted, found, err := j.filed()
	if errors.As(err, &j.damage) {
		return nil
	}
	if err != nil {
		return err
	}
	j.noted = noted
	// A Keydesk that runs beside this program may have written since.
	if head.Seq < noted.Seq {
		if head, err = headOf(j.db.QueryRow(ctx, selectHead)); err != nil {
			return err
		}
	}
	if head.Seq < noted.Seq { // said at the start, not at the first change
		j.damage = missing(head, noted)
		return nil
	}
	if head.Seq == 0 && !found {
		_, err := j.Append(ctx, Event{Action: ActionGenesis}, onlyFirst)
		if !errors.Is(err, errNotFirst) {
			return err
		}
		if head, err = headOf(j.db.QueryRow(ctx, selectHead)); err != nil {
			return err
		}
	}
	if err := j.checkFirst(ctx); err != nil || j.damage != nil || found {
		return err
	}
	_, err = j.Append(ctx, Event{Action: actionAnchor,
		Reason: fmt.Sprintf("the checkpoint file was missing; the journal goes on from row %d", head.Seq)})
	return err
}

// actionAnchor is the action of a row that only says where the chain goes on from.
const actionAnchor = "AnchorJournal"

// reasonNewKey is the reason of such a row after the key was changed: nothing was lost.
const reasonNewKey = "the first row under the new key"

var errNotFirst = errors.New("another replica has made the journal meanwhile")

// onlyFirst keeps replicas that start together on a new database, perhaps with
// different keys, from making the journal twice.
func onlyFirst(ctx context.Context, tx *db.Tx) error {
	head, err := headOf(tx.QueryRow(ctx, selectHead))
	if err == nil && head.Seq > 0 {
		err = errNotFirst
	}
	return err
}

// replicaName tells processes apart, on one machine as well.
func replicaName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + "/" + strconv.Itoa(os.Getpid())
}

// checkFirst notices a wrong key before it seals new rows.
func (j *Journal) checkFirst(ctx context.Context) error {
	for e, err := range j.after(ctx, math.MinInt64, Filter{}) {
		if err != nil {
			return err
		}
		_, err = link{}.follow(j.keys[0], e)
		errors.As(err, &j.damage)
		return nil
	}
	j.damage = &ChainError{1, "the row is missing"}
	return nil
}

// Append writes e as the next row and returns its Seq; e.Seq, e.Hash and e.Replica are
// not read.
// It runs inTx in the same transaction, before the row: an error of theirs is returned
// as it is, and nothing is written. When Append returns nil the row survives a power
// loss. Other errors are ErrInvalidEvent, *ChainError when rows are
// missing or damaged, and the database's; none of them leaves a row.
func (j *Journal) Append(ctx context.Context, e Event, inTx ...InTx) (int64, error) {
	return j.AppendAll(ctx, []Event{e}, inTx...)
}

// AppendAll writes the events as the next rows in one transaction, all or none, and
// returns the Seq of the last. A look-up of hundreds of keys would else wait for the
// disk as many times. Otherwise it is Append.
func (j *Journal) AppendAll(ctx context.Context, events []Event, inTx ...InTx) (int64, error) {
	rows := make([]Event, len(events))
	for i, e := range events {
		e.Replica = j.replica
		var err error
		if rows[i], err = e.clean(); err != nil {
			return 0, err
		}
	}
	if err := j.Ready(); err != nil {
		return 0, err
	}
	var last link
	err := j.db.Tx(ctx, func(tx *db.Tx) error {
		for _, f := range inTx {
			if err := f(ctx, tx); err != nil {
				return err
			}
		}
		head, err := headOf(tx.QueryRow(ctx, selectHead))
		if err != nil {
			return err
		}
		if err := j.checkHead(ctx, tx, head); err != nil {
			return err
		}
		last, err = j.insertAll(ctx, tx, head, rows)
		return err
	})
	if err != nil {
		return 0, err
	}
	j.note(last)
	return last.Seq, nil
}

// insertAll chains the rows to head and returns the new head.
func (j *Journal) insertAll(ctx context.Context, tx *db.Tx, head link, rows []Event) (link, error) {
	for _, e := range rows {
		e.Seq = head.Seq + 1
		e.Hash = seal(j.key, head.Hash, e)
		if err := insert(ctx, tx, e); err != nil {
			return link{}, err
		}
		head = link{e.Seq, e.Hash}
	}
	return head, nil
}

// Ready reports why Append would refuse: the journal is damaged, or the checkpoint
// cannot be written. A failed checkpoint is tried again here, before the next row and
// not after it, because a row that is committed cannot be taken back.
func (j *Journal) Ready() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.damage != nil {
		return j.damage
	}
	if j.noteErr != nil {
		j.noteErr = writeNote(j.key, j.noteFile, j.noted)
	}
	if j.noteErr != nil {
		return fmt.Errorf("audit journal: write checkpoint: %w", j.noteErr)
	}
	return nil
}

// checkHead refuses to continue a journal that has lost rows this program has seen:
// new rows would take their numbers, and the gap would close.
func (j *Journal) checkHead(ctx context.Context, tx *db.Tx, head link) error {
	j.mu.Lock()
	noted := j.noted
	j.mu.Unlock()
	if head.Seq < noted.Seq {
		return missing(head, noted)
	}
	hash := head.Hash
	if noted.Seq > 0 && head.Seq > noted.Seq {
		if err := j.keyStays(ctx, tx, noted); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `SELECT hash FROM journal WHERE seq = ?`, noted.Seq).Scan(&hash)
		if errors.Is(err, sql.ErrNoRows) {
			if gone, err := wasCut(ctx, tx, noted.Seq); gone || err != nil {
				return err // another replica has cut the journal
			}
			return &ChainError{noted.Seq, "the row is missing"}
		}
		if err != nil {
			return fmt.Errorf("audit journal: read row %d: %w", noted.Seq, err)
		}
	}
	if noted.Seq > 0 && hash != noted.Hash {
		return &ChainError{noted.Seq, "the row is not the one that was written"}
	}
	return nil
}

func missing(head, noted link) *ChainError {
	return &ChainError{head.Seq + 1, fmt.Sprintf("the rows from here to %d are missing", noted.Seq)}
}

// note moves the checkpoint forward; appends may finish in another order than they
// committed in.
func (j *Journal) note(l link) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if l.Seq > j.noted.Seq {
		j.noted = l
		j.noteErr = writeNote(j.key, j.noteFile, l)
	}
}
