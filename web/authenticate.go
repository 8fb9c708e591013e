package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"

	"github.com/go-chi/chi/v5"

	"keydesk/handlers"
	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/auth"
	"keydesk/web/db"
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
		r = r.WithContext(db.OneLook(r.Context()))
		current, err := s.Sessions.Current(r)
		if errors.Is(err, session.ErrNoSession) {
			next.ServeHTTP(w, r)
			return
		}
		if err != nil {
			next.ServeHTTP(w, r.WithContext(withUserError(r.Context(), err)))
			return
		}
		user, err := s.account(r.Context(), current.UserID)
		if errors.Is(err, auth.ErrNoSuchAccount) || errors.Is(err, auth.ErrDisabled) || errors.Is(err, auth.ErrNoRole) {
			next.ServeHTTP(w, r)
			return
		}
		if err != nil {
			next.ServeHTTP(w, r.WithContext(withUserError(r.Context(), err)))
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

// withUserError keeps why it is not known who asks. Pages that need nobody, such as
// those that probes ask for with a cookie, are answered all the same.
func withUserError(ctx context.Context, err error) context.Context {
	return context.WithValue(ctx, userErrorKey, err)
}

// account is the person as they are now, wherever they sign in. People of an
// identity provider that is no longer set up are nobody.
func (s *site) account(ctx context.Context, id string) (auth.User, error) {
	user, err := s.LocalAccounts.User(ctx, id)
	if s.OIDC == nil || !errors.Is(err, auth.ErrNoSuchAccount) {
		return user, err
	}
	return s.OIDC.Accounts.User(ctx, id)
}

// guard lets a request through to its handler if the person has the route's
// permission, and has proved lately enough who they are. A browser without a session
// goes to the sign-in page and back afterwards; to a program, or as a download, that
// page would look like the answer.
func (s *site) guard(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err, ok := r.Context().Value(userErrorKey).(error); ok {
			s.fail(w, r, err)
			return
		}
		user, ok := auth.UserFrom(r.Context())
		if !ok && (isProgram(r) || isDownload(r.URL.Path)) {
			s.fail(w, r, errNotSignedIn)
			return
		}
		if !ok {
			s.askToSignIn(w, r)
			return
		}
		r, kept, err := s.withForms(r, user)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if !user.Can(rt.permission) {
			s.fail(w, r, &forbidden{Permission: rt.permission, Role: user.Role})
			return
		}
		if rt.proof == fresh && !user.Fresh(s.Now(), s.FreshSignIn) {
			if r, ok = s.reauthenticate(w, r); !ok {
				return
			}
		}
		if changesIAM(rt.permission) {
			r = r.WithContext(iamsvc.ForChange(r.Context()))
		}
		if kept {
			s.keptForm(w, r, rt.handler)
			return
		}
		s.run(rt.handler)(w, r)
	}
}

// changesIAM reports whether the routes of the permission are changes to IAM and
// their forms, whose calls go first.
func changesIAM(p auth.Permission) bool {
	if p == auth.ManageOwnCredentials {
		return true
	}
	for _, needed := range changes {
		if p == needed {
			return true
		}
	}
	return false
}

// formPage is the page the form was most likely on: the one that answers a GET at
// the form's address, below it, or above it.
func (s *site) formPage(r *http.Request) string {
	for p := r.URL.EscapedPath(); p != "/" && p != "."; p = path.Dir(p) {
		for _, candidate := range []string{p, p + "/create"} {
			if s.router.Match(chi.NewRouteContext(), http.MethodGet, candidate) {
				return candidate
			}
		}
	}
	return "/"
}

// run calls a handler and turns its error into a page.
func (s *site) run(h handlers.Func) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// askToSignIn leads to the sign-in page. A form that somebody was filling in when their
// session ended goes along.
func (s *site) askToSignIn(w http.ResponseWriter, r *http.Request) {
	form := session.Form{Person: r.PostFormValue(views.FieldPerson), Action: r.URL.EscapedPath(), Values: handlers.EnteredValues(r.PostForm)}
	if r.Method == http.MethodPost && form.Person != "" {
		s.run(func(w http.ResponseWriter, r *http.Request) error {
			return s.signIn().SessionEnded(w, r, s.formPage(r), form)
		})(w, r)
		return
	}
	http.Redirect(w, r, s.signInPath(r), http.StatusSeeOther)
}

// signInPath remembers where the person wanted to go, for pages only: after a
// refused POST there is nothing to go back to.
func (s *site) signInPath(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" {
		return "/sign-in"
	}
	query := url.Values{"next": {r.URL.RequestURI()}}
	if s.Sessions.Presented(r) {
		query.Set("session-ended", "")
	}
	return "/sign-in?" + query.Encode()
}
