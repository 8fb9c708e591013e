package handlers

import (
	"errors"
	"net/http"

	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/session"
)

const actionConfirm = "ConfirmSignIn"

// Reauthentication is what a form asks of the person to confirm their sign-in.
func (s SignIn) Reauthentication(r *http.Request) (views.Reauthentication, error) {
	user := s.user(r)
	ask := views.Reauthentication{UserName: user.Name}
	if user.Issuer != auth.IssuerLocal {
		ask.SingleSignOn, ask.ProviderDown = true, s.OIDC == nil || !s.OIDC.Ready()
		return ask, nil
	}
	var err error
	ask.AsksCode, err = s.Codes.Enabled(r.Context(), user.ID)
	return ask, err
}

// Reauthenticate checks the password that a form carries, and the verification code of
// those who have one: the session must not become fresher by less than it began with.
// A status other than 0 is a refusal, whose words are in the result.
func (s SignIn) Reauthenticate(w http.ResponseWriter, r *http.Request) (ask views.Reauthentication, status int, err error) {
	user := s.user(r)
	if ask, err = s.Reauthentication(r); err != nil {
		return ask, 0, err
	}
	err = s.prove(r, user, ask.AsksCode)
	if errors.Is(err, auth.ErrBadCredentials) || errors.Is(err, auth.ErrBadCode) {
		outcome, code := localOutcome(err)
		if err := s.record(r, audit.Event{Action: actionConfirm, Outcome: outcome, ErrorCode: code}); err != nil {
			return ask, 0, err
		}
	}
	badCode := errors.Is(err, auth.ErrBadCode)
	if status, text := refusal(w, err, "Incorrect password. Try again."); badCode {
		ask.CodeError = "Incorrect verification code, or one that was used already. Enter the password again and the next code."
		return ask, status, nil
	} else if status != 0 {
		ask.PasswordError = text
		return ask, status, nil
	}
	if err != nil {
		return ask, 0, err
	}
	if err := s.record(r, audit.Event{Action: actionConfirm, Outcome: audit.OutcomeOK}); err != nil {
		return ask, 0, err
	}
	return ask, 0, s.Sessions.Confirm(w, r, s.Now())
}

func (s SignIn) prove(r *http.Request, user auth.User, code bool) error {
	from, err := s.sessionClient(r)
	if err != nil {
		return err
	}
	proved, err := s.LocalAccounts.SignIn(r.Context(), user.Name, r.PostFormValue(views.FieldPassword), from)
	if err != nil {
		return err
	}
	if proved.ID != user.ID {
		return auth.ErrBadCredentials
	}
	if !code {
		return nil
	}
	return s.Codes.Check(r.Context(), user.ID, r.PostFormValue(views.FieldCode), from)
}

// ConfirmAtProvider sends the browser to the identity provider, which is to ask the
// person again.
func (s SignIn) ConfirmAtProvider(w http.ResponseWriter, r *http.Request) error {
	user := s.user(r)
	if user.Issuer == auth.IssuerLocal {
		return ErrNotFound
	}
	return s.toProvider(w, r, session.Waiting{UserID: user.ID, Next: localPath(r.URL.Query().Get("next"))})
}

// ConfirmForm sends the person to the identity provider to confirm their sign-in; the
// page shows the form again, filled in, when they are back.
func (s SignIn) ConfirmForm(w http.ResponseWriter, r *http.Request, page string, f session.Form) error {
	return s.formToProvider(w, r, session.Waiting{UserID: s.user(r).ID, Next: page, Form: &f})
}

// confirmed makes the session fresh if it is the same person, and if the provider
// says that it has asked them just now: that it was told to ask proves nothing, since
// the URL went through the browser.
func (s SignIn) confirmed(w http.ResponseWriter, r *http.Request, waiting session.Waiting, who auth.Identity) error {
	user, ok := auth.UserFrom(r.Context())
	if !ok || user.ID != waiting.UserID {
		return ErrSignInGone
	}
	current, err := s.Sessions.Current(r)
	if err != nil {
		return err
	}
	if user.Issuer != who.Issuer || user.Subject != who.Subject {
		return auth.ErrProviderAnswer
	}
	user.SignedInAt = who.AuthTime
	if !user.Fresh(s.Now(), s.FreshSignIn) {
		return errors.Join(auth.ErrNotAskedAgain, s.recordFederated(r, actionConfirm, who, auth.ErrNotAskedAgain))
	}
	_, changed, err := s.OIDC.Accounts.SignIn(r.Context(), who)
	if err != nil {
		return errors.Join(err, s.recordFederated(r, actionConfirm, who, err))
	}
	if changed {
		if _, err := s.Sessions.EndAll(r.Context(), user.ID, current.Handle); err != nil {
			return err
		}
	}
	if err := s.record(r, audit.Event{Action: actionConfirm, Outcome: audit.OutcomeOK}); err != nil {
		return err
	}
	if err := s.Sessions.Confirm(w, r, who.AuthTime); err != nil {
		return err
	}
	return s.back(w, r, user, waiting.Next, waiting.Form)
}
