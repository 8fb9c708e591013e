package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
)

// desk is a journal with its database and the folder of its key.
type desk struct {
	*Journal
	db      *db.DB
	url     string
	folder  string
	keyFile string
}

func TestMain(m *testing.M) { os.Exit(dbtest.Run(m)) }

func newDesk(t *testing.T, url string) *desk {
	t.Helper()
	d := &desk{url: url, folder: filepath.Join(t.TempDir(), "key")}
	d.keyFile = filepath.Join(d.folder, "journal.key")
	if err := os.Mkdir(d.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	d.db = openDB(t, url)
	d.reopen(t)
	return d
}

func openDB(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// reopen forgets what the journal had in memory, as a restart does.
func (d *desk) reopen(t *testing.T) {
	t.Helper()
	j, err := Open(t.Context(), d.db, d.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	d.Journal = j
}

// fill appends events until the journal has n rows.
func (d *desk) fill(t *testing.T, n int) {
	t.Helper()
	for i := d.verified(t) + 1; i <= int64(n); i++ {
		d.append(t, Event{Action: "CreateAccessKey", User: fmt.Sprintf("user%d", i), SourceIP: "192.0.2.1"})
	}
}

func (d *desk) append(t *testing.T, e Event) int64 {
	t.Helper()
	seq, err := d.Append(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func (d *desk) verified(t *testing.T) int64 {
	t.Helper()
	rows, err := d.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// exec does what somebody who owns the database can: the triggers that keep the
// journal's rows do not stop them.
func (d *desk) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	unguard := []string{`DROP TRIGGER IF EXISTS journal_no_update`, `DROP TRIGGER IF EXISTS journal_no_delete`}
	if dbtest.Shared(d.url) {
		unguard = []string{`DROP TRIGGER IF EXISTS journal_no_change ON journal`}
	}
	for _, q := range unguard {
		if _, err := d.db.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.db.Exec(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// fullEvent has another value in each field, so that a mix-up shows.
func fullEvent() Event {
	e := Event{Time: time.Date(2026, 2, 3, 4, 5, 6, 789_000, time.UTC), Phase: PhaseOutcome, Attempt: 1}
	for i, s := range e.texts() {
		*s = fmt.Sprintf("text %02d ü", i)
	}
	return e
}

func TestEveryFieldIsKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		want := fullEvent()
		want.Seq = d.append(t, want)
		got, err := d.Event(t.Context(), want.Seq)
		if err != nil {
			t.Fatal(err)
		}
		want.Hash, want.Replica = got.Hash, d.replica
		if got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		// A field added to Event and forgotten in texts would be neither kept nor hashed.
		fields := reflect.TypeFor[Event]().NumField() - len([]string{"Seq", "Time", "Phase", "Attempt", "Actor", "Hash"}) +
			reflect.TypeFor[Actor]().NumField()
		if n := len(want.texts()); n != fields {
			t.Errorf("texts lists %d fields, the type has %d", n, fields)
		}
	})
}

func TestNewJournal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		if e, err := d.Event(t.Context(), 1); err != nil || e.Action != ActionGenesis || e.Phase != PhaseEvent {
			t.Errorf("the first row is %+v %v", e, err)
		}
		for _, file := range []string{d.keyFile, d.keyFile + ".checkpoint"} {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if mode := info.Mode().Perm(); mode != 0o600 {
				t.Errorf("%s has mode %04o", filepath.Base(file), mode)
			}
		}
		if files, err := os.ReadDir(d.folder); err != nil || len(files) != 2 {
			t.Errorf("files in the folder: %v %v", files, err)
		}
		d.reopen(t)
		if rows := d.verified(t); rows != 1 {
			t.Errorf("%d rows after reopening, want 1", rows)
		}
		if seq := d.append(t, Event{Action: "SignIn"}); seq != 2 {
			t.Errorf("the next row is %d, want 2", seq)
		}
	})
}

func TestEventsAreCleaned(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		before := time.Now().Add(-time.Millisecond)
		seq := d.append(t, Event{Seq: 99, Hash: "x", Action: "SignIn", User: "a\nb\x00\u202e\xff", Reason: strings.Repeat("ü", 2000)})
		e, err := d.Event(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		if want := `a\u000ab\u0000\u202e` + "\uFFFD"; e.User != want {
			t.Errorf("user is %q, want %q", e.User, want)
		}
		if len(e.Reason) > maxReason || !strings.HasSuffix(e.Reason, "ü…") {
			t.Errorf("reason is cut to %d bytes: ...%q", len(e.Reason), e.Reason[len(e.Reason)-8:])
		}
		if e.Seq != 2 || e.Phase != PhaseEvent || e.Time.Before(before) || e.Time.Location() != time.UTC {
			t.Errorf("got %+v", e)
		}
		d.verified(t)
	})
}

func TestEventsThatAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		for name, e := range map[string]Event{
			"no action":               {},
			"unknown phase":           {Action: "a", Phase: "Attempt"},
			"outcome without attempt": {Action: "a", Phase: PhaseOutcome},
			"attempt of an attempt":   {Action: "a", Phase: PhaseAttempt, Attempt: 1},
		} {
			if _, err := d.Append(t.Context(), e); !errors.Is(err, ErrInvalidEvent) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if rows := d.verified(t); rows != 1 {
			t.Errorf("%d rows, want 1", rows)
		}
	})
}

