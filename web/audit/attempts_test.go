package audit

import (
	"errors"
	"slices"
	"testing"
	"time"

	"keydesk/web/db/dbtest"
)

const creation = "CreateAccessKey"

var keys = KeyActions{creation, "DeleteAccessKey"}

// attempt appends an attempt at creating a key and outcomes of it, and returns the
// attempt's number. Each outcome but failures names the key.
func (d *desk) attempt(t *testing.T, user, keyID string, outcomes ...string) int64 {
	t.Helper()
	seq := d.append(t, Event{Phase: PhaseAttempt, Action: creation, User: user, Account: "1"})
	for _, o := range outcomes {
		e := Event{Phase: PhaseOutcome, Attempt: seq, Action: creation, User: user, Account: "1", Outcome: o}
		if o != OutcomeFailed {
			e.AccessKeyID = keyID
		}
		d.append(t, e)
	}
	return seq
}

func TestUnfinished(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		killed := d.attempt(t, "ann", "")
		lost := d.attempt(t, "ann", "AKIALOST", OutcomeUnknown)
		d.attempt(t, "ann", "AKIAONE", OutcomeOK)
		d.attempt(t, "ann", "AKIATWO", OutcomeUnknown, OutcomeReconciled)
		d.append(t, Event{Action: "SignIn"})
		d.append(t, Event{Phase: PhaseAttempt, Action: "SetRole"})
		now := time.Now()
		got, err := d.Unfinished(t.Context(), now.Add(-time.Hour), now.Add(time.Hour), creation, "DeleteAccessKey")
		if want := []int64{killed, lost}; err != nil || !slices.Equal(seqs(got), want) {
			t.Errorf("unfinished are %v %v, want %v", seqs(got), err, want)
		}
		for _, at := range []time.Duration{-time.Hour, 2 * time.Hour} {
			got, err := d.Unfinished(t.Context(), now.Add(at-time.Hour), now.Add(at), creation)
			if err != nil || len(got) != 0 {
				t.Errorf("before %v from now: %v %v", at, seqs(got), err)
			}
		}
	})
}

func TestSettle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		seq := d.attempt(t, "ann", "", OutcomeUnknown)
		verdict := Event{Attempt: seq, Action: creation, User: "ann", Outcome: OutcomeUnknown, Reason: "two keys"}
		for _, want := range []error{nil, ErrSettled} {
			if err := d.Settle(t.Context(), verdict); !errors.Is(err, want) {
				t.Errorf("not known: %v, want %v", err, want)
			}
		}
		verdict.Outcome, verdict.Reason = OutcomeReconciled, "it was X"
		for _, want := range []error{nil, ErrSettled} {
			if err := d.Settle(t.Context(), verdict); !errors.Is(err, want) {
				t.Errorf("known: %v, want %v", err, want)
			}
		}
		if rows, err := d.Outcomes(t.Context(), seq); err != nil || len(rows) != 3 {
			t.Errorf("%d outcomes, %v; want 3", len(rows), err)
		}
		finished := d.attempt(t, "ann", "AKIAONE", OutcomeOK)
		verdict.Attempt = finished
		if err := d.Settle(t.Context(), verdict); !errors.Is(err, ErrSettled) {
			t.Errorf("an attempt that ended meanwhile: %v", err)
		}
	})
}

func TestUnacknowledged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		d := newDesk(t, url)
		var want []string
		for key, outcomes := range map[string][]string{
			"AKIAOK": {OutcomeOK}, "AKIADELIVERED": {OutcomeOK, OutcomeDelivered}, "AKIAUNDELIVERED": {OutcomeOK, OutcomeUndelivered},
			"AKIALOST": {OutcomeUnknown}, "AKIAFOUND": {OutcomeReconciled},
		} {
			d.attempt(t, "ann", key, outcomes...)
			want = append(want, key)
		}
		d.attempt(t, "ann", "AKIASAVED", OutcomeOK, OutcomeDelivered, OutcomeAcknowledged)
		d.attempt(t, "ann", "AKIAFAST", OutcomeOK, OutcomeAcknowledged, OutcomeDelivered)
		d.attempt(t, "ann", "AKIAGONE", OutcomeWithdrawn)
		d.attempt(t, "ann", "", OutcomeFailed)
		d.attempt(t, "ann", "AKIADELETED", OutcomeOK)
		d.append(t, Event{Phase: PhaseOutcome, Attempt: 1, Action: "DeleteAccessKey", User: "ann", Account: "1", AccessKeyID: "AKIADELETED", Outcome: OutcomeOK})
		d.append(t, Event{Phase: PhaseOutcome, Attempt: 1, Action: "DeleteAccessKey", User: "ann", Account: "1", AccessKeyID: "AKIAOK", Outcome: OutcomeFailed})
		d.attempt(t, "anna", "AKIAOTHER", OutcomeOK)

		rows, err := d.Unacknowledged(t.Context(), keys, Filter{Account: "1", User: "Ann", WholeUser: true})
		var got []string
		for _, e := range rows {
			got = append(got, e.AccessKeyID)
		}
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("unacknowledged are %v %v, want %v", got, err, want)
		}
		if rows, err := d.Unacknowledged(t.Context(), keys, Filter{Account: "2"}); err != nil || len(rows) != 0 {
			t.Errorf("of another account: %v %v", rows, err)
		}
	})
}
