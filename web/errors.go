package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"keydesk/handlers"
	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/session"
)

var (
	errPanic            = errors.New("panic in a handler")
	errMethodNotAllowed = errors.New("method not allowed")
	errCrossOrigin      = errors.New("request from another site")
)

// forbidden is a person whose role lacks the route's permission.
type forbidden struct {
	Permission auth.Permission
	Role       auth.Role
}

func (f *forbidden) Error() string {
	return fmt.Sprintf("role %s lacks permission %s", f.Role, f.Permission)
}

// badForm is a body that could not be read as a form.
type badForm struct{ err error }

func (b *badForm) Error() string { return "unreadable form" }

// Unwrap tells a body that is too large from a malformed one.
func (b *badForm) Unwrap() error { return b.err }

// answer is what a person reads about an error: what happened, what did and
// did not change, what to do next.
type answer struct {
	status      int
	title, text string
	links       []views.Link
}

// answers maps errors to pages, most specific first. Anything not in the table
// is a 500 that shows the request ID only.
var answers = []struct {
	is  error
	say answer
}{
	{session.ErrNoSession, answer{status: http.StatusForbidden, title: "You are signed out",
		text:  "Your session has ended. Nothing was changed. Sign in and try again.",
		links: []views.Link{{Text: "Sign in", URL: "/sign-in"}}}},
	{errCrossOrigin, answer{status: http.StatusForbidden, title: "The request did not come from this site",
		text: "Keydesk only accepts forms from its own pages. Nothing was changed."}},
	{session.ErrTokenSpent, answer{status: http.StatusConflict, title: "This form was already used",
		text: "Nothing new was created or changed. A form works once, for ten minutes and for the person who opened it. Open the page again to see what is there now."}},
	{session.ErrCreateInFlight, answer{status: http.StatusConflict, title: "A key is being created for this user",
		text: "Another request is creating an access key for this user right now. Nothing new was created. Look at the user's access keys in a moment."}},
	{handlers.ErrNotFound, answer{status: http.StatusNotFound, title: "Page not found",
		text: "There is nothing at this address. It may have been typed wrongly, or what it showed is gone."}},
	{handlers.ErrFirstRunLink, answer{status: http.StatusNotFound, title: "This link does not work",
		text:  "The first-run link works once, only on the machine Keydesk runs on, and only while there is no administrator. If there is none yet, start Keydesk again: it prints a new link.",
		links: []views.Link{{Text: "Sign in", URL: "/sign-in"}}}},
	{handlers.ErrOwnAccount, answer{status: http.StatusConflict, title: "This is your own account",
		text: "Nobody disables or demotes themselves, or resets their own password here. Nothing was changed. Another administrator can do it; your password is changed in Settings."}},
	{auth.ErrNoSuchAccount, answer{status: http.StatusNotFound, title: "No such local account",
		text: "No local account has this ID. Nothing was changed."}},
	{auth.ErrLastAdministrator, answer{status: http.StatusConflict, title: "This is the last administrator",
		text: "Without an enabled administrator nobody could manage Keydesk any more. Nothing was changed. Make somebody else an administrator first."}},
	{auth.ErrNameTaken, answer{status: http.StatusConflict, title: "The user name is taken",
		text: "A local account of this name exists already. Nothing was changed."}},
	{errMethodNotAllowed, answer{status: http.StatusMethodNotAllowed, title: "That does not work here",
		text: "This address does not accept that kind of request. Nothing was changed."}},
	{iamsvc.ErrNoSuchAccount, answer{status: http.StatusNotFound, title: "No such account",
		text: "Keydesk does not know this AWS account."}},
	{iamsvc.ErrNoSuchUser, answer{status: http.StatusNotFound, title: "No such user",
		text: "IAM has no user of this name. The user may have been deleted or renamed."}},
	{iamsvc.ErrNoSuchKey, answer{status: http.StatusNotFound, title: "No such access key",
		text: "This user has no such access key. It may have been deleted. Nothing was changed."}},
	{iamsvc.ErrKeyQuota, answer{status: http.StatusConflict, title: "Cannot create another access key",
		text: "The user already has as many access keys as IAM allows (LimitExceeded). No key was created. Delete one of the existing keys first."}},
	{iamsvc.ErrKeyActive, answer{status: http.StatusConflict, title: "The access key is active",
		text: "Only an inactive access key can be deleted. Nothing was changed. Deactivate it, make sure that nothing misses it, then delete it."}},
	{iamsvc.ErrKeyInUse, answer{status: http.StatusConflict, title: "Keydesk itself uses this access key",
		text: "Switching it off would cut Keydesk off from IAM. Nothing was changed. Give Keydesk another credential first."}},
	{iamsvc.ErrUserExists, answer{status: http.StatusConflict, title: "The user already exists",
		text: "IAM already has a user of this name. Nothing was changed."}},
	{iamsvc.ErrConcurrent, answer{status: http.StatusConflict, title: "IAM is busy with this user",
		text: "Another change to the same user is under way. Nothing was changed here. Try again in a moment."}},
	{iamsvc.ErrForbidden, answer{status: http.StatusForbidden, title: "You may not do this",
		text: "Your role does not allow this change. Nothing was changed."}},
	{iamsvc.ErrOutcomeUnknown, answer{status: http.StatusBadGateway, title: "It is not known whether the key was created",
		text: "The request was sent, but IAM's answer was lost. The key may exist, and nobody has its secret. Look at the user's access keys before you try again."}},
	{iamsvc.ErrJournal, answer{status: http.StatusServiceUnavailable, title: "The audit log is unavailable",
		text: "Keydesk changes nothing that it cannot record. Nothing was changed."}},
	{iamsvc.ErrThrottled, answer{status: http.StatusServiceUnavailable, title: "IAM is throttling requests",
		text: "The AWS account's request limit is used up (Throttling: Rate exceeded), perhaps by another program. Nothing was changed. Try again in a minute."}},
	{iamsvc.ErrUnavailable, answer{status: http.StatusServiceUnavailable, title: "IAM is unavailable",
		text: "IAM did not answer, or answered with a fault of its own. If you were changing something, look at the state shown now before you try again."}},
	{iamsvc.ErrDenied, answer{status: http.StatusBadGateway, title: "AWS does not allow Keydesk to do this",
		text: "This is not about your role: the identity Keydesk runs as lacks an IAM permission. Nothing was changed."}},
	{iamsvc.ErrCredentials, answer{status: http.StatusBadGateway, title: "AWS does not accept Keydesk's credentials",
		text: "The credentials Keydesk runs with are wrong, inactive or expired. Nothing was changed. An operator has to renew them."}},
	{iamsvc.ErrUnsupported, answer{status: http.StatusBadGateway, title: "The IAM server does not support this",
		text: "The server behind Keydesk does not know this operation, or gave an answer that IAM would not give."}},
	{iamsvc.ErrReportNotPresent, answer{status: http.StatusConflict, title: "There is no credential report",
		text: "No report has been generated in the past four hours. Generate one first."}},
	{iamsvc.ErrReportInProgress, answer{status: http.StatusConflict, title: "The credential report is not ready",
		text: "IAM is still generating it. Try again in a few seconds."}},
	{iamsvc.ErrReportExpired, answer{status: http.StatusConflict, title: "The credential report has expired",
		text: "IAM gives a report out for four hours. Generate a new one first."}},
	{iamsvc.ErrInvalid, answer{status: http.StatusUnprocessableEntity, title: "That is not valid",
		text: "Nothing was changed."}},
	{context.DeadlineExceeded, answer{status: http.StatusServiceUnavailable, title: "This took too long",
		text: "IAM or the database did not answer in time. If you were changing something, look at the state shown now before you try again."}},
}