func TestAttemptAndOutcomes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		attempt := d.append(t, Event{Phase: PhaseAttempt, Action: "CreateAccessKey"})
		other := d.append(t, Event{Phase: PhaseAttempt, Action: "CreateAccessKey"})
		for _, outcome := range []string{OutcomeOK, OutcomeDelivered, OutcomeAcknowledged} {
			d.append(t, Event{Phase: PhaseOutcome, Attempt: attempt, Action: "CreateAccessKey", Outcome: outcome})
		}
		list, err := d.Outcomes(t.Context(), attempt)
		if err != nil || len(list) != 3 || list[0].Outcome != OutcomeOK || list[2].Outcome != OutcomeAcknowledged {
			t.Errorf("outcomes are %v %v", list, err)
		}
		for _, seq := range []int64{other, 0, 99} {
			if list, err := d.Outcomes(t.Context(), seq); err != nil || len(list) != 0 {
				t.Errorf("outcomes of %d are %v %v", seq, list, err)
			}
		}
		if _, err := d.Event(t.Context(), 99); !errors.Is(err, ErrNoSuchEvent) {
			t.Errorf("event 99: %v", err)
		}
	})
}

func TestWhatSharesTheTransaction(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		step := func(user string, err error) InTx {
			return func(ctx context.Context, tx *db.Tx) error {
				_, execErr := tx.Exec(ctx, `INSERT INTO preferences (user_id, content) VALUES (?, '{}')`, user)
				return errors.Join(execErr, err)
			}
		}
		steps := func() (n int) {
			t.Helper()
			if err := d.db.QueryRow(t.Context(), `SELECT COUNT(*) FROM preferences`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		spent := errors.New("token spent")
		refuse := func(context.Context, *db.Tx) error { return spent }
		if _, err := d.Append(t.Context(), Event{Action: "a"}, step("one", nil), refuse); err != spent {
			t.Errorf("error is %v, want the step's own", err)
		}
		if rows, n := d.verified(t), steps(); rows != 1 || n != 0 {
			t.Errorf("after a refusal: %d rows, %d steps", rows, n)
		}
		if _, err := d.Append(t.Context(), Event{Action: "a"}, step("one", nil), step("two", nil)); err != nil {
			t.Fatal(err)
		}
		if rows, n := d.verified(t), steps(); rows != 2 || n != 2 {
			t.Errorf("after success: %d rows, %d steps", rows, n)
		}
	})
}

// TestAppendAll: rows of one look-up are chained like any others, all or none.
func TestAppendAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		before := d.append(t, Event{Action: "SignIn"})
		rows := []Event{{Action: "LookUp", AccessKeyID: "AKIA1"}, {Action: "LookUp", AccessKeyID: "AKIA2"}, {Action: "LookUp", AccessKeyID: "AKIA3"}}
		last, err := d.AppendAll(t.Context(), rows)
		if err != nil || last != before+3 {
			t.Fatalf("the last row is %d: %v", last, err)
		}
		if _, err := d.AppendAll(t.Context(), []Event{{Action: "LookUp"}, {}}); !errors.Is(err, ErrInvalidEvent) {
			t.Errorf("a row without an action: %v", err)
		}
		if seq := d.append(t, Event{Action: "SignOut"}); seq != last+1 {
			t.Errorf("half of a refused batch was written: %d", seq)
		}
		for n, row := range rows {
			e, err := d.Event(t.Context(), before+1+int64(n))
			if err != nil || e.AccessKeyID != row.AccessKeyID {
				t.Errorf("row %d is %+v: %v", n, e, err)
			}
		}
		if n, err := d.Verify(t.Context()); err != nil || n != last+1 {
			t.Errorf("%d rows verify: %v", n, err)
		}
	})
}

func TestNoRowNoStep(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.exec(t, `ALTER TABLE journal RENAME TO gone`)
		_, err := d.Append(t.Context(), Event{Action: "a"}, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO preferences (user_id, content) VALUES ('u', '{}')`)
			return err
		})
		if err == nil {
			t.Error("the journal is gone and nobody noticed")
		}
		var n int
		if err := d.db.QueryRow(t.Context(), `SELECT COUNT(*) FROM preferences`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d steps taken without a row (%v)", n, err)
		}
	})
}

// Two journals over one database and key stand for two processes in one folder.
func TestParallelAppends(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		second, err := Open(t.Context(), d.db, d.keyFile)
		if err != nil {
			t.Fatal(err)
		}
		journals := []*Journal{d.Journal, second}
		var mu sync.Mutex
		var seqs []int64
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				seq, err := journals[i%2].Append(t.Context(), Event{Action: "a", User: fmt.Sprint(i)})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				seqs = append(seqs, seq)
			})
		}
		wg.Wait()
		slices.Sort(seqs)
		for i, seq := range seqs {
			if seq != int64(i+2) {
				t.Fatalf("rows %v are not 2, 3, 4 ...", seqs)
			}
		}
		for _, j := range journals {
			if rows, err := j.Verify(t.Context()); err != nil || rows != 61 {
				t.Errorf("%d rows verified, %v", rows, err)
			}
		}
		if noted, found, err := readNote(d.key, d.noteFile); err != nil || !found || noted.Seq < 60 {
			t.Errorf("the checkpoint stands at %d (%v %v)", noted.Seq, found, err)
		}
	})
}
