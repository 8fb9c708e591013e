package handlers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/klauspost/compress/gzhttp"

	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

// ErrFirstRunLink means that the first-run link is wrong, used up, opened from
// another machine, or no longer needed.
var ErrFirstRunLink = errors.New("first-run link not valid")

// FirstRunForm asks for the first administrator's name and password.
func (s SignIn) FirstRunForm(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.firstRunToken(r); err != nil {
		return err
	}
	return s.firstRunPage(w, r, http.StatusOK, views.FirstRunPage{UserName: "admin"})
}

// FirstRunSubmit makes the first administrator and signs them in. The link is
// burnt only by a form that can succeed, so that a typing error costs nothing.
func (s SignIn) FirstRunSubmit(w http.ResponseWriter, r *http.Request) error {
	token, err := s.firstRunToken(r)
	if err != nil {
		return err
	}
	name, password := r.PostFormValue("user_name"), r.PostFormValue("password")
	page := views.FirstRunPage{UserName: name}
	if firstRunFaults(&page, auth.CheckAccount(name, password), password == r.PostFormValue("confirm_password")) {
		return s.firstRunPage(w, r, http.StatusUnprocessableEntity, page)
	}
	if !s.FirstRun.Spend(token) {
		return ErrFirstRunLink
	}
	var account auth.LocalAccount
	err = s.attempt(r, FirstAdministratorEvent(name, "first-run link"), func(ctx context.Context) (err error) {
		account, err = s.LocalAccounts.CreateFirstAdministrator(ctx, name, password)
		return err
	})
	if errors.Is(err, auth.ErrAdministratorExists) {
		return ErrFirstRunLink
	}
	if err != nil {
		return err
	}
	user, err := s.LocalAccounts.SignInByLink(r.Context(), account.ID)
	if err != nil {
		return err
	}
	return s.begin(w, r, user, "/", nil)
}

// FirstAdministratorEvent is what the journal says of the one account that no
// account has made; by is how else it came.
func FirstAdministratorEvent(name, by string) audit.Event {
	return audit.Event{Action: ActionCreateLocalAccount, User: LocalName(name), NewState: string(auth.RoleAdministrator),
		Actor: audit.Actor{Issuer: auth.IssuerLocal, Name: by}}
}

// firstRunToken is the link's token if the link may be used. Other machines are
// told nothing else than those with a wrong link: the terminal the link was
// printed on is on this one.
func (s SignIn) firstRunToken(r *http.Request) (string, error) {
	ip := net.ParseIP(s.ClientIP(r))
	if s.FirstRun == nil || ip == nil || !ip.IsLoopback() {
		return "", ErrFirstRunLink
	}
	token, err := param(r, "token")
	if err != nil || !s.FirstRun.Valid(token) {
		return "", ErrFirstRunLink
	}
	// Another Keydesk over the same database may have made the administrator.
	exists, err := s.LocalAccounts.HasAdministrator(r.Context())
	if err != nil {
		return "", err
	}
	if exists {
		return "", ErrFirstRunLink
	}
	return token, nil
}

// firstRunFaults marks the fields that are wrong and reports whether any is.
func firstRunFaults(p *views.FirstRunPage, err error, confirmed bool) bool {
	p.UserNameError, p.PasswordError = accountFaults(err)
	if p.PasswordError == "" && !confirmed {
		p.ConfirmError = "The two passwords are not the same."
	}
	return err != nil || !confirmed
}

func (s SignIn) firstRunPage(w http.ResponseWriter, r *http.Request, status int, p views.FirstRunPage) error {
	w.Header().Set(gzhttp.HeaderNoCompression, "true")
	shell, err := s.Shell(w, r, Page{Title: "Create the first administrator"})
	if err != nil {
		return err
	}
	p.Shell, p.Path, p.PasswordRule = shell, r.URL.EscapedPath(), passwordRule()
	return render(w, r, status, views.FirstRun(p))
}

func passwordRule() string {
	return fmt.Sprintf("%d to %d characters. A sentence of several words is good.", auth.MinPassword, auth.MaxPassword)
}

// accountFaults sorts a *auth.FieldError or ErrNameTaken to its field.
func accountFaults(err error) (name, password string) {
	var field *auth.FieldError
	switch {
	case errors.Is(err, auth.ErrNameTaken):
		return "A local account of this name exists already.", ""
	case errors.As(err, &field) && field.Field == "password":
		return "", field.Message
	case errors.As(err, &field):
		return field.Message, ""
	}
	return "", ""
}

// LocalName is how the journal calls a local account where it would else name
// an IAM user: the stroke keeps the two apart, since IAM names have none.
func LocalName(name string) string { return auth.IssuerLocal + "/" + name }
