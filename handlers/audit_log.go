package handlers

import (
	"fmt"
	"io"
	"iter"
	"math"
	"net/http"
	"strconv"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
)

// AuditLog is the journal, to be read and exported.
type AuditLog struct{ Base }

const auditLogPath = "/audit-log"

// actionExportAuditLog is the journal's name of its own export.
const actionExportAuditLog = "ExportAuditLog"

// List shows one page of events, the newest first.
func (a AuditLog) List(w http.ResponseWriter, r *http.Request) error {
	q := parseAuditQuery(r.URL.Query())
	if len(r.URL.Query().Get("key")) > keySuffixLength {
		// A whole key ID was put into the address: it goes on no further.
		return seeOther(w, r, q.at(auditLogPath))
	}
	prefs, err := a.Sessions.Preferences(r.Context(), a.user(r).ID)
	if err != nil {
		return err
	}
	size := pageSize(prefs.PageSize)
	f := q.filter()
	f.Limit, f.Offset = size, offset(q.Page, size)
	events, total, err := a.Journal.List(r.Context(), f)
	if err != nil {
		return err
	}
	page := newAuditLogPage(events, total, size, q)
	report := a.Journal.LastReport()
	if q.Verify {
		report = a.Journal.Check(r.Context()) // reads the whole log, hence on demand only
	}
	if report.Err != nil {
		return report.Err
	}
	page.Chain = chainStatus(report, a.Now())
	page.Shell, err = a.Shell(w, r, Page{Title: "Audit log", Current: auditLogPath,
		Crumbs: []views.Crumb{{Text: "Audit log"}}})
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, views.AuditLog(page))
}

// offset is the number of rows before a page, kept inside what the database
// can count.
func offset(page, size int) int { return min(page-1, math.MaxInt32/size) * size }

// chainStatus is what the last verification came to, and when.
func chainStatus(r audit.Report, now time.Time) views.Status {
	switch {
	case r.At.IsZero():
		return views.Status{}
	case r.Damage != nil:
		return views.Status{Kind: "error", Text: fmt.Sprintf(
			"The audit log has been tampered with or damaged. First bad row: %d (%s).", r.Damage.Seq, r.Damage.Why)}
	case len(r.Findings) > 0:
		text := "The rows that are there are as they were written, but the end is not proved:"
		for _, f := range r.Findings {
			text += " " + f.Text + "."
		}
		return views.Status{Kind: "warning", Text: text}
	}
	return views.Status{Kind: "success", Text: fmt.Sprintf(
		"Verified: all %s rows are as they were written, and none is missing, as of %s.",
		thousands(int(r.Rows)), lowerNow(relative(now, r.At)))}
}

// auditBanner is on every page of those who may read the audit log, while something
// speaks against it.
func auditBanner(r audit.Report) (views.Flash, bool) {
	if r.At.IsZero() || r.Sound() {
		return views.Flash{}, false
	}
	if r.Damage != nil {
		return views.Flash{Kind: "error", Title: "The audit log was changed outside Keydesk",
			Text: "Rows are missing or are not what was written. The audit log page names the first one."}, true
	}
	if r.Err != nil {
		return views.Flash{Kind: "warning", Title: "The audit log could not be verified",
			Text: "Keydesk tries again within a day. Verify on the audit log page tries now."}, true
	}
	return views.Flash{Kind: "warning", Title: "The end of the audit log is not proved",
		Text: "Its checkpoint is or was missing, so rows may have been cut off. The audit log page says more."}, true
}

func newAuditLogPage(events []audit.Event, total, size int, q auditQuery) views.AuditLogPage {
	last := max(1, (total+size-1)/size)
	verify := q
	verify.Verify = true
	page := views.AuditLogPage{
		Count: thousands(total) + " events", Filter: q.form(),
		Pages:  listPager(min(q.Page, last), last, func(n int) string { return q.onPage(n).at(auditLogPath) }),
		CSVURL: q.onPage(1).at("/audit-log.csv"), JSONLURL: q.onPage(1).at("/audit-log.jsonl"), VerifyURL: verify.at(auditLogPath),
	}
	page.ExcelURL = withByteOrderMark(page.CSVURL)
	if total == 1 {
		page.Count = "1 event"
	}
	page.Pages.Live = false
	page.Rows = auditRows(events)
	return page
}

func auditRows(events []audit.Event) []views.AuditRow {
	rows := make([]views.AuditRow, 0, len(events))
	for _, e := range events {
		rows = append(rows, views.AuditRow{
			Seq: strconv.FormatInt(e.Seq, 10), URL: auditEventPath(e.Seq), Time: auditTime(e.Time),
			Actor: orNone(e.Actor.Name), Action: auditAction(e),
			User: orNone(e.User), KeyID: orNone(e.AccessKeyID), Source: orNone(e.SourceIP), Result: auditResult(e),
		})
	}
	return rows
}

func auditEventPath(seq int64) string { return auditLogPath + path(strconv.FormatInt(seq, 10)) }

func auditTime(t time.Time) views.Time {
	return views.Time{ISO: machine(t), Text: t.UTC().Format("2006-01-02 15:04:05"), Absolute: absolute(t)}
}

// auditResult is an event's end: an attempt has none of its own.
func auditResult(e audit.Event) views.Status {
	text := e.Result()
	switch e.Outcome {
	case "":
		return views.Status{Text: orNone(text)}
	case audit.OutcomeOK, audit.OutcomeDelivered, audit.OutcomeAcknowledged:
		return views.Status{Kind: "success", Text: text}
	case audit.OutcomeFailed:
		return views.Status{Kind: "error", Text: text}
	default:
		return views.Status{Kind: "warning", Text: text}
	}
}

// DownloadCSV exports what the filters select for spreadsheets.
func (a AuditLog) DownloadCSV(w http.ResponseWriter, r *http.Request) error {
	return a.export(w, r, "csv", csvType, func(w io.Writer, events iter.Seq2[audit.Event, error]) error {
		return audit.WriteCSV(csvWriter(w, r), events)
	})
}

// DownloadJSONL exports it for programs, as JSON Lines.
func (a AuditLog) DownloadJSONL(w http.ResponseWriter, r *http.Request) error {
	return a.export(w, r, "jsonl", "application/jsonl; charset=utf-8", audit.WriteJSONL)
}

// export sends the oldest event first. It is an event itself, written before
// the first byte leaves.
func (a AuditLog) export(w http.ResponseWriter, r *http.Request, ending, contentType string, write func(io.Writer, iter.Seq2[audit.Event, error]) error) error {
	q := parseAuditQuery(r.URL.Query())
	if err := a.record(r, audit.Event{Action: actionExportAuditLog, Outcome: audit.OutcomeOK}); err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", `attachment; filename="audit-log_`+a.Now().UTC().Format("2006-01-02T150405")+"."+ending+`"`)
	if err := write(w, a.Journal.Each(r.Context(), q.filter())); err != nil {
		// Half a file must not pass for a whole one: breaking the connection is the
		// only sign left once the header is out.
		a.Log.Error("audit log export broke off", "id", a.RequestID(r.Context()), "error", err.Error())
		panic(http.ErrAbortHandler)
	}
	return nil
}

// auditAction tells activating a key from deactivating it, which IAM has one
// name for.
func auditAction(e audit.Event) string {
	if e.Action == string(iamsvc.ActionUpdateAccessKey) && e.NewState != "" {
		return e.Action + ": " + e.NewState
	}
	return e.Action
}
