package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"keydesk/handlers"
	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/db"
	"keydesk/web/session"
)

var (
	errPanic            = errors.New("panic in a handler")
	errMethodNotAllowed = errors.New("method not allowed")
	errFormGone         = errors.New("the page has no such form any more")
	errNotSignedIn      = errors.New("not signed in")
	errCrossOrigin      = errors.New("request from another site")
	errPlain            = errors.New("plain HTTP from another machine")
)

// forbidden is a person whose role lacks the route's permission.
type forbidden struct {
	Permission auth.Permission
	Role       auth.Role
}

func (f *forbidden) Error() string {
	return fmt.Sprintf("role %s lacks permission %s", f.Role, f.Permission)
}

// stale is a change by somebody whose sign-in is too old for it.
type stale struct {
	status int                    // 0 when the form was sent without a password
	ask    views.Reauthentication // what was wrong with it
}

func (s *stale) Error() string { return "the sign-in is too old" }

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
	entered     views.EnteredForm // what was typed, where the form is not shown again
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
	{errFormGone, answer{status: http.StatusConflict, title: "This form is no longer available",
		text: "Somebody may have made the change meanwhile, or it is not possible any more. Nothing was changed. What you entered is below."}},
	{errNotSignedIn, answer{status: http.StatusUnauthorized, title: "You are not signed in",
		text:  "Nothing was sent and nothing was changed. Sign in first: your session may have ended.",
		links: []views.Link{{Text: "Sign in", URL: "/sign-in"}}}},
	{errUnknownHost, answer{status: http.StatusMisdirectedRequest, title: "Keydesk is not at this address",
		text: "The address you opened is not one of Keydesk's. Open the one that whoever runs Keydesk has given you. A proxy in front must pass the Host header on."}},
	{errCrossOrigin, answer{status: http.StatusForbidden, title: "The request did not come from this site",
		text: "Keydesk only accepts forms from its own pages. Nothing was changed."}},
	{errPlain, answer{status: http.StatusForbidden, title: "This connection is not secure",
		text: "Keydesk is served through a proxy, over https. Open it at its https address. If you did, the proxy does not say so (X-Forwarded-Proto), or is not in -trusted-proxy."}},
	{handlers.ErrSignInGone, answer{status: http.StatusForbidden, title: "The sign-in took too long",
		text:  "It was not finished within ten minutes, was begun in another browser or tab, or was finished already. You are not signed in by it. Begin again.",
		links: []views.Link{{Text: "Sign in", URL: "/sign-in"}}}},
	{auth.ErrProviderAnswer, answer{status: http.StatusForbidden, title: "Single sign-on did not work",
		text:  "What the identity provider sent back was not accepted. You are not signed in by it. Try again; if it goes on, whoever runs Keydesk finds the reason in the log.",
		links: []views.Link{{Text: "Sign in", URL: "/sign-in"}}}},
	{auth.ErrNotAskedAgain, answer{status: http.StatusForbidden, title: "It is not confirmed that it is you",
		text: "The identity provider let you through without asking again who you are, or does not say when it did. Nothing was changed. Sign out there and try again; if it goes on, whoever runs the provider has to make it send auth_time."}},
	{auth.ErrNoRole, answer{status: http.StatusForbidden, title: "You have no access to Keydesk",
		text: "The identity provider knows you, but none of your groups has a role here. Ask whoever runs Keydesk which group you need."}},
	{auth.ErrDisabled, answer{status: http.StatusForbidden, title: "Your account is disabled",
		text: "An administrator of Keydesk has disabled your account. You are not signed in."}},
	{auth.ErrProviderUnavailable, answer{status: http.StatusServiceUnavailable, title: "Single sign-on is unavailable",
		text:  "The identity provider cannot be reached. You are not signed in by it. Try again in a minute.",
		links: []views.Link{{Text: "Sign in", URL: "/sign-in"}}}},
	{auth.ErrBusy, answer{status: http.StatusServiceUnavailable, title: "Too many people are signing in",
		text: "Your password was not checked, and nothing was changed. Try again in a few seconds."}},
	{auth.ErrCodesUnreadable, answer{status: http.StatusServiceUnavailable, title: "Your verification code cannot be checked",
		text: "Keydesk has lost the key of the verification codes. You are not signed in. An administrator can reset your verification codes, or restore the key file."}},
	{auth.ErrCodesOn, answer{status: http.StatusConflict, title: "Verification codes are in use already",
		text: "Nothing was changed. Turn them off first to set up others."}},
	{auth.ErrNoCodes, answer{status: http.StatusConflict, title: "No verification codes are set up",
		text: "Nothing was changed. Set them up in Settings."}},
	{session.ErrTokenSpent, answer{status: http.StatusConflict, title: "This form was already used",
		text: "Nothing new was created or changed. A form works once, for ten minutes and for the person who opened it. Look at what is there now before you send it again."}},
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
	{handlers.ErrSeveralKeys, answer{status: http.StatusConflict, title: "The link fits two keys",
		text: "It names an access key by its last characters, and two keys of the user have the same. Nothing was changed. Choose the key on the user's page."}},
	{iamsvc.ErrNoSuchKey, answer{status: http.StatusNotFound, title: "No such access key",
		text: "This user has no such access key. It may have been deleted. Nothing was changed."}},
	{iamsvc.ErrKeyQuota, answer{status: http.StatusConflict, title: "Cannot create another access key",
		text: "The user already has as many access keys as IAM allows (LimitExceeded). No key was created. Delete one of the existing keys first."}},
	{iamsvc.ErrKeyActive, answer{status: http.StatusConflict, title: "The access key is active",
		text: "Only an inactive access key can be deleted. Nothing was changed. Deactivate it, make sure that nothing misses it, then delete it."}},
	{iamsvc.ErrProtected, answer{status: http.StatusForbidden, title: "This user is protected",
		text: "Whoever runs Keydesk has ruled that nobody creates or activates access keys for this user here. Nothing was changed."}},
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
	{iamsvc.ErrClockSkew, answer{status: http.StatusBadGateway, title: "A clock is wrong"}},
	{iamsvc.ErrInterposed, answer{status: http.StatusBadGateway, title: "IAM did not answer itself"}},
	{iamsvc.ErrRefused, answer{status: http.StatusBadGateway, title: "The server refused Keydesk's call"}},
	{iamsvc.ErrNoCredentials, answer{status: http.StatusBadGateway, title: "Keydesk has no AWS credentials"}},
	{iamsvc.ErrAssumeRoleThrottled, answer{status: http.StatusServiceUnavailable, title: "AWS STS is throttling requests"}},
	{iamsvc.ErrUnreachable, answer{status: http.StatusServiceUnavailable, title: "IAM can't be reached"}},
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

