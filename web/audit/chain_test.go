package audit

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"keydesk/web/db/dbtest"
)

// wantBad checks that Verify, before and after a restart, names the row.
func (d *desk) wantBad(t *testing.T, seq int64) {
	t.Helper()
	for _, when := range []string{"running", "restarted"} {
		rows, err := d.Verify(t.Context())
		var bad *ChainError
		if !errors.As(err, &bad) || bad.Seq != seq {
			t.Errorf("%s: error is %v, want row %d", when, err, seq)
		}
		if bad != nil && bad.Seq > 0 && rows != bad.Seq-1 {
			t.Errorf("%s: %d rows are sound, want %d", when, rows, bad.Seq-1)
		}
		j, err := Open(t.Context(), d.db, d.keyFile)
		if err != nil {
			t.Fatal(err)
		}
		d.Journal = j
	}
}

func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	const copied = `phase, attempt, actor_issuer, actor_subject, actor_name, actor_role, action, account, user_name,
		access_key_id, old_state, new_state, reason, outcome, error_code, request_id, aws_request_id, source_ip, replica, version`
	for name, test := range map[string]struct {
		queries []string
		bad     int64
	}{
		"hash of a row":      {[]string{`UPDATE journal SET hash = 'x' WHERE seq = 5`}, 5},
		"hash of the last":   {[]string{`UPDATE journal SET hash = 'x' WHERE seq = 10`}, 10},
		"delete":             {[]string{`DELETE FROM journal WHERE seq = 5`}, 5},
		"delete and close":   {[]string{`DELETE FROM journal WHERE seq = 5`, `UPDATE journal SET seq = seq - 1 WHERE seq > 5`}, 5},
		"delete the first":   {[]string{`DELETE FROM journal WHERE seq = 1`}, 1},
		"behead":             {[]string{`DELETE FROM journal WHERE seq < 3`, `UPDATE journal SET seq = seq - 2`}, 1},
		"delete all":         {[]string{`DELETE FROM journal`}, 1},
		"truncate one":       {[]string{`DELETE FROM journal WHERE seq = 10`}, 10},
		"truncate some":      {[]string{`DELETE FROM journal WHERE seq > 6`}, 7},
		"swap two":           {[]string{`UPDATE journal SET seq = -seq WHERE seq IN (5, 6)`, `UPDATE journal SET seq = 11 + seq WHERE seq < 0`}, 5},
		"a row before":       {[]string{`UPDATE journal SET seq = 0 WHERE seq = 5`}, 0},
		"append a copy":      {[]string{`INSERT INTO journal SELECT 11, happened_at, ` + copied + `, hash FROM journal WHERE seq = 10`}, 11},
		"insert":             {[]string{`UPDATE journal SET seq = -seq - 1 WHERE seq > 5`, `UPDATE journal SET seq = -seq WHERE seq < 0`, `INSERT INTO journal SELECT 6, happened_at, ` + copied + `, hash FROM journal WHERE seq = 5`}, 6},
		"a time":             {[]string{`UPDATE journal SET happened_at = happened_at - 1 WHERE seq = 5`}, 5},
		"an attempt":         {[]string{`UPDATE journal SET attempt = 2 WHERE seq = 5`}, 5},
		"fields run over":    {[]string{`UPDATE journal SET old_state = user_name, user_name = '' WHERE seq = 5`}, 5},
		"swap hashes":        {[]string{`UPDATE journal SET hash = (SELECT hash FROM journal o WHERE o.seq = 4) WHERE seq = 5`}, 5},
		"two, first is told": {[]string{`UPDATE journal SET action = 'x' WHERE seq IN (4, 8)`}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, url string) {
				d := newDesk(t, url)
				d.fill(t, 10)
				for _, query := range test.queries {
					d.exec(t, query)
				}
				d.wantBad(t, test.bad)
			})
		})
	}
}

