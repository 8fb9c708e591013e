package audit

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"keydesk/web/db/dbtest"
)

// aged is a journal of 20 rows from the year before, with a creation nobody has
// acknowledged in rows 8 to 10, and a few new rows.
func aged(t *testing.T, url string) *desk {
	t.Helper()
	d := newDesk(t, url)
	for i := 2; i <= 20; i++ {
		e := Event{Action: "SignIn", Time: time.Now().AddDate(-1, 0, 0)}
		switch i {
		case 8:
			e.Phase, e.Action = PhaseAttempt, creation
		case 9, 10:
			e.Phase, e.Action, e.Attempt, e.AccessKeyID = PhaseOutcome, creation, 8, "AKIAUNSAVED"
			e.Outcome = map[int]string{9: OutcomeOK, 10: OutcomeDelivered}[i]
		}
		d.append(t, e)
	}
	for range 3 {
		d.append(t, Event{Action: "SignIn"})
	}
	return d
}

func (d *desk) cut(t *testing.T, want int64) {
	t.Helper()
	rows, err := d.Cut(t.Context(), time.Now().AddDate(0, 0, -30), keys)
	if err != nil || rows != want {
		t.Fatalf("%d rows cut, %v; want %d", rows, err, want)
	}
}

func (d *desk) held(t *testing.T) string {
	t.Helper()
	var list []string
	for e, err := range d.Each(t.Context(), Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprint(e.Seq))
	}
	return strings.Join(list, " ")
}

func TestCutKeepsTheChainAndUnsavedKeys(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"acknowledged", "deleted"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, url string) { cutUntil(t, url, how) })
		})
	}
}

// cutUntil cuts before and after the key is done with.
func cutUntil(t *testing.T, url, how string) {
	t.Helper()
	d := aged(t, url)
	d.cut(t, 16)
	if got, want := d.held(t), "1 8 9 10 21 22 23 24 25"; got != want {
		t.Errorf("rows %s are left, want %s", got, want)
	}
	if rows := d.verified(t); rows != 9 {
		t.Errorf("%d rows verified, want 9", rows)
	}
	d.cut(t, 0)
	d.reopen(t)
	if how == "deleted" {
		d.append(t, Event{Phase: PhaseOutcome, Attempt: 30, Action: keys.Delete, AccessKeyID: "AKIAUNSAVED", Outcome: OutcomeOK})
	} else {
		d.append(t, Event{Phase: PhaseOutcome, Attempt: 8, Action: creation, AccessKeyID: "AKIAUNSAVED", Outcome: OutcomeAcknowledged})
	}
	d.cut(t, 3)
	if got, want := d.held(t), "1 21 22 23 24 25 26 27"; got != want {
		t.Errorf("rows %s are left, want %s", got, want)
	}
	d.verified(t)
}

// What a cut records vouches for those rows only, and only in its place.
func TestACutHidesNothingElse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		queries []string
		bad     int64
	}{
		"a row beside it":         {[]string{`DELETE FROM journal WHERE seq = 8`}, 8},
		"a row after it":          {[]string{`DELETE FROM journal WHERE seq = 21`}, 21},
		"the record of it":        {[]string{`DELETE FROM journal WHERE seq = 24`}, 2},
		"a changed row after it":  {[]string{`UPDATE journal SET user_name = 'x' WHERE seq = 8`}, 8},
		"a larger cut than that":  {[]string{`DELETE FROM journal WHERE seq = 8`, `UPDATE journal SET old_state = '2-8', new_state = (SELECT o.hash FROM journal o WHERE o.seq = 9) WHERE seq = 24`}, 9},
		"announced, not recorded": {[]string{`INSERT INTO journal_cuts VALUES (21, 22)`, `DELETE FROM journal WHERE seq IN (21, 22)`}, 21},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := aged(t, dbtest.SQLite(t))
			d.cut(t, 16)
			for _, q := range test.queries {
				d.exec(t, q)
			}
			var bad *ChainError
			if _, err := d.Verify(t.Context()); !errors.As(err, &bad) || bad.Seq != test.bad {
				t.Errorf("error is %v, want row %d", err, test.bad)
			}
		})
	}
}

// The row a replica has written last may be cut by another.
func TestAppendAfterAnothersCut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.append(t, Event{Action: "SignIn", Time: time.Now().AddDate(-1, 0, 0)})
		idle := d.Journal
		d.reopen(t)
		d.append(t, Event{Action: "SignIn"})
		d.cut(t, 1)
		if _, err := idle.Append(t.Context(), Event{Action: "SignIn"}); err != nil {
			t.Errorf("the replica is locked out: %v", err)
		}
		d.verified(t)
	})
}

func TestOpenToReadWritesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, dbtest.SQLite(t))
	d.fill(t, 4)
	j, err := OpenToRead(t.Context(), d.db, d.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := j.Verify(t.Context()); err != nil || rows != 4 {
		t.Errorf("%d rows, %v", rows, err)
	}
	if _, err := OpenToRead(t.Context(), d.db, d.keyFile+"x"); !errors.Is(err, ErrKeyMissing) {
		t.Errorf("without the key: %v", err)
	}
	if _, err := OpenToRead(t.Context(), openDB(t, dbtest.SQLite(t)), d.keyFile+"x"); !errors.Is(err, ErrNoJournal) {
		t.Errorf("without anything: %v", err)
	}
}