// databaseUnavailable is not in the table: the database package tells by many errors
// of two drivers.
var databaseUnavailable = answer{
	status: http.StatusServiceUnavailable,
	title:  "Keydesk's database is unavailable",
	text: "Keydesk keeps sign-ins, sessions and the audit log there, and does nothing that it can't record: " +
		"nothing was sent to IAM, and no access key was changed. Try again in a minute. " +
		"If you were changing people or settings, look at what is shown then before you repeat it.",
}

// explain is the answer to an error, with what only this error knows.
func explain(err error) answer {
	say := answer{status: http.StatusInternalServerError, title: "Something went wrong in Keydesk",
		text: "It is not known what failed. If you were changing something, look at the state shown now before you try again. Give the request ID below to whoever runs Keydesk."}
	if db.Unavailable(err) {
		say = databaseUnavailable
	}
	for _, a := range answers {
		if errors.Is(err, a.is) {
			say = a.say
			break
		}
	}
	explainForm(err, &say)
	explainIAM(err, &say)
	explainProvider(err, &say)
	return say
}

// fail answers a request with the page of an error. The page says what the
// table says; the chain of causes goes to the log only.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	if held, ok := r.Context().Value(heldPageKey).(*heldPage); ok {
		held.err = err // the page of a form that was refused for another reason
		return
	}
	say := explain(err)
	s.report(w, r, err, say)
	if !s.formAgain(w, r, err, say) {
		say.entered = s.enteredForm(r, err, say)
		s.errorPage(w, r, say)
	}
}

// report tells operators of an error, and leaves a trace of what was refused.
func (s *site) report(w http.ResponseWriter, r *http.Request, err error, say answer) {
	if say.status >= http.StatusInternalServerError {
		s.Log.Error("request failed", "id", RequestID(r.Context()), "status", say.status, "error", err.Error())
	}
	var role *forbidden
	var old *stale
	switch {
	case errors.As(err, &role):
		s.recordRefusal(r, string(role.Permission))
	case errors.As(err, &old) && old.status == 0:
		s.recordRefusal(r, "StaleSignIn")
	}
	switch say.status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "30")
	case http.StatusUnauthorized:
		// HTTP wants a challenge. There is a session cookie to be had, and a name
		// that browsers know would make them ask for a password themselves.
		w.Header().Set("WWW-Authenticate", `Cookie realm="Keydesk", form-action="/sign-in"`)
	}
}

// errorPage answers with the page of an error, or for programs with its text.
func (s *site) errorPage(w http.ResponseWriter, r *http.Request, say answer) {
	if err := s.writeAnswer(w, r, say); err != nil {
		s.Log.Error("error page", "id", RequestID(r.Context()), "error", err.Error())
	}
}

// recordRefusal leaves a trace of what somebody was not allowed to do: code is the
// permission they lack, or StaleSignIn.
func (s *site) recordRefusal(r *http.Request, code string) {
	u, _ := auth.UserFrom(r.Context())
	_, err := s.Journal.Append(r.Context(), audit.Event{
		Phase: audit.PhaseEvent, Action: "Refused", Outcome: audit.OutcomeRefused, ErrorCode: code,
		Actor:     audit.Actor{Issuer: u.Issuer, Subject: u.Subject, Name: u.Name, Role: string(u.Role)},
		RequestID: RequestID(r.Context()), SourceIP: clientIP(r), Version: s.Version,
	})
	if err != nil {
		s.Log.Error("refusal not journalled", "id", RequestID(r.Context()), "error", err.Error())
	}
}
