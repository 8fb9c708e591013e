package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"keydesk/iamsvc"
	"keydesk/views"
)

// tagPairs is how many tags the form has room for: enough to say whom to ask.
const tagPairs = 4

func createUserPath(account string) string { return path("accounts", account, "create-user") }

// CreateForm asks for a new IAM user.
func (u Users) CreateForm(w http.ResponseWriter, r *http.Request) error {
	account, err := u.account(r)
	if err != nil {
		return err
	}
	return u.createPage(w, r, http.StatusOK, newCreateUserPage(account, r.PostFormValue, nil), "")
}

// Create makes the user. One of the name that is there already is shown and
// left alone.
func (u Users) Create(w http.ResponseWriter, r *http.Request) error {
	account, err := u.account(r)
	if err != nil {
		return err
	}
	user := postedUser(r.PostFormValue)
	reason, fault := u.reasonOf(r)
	if err := user.Validate(account.OnAWS()); err != nil || fault != "" {
		return u.createPage(w, r, http.StatusUnprocessableEntity, newCreateUserPage(account, r.PostFormValue, err), fault)
	}
	ctx, err := u.withFormToken(r, string(iamsvc.ActionCreateUser), account.ID())
	if err != nil {
		return err
	}
	created, err := account.CreateUser(iamsvc.WithReason(ctx, reason), user)
	var exists *iamsvc.UserExists
	switch {
	case errors.As(err, &exists):
		return u.createPage(w, r, http.StatusConflict, newCreateUserPage(account, r.PostFormValue, err), "")
	case errors.Is(err, iamsvc.ErrInvalid):
		return u.createPage(w, r, http.StatusUnprocessableEntity, newCreateUserPage(account, r.PostFormValue, err), "")
	case err != nil:
		return err
	}
	if err := u.flash(w, r, "success", "User "+created.User.Name+" created", "The user has no access keys and no password yet."); err != nil {
		return err
	}
	for _, warning := range created.Warnings {
		if err := u.flash(w, r, "warning", "The user is not complete", warning); err != nil {
			return err
		}
	}
	return seeOther(w, r, userPath(account.ID(), created.User.Name))
}

func (u Users) createPage(w http.ResponseWriter, r *http.Request, status int, page views.CreateUserPage, reasonFault string) error {
	page.Reason = reasonField(u.RequireReason)
	page.Reason.Value, page.Reason.Error = keptReason(r), reasonFault
	if reasonFault != "" && page.Refused == "" {
		page.Refused = "Correct the fields marked below."
	}
	account, err := u.account(r)
	if err != nil {
		return err
	}
	if page.Token, err = u.formToken(r, string(iamsvc.ActionCreateUser), account.ID()); err != nil {
		return err
	}
	page.Shell, err = u.Shell(w, r, Page{Title: "Create user", Current: usersPath(account.ID()),
		Crumbs: []views.Crumb{{Text: "IAM users", URL: usersPath(account.ID())}, {Text: "Create user"}}})
	if err != nil {
		return err
	}
	return render(w, r, status, views.CreateUser(page))
}

// postedUser is the user that the form describes. Pairs without a key and a
// value are those nobody filled in.
func postedUser(value func(string) string) iamsvc.NewUser {
	user := iamsvc.NewUser{
		Name: strings.TrimSpace(value("user_name")), Path: strings.TrimSpace(value("path")),
		PolicyName:     strings.TrimSpace(value("policy_name")),
		PolicyDocument: strings.TrimSpace(value("policy_document")),
	}
	for i := range tagPairs {
		tag := iamsvc.Tag{Key: strings.TrimSpace(value(tagField("key", i))), Value: strings.TrimSpace(value(tagField("value", i)))}
		if tag != (iamsvc.Tag{}) {
			user.Tags = append(user.Tags, tag)
		}
	}
	return user
}

func tagField(part string, i int) string { return fmt.Sprintf("tag_%s_%d", part, i+1) }

// newCreateUserPage is the form with what was typed, and what was wrong with
// it at each field.
func newCreateUserPage(a *iamsvc.Account, value func(string) string, err error) views.CreateUserPage {
	account := a.ID()
	faults := invalidFields(err)
	page := views.CreateUserPage{
		URL: createUserPath(account), Cancel: usersPath(account), TagError: faults["tag"],
		Name: userNameField(a.OnAWS(), value("user_name"), faults["user name"]),
		Path: views.Field{Name: "path", Label: "Path", Value: value("path"), Error: faults["path"], Optional: true, MaxLength: 512, Placeholder: "/",
			Constraint: "Begins and ends with /, such as /division/team/."},
		Policy: views.Field{Name: "policy_name", Label: "Policy name", Value: value("policy_name"), Error: faults["policy name"], Optional: true, MaxLength: 128},
		Document: views.Field{Name: "policy_document", Label: "Policy document", Value: value("policy_document"), Error: faults["policy document"], Optional: true,
			Rows: 10, Hint: "JSON. Give it a name above.", Placeholder: `{"Version": "2012-10-17", "Statement": [...]}`},
	}
	for i := range tagPairs {
		page.Tags = append(page.Tags, views.TagFields{
			Key:   views.Field{Name: tagField("key", i), Label: fmt.Sprintf("Key %d", i+1), Value: value(tagField("key", i)), MaxLength: 128},
			Value: views.Field{Name: tagField("value", i), Label: fmt.Sprintf("Value %d", i+1), Value: value(tagField("value", i)), MaxLength: 256},
		})
	}
	var exists *iamsvc.UserExists
	switch {
	case errors.As(err, &exists):
		page.Existing = existingUser(account, exists.User)
	case err != nil:
		page.Refused = orElse(faults[""], "Correct the fields marked below.")
	}
	return page
}

// userNameField says AWS's rules on AWS only: another server has rules of its own,
// and says them when it refuses a name.
func userNameField(onAWS bool, value, fault string) views.Field {
	f := views.Field{Name: "user_name", Label: "User name", Value: value, Error: fault, Required: true}
	if onAWS {
		f.MaxLength = 64
		f.Constraint = "The user name can have up to 64 characters. Valid characters: A-Z, a-z, 0-9, and + = , . @ _ - (hyphen)"
	}
	return f
}

func existingUser(account string, u iamsvc.User) views.ExistingUser {
	return views.ExistingUser{Name: u.Name, URL: userPath(account, u.Name), Path: u.Path, ARN: u.ARN,
		Created: views.Time{ISO: machine(u.Created), Text: absolute(u.Created), Absolute: absolute(u.Created)}}
}

// invalidFields collects the faults in err by field. Validate joins several.
func invalidFields(err error) map[string]string {
	faults := map[string]string{}
	var walk func(error)
	walk = func(err error) {
		var invalid *iamsvc.Invalid
		joined, several := err.(interface{ Unwrap() []error })
		switch {
		case several:
			for _, one := range joined.Unwrap() {
				walk(one)
			}
		case errors.Is(err, iamsvc.ErrEmptyUserName):
			faults["user name"] = "Give the user a name."
		case errors.As(err, &invalid):
			faults[invalid.Field] = invalid.Message
		}
	}
	walk(err)
	return faults
}