// explain is the answer to an error, with what only this error knows.
func explain(err error) answer {
	say := answer{status: http.StatusInternalServerError, title: "Something went wrong in Keydesk",
		text: "It is not known what failed. If you were changing something, look at the state shown now before you try again. Give the request ID below to whoever runs Keydesk."}
	for _, a := range answers {
		if errors.Is(err, a.is) {
			say = a.say
			break
		}
	}
	explainForm(err, &say)
	explainIAM(err, &say)
	return say
}

func explainForm(err error, say *answer) {
	var tooLarge *http.MaxBytesError
	var form *badForm
	var role *forbidden
	var field *auth.FieldError
	switch {
	case errors.As(err, &field):
		*say = answer{status: http.StatusUnprocessableEntity, title: "That is not valid", text: field.Message + " Nothing was changed."}
	case errors.As(err, &tooLarge):
		*say = answer{status: http.StatusRequestEntityTooLarge, title: "That is too much",
			text: fmt.Sprintf("A request may hold at most %d KiB here. Nothing was changed.", tooLarge.Limit>>10)}
	case errors.As(err, &form):
		*say = answer{status: http.StatusBadRequest, title: "The form could not be read",
			text: "What the browser sent is not a valid form. Nothing was changed."}
	case errors.As(err, &role):
		*say = answer{status: http.StatusForbidden, title: "You may not do this",
			text: fmt.Sprintf("This needs the permission %q, which the role %s does not have. It is held by: %s. Nothing was changed.",
				role.Permission.Description(), role.Role.Label(), rolesWith(role.Permission))}
	}
}

