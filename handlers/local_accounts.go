package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

// LocalAccounts is the administrators' page of the people who sign in.
type LocalAccounts struct {
	Base
	LocalAccounts *auth.LocalAccounts
	Codes         *auth.Codes
	OIDC          *auth.OIDC // nil without single sign-on
}

// newAccounts is the target of the tokens of the form that adds a person.
const newAccounts = "local-accounts"

const localAccountsPath = "/local-accounts"

// List shows everybody, the form to add a person, and what roles may do.
func (l LocalAccounts) List(w http.ResponseWriter, r *http.Request) error {
	return l.list(w, r, http.StatusOK, views.NewLocalAccount{Roles: roleOptions(auth.RoleHelpDesk), Reason: reasonField(l.RequireReason)})
}

func (l LocalAccounts) list(w http.ResponseWriter, r *http.Request, status int, form views.NewLocalAccount) error {
	accounts, err := l.LocalAccounts.List(r.Context())
	if err != nil {
		return err
	}
	if form.Token, err = l.formToken(r, ActionCreateLocalAccount, newAccounts); err != nil {
		return err
	}
	page := newLocalAccountsPage(accounts, l.user(r).ID, l.Now())
	page.Form = form
	if page.SingleSignOn = l.OIDC != nil; page.SingleSignOn {
		people, err := l.OIDC.Accounts.List(r.Context())
		if err != nil {
			return err
		}
		page.Federated = federatedRows(people, l.user(r).ID, l.Now())
	}
	page.Shell, err = l.Shell(w, r, Page{Title: "Local accounts", Current: localAccountsPath,
		Crumbs: []views.Crumb{{Text: "Local accounts"}}})
	if err != nil {
		return err
	}
	return render(w, r, status, views.LocalAccounts(page))
}

// Create adds a person.
func (l LocalAccounts) Create(w http.ResponseWriter, r *http.Request) error {
	name, password, role := r.PostFormValue("user_name"), r.PostFormValue("password"), auth.Role(r.PostFormValue("role"))
	form := views.NewLocalAccount{UserName: name, Roles: roleOptions(role)}
	err := auth.CheckAccount(name, password)
	if err == nil {
		event := audit.Event{Action: ActionCreateLocalAccount, User: LocalName(name), NewState: string(role)}
		err = l.explainedChange(r, event, newAccounts, func(ctx context.Context) error {
			_, err := l.LocalAccounts.Create(ctx, name, role, password)
			return err
		})
	}
	var field *auth.FieldError
	var reason *badReason
	switch {
	case errors.As(err, &field), errors.As(err, &reason), errors.Is(err, auth.ErrNameTaken):
		form.Reason = l.reasonAgain(r, err)
		form.UserNameError, form.PasswordError = accountFaults(err)
		form.Failed = "Correct the fields below and give the password again."
		if field != nil && field.Field == "role" {
			form.UserNameError, form.Failed = "", field.Message
		}
		return l.list(w, r, http.StatusUnprocessableEntity, form)
	case err != nil:
		return err
	}
	if err := l.flash(w, r, "success", "Local account created", name+" can sign in as "+role.Label()+"."); err != nil {
		return err
	}
	return seeOther(w, r, localAccountsPath)
}

func newLocalAccountsPage(accounts []auth.LocalAccount, you string, now time.Time) views.LocalAccountsPage {
	page := views.LocalAccountsPage{Password: passwordRule()}
	for _, a := range accounts {
		page.Rows = append(page.Rows, views.LocalAccountRow{
			Name: a.Name, URL: localAccountPath(a.ID), Role: a.Role.Label(), Status: accountStatus(a),
			LastSignIn: since(now, a.LastSignIn, "Never"), Created: since(now, a.Created, none), You: a.ID == you,
		})
	}
	for _, role := range auth.Roles() {
		page.Roles = append(page.Roles, role.Label())
	}
	for _, g := range auth.Permissions() {
		row := views.GrantRow{Description: g.Description}
		for _, role := range auth.Roles() {
			row.Held = append(row.Held, slices.Contains(g.Roles, role))
		}
		page.Grants = append(page.Grants, row)
	}
	return page
}

func localAccountPath(id string) string { return localAccountsPath + path(id) }

func accountStatus(a auth.LocalAccount) views.Status {
	if a.Disabled {
		return views.Status{Kind: "inactive", Text: "Disabled"}
	}
	return views.Status{Kind: "success", Text: "Enabled"}
}

func roleOptions(chosen auth.Role) []views.Option {
	var options []views.Option
	for _, role := range auth.Roles() {
		options = append(options, views.Option{Value: string(role), Text: role.Label(), Selected: role == chosen})
	}
	return options
}

// since is a time as people say it, with the exact one beside it; never is the
// word for none.
func since(now, t time.Time, never string) views.Time {
	if t.IsZero() {
		return views.Time{Text: never}
	}
	return views.Time{ISO: machine(t), Text: relative(now, t), Absolute: absolute(t)}
}
