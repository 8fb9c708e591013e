package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/csvfile"
)

// CredentialReport is IAM's own report on the credentials of all users.
type CredentialReport struct{ Base }

// The journal's names of what is done with the report.
const (
	actionGenerateReport = "GenerateCredentialReport"
	actionExportReport   = "ExportCredentialReport"
)

func reportPath(account string) string { return path("accounts", account, "credential-report") }

// Show is the report's state and its rows. While IAM is at work the page comes
// back by itself.
func (c CredentialReport) Show(w http.ResponseWriter, r *http.Request) error {
	account, err := c.account(r)
	if err != nil {
		return err
	}
	report, err := account.CredentialReport(r.Context())
	if err != nil && !reportMissing(err) {
		return err
	}
	prefs, prefsErr := c.Sessions.Preferences(r.Context(), c.user(r).ID)
	if prefsErr != nil {
		return prefsErr
	}
	page := newCredentialReportPage(account.ID(), report, err, parseReportQuery(r.URL.Query()), pageSize(prefs.PageSize), c.Now())
	if errors.Is(err, iamsvc.ErrReportInProgress) {
		w.Header().Set("Refresh", "3")
	}
	if page.CanGenerate = c.user(r).Can(auth.GenerateCredentialReport); page.CanGenerate {
		if page.Token, err = c.formToken(r, actionGenerateReport, account.ID()); err != nil {
			return err
		}
	}
	page.Shell, err = c.Shell(w, r, Page{Title: "Credential report", Current: page.URL,
		Crumbs: []views.Crumb{{Text: "Credential report"}}})
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, views.CredentialReport(page))
}

// reportMissing: there is no report to show, which is no failure.
func reportMissing(err error) bool {
	return errors.Is(err, iamsvc.ErrReportNotPresent) || errors.Is(err, iamsvc.ErrReportInProgress) || errors.Is(err, iamsvc.ErrReportExpired)
}

// Generate asks IAM for a report, which keeps the one it has for four hours.
func (c CredentialReport) Generate(w http.ResponseWriter, r *http.Request) error {
	account, err := c.account(r)
	if err != nil {
		return err
	}
	var state iamsvc.ReportState
	err = c.change(r, audit.Event{Action: actionGenerateReport, Account: account.ID()}, account.ID(), func(ctx context.Context) (err error) {
		state, err = account.GenerateCredentialReport(ctx)
		return err
	})
	if err != nil {
		return err
	}
	kind, title, text := "info", "Report requested", "IAM is generating the report. It appears here as soon as it is ready."
	if state.State == "COMPLETE" {
		kind, title, text = "success", "The report is ready", "IAM makes a new report at most every four hours; until then it gives the one it has."
	}
	if err := c.flash(w, r, kind, title, text); err != nil {
		return err
	}
	return seeOther(w, r, reportPath(account.ID()))
}

// Download gives the report as IAM gave it, byte for byte, under the name the
// console uses. With ?safe=1 no cell of it is a formula: IAM writes the names
// of users as they are, "=cmd" too.
func (c CredentialReport) Download(w http.ResponseWriter, r *http.Request) error {
	account, err := c.account(r)
	if err != nil {
		return err
	}
	report, err := account.CredentialReport(r.Context())
	if err != nil {
		return err
	}
	if err := c.record(r, audit.Event{Action: actionExportReport, Account: account.ID(), Outcome: audit.OutcomeOK}); err != nil {
		return err
	}
	generated := report.Generated
	if generated.IsZero() {
		generated = c.Now()
	}
	safe := r.URL.Query().Get("safe") == "1"
	w.Header().Set("Content-Type", csvType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+reportFileName(generated, safe)+`"`)
	if safe {
		_ = writeSafeReport(csvWriter(w, r), report) // A client that has gone needs no answer.
		return nil
	}
	_, _ = w.Write(report.Raw)
	return nil
}

func reportFileName(generated time.Time, safe bool) string {
	name := "status_reports_" + generated.UTC().Format("2006-01-02T150405")
	if safe {
		name += "_safe"
	}
	return name + ".csv"
}

