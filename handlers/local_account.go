package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

// ErrOwnAccount means that an administrator tried to disable or demote
// themselves, a slip that would lock them out, or to get round the question for
// their current password.
var ErrOwnAccount = errors.New("own account")

// The journal's names of the changes to local accounts; they are also the
// actions their form tokens are bound to, with the account's ID as target.
const (
	actionSetRole       = "SetLocalAccountRole"
	actionDisable       = "DisableLocalAccount"
	actionEnable        = "EnableLocalAccount"
	ActionResetPassword = "ResetLocalAccountPassword"
	ActionEndSessions   = "EndLocalAccountSessions"
	ActionResetCodes    = "ResetVerificationCodes"
)

// Show is the page of one person.
func (l LocalAccounts) Show(w http.ResponseWriter, r *http.Request) error {
	a, err := l.find(r)
	if err != nil {
		return err
	}
	return l.show(w, r, http.StatusOK, a, nil)
}

func (l LocalAccounts) show(w http.ResponseWriter, r *http.Request, status int, a auth.LocalAccount, refused error) error {
	sessions, err := l.Sessions.List(r.Context(), a.ID)
	if err != nil {
		return err
	}
	page := newLocalAccountPage(a, sessionRows(sessions, "", l.Now()), a.ID == l.user(r).ID, l.Now())
	_, page.PasswordError = accountFaults(refused)
	page.Reason, page.Refused = l.reasonAgain(r, refused), lastSegment(r)
	if page.CodesOn, err = l.Codes.Enabled(r.Context(), a.ID); err != nil {
		return err
	}
	for action, token := range map[string]*string{
		actionSetRole: &page.RoleToken, disableAction(!a.Disabled): &page.DisabledToken,
		ActionResetPassword: &page.PasswordToken, ActionEndSessions: &page.SessionsToken,
		ActionResetCodes: &page.CodesToken,
	} {
		if *token, err = l.formToken(r, action, a.ID); err != nil {
			return err
		}
	}
	page.Shell, err = l.Shell(w, r, Page{Title: a.Name, Current: localAccountsPath,
		Crumbs: []views.Crumb{{Text: "Local accounts", URL: localAccountsPath}, {Text: a.Name}}})
	if err != nil {
		return err
	}
	return render(w, r, status, views.LocalAccount(page))
}

// SetRole changes what the person may do and ends their sessions: whoever was
// signed in with the old role proves again who they are.
func (l LocalAccounts) SetRole(w http.ResponseWriter, r *http.Request) error {
	a, err := l.find(r)
	if err != nil {
		return err
	}
	role := auth.Role(r.PostFormValue("role"))
	if a.ID == l.user(r).ID {
		return ErrOwnAccount
	}
	event := audit.Event{Action: actionSetRole, User: LocalName(a.Name), OldState: string(a.Role), NewState: string(role)}
	err = l.explainedChange(r, event, a.ID, func(ctx context.Context) error {
		if err := l.LocalAccounts.SetRole(ctx, a.ID, role); err != nil {
			return err
		}
		_, err := l.Sessions.EndAll(ctx, a.ID, "")
		return err
	})
	return l.changed(w, r, a, err, "Role changed", a.Name+" is now "+role.Label()+". Their sessions have ended.")
}

// SetDisabled keeps the person out, or lets them in again.
func (l LocalAccounts) SetDisabled(w http.ResponseWriter, r *http.Request) error {
	a, err := l.find(r)
	if err != nil {
		return err
	}
	disable := r.PostFormValue("disabled") == "yes"
	if a.ID == l.user(r).ID {
		return ErrOwnAccount
	}
	event := audit.Event{Action: disableAction(disable), User: LocalName(a.Name), OldState: accountStatus(a).Text}
	err = l.explainedChange(r, event, a.ID, func(ctx context.Context) error {
		if err := l.LocalAccounts.SetDisabled(ctx, a.ID, disable); err != nil {
			return err
		}
		_, err := l.Sessions.EndAll(ctx, a.ID, "")
		return err
	})
	if disable {
		return l.changed(w, r, a, err, "Account disabled", a.Name+" cannot sign in any more. Their sessions have ended.")
	}
	return l.changed(w, r, a, err, "Account enabled", a.Name+" can sign in again.")
}

func disableAction(disable bool) string {
	if disable {
		return actionDisable
	}
	return actionEnable
}

