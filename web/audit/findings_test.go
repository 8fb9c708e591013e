package audit

import (
	"errors"
	"os"
	"strings"
	"testing"

	"keydesk/web/db/dbtest"
)

// findings are the rows that the findings are about.
func (d *desk) findings(t *testing.T) (rows []int64) {
	t.Helper()
	list, err := d.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		rows = append(rows, f.Seq)
	}
	return rows
}

// Whoever can write the data folder takes the newest rows out and the checkpoint with
// them. What is left is a sound chain, with a finding.
func TestCutOffWithTheCheckpoint(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.fill(t, 10)
		if r := d.Check(t.Context()); !r.Sound() || r.Rows != 10 || !strings.HasPrefix(r.Head, "10:") {
			t.Fatalf("a journal without trouble: %+v", r)
		}
		head := d.LastReport().Head

		d.exec(t, `DELETE FROM journal WHERE seq > 6`)
		if err := os.Remove(d.noteFile); err != nil {
			t.Fatal(err)
		}
		for name, damage := range map[string]func() error{
			"no checkpoint":       func() error { return nil },
			"an empty checkpoint": func() error { return os.WriteFile(d.noteFile, nil, 0o600) },
		} {
			if err := damage(); err != nil {
				t.Fatal(err)
			}
			stopped, err := OpenToRead(t.Context(), d.db, d.keyFile)
			if err != nil {
				t.Fatal(err)
			}
			if r := stopped.Check(t.Context()); r.Damage != nil || len(r.Findings) != 1 || r.Findings[0].Seq != 0 {
				t.Errorf("%s: %+v", name, r)
			}
			var bad *ChainError
			if _, err := stopped.Compare(t.Context(), head); !errors.As(err, &bad) || bad.Seq != 10 {
				t.Errorf("%s: the head noted elsewhere: %v", name, err)
			}
		}

		d.reopen(t) // Keydesk starts, and writes row 7 and a new checkpoint
		if rows := d.findings(t); len(rows) != 1 || rows[0] != 7 {
			t.Errorf("after a restart: findings about rows %v, want 7", rows)
		}
		d.fill(t, 12)
		if r := d.Check(t.Context()); r.Damage != nil || len(r.Findings) != 1 {
			t.Errorf("later: %+v", r)
		}
	})
}

// An operator who restored a backup says so, and is on record with it.
func TestAcceptCheckpoint(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.fill(t, 3)
		if err := os.Remove(d.noteFile); err != nil {
			t.Fatal(err)
		}
		d.reopen(t)
		by := Event{Actor: Actor{Name: "root at the console"}, Reason: "restored the backup of Monday"}
		if n, err := d.AcceptCheckpoint(t.Context(), by); n != 1 || err != nil {
			t.Fatalf("accepted %d (%v), want 1", n, err)
		}
		if rows := d.findings(t); rows != nil {
			t.Errorf("findings about rows %v remain", rows)
		}
		list, _, err := d.List(t.Context(), Filter{Action: ActionAcceptCheckpoint, Limit: 10})
		if err != nil || len(list) != 1 || list[0].Reason != by.Reason || list[0].OldState != "4" {
			t.Errorf("on record: %+v (%v)", list, err)
		}

		if err := os.Remove(d.noteFile); err != nil {
			t.Fatal(err)
		}
		d.reopen(t)
		if rows := d.findings(t); len(rows) != 1 || rows[0] != 6 {
			t.Errorf("the next time: findings about rows %v, want 6", rows)
		}
	})
}

func TestCompareWithANotedHead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		d.fill(t, 3)
		head, err := d.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d.fill(t, 5)
		if known, err := d.Compare(t.Context(), head); !known || err != nil {
			t.Errorf("known %v (%v)", known, err)
		}
		var bad *ChainError
		for _, other := range []string{"3:" + strings.Repeat("0", 64), "6:" + strings.Repeat("0", 64)} {
			if known, err := d.Compare(t.Context(), other); known || !errors.As(err, &bad) {
				t.Errorf("%s: known %v (%v)", other, known, err)
			}
		}
		for _, wrong := range []string{"", "3", "x:y", "0:00", "-1:00"} {
			if _, err := d.Compare(t.Context(), wrong); err == nil || errors.As(err, &bad) {
				t.Errorf("%q: %v", wrong, err)
			}
		}
	})
}
