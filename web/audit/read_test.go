package audit

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"keydesk/web/db/dbtest"
)

func day(n int) time.Time { return time.Date(2026, 1, n, 12, 0, 0, 0, time.UTC) }

func library(t *testing.T, url string) *desk {
	d := newDesk(t, url)
	for _, e := range []Event{
		{Action: "SignIn", Outcome: "ok", Actor: Actor{Name: "Ann", Subject: "SUB1"}, Time: day(1)},                                                                     // 2
		{Action: "CreateAccessKey", Outcome: "ok", Actor: Actor{Name: "Ann", Subject: "SUB1"}, User: "dev_1", Account: "111", AccessKeyID: "AKIAONE", Time: day(2)},     // 3
		{Action: "CreateAccessKey", Outcome: "failed", Actor: Actor{Name: "joanna", Subject: "SUB2"}, User: "devX1", Account: "111", Time: day(3)},                      // 4
		{Action: "DeleteAccessKey", Outcome: "ok", Actor: Actor{Name: "bob", Subject: "SUB3"}, User: "100%_done", Account: "222", AccessKeyID: "AKIATWO", Time: day(4)}, // 5
		{Action: "LookUp", Actor: Actor{Name: "bob", Subject: "SUB3"}, User: "dev", Account: "222", AccessKeyID: "AKIATWO", Time: day(5)},                               // 6
	} {
		d.append(t, e)
	}
	return d
}

func TestFilter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := library(t, url)
		for name, test := range map[string]struct {
			filter Filter
			want   []int64
		}{
			"none":              {Filter{}, []int64{1, 2, 3, 4, 5, 6}},
			"actor, part":       {Filter{Actor: "aNN"}, []int64{2, 3, 4}},
			"actor, subject":    {Filter{Actor: "sub3"}, []int64{5, 6}},
			"subject, no part":  {Filter{Actor: "sub"}, nil},
			"user, part":        {Filter{User: "DEV"}, []int64{3, 4, 6}},
			"user, whole":       {Filter{User: "DEV", WholeUser: true}, []int64{6}},
			"user, underscore":  {Filter{User: "v_1"}, []int64{3}},
			"user, percent":     {Filter{User: "%"}, []int64{5}},
			"user, backslash":   {Filter{User: `\`}, nil},
			"account":           {Filter{Account: "222"}, []int64{5, 6}},
			"account, part":     {Filter{Account: "22"}, nil},
			"key":               {Filter{AccessKeyID: "akiatwo"}, []int64{5, 6}},
			"key, part":         {Filter{AccessKeyID: "AKIA"}, nil},
			"key, end":          {Filter{AccessKeyIDEnd: "one"}, []int64{3}},
			"key, not the end":  {Filter{AccessKeyIDEnd: "AKIA"}, nil},
			"key, end wildcard": {Filter{AccessKeyIDEnd: "%"}, nil},
			"action":            {Filter{Action: "createaccesskey"}, []int64{3, 4}},
			"outcome":           {Filter{Outcome: "OK"}, []int64{2, 3, 5}},
			"from":              {Filter{From: day(5)}, []int64{1, 6}},
			"to":                {Filter{To: day(2)}, []int64{2}},
			"from and to":       {Filter{From: day(2), To: day(4)}, []int64{3, 4}},
			"several":           {Filter{Actor: "bob", Outcome: "ok", User: "done"}, []int64{5}},
			"a quotation":       {Filter{User: "' OR ''='"}, nil},
			"nothing fits":      {Filter{Actor: "bob", Action: "SignIn"}, nil},
		} {
			var each []int64
			for e, err := range d.Each(t.Context(), test.filter) {
				if err != nil {
					t.Fatal(err)
				}
				each = append(each, e.Seq)
			}
			if !slices.Equal(each, test.want) {
				t.Errorf("%s: Each yields %v, want %v", name, each, test.want)
			}
			page, total, err := d.List(t.Context(), test.filter)
			if err != nil || total != len(test.want) {
				t.Errorf("%s: List counts %d %v, want %d", name, total, err, len(test.want))
			}
			slices.Reverse(page)
			if got := seqs(page); !slices.Equal(got, test.want) {
				t.Errorf("%s: List has %v, want %v", name, got, test.want)
			}
		}
	})
}

func seqs(list []Event) (seqs []int64) {
	for _, e := range list {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func TestListPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := library(t, url)
		for _, test := range []struct {
			limit, offset int
			want          []int64
		}{
			{2, 0, []int64{6, 5}}, {2, 2, []int64{4, 3}}, {2, 4, []int64{2, 1}}, {2, 6, nil}, {0, -5, []int64{6, 5, 4, 3, 2, 1}},
		} {
			page, total, err := d.List(t.Context(), Filter{Limit: test.limit, Offset: test.offset})
			if got := seqs(page); err != nil || total != 6 || !slices.Equal(got, test.want) {
				t.Errorf("limit %d, offset %d: %v of %d, %v; want %v of 6", test.limit, test.offset, got, total, err, test.want)
			}
		}
		d.fill(t, defaultLimit+5)
		if page, total, err := d.List(t.Context(), Filter{}); err != nil || len(page) != defaultLimit || total != defaultLimit+5 {
			t.Errorf("%d of %d, %v", len(page), total, err)
		}
	})
}

func TestReadingInBatches(t *testing.T) {
	t.Parallel()
	d := newDesk(t, dbtest.SQLite(t))
	d.fill(t, batch+2)
	if rows := d.verified(t); rows != batch+2 {
		t.Errorf("%d rows verified, want %d", rows, batch+2)
	}
	n := int64(0)
	for e, err := range d.Each(t.Context(), Filter{}) {
		if n++; err != nil || e.Seq != n {
			t.Fatalf("row %d where %d belongs, %v", e.Seq, n, err)
		}
		if n == batch+1 {
			break
		}
	}
	if n != batch+1 {
		t.Errorf("stopped after %d rows", n)
	}
	// The first bad row may lie beyond the first batch.
	d.exec(t, `UPDATE journal SET user_name = 'x' WHERE seq = ?`, batch+1)
	d.wantBad(t, batch+1)
}

func TestUnreadableIsNotEmptyNorTamperedWith(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := library(t, url)
		if err := d.db.Close(); err != nil {
			t.Fatal(err)
		}
		_, eventErr := d.Event(t.Context(), 1)
		_, outcomesErr := d.Outcomes(t.Context(), 1)
		_, _, listErr := d.List(t.Context(), Filter{})
		_, verifyErr := d.Verify(t.Context())
		_, appendErr := d.Append(t.Context(), Event{Action: "a"})
		var eachErr error
		for _, err := range d.Each(t.Context(), Filter{}) {
			eachErr = err
		}
		var bad *ChainError
		for what, err := range map[string]error{"Event": eventErr, "Outcomes": outcomesErr, "List": listErr,
			"Verify": verifyErr, "Append": appendErr, "Each": eachErr} {
			if err == nil || errors.As(err, &bad) || errors.Is(err, ErrNoSuchEvent) {
				t.Errorf("%s: error is %v, want the database's", what, err)
			}
		}
		if got := fmt.Sprint(&ChainError{0, "why"}, &ChainError{3, "why"}); got !=
			"the audit journal was tampered with: why the audit journal was tampered with at row 3: why" {
			t.Errorf("chain errors read %q", got)
		}
	})
}