// ResetPassword sets a new password for somebody who has lost theirs, or whose
// password others know: so their sessions end.
func (l LocalAccounts) ResetPassword(w http.ResponseWriter, r *http.Request) error {
	a, err := l.find(r)
	if err != nil {
		return err
	}
	if a.ID == l.user(r).ID {
		return ErrOwnAccount // the settings ask for the current password first
	}
	password := r.PostFormValue("password")
	err = auth.CheckAccount(a.Name, password)
	if err == nil {
		event := audit.Event{Action: ActionResetPassword, User: LocalName(a.Name)}
		err = l.explainedChange(r, event, a.ID, func(ctx context.Context) error {
			if err := l.LocalAccounts.SetPassword(ctx, a.ID, password); err != nil {
				return err
			}
			_, err := l.Sessions.EndAll(ctx, a.ID, "")
			return err
		})
	}
	return l.changed(w, r, a, err, "Password reset", a.Name+" signs in with the new password from now on. Their sessions have ended.")
}

// ResetCodes is for somebody who has lost their authenticator app: they sign in with
// the password alone until they set it up again. The sessions end, since it may be
// in somebody else's hands.
func (l LocalAccounts) ResetCodes(w http.ResponseWriter, r *http.Request) error {
	a, err := l.find(r)
	if err != nil {
		return err
	}
	if a.ID == l.user(r).ID {
		return ErrOwnAccount // the settings ask for a code first
	}
	event := audit.Event{Action: ActionResetCodes, User: LocalName(a.Name)}
	err = l.explainedChange(r, event, a.ID, func(ctx context.Context) error {
		if err := l.Codes.Remove(ctx, a.ID); err != nil {
			return err
		}
		_, err := l.Sessions.EndAll(ctx, a.ID, "")
		return err
	})
	return l.changed(w, r, a, err, "Verification codes reset", a.Name+" signs in without a code until they set codes up again. Their sessions have ended.")
}

// EndSessions signs the person out everywhere.
func (l LocalAccounts) EndSessions(w http.ResponseWriter, r *http.Request) error {
	a, err := l.find(r)
	if err != nil {
		return err
	}
	event := audit.Event{Action: ActionEndSessions, User: LocalName(a.Name)}
	ended := 0
	err = l.explainedChange(r, event, a.ID, func(ctx context.Context) (err error) {
		ended, err = l.Sessions.EndAll(ctx, a.ID, "")
		return err
	})
	return l.changed(w, r, a, err, "Sessions ended", count(ended, "session")+" of "+a.Name+" ended.")
}

// changed ends a change of a person. Somebody who has just ended their own
// sessions has nowhere to leave a message.
func (l LocalAccounts) changed(w http.ResponseWriter, r *http.Request, a auth.LocalAccount, err error, title, text string) error {
	var field *auth.FieldError
	var reason *badReason
	switch {
	case errors.As(err, &field) && field.Field == "password", errors.As(err, &reason):
		return l.show(w, r, http.StatusUnprocessableEntity, a, err)
	case err != nil:
		return err
	}
	if a.ID != l.user(r).ID {
		if err := l.flash(w, r, "success", title, text); err != nil {
			return err
		}
	}
	return seeOther(w, r, localAccountPath(a.ID))
}

// find is the account the URL names.
func (l LocalAccounts) find(r *http.Request) (auth.LocalAccount, error) {
	id, err := param(r, "id")
	if err != nil {
		return auth.LocalAccount{}, err
	}
	accounts, err := l.LocalAccounts.List(r.Context())
	if err != nil {
		return auth.LocalAccount{}, err
	}
	for _, a := range accounts {
		if a.ID == id {
			return a, nil
		}
	}
	return auth.LocalAccount{}, auth.ErrNoSuchAccount
}

func newLocalAccountPage(a auth.LocalAccount, sessions []views.SessionRow, you bool, now time.Time) views.LocalAccountPage {
	page := views.LocalAccountPage{Local: true,
		Name: a.Name, Role: a.Role.Label(), Path: localAccountPath(a.ID), Status: accountStatus(a), Disabled: a.Disabled,
		LastSignIn: since(now, a.LastSignIn, "Never"), Created: since(now, a.Created, none),
		Roles: roleOptions(a.Role), Password: passwordRule(), Sessions: sessions,
	}
	if you {
		page.RoleReason = "This is your own account. Another administrator can change your role."
		page.PasswordReason = "This is your own account. Change your password in Settings."
		page.CodesReason = "This is your own account. Manage your verification codes in Settings."
		page.DisabledReason = "This is your own account. Another administrator can disable it."
	}
	return page
}
