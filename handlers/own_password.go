package handlers

import (
	"context"
	"errors"
	"net/http"

	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/session"
)

// actionChangePassword is a person's own doing, in the settings. The target of
// its form token is the person's ID.
const actionChangePassword = "ChangePassword"

// ChangeOwnPassword is for everybody: the current password proves that it is
// not somebody else at an unlocked screen. The other sessions end.
func (l LocalAccounts) ChangeOwnPassword(w http.ResponseWriter, r *http.Request) error {
	u := l.user(r)
	current, err := l.Sessions.Current(r)
	if err != nil {
		return err
	}
	fresh := r.PostFormValue("new_password")
	if err = auth.CheckAccount(u.Name, fresh); err == nil {
		event := audit.Event{Action: actionChangePassword, User: LocalName(u.Name)}
		err = l.change(r, event, u.ID, func(ctx context.Context) error {
			return l.replacePassword(ctx, r, u, fresh, current)
		})
	}
	title, text := passwordFault(err)
	switch {
	case err == nil:
		err = l.flash(w, r, "success", "Password changed", "Your other sessions have ended.")
	case title != "":
		err = l.flash(w, r, "error", title, text)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/settings#password")
}

// replacePassword checks the current password by way of the sign-in, which
// slows down whoever guesses.
func (l LocalAccounts) replacePassword(ctx context.Context, r *http.Request, u auth.User, fresh string, current session.Session) error {
	from := auth.Client{Address: l.ClientIP(r), Session: current.Handle}
	if _, err := l.LocalAccounts.SignIn(ctx, u.Name, r.PostFormValue("current_password"), from); err != nil {
		return err
	}
	if err := l.LocalAccounts.SetPassword(ctx, u.ID, fresh); err != nil {
		return err
	}
	_, err := l.Sessions.EndAll(ctx, u.ID, current.Handle)
	return err
}

// passwordFault says what the person can do about a password that was not
// changed; no title for errors that are not theirs.
func passwordFault(err error) (title, text string) {
	var field *auth.FieldError
	var wait *auth.TooManyAttempts
	const unchanged = "The password was not changed"
	switch {
	case errors.As(err, &field):
		return unchanged, field.Message
	case errors.As(err, &wait):
		return unchanged, "Too many attempts. Wait " + count(int(wait.RetryAfter.Seconds()), "second") + ", then try again."
	case errors.Is(err, auth.ErrBusy):
		return unchanged, "Too many people are signing in at this moment. Try again in a few seconds."
	case errors.Is(err, auth.ErrBadCredentials):
		return unchanged, "The current password is not right."
	}
	return "", ""
}
