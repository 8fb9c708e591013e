package web

import (
	"context"
	"net/http"
	"slices"

	"keydesk/web/auth"
	"keydesk/web/session"
)

type stoppingKey struct{}

// withStopping lets handlers that answer for long know that the server stops.
// Their context must not end with it: changes under way are to be finished.
func withStopping(ctx context.Context, stopping <-chan struct{}) context.Context {
	return context.WithValue(ctx, stoppingKey{}, stopping)
}

// stopping is closed when the server stops; nil outside of Serve.
func stopping(ctx context.Context) <-chan struct{} {
	c, _ := ctx.Value(stoppingKey{}).(<-chan struct{})
	return c
}

// stillAllowed is withUser and guard once more for a request that lasts: a
// session that was ended, or a person who was disabled, must not go on seeing
// what they saw. It does not count as use of the session, so that a page left
// open does not keep it alive.
func (s *site) stillAllowed(r *http.Request, p auth.Permission) bool {
	current, err := s.Sessions.Current(r)
	if err != nil {
		return false
	}
	alive, err := s.Sessions.List(r.Context(), current.UserID)
	if err != nil || !slices.ContainsFunc(alive, func(a session.Session) bool { return a.Handle == current.Handle }) {
		return false
	}
	user, err := s.account(r.Context(), current.UserID)
	return err == nil && user.Can(p)
}
