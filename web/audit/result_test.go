package audit

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"keydesk/web/csvfile"
)

// People read words, programs what is stored.
func TestResultsAreWordsBesideWhatIsStored(t *testing.T) {
	t.Parallel()
	events := []Event{
		{Phase: PhaseAttempt}, {Phase: PhaseOutcome, Outcome: OutcomeOK}, {Phase: PhaseOutcome, Outcome: OutcomeFailed, ErrorCode: "NoSuchEntity"},
		{Phase: PhaseOutcome, Outcome: OutcomeUndelivered}, {Phase: PhaseEvent, Outcome: "of a later version"}, {Phase: PhaseEvent}, {Phase: PhaseEvent, ErrorCode: "Expired"},
	}
	var table, lines bytes.Buffer
	if err := WriteCSV(csvfile.NewWriter(&table), sequence(events...)); err != nil {
		t.Fatal(err)
	}
	if err := WriteJSONL(&lines, sequence(events...)); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&table).ReadAll()
	if err != nil || len(records) != 1+len(events) {
		t.Fatalf("%d records, %v", len(records), err)
	}
	last := len(fieldNames)
	for i, want := range []string{"Started", "Succeeded", "Failed (NoSuchEntity)", "Not delivered", "of a later version", "", "Expired"} {
		r := records[1+i]
		if r[last] != want || r[15] != events[i].Outcome {
			t.Errorf("%+v is %q and %q, want %q", events[i], r[15], r[last], want)
		}
	}
	if got := lines.String(); strings.Contains(got, "Succeeded") || strings.Contains(got, "result") || !strings.Contains(got, `"outcome":"ok"`) {
		t.Errorf("for programs: %s", got)
	}
	for outcome, text := range results {
		if text == outcome {
			t.Errorf("%q has no words", outcome)
		}
	}
}
