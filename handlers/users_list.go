package handlers

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/auth"
	"keydesk/web/session"
)

// Users are the IAM users of an account and their pages.
type Users struct{ Base }

// List shows the users as the inventory has them; it makes no IAM call.
func (u Users) List(w http.ResponseWriter, r *http.Request) error {
	account, err := u.account(r)
	if err != nil {
		return err
	}
	prefs, err := u.Sessions.Preferences(r.Context(), u.user(r).ID)
	if err != nil {
		return err
	}
	page := newUsersPage(account.Inventory(), parseListQuery(r.URL.Query()), listPerson{
		account: account.ID(), prefs: prefs, mayCreate: u.user(r).Can(auth.CreateUsers), now: u.Now(), protected: account.ProtectedBy,
	})
	page.Shell, err = u.Shell(w, r, listFrame("IAM users", account.ID(), usersPath(account.ID())))
	if err != nil {
		return err
	}
	if page.Reading, err = u.reading(r, account, listUsers, &page.Shell); err != nil {
		return err
	}
	comeBackWhile(w, page.Loading)
	return render(w, r, http.StatusOK, views.Users(page))
}

// listPerson is for whom a list is drawn.
type listPerson struct {
	account   string
	prefs     session.Preferences
	mayCreate bool
	protected func(iamsvc.User) (rule string)
	now       time.Time
}

func newUsersPage(inventory *iamsvc.Inventory, q listQuery, p listPerson) views.UsersPage {
	t := listTable[userRow]{
		name: listUsers, unit: "user", columns: userColumns, chosen: p.prefs.UserColumns,
		rows: matchingUsers(inventory, q, p.now), total: len(inventory.Users),
	}
	list := t.draw(inventory, q, p)
	list.Label, list.SearchLabel = "Users and their access keys", "Find users by name, key ID or group"
	list.Filters = append(list.Filters,
		listSelect("mfa", "MFA", q.MFA, mfaChoices, ""),
		listSelect("console", "Console access", q.Console, consoleChoices, ""))
	if !inventory.AsOf.IsZero() {
		list.EmptyTitle, list.EmptyText = emptyUsers(q)
	}
	page := views.UsersPage{Loading: firstReading(inventory), Total: listTotal(inventory, t.total), List: list}
	if p.mayCreate {
		page.CreateURL = listCreateUserPath(p.account)
	}
	return page
}

func matchingUsers(inventory *iamsvc.Inventory, q listQuery, now time.Time) []userRow {
	m := newListMatcher(q, now)
	rows := make([]userRow, 0, len(inventory.Users))
	for i := range inventory.Users {
		if u := &inventory.Users[i]; m.user(u) {
			rows = append(rows, u)
		}
	}
	return rows
}

func emptyUsers(q listQuery) (title, text string) {
	if q.filtered() {
		return "No matches", "No IAM user fits this search and these filters. To find out whose an access key ID is, use the search at the top."
	}
	return "No resources to display", "This account has no IAM users. Create the first one."
}

// listCreateUserPath is outside "users", where it could be a user's name.
func listCreateUserPath(account string) string { return path("accounts", account, "create-user") }

// refreshPatience is how long the person waits for a reading; a longer one
// goes on, and the list says so.
const refreshPatience = 5 * time.Second

// Refresh reads the account again and goes back to the list it was asked from.
func (u Users) Refresh(w http.ResponseWriter, r *http.Request) error {
	account, err := u.account(r)
	if err != nil {
		return err
	}
	back := listBack(r, account.ID())
	if account.Inventory().Loading {
		return seeOther(w, r, back) // a second reading would wait for this one and find the same
	}
	done := make(chan error, 1)
	go func() { done <- account.Refresh(context.WithoutCancel(r.Context())) }()
	select {
	case err = <-done:
	case <-time.After(refreshPatience):
		return seeOther(w, r, back)
	}
	if err != nil {
		text := "The list shows what was read before: " + unreadBecause(err) + "."
		if err := u.flash(w, r, "error", "The account could not be read again", text); err != nil {
			return err
		}
	}
	return seeOther(w, r, back)
}

// listBack is the list that a form on it was sent from. Only the list's own
// parameters are taken over: the field could hold anything.
func listBack(r *http.Request, account string) string {
	values, err := url.ParseQuery(r.PostFormValue("query"))
	if err != nil {
		values = nil
	}
	return parseListQuery(values).at(listPath(r.PostFormValue("list"), account))
}
