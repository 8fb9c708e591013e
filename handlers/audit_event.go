package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"keydesk/views"
	"keydesk/web/audit"
)

// Show is one event with all its fields, and what belongs to it: the outcomes
// of an attempt, or the attempt of an outcome.
func (a AuditLog) Show(w http.ResponseWriter, r *http.Request) error {
	seq, err := auditSeq(r)
	if err != nil {
		return err
	}
	event, err := a.Journal.Event(r.Context(), seq)
	if errors.Is(err, audit.ErrNoSuchEvent) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	page := newAuditEventPage(event, a.owned(event))
	if _, err := a.Journal.Event(r.Context(), seq+1); err == nil {
		page.NextURL = auditEventPath(seq + 1)
	}
	if err := a.relate(r, event, &page); err != nil {
		return err
	}
	page.Shell, err = a.Shell(w, r, Page{Title: "Event " + page.Seq, Current: auditLogPath,
		Crumbs: []views.Crumb{{Text: "Audit log", URL: auditLogPath}, {Text: "Event " + page.Seq}}})
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, views.AuditEvent(page))
}

// auditSeq is the event the URL names, in its one spelling.
func auditSeq(r *http.Request) (int64, error) {
	text, err := param(r, "seq")
	if err != nil {
		return 0, err
	}
	seq, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seq < 1 || strconv.FormatInt(seq, 10) != text {
		return 0, ErrNotFound
	}
	return seq, nil
}

// owned is the path of the IAM user an event names, "" when it names none that
// Keydesk can show: a local account, the root user, another account's.
func (a AuditLog) owned(e audit.Event) string {
	if _, err := a.Accounts.Lookup(e.Account); err != nil || e.User == "" || strings.ContainsAny(e.User, "/<:") {
		return ""
	}
	return userPath(e.Account, e.User)
}

func (a AuditLog) relate(r *http.Request, e audit.Event, page *views.AuditEventPage) error {
	switch e.Phase {
	case audit.PhaseAttempt:
		outcomes, err := a.Journal.Outcomes(r.Context(), e.Seq)
		if err != nil {
			return err
		}
		page.Heading, page.Related = "Outcome", auditRows(outcomes)
		page.Missing = "The attempt was written, but not what came of it: Keydesk may have been stopped in between, or be still at it. Look at what IAM shows now."
	case audit.PhaseOutcome:
		page.Heading, page.Missing = "Attempt", "The attempt is older than the audit log is kept."
		attempt, err := a.Journal.Event(r.Context(), e.Attempt)
		if errors.Is(err, audit.ErrNoSuchEvent) {
			return nil
		}
		if err != nil {
			return err
		}
		page.Related = auditRows([]audit.Event{attempt})
	}
	return nil
}

func newAuditEventPage(e audit.Event, userURL string) views.AuditEventPage {
	page := views.AuditEventPage{
		Seq: strconv.FormatInt(e.Seq, 10), Time: auditTime(e.Time), Result: auditResult(e), Hash: e.Hash,
	}
	page.Time.Text += " (UTC)"
	if e.Seq > 1 {
		page.PriorURL = auditEventPath(e.Seq - 1)
	}
	keyURL := ""
	if userURL != "" && e.AccessKeyID != "" {
		keyURL = keyOn(userURL, e.AccessKeyID)
	}
	for _, f := range []views.AuditField{
		{Term: "Action", Text: e.Action}, {Term: "Phase", Text: string(e.Phase)},
		{Term: "Actor", Text: e.Actor.Name}, {Term: "Actor's role", Text: e.Actor.Role},
		{Term: "Actor's issuer", Text: e.Actor.Issuer}, {Term: "Actor's subject", Text: e.Actor.Subject},
		{Term: "Account", Text: e.Account}, {Term: "User", Text: e.User, URL: userURL},
		{Term: "Access key ID", Text: e.AccessKeyID, URL: keyURL},
		{Term: "Old state", Text: e.OldState}, {Term: "New state", Text: e.NewState}, {Term: "Reason", Text: e.Reason},
		{Term: "Error code", Text: e.ErrorCode}, {Term: "Source address", Text: e.SourceIP},
		{Term: "Request ID", Text: e.RequestID}, {Term: "AWS request ID", Text: e.AWSRequestID},
		{Term: "Replica", Text: e.Replica}, {Term: "Version", Text: e.Version},
	} {
		f.Text = orNone(f.Text)
		page.Fields = append(page.Fields, f)
	}
	return page
}