func TestEveryColumnIsHashed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.append(t, fullEvent())
		d.append(t, fullEvent())
		for _, column := range strings.Split(columns, ",") {
			column = strings.TrimSpace(column)
			if column == "seq" {
				continue
			}
			var old any
			if err := d.db.QueryRow(t.Context(), `SELECT `+column+` FROM journal WHERE seq = 2`).Scan(&old); err != nil {
				t.Fatal(err)
			}
			d.exec(t, `UPDATE journal SET `+column+` = '7' WHERE seq = 2`)
			var bad *ChainError
			if _, err := d.Verify(t.Context()); !errors.As(err, &bad) || bad.Seq != 2 {
				t.Errorf("%s can be changed: %v", column, err)
			}
			d.exec(t, `UPDATE journal SET `+column+` = ? WHERE seq = 2`, old)
			d.verified(t)
		}
	})
}

// New rows over a cut would take the numbers of the missing ones and hide it.
func TestAppendRefusesToHideACut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		query string
		bad   int64
	}{
		"cut":      {`DELETE FROM journal WHERE seq > 6`, 7},
		"emptied":  {`DELETE FROM journal`, 1},
		"replaced": {`UPDATE journal SET hash = 'x' WHERE seq = 10`, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, url string) {
				d := newDesk(t, url)
				d.fill(t, 10)
				d.exec(t, test.query)
				var bad *ChainError
				if seq, err := d.Append(t.Context(), Event{Action: "a"}); !errors.As(err, &bad) || bad.Seq != test.bad {
					t.Errorf("appended row %d, %v; want row %d to be bad", seq, err, test.bad)
				}
				d.reopen(t)
				if seq, err := d.Append(t.Context(), Event{Action: "a"}); !errors.As(err, &bad) {
					t.Errorf("appended row %d after a restart, %v", seq, err)
				}
			})
		})
	}
}

// Another process has added rows and the one this process noted was taken out.
func TestAppendMissesItsOwnRow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.fill(t, 5)
		first := d.Journal
		d.reopen(t)
		d.fill(t, 8)
		d.exec(t, `DELETE FROM journal WHERE seq = 5`)
		var bad *ChainError
		if _, err := first.Append(t.Context(), Event{Action: "a"}); !errors.As(err, &bad) || bad.Seq != 5 {
			t.Errorf("error is %v, want row 5", err)
		}
	})
}

func TestAnotherKeyDoesNotFit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.fill(t, 3)
		if err := os.WriteFile(d.keyFile, bytes.Repeat([]byte{7}, keyBytes), 0o600); err != nil {
			t.Fatal(err)
		}
		// With the checkpoint, and without it.
		for _, seq := range []int64{0, 1} {
			d.reopen(t)
			var bad *ChainError
			if _, err := d.Append(t.Context(), Event{Action: "a"}); !errors.As(err, &bad) {
				t.Errorf("appended under another key: %v", err)
			}
			d.wantBad(t, seq)
			if err := os.Remove(d.noteFile); err != nil && seq == 0 {
				t.Fatal(err)
			}
		}
	})
}