func explainIAM(err error, say *answer) {
	var changed *handlers.Changed
	var quota *handlers.QuotaFull
	var unrecorded *handlers.Unrecorded
	var onward *handlers.Onward
	var denied *iamsvc.Denied
	var lost *iamsvc.OutcomeUnknown
	var journal *iamsvc.JournalFailure
	var invalid *iamsvc.Invalid
	if errors.As(err, &onward) {
		say.links = []views.Link{{Text: onward.Name, URL: onward.Path}}
	}
	switch {
	case errors.As(err, &changed):
		*say = answer{status: http.StatusConflict, title: "Changed meanwhile",
			text:  changed.What + " Nothing was changed.",
			links: []views.Link{{Text: "Show the current state", URL: changed.Path}}}
	case errors.As(err, &quota):
		say.text += " Its keys: " + keyList(quota.Keys) + "."
		say.links = []views.Link{{Text: "Access keys of " + quota.User, URL: quota.Path}}
	case errors.As(err, &denied):
		say.text += fmt.Sprintf(" Missing permission: %s.", denied.Action)
	case errors.As(err, &lost) && lost.Operation == string(iamsvc.ActionCreateAccessKey):
		say.text += candidates(lost)
	case errors.As(err, &lost):
		say.title = "It is not known whether the change was made"
		say.text = "The request (" + lost.Operation + ") was sent, but IAM's answer was lost. Look at the state shown now before you try again." + seenNow(lost)
	case errors.As(err, &unrecorded):
		say.title = "Changed, but not recorded"
		say.text = "IAM has made the change, but the audit log could not take down how it ended. Do not repeat the change. Tell whoever runs Keydesk, with the request ID below."
	case errors.As(err, &journal) && journal.KeyID != "":
		say.text = withdrawn(journal)
	case errors.As(err, &invalid):
		say.text = invalid.Message + " Nothing was changed."
	}
}

func candidates(lost *iamsvc.OutcomeUnknown) string {
	switch {
	case lost.ListErr != nil:
		return " The keys could not be listed either."
	case len(lost.Candidates) == 0:
		return " Listing the keys just now showed no new one; it can still appear within the next seconds."
	default:
		return " Likely made by this request: " + keyList(lost.Candidates) + ". Deactivate and delete it, then create another."
	}
}

// seenNow is what a list of the keys showed after the answer was lost.
func seenNow(lost *iamsvc.OutcomeUnknown) string {
	if lost.ListErr != nil || len(lost.Candidates) == 0 {
		return ""
	}
	return " IAM's list shows: " + keyList(lost.Candidates) + "."
}

func withdrawn(j *iamsvc.JournalFailure) string {
	if j.Withdrawn {
		return "The access key " + j.KeyID + " was created, but this could not be recorded, so it was deleted again at once. Nobody has seen its secret."
	}
	return "The access key " + j.KeyID + " was created, but this could not be recorded, and deleting it again failed. Nobody has its secret: deactivate and delete it."
}

func keyList(keys []iamsvc.AccessKey) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = fmt.Sprintf("%s (%s)", k.ID, k.Status)
	}
	return strings.Join(names, ", ")
}

func rolesWith(p auth.Permission) string {
	var names []string
	for _, r := range auth.Roles() {
		if r.Can(p) {
			names = append(names, r.Label())
		}
	}
	return strings.Join(names, ", ")
}

// fail answers a request with the page of an error. The page says what the
// table says; the chain of causes goes to the log only.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	say := explain(err)
	if say.status >= http.StatusInternalServerError {
		s.Log.Error("request failed", "id", RequestID(r.Context()), "status", say.status, "error", err.Error())
	}
	var role *forbidden
	if errors.As(err, &role) {
		s.recordRefusal(r, role)
	}
	if say.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "30")
	}
	shell, shellErr := s.base.Shell(w, r, handlers.Page{Title: say.title})
	shell.RequestID = RequestID(r.Context())
	if shellErr != nil {
		s.Log.Error("error page without its frame", "id", RequestID(r.Context()), "error", shellErr.Error())
	}
	page := views.ErrorPage{Shell: shell, Status: say.status, Title: say.title, Text: say.text, Links: say.links}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(say.status)
	if err := views.Error(page).Render(r.Context(), w); err != nil {
		s.Log.Error("error page", "id", RequestID(r.Context()), "error", err.Error())
	}
}

// recordRefusal leaves a trace of what somebody was not allowed to do.
func (s *site) recordRefusal(r *http.Request, f *forbidden) {
	u, _ := auth.UserFrom(r.Context())
	_, err := s.Journal.Append(r.Context(), audit.Event{
		Phase: audit.PhaseEvent, Action: "Refused", Outcome: audit.OutcomeRefused, ErrorCode: string(f.Permission),
		Actor:     audit.Actor{Issuer: u.Issuer, Subject: u.Subject, Name: u.Name, Role: string(u.Role)},
		RequestID: RequestID(r.Context()), SourceIP: clientIP(r), Version: s.Version,
	})
	if err != nil {
		s.Log.Error("refusal not journalled", "id", RequestID(r.Context()), "error", err.Error())
	}
}
