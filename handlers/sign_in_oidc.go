package handlers

import (
	"errors"
	"net/http"
	"net/url"

	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/session"
)

func providerPath(path, next string) string {
	return path + "?" + url.Values{"next": {next}}.Encode()
}

// ToProvider sends the browser to the identity provider to sign in.
func (s SignIn) ToProvider(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"))
	if _, ok := auth.UserFrom(r.Context()); ok {
		return seeOther(w, r, next)
	}
	return s.toProvider(w, r, session.Waiting{Next: next})
}

// FormToProvider is ToProvider from the page of a session that ended while its person
// was filling in a form.
func (s SignIn) FormToProvider(w http.ResponseWriter, r *http.Request) error {
	return s.formToProvider(w, r, session.Waiting{Next: localPath(r.PostFormValue("next")), Form: carriedForm(r)})
}

// formToProvider answers a form with a page that leads to the provider: browsers apply
// the policy for forms to redirects, too.
func (s SignIn) formToProvider(w http.ResponseWriter, r *http.Request, x session.Waiting) error {
	away, err := s.awayToProvider(w, r, x)
	if err != nil {
		return err
	}
	shell, err := s.Shell(w, r, Page{Title: "Single sign-on"})
	if err != nil {
		return err
	}
	w.Header().Set("Refresh", "0; url="+away)
	return render(w, r, http.StatusOK, views.ContinueToProvider(shell, away))
}

func (s SignIn) toProvider(w http.ResponseWriter, r *http.Request, x session.Waiting) error {
	away, err := s.awayToProvider(w, r, x)
	if err != nil {
		return err
	}
	return seeOther(w, r, away)
}

// awayToProvider remembers what the answer must match, in the browser that is sent away.
// With a UserID it is a session to be confirmed, and the provider must ask again.
func (s SignIn) awayToProvider(w http.ResponseWriter, r *http.Request, x session.Waiting) (string, error) {
	if s.OIDC == nil {
		return "", ErrNotFound
	}
	challenge := auth.NewChallenge()
	x.State, x.Nonce, x.Verifier = challenge.State, challenge.Nonce, challenge.Verifier
	away, err := s.OIDC.AuthURL(challenge, x.UserID != "")
	if err != nil {
		return "", err
	}
	return away, s.Sessions.SendAway(w, r, x)
}

// FromProvider is where the identity provider sends the browser back to.
func (s SignIn) FromProvider(w http.ResponseWriter, r *http.Request) error {
	if s.OIDC == nil {
		return ErrNotFound
	}
	waiting, err := s.Sessions.Returned(w, r, r.URL.Query().Get("state"))
	if err != nil {
		return gone(err)
	}
	who, err := s.identity(r, waiting)
	if err != nil {
		// Not journalled: nobody is known yet, and strangers can come here.
		s.logRefused(r, err)
		return err
	}
	if waiting.UserID != "" {
		err = s.confirmed(w, r, waiting, who)
	} else {
		err = s.beginFederated(w, r, waiting, who)
	}
	if errors.Is(err, auth.ErrNoRole) || errors.Is(err, auth.ErrNotAskedAgain) {
		s.logRefused(r, err)
	}
	return err
}

// logRefused says what the provider sent, for whoever sets it up.
func (s SignIn) logRefused(r *http.Request, err error) {
	s.Log.Warn("single sign-on refused", "id", s.RequestID(r.Context()), "error", err.Error())
}

func (s SignIn) identity(r *http.Request, waiting session.Waiting) (auth.Identity, error) {
	q := r.URL.Query()
	back := auth.Return{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"),
		Error: q.Get("error"), Description: q.Get("error_description")}
	return s.OIDC.Identity(r.Context(), back, auth.Challenge{State: waiting.State, Nonce: waiting.Nonce, Verifier: waiting.Verifier})
}

// beginFederated lets a person of the identity provider in, if their groups do.
func (s SignIn) beginFederated(w http.ResponseWriter, r *http.Request, waiting session.Waiting, who auth.Identity) error {
	user, changed, err := s.OIDC.Accounts.SignIn(r.Context(), who)
	if err != nil {
		return errors.Join(err, s.recordFederated(r, actionSignIn, who, err))
	}
	if here, ok := auth.UserFrom(r.Context()); ok && here.ID == user.ID && !changed {
		// Another tab was first: a new session would end what the forms there belong to.
		return s.back(w, r, user, waiting.Next, waiting.Form)
	}
	if changed {
		// Whoever was signed in with the old role proves again who they are.
		if _, err := s.Sessions.EndAll(r.Context(), user.ID, ""); err != nil {
			return err
		}
	}
	if err := s.record(r, audit.Event{Action: actionSignIn, Outcome: audit.OutcomeOK, Actor: actorOf(user)}); err != nil {
		return err
	}
	err = s.Sessions.BeginWith(w, r, session.Start{UserID: user.ID, SignedInAt: who.AuthTime,
		ProviderSession: session.ProviderSession(who.Issuer, who.SessionID)})
	if err != nil {
		return err
	}
	return s.back(w, r, user, waiting.Next, waiting.Form)
}

// recordFederated journals that somebody the provider knows was not let in.
func (s SignIn) recordFederated(r *http.Request, action string, who auth.Identity, why error) error {
	e := audit.Event{Action: action, Outcome: audit.OutcomeRefused,
		Actor: audit.Actor{Issuer: who.Issuer, Subject: who.Subject, Name: who.Name}}
	switch {
	case errors.Is(why, auth.ErrNoRole):
		e.ErrorCode = "NoRole"
	case errors.Is(why, auth.ErrDisabled):
		e.ErrorCode = "Disabled"
	case errors.Is(why, auth.ErrNotAskedAgain):
		e.ErrorCode = "NotAskedAgain"
	default:
		e.Outcome = audit.OutcomeFailed
	}
	return s.record(r, e)
}
