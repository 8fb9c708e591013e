package handlers

import (
	"errors"
	"net/http"

	"github.com/klauspost/compress/gzhttp"

	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/session"
)

// passwordRight goes on from a right password: to the second step for those who
// have one, else in.
func (s SignIn) passwordRight(w http.ResponseWriter, r *http.Request, user auth.User, next string, form *session.Form) error {
	on, err := s.Codes.Enabled(r.Context(), user.ID)
	if err != nil {
		return err
	}
	if !on {
		return s.begin(w, r, user, next, form)
	}
	if err := s.Sessions.Wait(w, r, session.Waiting{UserID: user.ID, Next: next, Form: form}); err != nil {
		return err
	}
	return seeOther(w, r, "/sign-in/code")
}

// CodeForm asks for the verification code.
func (s SignIn) CodeForm(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.owesCode(r); err != nil {
		return err
	}
	return s.codePage(w, r, http.StatusOK, "")
}

// CodeSubmit checks it and finishes the sign-in. The account is looked at again: it
// may have been disabled since the password was given.
func (s SignIn) CodeSubmit(w http.ResponseWriter, r *http.Request) error {
	waiting, err := s.owesCode(r)
	if err != nil {
		return err
	}
	user, err := s.LocalAccounts.User(r.Context(), waiting.UserID)
	if errors.Is(err, auth.ErrDisabled) || errors.Is(err, auth.ErrNoSuchAccount) {
		return ErrSignInGone
	}
	if err != nil {
		return err
	}
	err = s.Codes.Check(r.Context(), user.ID, r.PostFormValue("code"), s.client(r))
	if errors.Is(err, auth.ErrBadCode) {
		failed := audit.Event{Action: actionSignIn, Outcome: audit.OutcomeFailed, ErrorCode: "BadCode", Actor: actorOf(user)}
		if err := s.record(r, failed); err != nil {
			return err
		}
	}
	if status, text := refusal(w, err, "The verification code is not right, or was used already."); status != 0 {
		return s.codePage(w, r, status, text)
	}
	if errors.Is(err, auth.ErrNoCodes) {
		return ErrSignInGone // reset meanwhile, and with that every step before
	}
	if err != nil {
		return err
	}
	if _, err := s.Sessions.TakeWaiting(w, r); err != nil {
		return gone(err)
	}
	return s.begin(w, r, user, waiting.Next, waiting.Form)
}

// owesCode is the sign-in of this browser that has a right password and no code
// yet.
func (s SignIn) owesCode(r *http.Request) (session.Waiting, error) {
	waiting, err := s.Sessions.Waiting(r)
	if err == nil && (waiting.UserID == "") {
		err = session.ErrNotWaiting
	}
	return waiting, gone(err)
}

func gone(err error) error {
	if errors.Is(err, session.ErrNotWaiting) {
		return ErrSignInGone
	}
	return err
}

func (s SignIn) codePage(w http.ResponseWriter, r *http.Request, status int, fault string) error {
	w.Header().Set(gzhttp.HeaderNoCompression, "true")
	shell, err := s.Shell(w, r, Page{Title: "Verification code"})
	if err != nil {
		return err
	}
	return render(w, r, status, views.SignInCode(views.CodePage{Shell: shell, Error: fault}))
}
