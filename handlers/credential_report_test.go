package handlers_test

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"keydesk/web/audit"
	"keydesk/web/auth"
)

func (s *site) accountPath() string { return "/accounts/" + s.Account.ID() }

func TestCredentialReport(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := s.accountPath() + "/credential-report"
	admin := s.signedIn("admin")
	page := admin.get(path).wantStatus(t, http.StatusOK).wantText(t, "Generate report")
	s.submitUntilComplete(admin, page, path)

	admin.get(path).wantText(t, "Complete", "A report is kept for four hours", "&lt;root_account&gt;", "user_creation_time",
		"Download .csv file as IAM gave it", `href="`+path+`.csv"`, "Download .csv for spreadsheets", `href="`+path+`.csv?safe=1"`)
	report, err := s.Account.CredentialReport(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file := admin.get(path+".csv").wantStatus(t, http.StatusOK)
	if file.Body != string(report.Raw) {
		t.Error("the download is not what IAM gave")
	}
	if got := file.Header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="status_reports_`) {
		t.Errorf("Content-Disposition %q", got)
	}
	safe := admin.get(path+".csv?safe=1").wantStatus(t, http.StatusOK)
	before, errBefore := csv.NewReader(bytes.NewReader(report.Raw)).ReadAll()
	after, errAfter := csv.NewReader(strings.NewReader(safe.Body)).ReadAll()
	if errBefore != nil || errAfter != nil || len(before) < 10 || !reflect.DeepEqual(before, after) {
		t.Errorf("%v, %v, %d lines of %d", errBefore, errAfter, len(after), len(before))
	}
	if got := safe.Header.Get("Content-Disposition"); !strings.HasSuffix(got, `_safe.csv"`) {
		t.Errorf("Content-Disposition %q", got)
	}
	if rows := s.events("ExportCredentialReport"); len(rows) != 2 || rows[0].Actor.Name != "admin" {
		t.Errorf("journal: %+v", rows)
	}

	user := s.victim()
	found := admin.get(path+"?q="+url.QueryEscape(strings.ToUpper(user))).wantText(t, user)
	if strings.Contains(found.Body, "root_account") {
		t.Error("the search left others in")
	}
	admin.get(path+"?q=%3Cimg%3E").wantStatus(t, http.StatusOK).wantText(t, "No user in the report matches.")
	admin.get(path+"?page=4711").wantStatus(t, http.StatusOK)
}

// submitUntilComplete asks for a report as a person would, until there is one.
func (s *site) submitUntilComplete(b *browser, p page, path string) {
	s.t.Helper()
	for range 1000 {
		p = b.submit(b.get(path), path, nil).wantStatus(s.t, http.StatusOK)
		if strings.Contains(p.Body, "The report is ready") {
			return
		}
	}
	s.t.Fatalf("no report:\n%s", p.Body)
}

func TestCredentialReportGenerationIsRecordedAndGuarded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := s.accountPath() + "/credential-report"
	admin := s.signedIn("admin")
	before := s.Local.Calls()["GenerateCredentialReport"]
	for _, name := range []string{"helen", "ada"} {
		b := s.signedIn(name)
		p := b.get(path).wantStatus(t, http.StatusOK)
		if _, offered := p.form(t, path); offered {
			t.Errorf("%s is offered to generate a report", name)
		}
		b.post(path, nil).wantStatus(t, http.StatusForbidden)
	}
	admin.post(path, url.Values{"token": {"made up"}}).wantStatus(t, http.StatusConflict)
	if n := s.Local.Calls()["GenerateCredentialReport"]; n != before {
		t.Fatalf("refused requests called IAM %d times", n-before)
	}
	form := admin.get(path)
	admin.submit(form, path, nil).wantStatus(t, http.StatusOK)
	admin.submit(form, path, nil).wantStatus(t, http.StatusConflict)
	rows := s.events("GenerateCredentialReport")
	if len(rows) != 2 || rows[0].Outcome != audit.OutcomeOK || rows[1].Phase != audit.PhaseAttempt || rows[1].Account != s.Account.ID() {
		t.Errorf("journal: %+v", rows)
	}
}

func TestCredentialReportIsJournalledBeforeItLeaves(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.signedIn("ada")
	admin := s.signedIn("admin")
	path := s.accountPath() + "/credential-report"
	s.submitUntilComplete(admin, page{}, path)
	if _, err := s.DB.Exec(t.Context(), `DROP TABLE journal`); err != nil {
		t.Fatal(err)
	}
	ada.get(path+".csv").wantStatus(t, http.StatusServiceUnavailable)
}

// TestCredentialReportInProgress: the page says so and comes back by itself,
// without a script.
func TestCredentialReportInProgress(t *testing.T) {
	t.Parallel()
	s := newEmptySite(t)
	s.Local.Trouble().SetReportTime(time.Hour)
	if _, err := s.People.Create(t.Context(), "admin", auth.RoleAdministrator, password); err != nil {
		t.Fatal(err)
	}
	admin := s.signedIn("admin")
	path := s.accountPath() + "/credential-report"
	form := admin.get(path).wantStatus(t, http.StatusOK).wantText(t, "No report")
	admin.get(path+".csv").wantStatus(t, http.StatusConflict).wantText(t, "There is no credential report")
	p := admin.submit(form, path, nil).wantStatus(t, http.StatusOK).wantText(t, "Report requested", "In progress")
	if p.Header.Get("Refresh") == "" {
		t.Error("the page does not come back by itself")
	}
	admin.get(path+".csv").wantStatus(t, http.StatusConflict).wantText(t, "not ready")
}
