package web

import (
	"errors"
	"net/http"
	"net/url"

	"keydesk/handlers"
	"keydesk/iamsvc"
	"keydesk/web/auth"
	"keydesk/web/session"
)

// changes names the permission each change to IAM needs. The routes ask first;
// the gate in iamsvc asks again, so that a mistake in a handler changes nothing.
var changes = map[iamsvc.Action]auth.Permission{
	iamsvc.ActionCreateAccessKey: auth.CreateAccessKeys,
	iamsvc.ActionUpdateAccessKey: auth.UpdateAccessKeys,
	iamsvc.ActionDeleteAccessKey: auth.DeleteAccessKeys,
	iamsvc.ActionTagUser:         auth.DescribeAccessKeys,
	iamsvc.ActionCreateUser:      auth.CreateUsers,
}

// withUser finds out who is asking. The account is read again for every
// request, so that a disabled or re-roled person is so at once.
func (s *site) withUser(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		current, err := s.Sessions.Current(r)
		if errors.Is(err, session.ErrNoSession) {
			next.ServeHTTP(w, r)
			return
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		user, err := s.LocalAccounts.User(r.Context(), current.UserID)
		if errors.Is(err, auth.ErrNoSuchAccount) || errors.Is(err, auth.ErrDisabled) {
			next.ServeHTTP(w, r)
			return
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		user.SignedInAt = current.SignedInAt
		ctx := auth.WithUser(r.Context(), user)
		ctx = iamsvc.WithActor(ctx, iamsvc.Actor{
			Issuer: user.Issuer, Subject: user.Subject, Name: user.Name, Role: string(user.Role),
			May: func(a iamsvc.Action) bool {
				p, known := changes[a]
				return known && user.Can(p)
			},
		})
		ctx = withFormUse(ctx)
		ctx = withSource(ctx, clientIP(r))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// guard lets a request through to its handler if the person has the route's
// permission. Nobody signed in: to the sign-in page, and back afterwards.
func (s *site) guard(p auth.Permission, h handlers.Func) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, ok := auth.UserFrom(r.Context())
		if !ok {
			http.Redirect(w, r, signInPath(r), http.StatusSeeOther)
			return
		}
		if !user.Can(p) {
			s.fail(w, r, &forbidden{Permission: p, Role: user.Role})
			return
		}
		s.run(h)(w, r)
	}
}

// run calls a handler and turns its error into a page.
func (s *site) run(h handlers.Func) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// signInPath remembers where the person wanted to go, for pages only: after a
// refused POST there is nothing to go back to.
func signInPath(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" {
		return "/sign-in"
	}
	return "/sign-in?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
}