// writeSafeReport writes the report with IAM's own names and values. Dates and
// numbers never look like formulas, so that only names are changed.
func writeSafeReport(w *csvfile.Writer, report iamsvc.CredentialReport) error {
	lines := [][]string{report.Header}
	for _, row := range report.Rows {
		lines = append(lines, row.Values)
	}
	for _, line := range lines {
		cells := make([]csvfile.Cell, len(line))
		for i, text := range line {
			cells[i] = csvfile.Untrusted(text)
		}
		if err := w.Write(cells...); err != nil {
			return err
		}
	}
	return w.Flush()
}

// reportQuery is which rows were asked for.
type reportQuery struct {
	Search string
	Page   int // from 1
}

func parseReportQuery(v url.Values) reportQuery {
	q := reportQuery{Search: auditText(v.Get("q")), Page: 1}
	if n, err := strconv.Atoi(v.Get("page")); err == nil && n > 1 {
		q.Page = n
	}
	return q
}

func (q reportQuery) at(path string, page int) string {
	v := url.Values{}
	if q.Search != "" {
		v.Set("q", q.Search)
	}
	if page > 1 {
		v.Set("page", strconv.Itoa(page))
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func newCredentialReportPage(account string, report iamsvc.CredentialReport, err error, q reportQuery, size int, now time.Time) views.CredentialReportPage {
	page := views.CredentialReportPage{URL: reportPath(account), Generated: views.Time{Text: none}, Age: none, Search: q.Search}
	page.Status, page.Explanation = reportStatus(err)
	if err != nil {
		return page
	}
	if !report.Generated.IsZero() {
		page.Generated = views.Time{ISO: machine(report.Generated), Text: absolute(report.Generated), Absolute: absolute(report.Generated)}
		page.Age = strings.TrimSuffix(relative(now, report.Generated), " ago")
	}
	if n := report.RootKeys(); n > 0 {
		page.Notices = []views.Notice{rootNotice(n)}
	}
	page.RawURL = page.URL + ".csv"
	page.SafeURL = page.RawURL + "?safe=1"
	rows := reportMatches(report.Rows, q.Search)
	page.Count = matchCount(len(rows), len(report.Rows), q.Search != "", "row")
	shown, current, last := pageOf(rows, listQuery{Page: q.Page}, size)
	page.Pages = listPager(current, last, func(n int) string { return q.at(page.URL, n) })
	page.Columns, page.Rows = reportTable(account, report.Header, shown)
	return page
}

func reportStatus(err error) (views.Status, string) {
	switch {
	case errors.Is(err, iamsvc.ErrReportInProgress):
		return views.Status{Kind: "progress", Text: "In progress"}, "IAM is generating the report. This page looks again by itself every few seconds."
	case errors.Is(err, iamsvc.ErrReportExpired):
		return views.Status{Kind: "warning", Text: "Expired"}, "The last report is more than four hours old, and IAM no longer gives it out. Generate a new one."
	case err != nil:
		return views.Status{Kind: "inactive", Text: "No report"}, "No report has been generated in the past four hours. Generate one; with a few hundred users it takes seconds."
	}
	return views.Status{Kind: "success", Text: "Complete"}, "A report is kept for four hours: until then IAM gives this one, even if users or keys have changed since."
}

func reportMatches(rows []iamsvc.ReportRow, search string) []iamsvc.ReportRow {
	var matches []iamsvc.ReportRow
	for _, row := range rows {
		if strings.Contains(strings.ToLower(row.User+"\n"+row.ARN), strings.ToLower(search)) {
			matches = append(matches, row)
		}
	}
	return matches
}

// reportTable puts the user first, wherever the report has that column.
func reportTable(account string, header []string, rows []iamsvc.ReportRow) ([]string, []views.ReportRow) {
	user := slices.IndexFunc(header, func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), "user") })
	columns := []string{"user"}
	for i, name := range header {
		if i != user {
			columns = append(columns, name)
		}
	}
	var table []views.ReportRow
	for _, row := range rows {
		r := views.ReportRow{User: row.User}
		if !row.IsRoot && row.User != "" {
			r.URL = userPath(account, row.User)
		}
		for i := range header {
			switch {
			case i == user:
			case i < len(row.Values):
				r.Values = append(r.Values, row.Values[i])
			default:
				r.Values = append(r.Values, "")
			}
		}
		table = append(table, r)
	}
	return columns, table
}
