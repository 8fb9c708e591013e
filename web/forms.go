package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"keydesk/handlers"
	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/auth"
	"keydesk/web/session"
)

// This file is why nothing that people type is lost: whatever a form is refused for,
// the answer is the form's own page, filled in again, with the reason above it.

// withForms tells the forms of the answer whose they are, and what was typed into one
// that was sent, or kept while its person signed in.
func (s *site) withForms(r *http.Request, user auth.User) (_ *http.Request, kept bool, err error) {
	if views.FormsFrom(r.Context()) != nil {
		return r, false, nil // the page of a form that was refused
	}
	forms := &views.Forms{Person: user.ID, Reauthenticate: s.asks(r, user)}
	r = r.WithContext(views.WithForms(r.Context(), forms))
	id := r.URL.Query().Get(handlers.FormParameter)
	switch {
	case r.Method == http.MethodPost:
		forms.Entered = views.Entered{Action: r.URL.EscapedPath(), Values: handlers.EnteredValues(r.PostForm)}
		return r, false, nil
	case id == "":
		return r, false, nil
	}
	form, err := s.Sessions.KeptForm(r.Context(), id, user.ID)
	if errors.Is(err, session.ErrNoForm) {
		return r, false, nil
	}
	forms.Entered = views.Entered{Action: form.Action, Values: form.Values}
	r.PostForm = form.Values
	return r, true, err
}

// keptForm shows the page of a form that was kept while its person signed in. The form
// may not be there any more, and what was typed is given back all the same.
func (s *site) keptForm(w http.ResponseWriter, r *http.Request, page handlers.Func) {
	forms := views.FormsFrom(r.Context())
	held := &heldPage{ResponseWriter: w, status: http.StatusOK}
	if err := page(held, r); err != nil {
		s.fail(w, r, err)
		return
	}
	if held.status != http.StatusOK || forms.Entered.Shown(handlers.TypedFields(forms.Entered.Values)) {
		w.WriteHeader(held.status)
		_, _ = w.Write(held.body.Bytes()) // a client that has gone reads nothing
		return
	}
	s.fail(w, r, errFormGone)
}

// asks says what a form asks of a person whose sign-in is not fresh. It is found out
// when a form on the page needs it.
func (s *site) asks(r *http.Request, user auth.User) func(string) (views.Reauthentication, bool) {
	if user.Fresh(s.Now(), s.FreshSignIn) {
		return nil
	}
	var known *views.Reauthentication
	return func(action string) (views.Reauthentication, bool) {
		if !s.needsFreshSignIn(action) {
			return views.Reauthentication{}, false
		}
		if known == nil {
			ask, err := s.signIn().Reauthentication(r)
			if err != nil { // the form that is sent fails by itself
				s.Log.Error("verification codes", "id", RequestID(r.Context()), "error", err.Error())
			}
			known = &ask
		}
		return *known, true
	}
}

// needsFreshSignIn reports whether a form that posts to the path does.
func (s *site) needsFreshSignIn(path string) bool {
	pattern := s.router.Find(chi.NewRouteContext(), http.MethodPost, path)
	return slices.ContainsFunc(s.table, func(rt route) bool {
		return rt.method == http.MethodPost && rt.pattern == pattern && rt.proof == fresh
	})
}

// reauthenticate has a person whose sign-in is too old confirm it by the form that was
// sent. False means that the request is answered: with the form again, or on the way to
// the identity provider.
func (s *site) reauthenticate(w http.ResponseWriter, r *http.Request) (*http.Request, bool) {
	user, _ := auth.UserFrom(r.Context())
	signIn, forms := s.signIn(), views.FormsFrom(r.Context())
	switch {
	case user.Issuer != auth.IssuerLocal && r.PostFormValue(views.FieldSingleSignOn) != "":
		form := session.Form{Person: user.ID, Action: forms.Entered.Action, Values: forms.Entered.Values}
		s.run(func(w http.ResponseWriter, r *http.Request) error {
			return signIn.ConfirmForm(w, r, s.formPage(r), form)
		})(w, r)
		return r, false
	case user.Issuer != auth.IssuerLocal || r.PostFormValue(views.FieldPassword) == "":
		s.fail(w, r, &stale{})
		return r, false
	}
	ask, status, err := signIn.Reauthenticate(w, r)
	if err != nil {
		s.fail(w, r, err)
		return r, false
	}
	if status != 0 {
		s.fail(w, r, &stale{status: status, ask: ask})
		return r, false
	}
	user.SignedInAt = s.Now()
	forms.Reauthenticate = nil
	return r.WithContext(auth.WithUser(r.Context(), user)), true
}

