package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

// FederatedAccounts is the administrators' page of one person who signs in at the
// identity provider.
type FederatedAccounts struct {
	Base
	OIDC *auth.OIDC // nil without single sign-on
}

// The journal's names of the changes; they are also what the form tokens are bound
// to, with the account's ID as target.
const (
	actionDisableFederated     = "DisableFederatedAccount"
	actionEnableFederated      = "EnableFederatedAccount"
	ActionEndFederatedSessions = "EndFederatedAccountSessions"
)

// Show is the page of one person.
func (f FederatedAccounts) Show(w http.ResponseWriter, r *http.Request) error {
	a, err := f.find(r)
	if err != nil {
		return err
	}
	return f.show(w, r, http.StatusOK, a, nil)
}

func (f FederatedAccounts) show(w http.ResponseWriter, r *http.Request, status int, a auth.FederatedAccount, refused error) error {
	sessions, err := f.Sessions.List(r.Context(), a.ID)
	if err != nil {
		return err
	}
	page := newFederatedAccountPage(a, sessionRows(sessions, "", f.Now()), a.ID == f.user(r).ID, f.Now())
	page.Reason, page.Refused = f.reasonAgain(r, refused), lastSegment(r)
	if page.DisabledToken, err = f.formToken(r, disableFederated(!a.Disabled), a.ID); err != nil {
		return err
	}
	if page.SessionsToken, err = f.formToken(r, ActionEndFederatedSessions, a.ID); err != nil {
		return err
	}
	page.Shell, err = f.Shell(w, r, Page{Title: a.Name, Current: localAccountsPath,
		Crumbs: []views.Crumb{{Text: "Local accounts", URL: localAccountsPath}, {Text: a.Name}}})
	if err != nil {
		return err
	}
	return render(w, r, status, views.LocalAccount(page))
}

// SetDisabled keeps the person out whatever the provider says, or lets them in
// again.
func (f FederatedAccounts) SetDisabled(w http.ResponseWriter, r *http.Request) error {
	a, err := f.find(r)
	if err != nil {
		return err
	}
	if a.ID == f.user(r).ID {
		return ErrOwnAccount
	}
	disable := r.PostFormValue("disabled") == "yes"
	event := audit.Event{Action: disableFederated(disable), User: FederatedName(a.Subject), OldState: federatedStatus(a).Text}
	err = f.explainedChange(r, event, a.ID, func(ctx context.Context) error {
		if err := f.OIDC.Accounts.SetDisabled(ctx, a.ID, disable); err != nil {
			return err
		}
		_, err := f.Sessions.EndAll(ctx, a.ID, "")
		return err
	})
	if disable {
		return f.changed(w, r, a, err, "Account disabled", a.Name+" cannot sign in any more. Their sessions have ended.")
	}
	return f.changed(w, r, a, err, "Account enabled", a.Name+" can sign in again.")
}

// EndSessions signs the person out of Keydesk everywhere, not of the provider.
func (f FederatedAccounts) EndSessions(w http.ResponseWriter, r *http.Request) error {
	a, err := f.find(r)
	if err != nil {
		return err
	}
	ended := 0
	event := audit.Event{Action: ActionEndFederatedSessions, User: FederatedName(a.Subject)}
	err = f.explainedChange(r, event, a.ID, func(ctx context.Context) (err error) {
		ended, err = f.Sessions.EndAll(ctx, a.ID, "")
		return err
	})
	return f.changed(w, r, a, err, "Sessions ended", count(ended, "session")+" of "+a.Name+" ended.")
}

func (f FederatedAccounts) changed(w http.ResponseWriter, r *http.Request, a auth.FederatedAccount, err error, title, text string) error {
	if bad := (*badReason)(nil); errors.As(err, &bad) {
		return f.show(w, r, http.StatusUnprocessableEntity, a, err)
	}
	if err != nil {
		return err
	}
	if a.ID != f.user(r).ID {
		if err := f.flash(w, r, "success", title, text); err != nil {
			return err
		}
	}
	return seeOther(w, r, federatedPath(a.ID))
}

func (f FederatedAccounts) find(r *http.Request) (auth.FederatedAccount, error) {
	if f.OIDC == nil {
		return auth.FederatedAccount{}, ErrNotFound
	}
	id, err := param(r, "id")
	if err != nil {
		return auth.FederatedAccount{}, err
	}
	return f.OIDC.Accounts.Account(r.Context(), id)
}

func newFederatedAccountPage(a auth.FederatedAccount, sessions []views.SessionRow, you bool, now time.Time) views.LocalAccountPage {
	page := views.LocalAccountPage{
		Name: a.Name, Role: federatedRole(a), Path: federatedPath(a.ID), Status: federatedStatus(a), Disabled: a.Disabled,
		LastSignIn: since(now, a.LastSignIn, "Never"), Created: since(now, a.Created, none), Sessions: sessions,
		RoleReason: "The role comes from the person's groups at the identity provider, at each sign-in. At the last one: " +
			strings.Join(a.Groups, ", ") + ".",
	}
	if len(a.Groups) == 0 {
		page.RoleReason = "At the last sign-in, none of the person's groups at the identity provider had a role here."
	}
	if you {
		page.DisabledReason = "This is your own account. Another administrator can disable it."
	}
	return page
}

func federatedRows(accounts []auth.FederatedAccount, you string, now time.Time) []views.LocalAccountRow {
	var rows []views.LocalAccountRow
	for _, a := range accounts {
		rows = append(rows, views.LocalAccountRow{
			Name: a.Name, URL: federatedPath(a.ID), Role: federatedRole(a), Status: federatedStatus(a),
			LastSignIn: since(now, a.LastSignIn, "Never"), Created: since(now, a.Created, none), You: a.ID == you,
		})
	}
	return rows
}

func federatedPath(id string) string { return path("federated-accounts", id) }

func federatedRole(a auth.FederatedAccount) string {
	if a.Role == "" {
		return "No role"
	}
	return a.Role.Label()
}

func federatedStatus(a auth.FederatedAccount) views.Status {
	return accountStatus(auth.LocalAccount{Disabled: a.Disabled})
}

func disableFederated(disable bool) string {
	if disable {
		return actionDisableFederated
	}
	return actionEnableFederated
}

// personName is how the journal calls a person where it would else name an IAM user.
func personName(u auth.User) string {
	if u.Issuer == auth.IssuerLocal {
		return LocalName(u.Name)
	}
	return FederatedName(u.Subject)
}

// FederatedName is by subject: names at the provider change, and go to others.
func FederatedName(subject string) string { return "oidc/" + subject }