func TestChangedCheckpointIsFound(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(note []byte) []byte{
		"moved back": func(b []byte) []byte { return bytes.Replace(b, []byte(`"seq":10`), []byte(`"seq":6`), 1) },
		"no JSON":    func([]byte) []byte { return []byte("{") },
		"no seal":    func([]byte) []byte { return []byte(`{"seq":0,"hash":""}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, dbtest.SQLite(t))
			d.fill(t, 10)
			content, err := os.ReadFile(d.noteFile)
			if err != nil {
				t.Fatal(err)
			}
			forged := forge(content)
			if bytes.Equal(forged, content) {
				t.Fatal("nothing was forged")
			}
			if err := os.WriteFile(d.noteFile, forged, 0o600); err != nil {
				t.Fatal(err)
			}
			d.wantBad(t, 0)
			if err := d.Ready(); err == nil {
				t.Error("the journal is ready")
			}
			if _, err := d.Append(t.Context(), Event{Action: "a"}); err == nil {
				t.Error("appended")
			}
		})
	}
}

// Who can also put back an old checkpoint is still found by the running program.
func TestCutWithItsCheckpointIsFoundWhileRunning(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.fill(t, 6)
		old, err := os.ReadFile(d.noteFile)
		if err != nil {
			t.Fatal(err)
		}
		d.fill(t, 10)
		d.exec(t, `DELETE FROM journal WHERE seq > 6`)
		if err := os.WriteFile(d.noteFile, old, 0o600); err != nil {
			t.Fatal(err)
		}
		var bad *ChainError
		if _, err := d.Verify(t.Context()); !errors.As(err, &bad) || bad.Seq != 7 {
			t.Errorf("error is %v, want row 7", err)
		}
	})
}

// What another process has written counts too, through the file.
func TestCutOfAnotherProcessesRowsIsFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.fill(t, 5)
		first := d.Journal
		d.reopen(t)
		d.fill(t, 8)
		d.exec(t, `DELETE FROM journal WHERE seq > 6`)
		var bad *ChainError
		if _, err := first.Verify(t.Context()); !errors.As(err, &bad) || bad.Seq != 7 {
			t.Errorf("error is %v, want row 7", err)
		}
	})
}

// A cut, the way out for restored backups, and enough new rows to grow over it: the
// chain is sound, but it is not the one that the old checkpoint saw.
func TestForkIsFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.fill(t, 10)
		old, err := os.ReadFile(d.noteFile)
		if err != nil {
			t.Fatal(err)
		}
		d.exec(t, `DELETE FROM journal WHERE seq > 6`)
		if err := os.Remove(d.noteFile); err != nil {
			t.Fatal(err)
		}
		d.reopen(t)
		d.fill(t, 12)
		if err := os.WriteFile(d.noteFile, old, 0o600); err != nil {
			t.Fatal(err)
		}
		d.wantBad(t, 10)
	})
}

// Appends may finish in another order than they were committed in.
func TestCheckpointNeverMovesBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		earlier := d.noted
		d.fill(t, 3)
		d.note(earlier)
		if noted, found, err := readNote(d.key, d.noteFile); err != nil || !found || noted.Seq != 3 || d.noted.Seq != 3 {
			t.Errorf("the checkpoint stands at %d (%v %v), in memory at %d", noted.Seq, found, err, d.noted.Seq)
		}
	})
}

// With the checkpoint gone as well, only the first row tells that there was anything.
func TestEmptyIsNotVerified(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		if err := os.WriteFile(d.noteFile, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		d.reopen(t)
		d.exec(t, `DELETE FROM journal`)
		if err := os.Remove(d.noteFile); err != nil {
			t.Fatal(err)
		}
		var bad *ChainError
		if rows, err := d.Verify(t.Context()); !errors.As(err, &bad) || bad.Seq != 1 {
			t.Errorf("%d rows verified, %v", rows, err)
		}
	})
}

// FuzzCanonical: events that differ anywhere are encoded differently, even when text
// moves from the end of one field to the beginning of the next.
func FuzzCanonical(f *testing.F) {
	f.Add("ab", "c", "", int64(1), "a", "bc", "", int64(1))
	f.Add("", "", "a", int64(0), "", "a", "", int64(0))
	f.Add("a\x00", "b", "c", int64(-1), "a", "\x00b", "c", int64(255))
	f.Fuzz(func(t *testing.T, a1, a2, a3 string, n1 int64, b1, b2, b3 string, n2 int64) {
		a := Event{Phase: Phase(a1), Actor: Actor{Issuer: a2, Subject: a3}, Version: a1, Attempt: n1}
		b := Event{Phase: Phase(b1), Actor: Actor{Issuer: b2, Subject: b3}, Version: b1, Attempt: n2}
		same := a1 == b1 && a2 == b2 && a3 == b3 && n1 == n2
		if got := bytes.Equal(canonical(a3, a), canonical(b3, b)); got != same {
			t.Errorf("%+v and %+v: encoded alike %v, are alike %v", a, b, got, same)
		}
	})
}

func TestCanonicalCoversEveryField(t *testing.T) {
	t.Parallel()
	plain := canonical("previous", Event{})
	if bytes.Equal(plain, canonical("", Event{})) {
		t.Error("the row before is not covered")
	}
	for i := range reflect.TypeFor[Event]().NumField() {
		field := reflect.TypeFor[Event]().Field(i)
		var e Event
		switch v := reflect.ValueOf(&e).Elem().Field(i); {
		case field.Name == "Hash":
			continue
		case v.CanInt():
			v.SetInt(1)
		case v.Kind() == reflect.String:
			v.SetString("x")
		default: // Time and Actor
			v.Set(reflect.ValueOf(fullEvent()).Field(i))
		}
		if bytes.Equal(plain, canonical("previous", e)) {
			t.Errorf("%s is not covered", field.Name)
		}
	}
}
