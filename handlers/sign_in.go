package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/session"
)

// SignIn is how a person proves who they are, and how they leave.
type SignIn struct {
	Base
	LocalAccounts *auth.LocalAccounts
	Codes         *auth.Codes
	OIDC          *auth.OIDC     // nil without single sign-on
	FirstRun      *auth.FirstRun // nil once an administrator exists
}

// ErrSignInGone means that a sign-in cannot be finished: this browser has not
// begun it, or too long ago.
var ErrSignInGone = errors.New("no such sign-in to finish")

// The journal's names of what happens here.
const (
	actionSignIn             = "SignIn"
	actionSignOut            = "SignOut"
	ActionCreateLocalAccount = "CreateLocalAccount"
)

// Form asks for user name and password.
func (s SignIn) Form(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"))
	if _, ok := auth.UserFrom(r.Context()); ok {
		return seeOther(w, r, next)
	}
	return s.page(w, r, http.StatusOK, views.SignInPage{Next: next, UserName: r.PostFormValue("user_name"),
		SignedOut: r.URL.Query().Has("signed-out"), Ended: endedText(r)})
}

// Submit checks them. Every failure gets the same words, so that nobody learns
// which names exist.
func (s SignIn) Submit(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimSpace(r.PostFormValue("user_name"))
	form := carriedForm(r)
	page := views.SignInPage{UserName: name, Next: localPath(r.PostFormValue("next")), Carried: carriedFields(form)}
	user, err := s.LocalAccounts.SignIn(r.Context(), name, r.PostFormValue("password"), s.client(r))
	if errors.Is(err, auth.ErrBadCredentials) {
		if err := s.recordFailure(r, name); err != nil {
			return err
		}
	}
	if status, text := refusal(w, err, "The user name or password is not right."); status != 0 {
		page.Error = text
		return s.page(w, r, status, page)
	}
	if err != nil {
		return err
	}
	return s.passwordRight(w, r, user, page.Next, form)
}

// refusal is what a person reads who gave a wrong password or code, or too many;
// status 0 for other errors. Too many are not journalled: nothing was checked, and
// a stranger could fill the disk with rows.
func refusal(w http.ResponseWriter, err error, wrong string) (status int, text string) {
	var wait *auth.TooManyAttempts
	switch {
	case errors.As(err, &wait):
		seconds := int(wait.RetryAfter / time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		return http.StatusTooManyRequests, fmt.Sprintf("Too many attempts. Wait %s, then try again.", count(seconds, "second"))
	case errors.Is(err, auth.ErrBusy):
		w.Header().Set("Retry-After", "5")
		return http.StatusServiceUnavailable, "Too many people are signing in at this moment. What you entered was not checked. Try again in a few seconds."
	case errors.Is(err, auth.ErrBadCredentials), errors.Is(err, auth.ErrBadCode):
		return http.StatusUnprocessableEntity, wrong
	}
	return 0, ""
}

// begin journals before it lets anyone in: a session nobody knows of must not
// exist.
func (s SignIn) begin(w http.ResponseWriter, r *http.Request, user auth.User, next string, form *session.Form) error {
	if err := s.record(r, audit.Event{Action: actionSignIn, Outcome: audit.OutcomeOK, Actor: actorOf(user)}); err != nil {
		return err
	}
	if err := s.Sessions.Begin(w, r, user.ID); err != nil {
		return err
	}
	device, err := s.LocalAccounts.RememberDevice(r.Context(), user.ID, s.Sessions.Device(r))
	if err != nil {
		return err
	}
	s.Sessions.SetDevice(w, r, device, auth.DeviceLife)
	return s.back(w, r, user, next, form)
}

// recordFailure names the account only if there is one: people type passwords
// into the user name field, and the journal is for ever.
func (s SignIn) recordFailure(r *http.Request, name string) error {
	accounts, err := s.LocalAccounts.List(r.Context())
	if err != nil {
		return err
	}
	e := audit.Event{Action: actionSignIn, Outcome: audit.OutcomeFailed, ErrorCode: "BadCredentials",
		Actor: audit.Actor{Issuer: auth.IssuerLocal, Name: "unknown"}}
	for _, a := range accounts {
		if strings.EqualFold(a.Name, name) {
			e.Actor.Subject, e.Actor.Name, e.Actor.Role = a.ID, a.Name, string(a.Role)
		}
	}
	return s.record(r, e)
}

// SignOut ends the session first: leaving must work even when the journal does
// not.
func (s SignIn) SignOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.Sessions.End(w, r); err != nil {
		return err
	}
	if _, ok := auth.UserFrom(r.Context()); ok {
		if err := s.record(r, audit.Event{Action: actionSignOut, Outcome: audit.OutcomeOK}); err != nil {
			return err
		}
	}
	return seeOther(w, r, "/sign-in?signed-out")
}

// page is never compressed: what an attacker can have reflected into it must
// not shorten beside anything secret (BREACH).
func (s SignIn) page(w http.ResponseWriter, r *http.Request, status int, p views.SignInPage) error {
	w.Header().Set(gzhttp.HeaderNoCompression, "true")
	shell, err := s.Shell(w, r, Page{Title: "Sign in"})
	if err != nil {
		return err
	}
	p.Shell = shell
	if s.OIDC != nil {
		p.SingleSignOn = providerPath("/sign-in/oidc", p.Next)
		p.ProviderDown = !s.OIDC.Ready()
	}
	return render(w, r, status, views.SignIn(p))
}
