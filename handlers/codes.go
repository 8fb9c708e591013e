package handlers

import (
	"context"
	"net/http"

	"github.com/klauspost/compress/gzhttp"

	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

// Codes is where people with a local account set up verification codes for
// themselves.
type Codes struct {
	Base
	Codes *auth.Codes
}

// The journal's names; they are also what the form tokens are bound to, with the
// person's ID as target.
const (
	actionBeginCodes   = "BeginVerificationCodes"
	actionConfirmCodes = "TurnOnVerificationCodes"
	actionTurnOffCodes = "TurnOffVerificationCodes"
)

const codesPath = "/settings/codes"

// Show says whether codes are on, and offers the other.
func (c Codes) Show(w http.ResponseWriter, r *http.Request) error {
	u, err := c.local(r)
	if err != nil {
		return err
	}
	on, err := c.Codes.Enabled(r.Context(), u.ID)
	if err != nil {
		return err
	}
	if views.EnteredAt(r.Context(), codesPath+"/confirm") {
		page := views.CodesPage{Asks: true}
		if page.Confirm, err = c.formToken(r, actionConfirmCodes, u.ID); err != nil {
			return err
		}
		return c.page(w, r, http.StatusOK, page)
	}
	action := actionBeginCodes
	if on {
		action = actionTurnOffCodes
	}
	page := views.CodesPage{On: on}
	if page.Token, err = c.formToken(r, action, u.ID); err != nil {
		return err
	}
	return c.page(w, r, http.StatusOK, page)
}

// Begin makes a secret and shows it in this answer, which no cache and no reload
// shows again.
func (c Codes) Begin(w http.ResponseWriter, r *http.Request) error {
	u, err := c.local(r)
	if err != nil {
		return err
	}
	page := views.CodesPage{Asks: true}
	err = c.change(r, audit.Event{Action: actionBeginCodes, User: personName(u)}, u.ID, func(ctx context.Context) (err error) {
		page.Secret, err = c.Codes.Begin(ctx, u.ID)
		return err
	})
	if err != nil {
		return err
	}
	page.URI = auth.CodeURI(u.Name, page.Secret)
	if page.Confirm, err = c.formToken(r, actionConfirmCodes, u.ID); err != nil {
		return err
	}
	return c.page(w, r, http.StatusOK, page)
}

// Confirm turns codes on with the first right one.
func (c Codes) Confirm(w http.ResponseWriter, r *http.Request) error {
	u, err := c.local(r)
	if err != nil {
		return err
	}
	from, err := c.sessionClient(r)
	if err != nil {
		return err
	}
	err = c.change(r, audit.Event{Action: actionConfirmCodes, User: personName(u)}, u.ID, func(ctx context.Context) error {
		return c.Codes.Confirm(ctx, u.ID, r.PostFormValue("code"), from)
	})
	if status, text := refusal(w, err, "The code is not right. If the app's clock is wrong, set it; if you have lost the secret, cancel and begin again."); status != 0 {
		page := views.CodesPage{Asks: true, Error: text}
		if page.Confirm, err = c.formToken(r, actionConfirmCodes, u.ID); err != nil {
			return err
		}
		return c.page(w, r, status, page)
	}
	return c.done(w, r, err, "Verification codes are on", "You are asked for one at your next sign-in.")
}

// TurnOff goes back to the password alone.
func (c Codes) TurnOff(w http.ResponseWriter, r *http.Request) error {
	u, err := c.local(r)
	if err != nil {
		return err
	}
	err = c.change(r, audit.Event{Action: actionTurnOffCodes, User: personName(u)}, u.ID, func(ctx context.Context) error {
		return c.Codes.Remove(ctx, u.ID)
	})
	return c.done(w, r, err, "Verification codes are off", "You sign in with your password alone.")
}

func (c Codes) done(w http.ResponseWriter, r *http.Request, err error, title, text string) error {
	if err != nil {
		return err
	}
	if err := c.flash(w, r, "success", title, text); err != nil {
		return err
	}
	return seeOther(w, r, codesPath)
}

// local is the person, if they have a local account: a second step of the others is
// the identity provider's matter.
func (c Codes) local(r *http.Request) (auth.User, error) {
	u := c.user(r)
	if u.Issuer != auth.IssuerLocal {
		return auth.User{}, ErrNotFound
	}
	return u, nil
}

func (c Codes) page(w http.ResponseWriter, r *http.Request, status int, p views.CodesPage) error {
	w.Header().Set(gzhttp.HeaderNoCompression, "true")
	shell, err := c.Shell(w, r, Page{Title: "Verification codes",
		Crumbs: []views.Crumb{{Text: "Settings", URL: "/settings"}, {Text: "Verification codes"}}})
	if err != nil {
		return err
	}
	p.Shell = shell
	p.Shell.Secret = p.Secret != ""
	return render(w, r, status, views.Codes(p))
}
