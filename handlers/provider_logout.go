package handlers

import (
	"context"
	"errors"
	"net/http"

	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/db"
	"keydesk/web/session"
)

const actionProviderLogout = "ProviderLogout"

// ProviderLogout is called by the identity provider, not by a browser, when a person
// has signed out there: the sessions it began here end too. The answers are those of
// OpenID Connect Back-Channel Logout 1.0, 2.8.
func (s SignIn) ProviderLogout(w http.ResponseWriter, r *http.Request) error {
	if s.OIDC == nil {
		return ErrNotFound
	}
	token, err := s.OIDC.Logout(r.Context(), r.PostFormValue("logout_token"))
	if err == nil {
		err = s.endForProvider(r, token)
	}
	switch {
	case errors.Is(err, auth.ErrLogoutToken), errors.Is(err, auth.ErrReplayed):
		s.Log.Warn("logout token refused", "id", s.RequestID(r.Context()), "error", err.Error())
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_request"}` + "\n"))
		return nil
	case err != nil:
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// endForProvider spends the token, ends the sessions and journals it in one
// transaction: a token that was spent without effect could not be sent again.
func (s SignIn) endForProvider(r *http.Request, token auth.Logout) error {
	actor := audit.Actor{Issuer: token.Issuer, Subject: token.Subject, Name: "identity provider"}
	userID := ""
	if token.Subject != "" {
		a, err := s.OIDC.Accounts.BySubject(r.Context(), token.Subject)
		switch {
		case err == nil:
			userID, actor.Name, actor.Role = a.ID, a.Name, string(a.Role)
		case !errors.Is(err, auth.ErrNoSuchAccount):
			return err
		}
	}
	e := audit.Event{Action: actionProviderLogout, Outcome: audit.OutcomeOK, Actor: actor}
	return s.record(r, e, func(ctx context.Context, tx *db.Tx) error {
		if err := token.Spend(ctx, tx, s.Now()); err != nil {
			return err
		}
		return session.EndOfProvider(ctx, tx, session.ProviderSession(token.Issuer, token.SessionID), userID)
	})
}
