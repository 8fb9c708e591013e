package handlers

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/iamsvc/paste"
	"keydesk/views"
	"keydesk/web/audit"
)

// auditQuery is what the audit log was asked for. All of it is in the URL, but
// of an access key ID only the end. What is not understood is dropped.
type auditQuery struct {
	Actor, Action, User, KeyEnd, Outcome string
	From, To                             time.Time // days, UTC; To is the last one included
	Page                                 int       // from 1
	Verify                               bool
}

func parseAuditQuery(v url.Values) auditQuery {
	q := auditQuery{
		Actor:   auditText(v.Get("actor")),
		Action:  auditText(v.Get("action")),
		User:    auditText(v.Get("user")),
		KeyEnd:  strings.ToUpper(keySuffix(auditText(v.Get("key")))),
		Outcome: auditText(v.Get("outcome")),
		From:    auditDay(v.Get("from")),
		To:      auditDay(v.Get("to")),
		Page:    1,
		Verify:  v.Has("verify"),
	}
	if n, err := strconv.Atoi(v.Get("page")); err == nil && n > 1 {
		q.Page = n
	}
	return q
}

// auditText drops what no row can hold, and a secret, which would else come
// back in every link of the page.
func auditText(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > maxSearch || !printable(s) || paste.HasSecret(s) {
		return ""
	}
	return s
}

func auditDay(s string) time.Time {
	day, err := time.ParseInLocation(time.DateOnly, s, time.UTC)
	if err != nil || day.Year() < 2000 || day.Year() > 9998 {
		return time.Time{}
	}
	return day
}

// filter is what the journal is asked for.
func (q auditQuery) filter() audit.Filter {
	f := audit.Filter{Actor: q.Actor, Action: q.Action, User: q.User, AccessKeyIDEnd: q.KeyEnd, Outcome: q.Outcome, From: q.From}
	if !q.To.IsZero() {
		f.To = q.To.AddDate(0, 0, 1)
	}
	return f
}

// at is the address of a page of the log that was asked for q.
func (q auditQuery) at(path string) string {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("actor", q.Actor)
	set("action", q.Action)
	set("user", q.User)
	set("key", q.KeyEnd)
	set("outcome", q.Outcome)
	set("from", dateField(q.From))
	set("to", dateField(q.To))
	if q.Page > 1 {
		set("page", strconv.Itoa(q.Page))
	}
	if q.Verify {
		set("verify", "yes")
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func (q auditQuery) onPage(n int) auditQuery {
	q.Page, q.Verify = n, false
	return q
}

func (q auditQuery) filtered() bool {
	return q.Actor+q.Action+q.User+q.KeyEnd+q.Outcome != "" || !q.From.IsZero() || !q.To.IsZero()
}

// form is the filter row as it was filled in.
func (q auditQuery) form() views.AuditFilter {
	f := views.AuditFilter{
		Actor: q.Actor, User: q.User, KeyEnd: q.KeyEnd, From: dateField(q.From), To: dateField(q.To),
		Actions:  auditOptions("Any action", q.Action, auditActions, func(action string) string { return action }),
		Outcomes: auditOptions("Any result", q.Outcome, auditOutcomes, audit.ResultOf),
	}
	if q.filtered() {
		f.ClearURL = auditLogPath
	}
	return f
}

func dateField(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}

// auditActions are the actions that can be chosen. One from elsewhere, asked
// for in the URL, is added to them.
var auditActions = []string{
	string(iamsvc.ActionCreateAccessKey), string(iamsvc.ActionUpdateAccessKey), string(iamsvc.ActionDeleteAccessKey),
	string(iamsvc.ActionTagUser), string(iamsvc.ActionCreateUser),
	actionLookUp, actionGenerateReport, actionExportReport, actionExportAuditLog, actionPauseReading, actionResumeReading, actionExportUsers, actionExportAccessKeys,
	actionSignIn, actionSignOut, "Refused", actionEndSession, actionChangePassword,
	audit.ActionCut, ActionCreateLocalAccount, actionSetRole, actionDisable, actionEnable, ActionResetPassword, ActionEndSessions,
}

var auditOutcomes = []string{
	audit.OutcomeOK, audit.OutcomeFailed, audit.OutcomeRefused, audit.OutcomeUnknown, audit.OutcomeWithdrawn,
	audit.OutcomeDelivered, audit.OutcomeUndelivered, audit.OutcomeAcknowledged, audit.OutcomeReconciled,
}

// auditOptions have the stored values, which stand in addresses that people keep,
// and say them in words.
func auditOptions(whole, chosen string, values []string, say func(string) string) []views.Option {
	if chosen != "" && !slices.Contains(values, chosen) {
		values = append(slices.Clone(values), chosen)
	}
	options := []views.Option{{Text: whole, Selected: chosen == ""}}
	for _, v := range values {
		options = append(options, views.Option{Value: v, Text: say(v), Selected: v == chosen})
	}
	return options
}
