package handlers_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keydesk/web/audit"
)

func (s *site) journal(e audit.Event) int64 {
	s.t.Helper()
	seq, err := s.Journal.Append(s.t.Context(), e)
	if err != nil {
		s.t.Fatal(err)
	}
	return seq
}

func TestAuditLogFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.signedIn("ada")
	day := func(d int) time.Time { return time.Date(2031, 5, d, 23, 59, 0, 0, time.UTC) }
	attempt := s.journal(audit.Event{Phase: audit.PhaseAttempt, Time: day(1), Action: "DeleteAccessKey", User: "alice", AccessKeyID: "AKIAIOSFODNN7EXAMPLE",
		Account: s.Account.ID(), Actor: audit.Actor{Issuer: "local", Subject: "x", Name: "maria", Role: "administrator"}})
	s.journal(audit.Event{Phase: audit.PhaseOutcome, Attempt: attempt, Time: day(2), Action: "DeleteAccessKey", User: "alice", AccessKeyID: "AKIAIOSFODNN7EXAMPLE",
		Actor: audit.Actor{Name: "maria"}, Outcome: audit.OutcomeFailed, ErrorCode: "NoSuchEntity"})
	s.journal(audit.Event{Time: day(3), Action: "Refused", User: "bob", Actor: audit.Actor{Name: "<b>hostile</b>"}, Outcome: audit.OutcomeRefused})

	for query, want := range map[string]int{
		"actor=maria": 2, "actor=MARIA&outcome=failed": 1, "user=ali": 2, "action=DeleteAccessKey": 2, "key=7EXAMPLE": 2, "key=nn7e": 0,
		"from=2031-05-02": 2, "from=2031-05-01&to=2031-05-01": 1, "from=2031-05-01&to=2031-05-03": 3, "actor=nobody": 0, "user=%25": 0,
	} {
		p := ada.get("/audit-log?"+query).wantStatus(t, http.StatusOK)
		events := fmt.Sprintf("%d events", want)
		if want == 1 {
			events = "1 event"
		}
		p.wantText(t, `>`+events+`<`)
		if rows := strings.Count(p.Body, `<th scope="row">`); rows != want {
			t.Errorf("%s: %d rows, want %d", query, rows, want)
		}
	}
	ada.get("/audit-log?from=2031-05-03").wantText(t, "&lt;b&gt;hostile&lt;/b&gt;", `datetime="2031-05-03T23:59:00Z"`, "refused")
	ada.get("/audit-log?page=99999999999&from=rubbish&action=%3Cscript%3E").wantStatus(t, http.StatusOK)
}

// TestAuditLogKeepsKeyIDsOutOfItsAddress: the form refuses a whole ID, and one
// that arrives all the same is cut.
func TestAuditLogKeepsKeyIDsOutOfItsAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.signedIn("ada")
	p := ada.get("/audit-log?key=AKIAIOSFODNN7EXAMPLE").wantStatus(t, http.StatusOK).wantText(t, `pattern="[A-Za-z0-9]{4,8}"`)
	if got := p.URL.RequestURI(); got != "/audit-log?key=7EXAMPLE" {
		t.Errorf("landed at %s", got)
	}
	if strings.Contains(p.Body, "AKIAIOSFODNN7EXAMPLE") {
		t.Error("the whole ID is on the page")
	}
}

