package handlers

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/a-h/templ"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/auth"
	"keydesk/web/session"
)

// Users are the IAM users of an account and their pages.
type Users struct {
	Base
	pictures *pictures[userRow]
	drawn    *drawnPages
}

// NewUsers has nothing drawn yet.
func NewUsers(b Base) Users {
	return Users{Base: b, pictures: newPictures(usersList), drawn: &drawnPages{draw: drawUsers}}
}

func drawUsers(p *listPage) templ.Component {
	return views.Users(views.UsersPage{Shell: p.shell, Total: p.total, Loading: p.loading, CreateURL: p.createURL, List: *p.list, Reading: p.reading})
}

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
	person := listPerson{account: account.ID(), prefs: prefs, mayCreate: u.user(r).Can(auth.CreateUsers), now: u.Now()}
	page, list, err := newUsersPage(u.pictures.of(account), parseListQuery(r.URL.Query(), account.Inventory().Knows), person)
	if err != nil {
		return err
	}
	account.ReadSoon(list.unread...)
	page.shell, err = u.Shell(w, r, listFrame("IAM users", account.ID(), usersPath(account.ID())))
	if err != nil {
		return err
	}
	if page.reading, err = u.reading(r, account, list.of, listUsers, len(list.unread) > 0, &page.shell); err != nil {
		return err
	}
	comeBackWhile(w, page.loading)
	return u.drawn.render(w, r, u.user(r).ID+" "+list.URL+"?"+list.Query, page)
}

// listPerson is for whom a list is drawn.
type listPerson struct {
	account   string
	prefs     session.Preferences
	mayCreate bool
	now       time.Time
}

// columns are those the person chose of a list.
func (p listPerson) columns(list string) []string {
	if list == listKeys {
		return p.prefs.KeyColumns
	}
	return p.prefs.UserColumns
}

// usersList has one row per user.
var usersList = listKind[userRow]{
	name: listUsers, unit: "user", file: "iam-users", exported: actionExportUsers,
	label: "Users and their access keys", search: "Find users by name, key ID or group",
	columns: userColumns, empty: emptyUsers,
	filters: func(q listQuery) []views.ListFilter {
		return append(keyFilters(q, keyStates, "Active key age"),
			listSelect("mfa", "MFA", q.MFA, mfaChoices, ""),
			listSelect("console", "Console access", q.Console, consoleChoices, ""))
	},
	rows: func(i *iamsvc.Inventory) []userRow {
		rows := make([]userRow, len(i.Users))
		for n := range i.Users {
			rows[n] = &i.Users[n]
		}
		return rows
	},
	owner: func(u userRow) *iamsvc.InventoryUser { return u },
	fits:  func(m *listMatcher, u userRow) bool { return m.user(u) },
	keys:  func(u userRow) []iamsvc.AccessKey { return u.Keys },

	fields: userFields,
	blank:  blankUser,
}

func newUsersPage(p *picture[userRow], q listQuery, person listPerson) (*listPage, *drawnList, error) {
	page, list, err := newListPage(p, q, person)
	if person.mayCreate {
		page.createURL = listCreateUserPath(p.account)
	}
	return page, list, err
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

// Refresh reads the account again and goes back to the list it was asked from. The
// rows of that page are read first, the last use of their keys too, whatever the
// account's report says: somebody may know better than the report that they have
// changed.
func (u Users) Refresh(w http.ResponseWriter, r *http.Request) error {
	account, err := u.account(r)
	if err != nil {
		return err
	}
	shown, err := u.shown(r, account)
	if err != nil {
		return err
	}
	account.ReadAgain(shown...)
	back := listBack(r, account)
	inventory := account.Inventory()
	done := make(chan error, 1)
	u.Background(func(ctx context.Context) {
		var err error
		if !inventory.Loading { // a second reading would wait for the first and find the same
			err = account.Refresh(ctx)
		}
		account.ScreenRead(ctx)
		done <- err
	})
	if inventory.Paused {
		err = u.flash(w, r, "info", textPaused, "The account is read again once somebody chooses Resume.")
	} else {
		err = u.awaitReading(w, r, done)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, back)
}

// awaitReading waits for a reading, within the person's patience, and tells how it
// failed.
func (u Users) awaitReading(w http.ResponseWriter, r *http.Request, done <-chan error) error {
	select {
	case err := <-done:
		if err == nil {
			return nil
		}
		return u.flash(w, r, "error", "The account could not be read again", "The list shows what was read before: "+unreadBecause(err)+". "+tryAgain(err))
	case <-time.After(refreshPatience):
		return nil
	}
}

// shown are the users on the page that a form was sent from.
func (u Users) shown(r *http.Request, account *iamsvc.Account) ([]string, error) {
	prefs, err := u.Sessions.Preferences(r.Context(), u.user(r).ID)
	if err != nil {
		return nil, err
	}
	q, size := postedQuery(r, account), pageSize(prefs.PageSize)
	switch r.PostFormValue("list") {
	case listUsers:
		p := u.pictures.of(account)
		return p.names(p.cut(q, u.Now(), size).rows), nil
	case listKeys:
		p := newPicture(keysList, account.ID(), account.Inventory(), account.ProtectedBy)
		return p.names(p.cut(q, u.Now(), size).rows), nil
	default:
		return nil, nil
	}
}

// readAgainPath is outside "users", where it could be a user's name.
func readAgainPath(account string) string {
	return path("accounts", account, "inventory", "read-again")
}

// ReadAgain has the users of the marked rows read again, and goes back to the list.
func (u Users) ReadAgain(w http.ResponseWriter, r *http.Request) error {
	account, err := u.account(r)
	if err != nil {
		return err
	}
	inventory := account.Inventory()
	names := slices.DeleteFunc(r.PostForm["user"], func(name string) bool {
		_, known := inventory.User(name)
		return !known
	})
	if len(names) > 0 {
		account.ReadAgain(names...)
		title, text := "Reading again", "The row changes as soon as IAM has answered."
		if inventory.Paused {
			title, text = textPaused, "The row is read again once somebody chooses Resume."
		}
		if err := u.flash(w, r, "info", title, text); err != nil {
			return err
		}
	}
	return seeOther(w, r, listBack(r, account))
}

// listBack is the list that a form on it was sent from.
func listBack(r *http.Request, account *iamsvc.Account) string {
	return postedQuery(r, account).at(listPath(r.PostFormValue("list"), account.ID()))
}

// postedQuery is what that list was asked for. Only the list's own parameters are
// taken over: the field could hold anything.
func postedQuery(r *http.Request, account *iamsvc.Account) listQuery {
	values, err := url.ParseQuery(r.PostFormValue("query"))
	if err != nil {
		values = nil
	}
	return parseListQuery(values, account.Inventory().Knows)
}
