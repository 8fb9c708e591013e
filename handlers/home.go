package handlers

import (
	"net/http"

	"keydesk/web/auth"
)

// Home is where people land.
type Home struct{ Base }

// Redirect sends help-desk staff to the search, since finding an owner is
// their job, and everybody else to the list of users.
func (h Home) Redirect(w http.ResponseWriter, r *http.Request) error {
	if h.user(r).Role == auth.RoleHelpDesk {
		return seeOther(w, r, "/search")
	}
	return seeOther(w, r, usersPath(h.Accounts.Default().ID()))
}
