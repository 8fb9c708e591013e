package audit

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"keydesk/web/db/dbtest"
)

const (
	pastedID     = "AKIAIOSFODNN7EXAMPLE"
	pastedSecret = "WJALRXUTNFEMIK7MDENGBPXRFICYEXAMPLEKEY12"
)

var operator = Event{Actor: Actor{Issuer: "console", Name: "root at the console"}, Reason: "pasted on Monday"}

// leaked is a journal of 9 rows: rows 4 and 7 hold a secret behind the ID, row 5 an ID.
func leaked(t *testing.T, url string) *desk {
	t.Helper()
	d := newDesk(t, url)
	for i := 2; i <= 9; i++ {
		e := Event{Action: "LookUp", User: fmt.Sprintf("user%d", i)}
		switch i {
		case 4:
			e.AccessKeyID = pastedID + pastedSecret
		case 5:
			e.AccessKeyID = pastedID
		case 7:
			e.Reason = "instead of " + pastedID + pastedSecret + ", says ann"
		}
		d.append(t, e)
	}
	return d
}

func (d *desk) sealRows(t *testing.T, numbers ...int64) {
	t.Helper()
	if rows, err := d.SealRows(t.Context(), numbers, operator); err != nil || rows != len(numbers) {
		t.Fatalf("%d rows sealed, %v", rows, err)
	}
}

func TestExposed(t *testing.T) {
	t.Parallel()
	d := leaked(t, dbtest.SQLite(t))
	list, err := d.Exposed(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v %v", list, err)
	}
	if list[0].Event.Seq != 4 || list[0].Field != "accessKeyId" || list[0].Length != 60 || list[1].Event.Seq != 7 || list[1].Field != "reason" {
		t.Errorf("%+v", list)
	}
	d.sealRows(t, 4, 7)
	if list, err := d.Exposed(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("after sealing: %+v %v", list, err)
	}
}

func TestSealRows(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := leaked(t, url)
		running := d.Journal
		d.reopen(t)
		d.sealRows(t, 4, 7)
		if rows := d.verified(t); rows != 11 {
			t.Errorf("%d rows", rows)
		}
		// A Keydesk that ran all the time goes on, and so does the next one.
		if _, err := running.Append(t.Context(), Event{Action: "SignIn"}); err != nil {
			t.Error(err)
		}
		d.reopen(t)
		d.verified(t)

		key, err := d.Event(t.Context(), 4)
		if err != nil || key.AccessKeyID != pastedID+"[sealed]" || key.User != "user4" {
			t.Errorf("%+v %v", key, err)
		}
		text, err := d.Event(t.Context(), 7)
		if err != nil || text.Reason != "instead of "+pastedID+"[sealed], says ann" {
			t.Errorf("%+v %v", text, err)
		}
		if list, total, err := d.List(t.Context(), Filter{AccessKeyID: pastedID}); err != nil || total != 2 {
			t.Errorf("rows of the key: %+v %v", list, err)
		}
		said, err := d.Sealings(t.Context())
		if err != nil || len(said) != 2 || said[0].Actor != operator.Actor || said[0].Time.IsZero() ||
			!strings.HasPrefix(said[0].OldState, "4 ") || said[0].Reason != "row 4: accessKeyId held 60 characters. pasted on Monday" {
			t.Errorf("%+v %v", said, err)
		}
		for _, query := range []string{`UPDATE journal SET user_name = 'x' WHERE seq = 4`, `DELETE FROM journal WHERE seq = 4`} {
			if _, err := d.db.Exec(t.Context(), query); err == nil {
				t.Errorf("the database's guard is gone: %s", query)
			}
		}
	})
}

// The old bytes are in no file of the database.
func TestSealedBytesAreGone(t *testing.T) {
	t.Parallel()
	url := dbtest.SQLite(t)
	d := leaked(t, url)
	d.sealRows(t, 4, 7)
	if done, err := d.db.Vacuum(t.Context()); !done || err != nil {
		t.Fatalf("%v %v", done, err)
	}
	dbtest.HoldsNone(t, url, pastedID, pastedSecret, pastedSecret[:12], pastedSecret[28:])
	d.verified(t)
}

