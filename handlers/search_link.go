package handlers

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"keydesk/views"
	"keydesk/web/audit"
)

// A look-up is in the journal anyway, under the random ID of its request. That
// ID makes a link to the answer which holds no key ID, and which needs a
// sign-in and the permission to look keys up. Opening it asks again.
const (
	lookUpLinkLife = 30 * 24 * time.Hour
	mostLinked     = 100_000 // rows of one look-up
)

func lookUpLink(requestID string) string { return searchPath + "/links" + path(requestID) }

// namesKey reports whether the look-up can be asked again from the journal.
func namesKey(events []audit.Event) bool {
	return slices.ContainsFunc(events, func(e audit.Event) bool { return e.AccessKeyID != "" })
}

// Linked answers a look-up again for somebody who was sent its link.
func (s Search) Linked(w http.ResponseWriter, r *http.Request) error {
	id, err := param(r, "look-up")
	if err != nil {
		return err
	}
	events, _, err := s.Journal.List(r.Context(), audit.Filter{
		RequestID: id, Action: actionLookUp, From: s.Now().Add(-lookUpLinkLife), Limit: mostLinked})
	if err != nil {
		return err
	}
	if !namesKey(events) {
		return s.page(w, r, http.StatusNotFound, views.SearchPage{LinkGone: true})
	}
	account, err := s.Accounts.Lookup(events[0].Account)
	if err != nil {
		return err
	}
	found, _, err := s.lookUp(r, account, askedFor(events))
	if err != nil {
		return err
	}
	return s.answer(w, r, account, found, lookUpLink(id))
}

// askedFor is the question of a look-up; the journal gives the newest row first.
func askedFor(events []audit.Event) string {
	var ids []string
	for _, e := range slices.Backward(events) {
		ids = append(ids, e.AccessKeyID)
	}
	return strings.Join(ids, " ")
}
