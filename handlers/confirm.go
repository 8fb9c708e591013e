package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"

	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/session"
)

const actionConfirm = "ConfirmSignIn"

// ConfirmPath is the page that asks a signed-in person again who they are, and then
// leads to next.
func ConfirmPath(next string) string { return providerPath("/confirm", next) }

// ConfirmForm asks for the password again, or sends to the identity provider.
func (s SignIn) ConfirmForm(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"))
	if s.user(r).Fresh(s.Now()) {
		return seeOther(w, r, next)
	}
	return s.confirmPage(w, r, http.StatusOK, next, "")
}

// Confirm checks the password, and the verification code of those who have one: the
// session must not become fresher by less than it began with.
func (s SignIn) Confirm(w http.ResponseWriter, r *http.Request) error {
	next, user := localPath(r.PostFormValue("next")), s.user(r)
	if user.Issuer != auth.IssuerLocal {
		return ErrNotFound
	}
	err := s.prove(r, user)
	if errors.Is(err, auth.ErrBadCredentials) || errors.Is(err, auth.ErrBadCode) {
		outcome, code := localOutcome(err)
		if err := s.record(r, audit.Event{Action: actionConfirm, Outcome: outcome, ErrorCode: code}); err != nil {
			return err
		}
	}
	if status, text := refusal(w, err, "What you entered is not right."); status != 0 {
		return s.confirmPage(w, r, status, next, text)
	}
	if err != nil {
		return err
	}
	if err := s.record(r, audit.Event{Action: actionConfirm, Outcome: audit.OutcomeOK}); err != nil {
		return err
	}
	if err := s.Sessions.Confirm(w, r, s.Now()); err != nil {
		return err
	}
	return seeOther(w, r, next)
}

func (s SignIn) prove(r *http.Request, user auth.User) error {
	from, err := s.sessionClient(r)
	if err != nil {
		return err
	}
	proved, err := s.LocalAccounts.SignIn(r.Context(), user.Name, r.PostFormValue("password"), from)
	if err != nil {
		return err
	}
	if proved.ID != user.ID {
		return auth.ErrBadCredentials
	}
	on, err := s.Codes.Enabled(r.Context(), user.ID)
	if err != nil || !on {
		return err
	}
	return s.Codes.Check(r.Context(), user.ID, r.PostFormValue("code"), from)
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
	if !user.Fresh(s.Now()) {
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
	return seeOther(w, r, waiting.Next)
}

// cancelPath is the closest page above next that needs no fresh sign-in: Back would
// lead to the page that sent the person here.
func cancelPath(next string) string {
	address, _, _ := strings.Cut(next, "?")
	part := strings.Split(address, "/") // "", "accounts", account, "users", user, ...
	switch {
	case len(part) > 5 && part[1] == "accounts" && part[3] == "users":
		return strings.Join(part[:5], "/")
	case len(part) > 4 && part[1] == "accounts":
		return strings.Join(part[:4], "/")
	case len(part) > 3 && part[1] == "accounts":
		return path("accounts", part[2], "users")
	case part[1] == "settings":
		return "/settings"
	}
	return "/"
}

func (s SignIn) confirmPage(w http.ResponseWriter, r *http.Request, status int, next, fault string) error {
	w.Header().Set(gzhttp.HeaderNoCompression, "true")
	user := s.user(r)
	page := views.ConfirmSignInPage{Next: next, Cancel: cancelPath(next), UserName: user.Name, Error: fault}
	var err error
	if user.Issuer == auth.IssuerLocal {
		page.AsksCode, err = s.Codes.Enabled(r.Context(), user.ID)
	} else {
		page.Provider, page.ProviderDown = providerPath("/confirm/oidc", next), !s.OIDC.Ready()
	}
	if err != nil {
		return err
	}
	page.Shell, err = s.Shell(w, r, Page{Title: "Confirm that it is you", Crumbs: []views.Crumb{{Text: "Confirm that it is you"}}})
	if err != nil {
		return err
	}
	return render(w, r, status, views.ConfirmSignIn(page))
}