func TestSealingHidesNothingElse(t *testing.T) {
	t.Parallel()
	const whole = pastedID + pastedSecret
	for name, test := range map[string]struct {
		queries []string
		bad     int64
	}{
		"another field of the sealed row": {[]string{`UPDATE journal SET user_name = 'eve' WHERE seq = 4`}, 4},
		"more of the sealed field":        {[]string{`UPDATE journal SET access_key_id = 'AKIAEVE' WHERE seq = 4`}, 4},
		"the time of the sealed row":      {[]string{`UPDATE journal SET happened_at = 7 WHERE seq = 4`}, 4},
		"its hash":                        {[]string{`UPDATE journal SET hash = 'x' WHERE seq = 4`}, 4},
		"the old content again":           {[]string{`UPDATE journal SET access_key_id = '` + whole + `' WHERE seq = 4`}, 4},
		"the sealed row is gone":          {[]string{`DELETE FROM journal WHERE seq = 4`}, 4},
		"a row that was not sealed":       {[]string{`UPDATE journal SET user_name = 'eve' WHERE seq = 5`}, 5},
		"who sealed":                      {[]string{`UPDATE journal SET actor_name = 'eve' WHERE seq = 10`}, 10},
		"the hash of what is left":        {[]string{`UPDATE journal SET new_state = 'x' WHERE seq = 10`}, 4},
		"the record names another row":    {[]string{`UPDATE journal SET old_state = '5' || SUBSTR(old_state, 2) WHERE seq = 10`}, 4},
		"the record is gone":              {[]string{`DELETE FROM journal WHERE seq = 10`}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, url string) {
				d := leaked(t, url)
				d.sealRows(t, 4)
				d.append(t, Event{Action: "SignIn"})
				for _, query := range test.queries {
					d.exec(t, query)
				}
				d.reopen(t)
				var bad *ChainError
				if _, err := d.Verify(t.Context()); !errors.As(err, &bad) || bad.Seq != test.bad {
					t.Errorf("error is %v, want row %d", err, test.bad)
				}
			})
		})
	}
}

// Who writes to the database, but has no key, cannot make a record of a sealing.
func TestForgedSealing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := leaked(t, url)
		row, err := d.Event(t.Context(), 5)
		if err != nil {
			t.Fatal(err)
		}
		forged := row
		forged.User = "eve"
		d.exec(t, `UPDATE journal SET user_name = 'eve' WHERE seq = 5`)
		d.exec(t, `INSERT INTO journal SELECT 10, happened_at, phase, attempt, actor_issuer, actor_subject, actor_name, actor_role,
			'SealRow', account, user_name, access_key_id, ?, ?, reason, outcome, error_code, request_id, aws_request_id, source_ip,
			replica, version, hash FROM journal WHERE seq = 9`, sealedRow(row), contentHash(forged))
		var bad *ChainError
		if _, err := d.Verify(t.Context()); !errors.As(err, &bad) || bad.Seq != 10 {
			t.Errorf("error is %v, want row 10", err)
		}
	})
}

func TestSealRowsRefuses(t *testing.T) {
	t.Parallel()
	d := leaked(t, dbtest.SQLite(t))
	for number, want := range map[int64]error{5: ErrNothingToSeal, 99: ErrNoSuchEvent, 0: ErrNoSuchEvent} {
		if rows, err := d.SealRows(t.Context(), []int64{number}, operator); rows != 0 || !errors.Is(err, want) {
			t.Errorf("row %d: %d %v", number, rows, err)
		}
	}
	d.sealRows(t, 4)
	if _, err := d.SealRows(t.Context(), []int64{4}, operator); !errors.Is(err, ErrNothingToSeal) {
		t.Errorf("a second time: %v", err)
	}
	d.exec(t, `UPDATE journal SET user_name = 'eve' WHERE seq = 2`)
	var bad *ChainError
	if _, err := d.SealRows(t.Context(), []int64{7}, operator); !errors.As(err, &bad) || bad.Seq != 2 {
		t.Errorf("a damaged journal: %v", err)
	}
}

// The record of a sealing stays when retention takes older rows out, and a change of the
// key changes nothing.
func TestSealedRowsAndTheRest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := aged(t, url)
		n := d.append(t, Event{Action: "LookUp", AccessKeyID: pastedID + pastedSecret})
		d.sealRows(t, n)
		d.rotate(t)
		d.cut(t, 16)
		d.verified(t)
		m := d.append(t, Event{Action: "LookUp", AccessKeyID: pastedID + pastedSecret})
		d.sealRows(t, m)
		d.verified(t)
		if said, err := d.Sealings(t.Context()); err != nil || len(said) != 2 {
			t.Errorf("%+v %v", said, err)
		}
	})
}