// formAgain answers a refused form with its page, filled in. False means that the page
// cannot be shown, or that it lacks a field for something that was typed.
func (s *site) formAgain(w http.ResponseWriter, r *http.Request, err error, say answer) bool {
	sent := views.FormsFrom(r.Context())
	if sent == nil || r.Method != http.MethodPost || isProgram(r) || mayHaveChanged(err, say) {
		return false
	}
	old := (*stale)(nil)
	typed := handlers.TypedFields(sent.Entered.Values)
	if !errors.As(err, &old) && len(typed) == 0 {
		return false
	}
	forms := &views.Forms{
		Person: sent.Person, Reauthenticate: sent.Reauthenticate,
		Entered: views.Entered{Action: sent.Entered.Action, Values: sent.Entered.Values},
		Refused: views.Refused{Title: say.title, Text: say.text, Links: say.links, RequestID: RequestID(r.Context())},
	}
	if old != nil {
		forms.Reauthenticate = old.asked(sent)
	}
	page, shown := s.pageOf(w, r, forms)
	if !shown || !forms.Entered.Shown(typed) {
		return false
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(say.status)
	_, _ = w.Write(page) // a client that has gone reads nothing
	return true
}

// pageTimeout is how long the page of a refused form may take: where IAM does not answer,
// people have waited for it once already.
const pageTimeout = 3 * time.Second

// pageOf is the page that the form was on, as a GET of it would be answered.
func (s *site) pageOf(w http.ResponseWriter, r *http.Request, forms *views.Forms) (page []byte, shown bool) {
	address, err := url.Parse(s.formPage(r))
	if err != nil {
		return nil, false
	}
	rctx := chi.NewRouteContext()
	rctx.Routes = s.router
	held := &heldPage{ResponseWriter: w, status: http.StatusOK}
	within, cancel := context.WithTimeout(r.Context(), pageTimeout)
	defer cancel()
	ctx := context.WithValue(views.WithForms(within, forms), chi.RouteCtxKey, rctx)
	get := r.WithContext(context.WithValue(ctx, heldPageKey, held))
	get.Method, get.URL, get.PostForm, get.Form = http.MethodGet, address, forms.Entered.Values, forms.Entered.Values
	s.router.ServeHTTP(held, get)
	return held.body.Bytes(), held.err == nil && held.status == http.StatusOK
}

// heldPage holds back the page of a form, which may turn out to be an error.
type heldPage struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	err    error
}

// WriteHeader keeps the status.
func (p *heldPage) WriteHeader(status int) { p.status = status }

func (p *heldPage) Write(b []byte) (int, error) { return p.body.Write(b) }

// mayHaveChanged are the errors after which a form must not be sent once more without
// a look at what is there.
func mayHaveChanged(err error, say answer) bool {
	var unrecorded *handlers.Unrecorded
	var journal *iamsvc.JournalFailure
	return errors.Is(err, iamsvc.ErrOutcomeUnknown) || errors.As(err, &unrecorded) || say.status == http.StatusInternalServerError ||
		errors.As(err, &journal) && (journal.Called || journal.KeyID != "")
}

// enteredForm gives back what was typed on the page of the error, where the form's own
// page cannot be shown.
func (s *site) enteredForm(r *http.Request, err error, say answer) views.EnteredForm {
	sent := views.FormsFrom(r.Context())
	if sent == nil || sent.Entered.Action == "" {
		return views.EnteredForm{}
	}
	e := views.EnteredForm{
		Form: views.Form{Action: sent.Entered.Action, Token: r.PostFormValue(handlers.TokenField), Class: "form"},
	}
	old := (*stale)(nil)
	typed := handlers.TypedFields(sent.Entered.Values)
	e.Retry = errors.As(err, &old) ||
		r.Method == http.MethodPost && say.status == http.StatusServiceUnavailable && len(typed) > 0 && !mayHaveChanged(err, say)
	if old != nil {
		sent.Reauthenticate = old.asked(sent)
	}
	for name, values := range sent.Entered.Values {
		if !slices.Contains(typed, name) {
			e.Hidden = append(e.Hidden, views.KV{Term: name, Text: values[0]})
		}
	}
	for _, name := range typed {
		value := sent.Entered.Values.Get(name)
		label := strings.ReplaceAll(name, "_", " ")
		e.Fields = append(e.Fields, views.EnteredField{Lines: strings.Contains(value, "\n"),
			Field: views.Field{ID: "entered-" + name, Name: name, Label: strings.ToUpper(label[:1]) + label[1:], Value: value}})
	}
	return e
}

// asked is what the form asks after it was sent without, or with a wrong password.
func (f *stale) asked(sent *views.Forms) func(string) (views.Reauthentication, bool) {
	asks, refused := sent.Reauthenticate, sent.Entered.Action
	if asks == nil {
		return nil
	}
	return func(action string) (views.Reauthentication, bool) {
		ask, needed := asks(action)
		if needed && action == refused {
			ask.Asked, ask.PasswordError, ask.CodeError = true, f.ask.PasswordError, f.ask.CodeError
		}
		return ask, needed
	}
}
