// Package handlers turns requests into calls of the IAM service and answers
// into pages: one file per resource, named as in the URL, in views and in
// iamsvc. It owns what a page says and which action a form asks for.
//
// It does not know routes, cookies, SQL or AWS: package web decides who may
// call a handler, and turns the errors returned here into pages.
package handlers

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/db"
	"keydesk/web/session"
)

// Func is a handler that answers by itself or returns an error for the one
// place that turns errors into pages. It must not do both.
type Func func(w http.ResponseWriter, r *http.Request) error

// Base is what every resource's handlers share. It is embedded by value and
// never changes after the start.
type Base struct {
	Accounts *iamsvc.Accounts
	Sessions *session.Store
	Journal  *audit.Journal
	Log      *slog.Logger
	Now      func() time.Time
	// Embedded says that the account is the one that comes with Keydesk, so that
	// no page lets anyone take it for AWS.
	Embedded bool
	// RequireReason refuses changes without a reason or ticket.
	RequireReason bool
	// FreshSignIn is how old a sign-in may be for what cannot be taken back.
	FreshSignIn time.Duration
	// RequestID names the request on the page and in the log.
	RequestID func(context.Context) string
	// ClientIP is the address the request came from, for the journal.
	ClientIP func(*http.Request) string
	// Version of the program, for the journal.
	Version string
	// Writable says whether the database took the last write.
	Writable func() bool
	// Background runs what outlives the request, but not the server.
	Background func(func(context.Context))
}

// account is the AWS account the URL names.
func (b Base) account(r *http.Request) (*iamsvc.Account, error) {
	id, err := param(r, "account")
	if err != nil {
		return nil, err
	}
	return b.Accounts.Lookup(id)
}

// user is the signed-in person. Routes behind a permission always have one;
// the zero User may do nothing.
func (b Base) user(r *http.Request) auth.User {
	u, _ := auth.UserFrom(r.Context())
	return u
}

// render writes a page as a whole or not at all: a template that fails half-way
// becomes an error page instead of a torn one.
func render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	var buf bytes.Buffer
	if err := page.Render(r.Context(), &buf); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write(buf.Bytes())
	if err != nil {
		return nil // The client has gone; there is nobody to show an error to.
	}
	return nil
}

// seeOther ends a change: the browser fetches the result with a GET, so that a
// reload does not send the form again. Never used where a secret is shown.
func seeOther(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// flash leaves a message for the next page this person sees.
func (b Base) flash(w http.ResponseWriter, r *http.Request, kind, title, text string) error {
	return b.Sessions.AddFlash(w, r, session.Flash{Kind: kind, Title: title, Text: text})
}

// record journals what happened outside IAM's gate: look-ups, sign-ins,
// exports, changes to Keydesk's own accounts. The inTx functions share the
// row's transaction.
func (b Base) record(r *http.Request, e audit.Event, inTx ...audit.InTx) error {
	if _, err := b.Journal.Append(r.Context(), b.event(r, e), inTx...); err != nil {
		return &iamsvc.JournalFailure{Err: err}
	}
	return nil
}

// recordAll is record for events of one request that belong together.
func (b Base) recordAll(r *http.Request, events []audit.Event) error {
	rows := make([]audit.Event, len(events))
	for i, e := range events {
		rows[i] = b.event(r, e)
	}
	if _, err := b.Journal.AppendAll(r.Context(), rows); err != nil {
		return &iamsvc.JournalFailure{Err: err}
	}
	return nil
}

// event adds who asks, and from where, to what happened.
func (b Base) event(r *http.Request, e audit.Event) audit.Event {
	if e.Actor == (audit.Actor{}) {
		e.Actor = actorOf(b.user(r))
	}
	e.Phase = audit.PhaseEvent
	e.RequestID = b.RequestID(r.Context())
	e.SourceIP = b.ClientIP(r)
	e.Version = b.Version
	return e
}

func actorOf(u auth.User) audit.Actor {
	return audit.Actor{Issuer: u.Issuer, Subject: u.Subject, Name: u.Name, Role: string(u.Role)}
}

// Page is what a handler knows of the frame around its page.
type Page struct {
	Title   string        // of the document and the last crumb
	Current string        // path of the navigation item to mark, empty for none
	Crumbs  []views.Crumb // below "IAM", which every trail begins with; empty for the title alone
	unsaved *[]unsavedKey // where the handler has looked for them itself
}

// formToken issues the one-time token of one form: action and target must be
// named the same way when it is spent. It is empty, and opens nothing, where the
// database can't be written.
func (b Base) formToken(r *http.Request, action, target string) (string, error) {
	s, err := b.Sessions.Current(r)
	if err != nil {
		return "", err
	}
	token, err := b.Sessions.IssueToken(r.Context(), s, action, target)
	if db.Unavailable(err) {
		return "", nil // the page can be read; the frame says that changes are refused
	}
	return token, err
}

// TokenField is the form field that carries a one-time token, as in
// views.TokenField.
const TokenField = "token"

// withFormToken lends the posted token to the change that follows: the journal
// spends it in the transaction of the attempt, so a form works once.
func (b Base) withFormToken(r *http.Request, action, target string) (context.Context, error) {
	t, err := b.postedToken(r, action, target)
	if err != nil {
		return nil, err
	}
	return session.WithToken(r.Context(), t), nil
}

func (b Base) postedToken(r *http.Request, action, target string) (session.Token, error) {
	s, err := b.Sessions.Current(r)
	if err != nil {
		return session.Token{}, err
	}
	return session.Token{
		Value: r.PostFormValue(TokenField), SessionHandle: s.Handle, UserID: s.UserID,
		Action: action, Target: target,
	}, nil
}