func TestAuditEvent(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.signedIn("ada")
	user := s.victim()
	attempt := s.journal(audit.Event{Phase: audit.PhaseAttempt, Action: "UpdateAccessKey", Account: s.Account.ID(), User: user, AccessKeyID: "AKIAIOSFODNN7EXAMPLE",
		OldState: "Active", NewState: "Inactive", Reason: "ticket 4711", Actor: audit.Actor{Name: "maria"}})
	path := fmt.Sprintf("/audit-log/%d", attempt)
	ada.get(path).wantStatus(t, http.StatusOK).wantText(t, "ticket 4711", "Inactive", "No outcome", "/users/"+user+`#AKIAIOSFODNN7EXAMPLE`)
	outcome := s.journal(audit.Event{Phase: audit.PhaseOutcome, Attempt: attempt, Action: "UpdateAccessKey", Outcome: audit.OutcomeOK, AWSRequestID: "aws-4712"})
	ada.get(path).wantText(t, fmt.Sprintf("/audit-log/%d", outcome))
	ada.get(fmt.Sprintf("/audit-log/%d", outcome)).wantText(t, "aws-4712", "Attempt", `href="`+path+`"`)
	ada.get("/audit-log?action=UpdateAccessKey").wantText(t, "Started", "Succeeded", `<option value="ok">Succeeded</option>`)
	ada.get("/audit-log?outcome=ok&user="+user).wantText(t, `<option value="ok" selected>Succeeded</option>`)
	ada.get(path).wantText(t, "Next event")
	if strings.Contains(ada.get(fmt.Sprintf("/audit-log/%d", outcome)).Body, "Next event") {
		t.Error("there is an event after the last")
	}
	for _, seq := range []string{"0", "-1", "99999", "1e3", "01", "x", "9999999999999999999999"} {
		ada.get("/audit-log/"+seq).wantStatus(t, http.StatusNotFound)
	}
}

func TestAuditLogVerifies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.signedIn("ada")
	seq := s.journal(audit.Event{Action: "Refused", User: "alice"})
	ada.get("/audit-log?verify").wantText(t, "Verified: all ")
	// Whoever owns the database file can take the guard off the table.
	for _, query := range []string{`DROP TRIGGER journal_no_update`, fmt.Sprintf(`UPDATE journal SET user_name = 'bob' WHERE seq = %d`, seq)} {
		if _, err := s.DB.Exec(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	ada.get("/audit-log?verify").wantStatus(t, http.StatusOK).wantText(t, fmt.Sprintf("First bad row: %d", seq))
}

func TestAuditLogExport(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.signedIn("ada")
	s.journal(audit.Event{Action: "Refused", User: "=cmd|' /C calc'!A0", Actor: audit.Actor{Name: "@maria"}})
	p := ada.get("/audit-log.csv?action=Refused").wantStatus(t, http.StatusOK)
	if !strings.HasPrefix(p.Header.Get("Content-Type"), "text/csv") || !strings.HasPrefix(p.Header.Get("Content-Disposition"), `attachment; filename="audit-log_`) {
		t.Errorf("headers: %v", p.Header)
	}
	records, err := csv.NewReader(strings.NewReader(p.Body)).ReadAll()
	if err != nil || len(records) != 2 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for _, cell := range records[1] {
		if strings.IndexAny(cell, "=+-@") == 0 {
			t.Errorf("a spreadsheet would run %q", cell)
		}
	}
	if rows := s.events("ExportAuditLog"); len(rows) != 1 || rows[0].Actor.Name != "ada" || rows[0].Outcome != audit.OutcomeOK {
		t.Errorf("journal: %+v", rows)
	}
	helen := s.signedIn("helen")
	for _, path := range []string{"/audit-log", "/audit-log.csv", "/audit-log/1"} {
		helen.get(path).wantStatus(t, http.StatusForbidden)
	}
}

// A finding is on every page of those who may read the audit log, and in /readyz.
func TestFindingsOfTheAuditLogAreShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.browser().get("/readyz").wantText(t, `"audit_log":"not verified yet"`)
	s.Journal.Check(t.Context())
	s.browser().get("/readyz").wantText(t, `"audit_log":"verified"`)
	ada, helen := s.signedIn("ada"), s.signedIn("helen")
	ada.get("/audit-log").wantText(t, "none is missing, as of ")

	if err := os.Remove(filepath.Join(s.Dir, "journal.key.checkpoint")); err != nil {
		t.Fatal(err)
	}
	s.Journal.Check(t.Context())
	const banner = "The end of the audit log is not proved"
	ada.get("/search").wantText(t, banner)
	ada.get("/audit-log").wantText(t, "missing or empty")
	s.browser().get("/readyz").wantStatus(t, http.StatusOK).wantText(t, `"audit_log":"not proved"`)
	if strings.Contains(helen.get("/search").Body, banner) {
		t.Error("the help desk, which cannot read the audit log, is told of it")
	}
}
