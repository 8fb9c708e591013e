package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

// The lists, as forms name them.
const (
	listUsers     = "users"
	listKeys      = "keys"
	listDashboard = "dashboard"
)

// listPath is where the list is; an unknown one is the list of users.
func listPath(list, account string) string {
	switch list {
	case listKeys:
		return allKeysPath(account)
	case listDashboard:
		return dashboardPath(account)
	default:
		return usersPath(account)
	}
}

func allKeysPath(account string) string   { return path("accounts", account, "access-keys") }
func dashboardPath(account string) string { return path("accounts", account, "dashboard") }

func listFrame(title, account, current string) Page {
	return Page{Title: title, Current: current,
		Crumbs: []views.Crumb{{Text: title}}}
}

// listAsked is all that one list, in one minute, depends on.
type listAsked struct {
	search, filters, sort string
	secret                bool
	page, size            int
	columns, density      string
}

// newListPage is the page without its frame, and its list.
func newListPage[T any](p *picture[T], q listQuery, person listPerson) (*listPage, *drawnList, error) {
	list, err := p.list(q, person)
	return &listPage{list: &list.List, loading: firstReading(p.inventory), total: listTotal(p.inventory, len(p.all))}, list, err
}

// drawnList is one page of a list, and the users on it whose keys are to be read.
type drawnList struct {
	views.List
	of     *iamsvc.Inventory
	unread []string
	err    error
}

// list is one page of the list with all that stands around the rows. It is
// shared: do not change it.
func (p *picture[T]) list(q listQuery, person listPerson) (*drawnList, error) {
	asked := listAsked{
		search: q.Search, filters: q.filters(), sort: formatSort(q.Sort), secret: q.Secret, page: q.Page,
		size: person.prefs.PageSize, columns: strings.Join(person.columns(p.name), ","), density: person.prefs.Density,
	}
	m := p.at(person.now)
	person.now = m.minute
	drawn := m.lists.get(asked, func() *drawnList { return p.newList(q, person) })
	return drawn, drawn.err
}

func (p *picture[T]) newList(q listQuery, person listPerson) *drawnList {
	path := listPath(p.name, p.account)
	chosen := person.columns(p.name)
	visible := visibleColumns(p.columns, chosen)
	cut := p.cut(q, person.now, pageSize(person.prefs.PageSize))
	rows, err := p.draw(cut.rows, visible, person.now)
	list := views.List{
		ID: p.name, URL: path, RefreshURL: usersPath(p.account) + "/refresh", RetryURL: readAgainPath(p.account),
		Label: p.label, SearchLabel: p.search,
		Search: q.Search, Sort: formatSort(q.Sort), Query: q.encode(),
		Freshness: slices.Concat(p.leftOut(q, person.now), freshness(p.inventory, person.now), whetherReading(p.inventory)),
		Notices:   append(listNotices(p.inventory, q), p.rootNotices()...),
		Filters:   p.filters(q),
		Columns:   listHeads(visible, withOrder(q), path),
		Rows:      rows,
		Pages:     listPager(cut.current, cut.last, func(n int) string { return q.onPage(n).at(path) }),

		PreferencesURL: listPreferencesPath(p.account, p.name, q),
		Preferences:    newListPreferences(p.name, columnChoices(p.columns, chosen), person, q),
	}
	if q.filtered() {
		list.ClearURL = q.unfiltered().at(path)
	}
	if p.inventory.AsOf.IsZero() {
		list.EmptyTitle, list.EmptyText = "Could not be read", "Nothing is known of this account yet. Choose Refresh to try again."
	} else {
		list.EmptyTitle, list.EmptyText = p.empty(q)
		list.CSVURL, list.JSONURL = q.onPage(1).at(path+".csv"), q.onPage(1).at(path+".json")
		list.ExcelURL = withByteOrderMark(list.CSVURL)
		list.Count = matchCount(cut.matches, len(p.all), q.filtered(), p.unit)
	}
	return &drawnList{list, p.inventory, p.unread(cut.rows, person.now), err}
}

// leftOut says of how many rows a filter by last use knows nothing.
func (p *picture[T]) leftOut(q listQuery, now time.Time) []string {
	if n := p.usesNotKnown(q, now); n > 0 {
		return []string{"last use not known for " + matchCount(0, n, false, p.unit)}
	}
	return nil
}

// rootNotices say of the list of access keys what is in none of its rows.
func (p *picture[T]) rootNotices() []views.Notice {
	if p.name != listKeys || p.inventory.RootKeys <= 0 {
		return nil
	}
	return []views.Notice{rootNotice(p.inventory.RootKeys)}
}

// withOrder is q with the order that holds when none was asked for.
func withOrder(q listQuery) listQuery {
	if len(q.Sort) == 0 {
		q.Sort = []sortKey{listOrder}
	}
	return q
}

// keyFilters are the filters that both lists have. Key states differ: a list of
// keys has no row for users without any. So do ages: a user's is that of active
// keys, as the column is.
func keyFilters(q listQuery, states []filterChoice, age string) []views.ListFilter {
	return []views.ListFilter{
		listSelect("keys", "Key status", q.Keys, states, ""),
		listSelect("age", age, q.Age, ageChoices, "Age"),
		listSelect("used", "Last use", q.Used, usedChoices, "Used"),
	}
}

// listTotal stands beside the heading; blank when the list is not known, which
// is not the same as empty.
func listTotal(i *iamsvc.Inventory, n int) string {
	if i.AsOf.IsZero() {
		return ""
	}
	return thousands(n)
}

// firstReading reports whether there is nothing to show yet.
func firstReading(i *iamsvc.Inventory) bool { return i.AsOf.IsZero() && i.Err == nil }

// comeBackWhile has the browser fetch the page again by itself, also without
// JavaScript: somebody who waits for a first reading has nothing to lose.
func comeBackWhile(w http.ResponseWriter, loading bool) {
	if loading {
		w.Header().Set("Refresh", "2")
	}
}

// keysAreOlder: from this difference on the age of the list does not stand for
// that of the keys in it.
const keysAreOlder = 5 * time.Minute

// freshness says how old what is shown is, and how much of it there is, unless the
// bar above says that from one moment to the next.
func freshness(i *iamsvc.Inventory, now time.Time) []string {
	if i.AsOf.IsZero() {
		return nil
	}
	said := []string{"as of " + justNow(now, i.AsOf)}
	if !i.KeysAsOf.IsZero() && i.AsOf.Sub(i.KeysAsOf) > keysAreOlder {
		said = append(said, "keys as of "+justNow(now, i.KeysAsOf)+" or later")
	}
	if i.KeysRead < len(i.Users) && !i.Loading && !i.Paused {
		said = append(said, thousands(i.KeysRead)+" of "+thousands(len(i.Users))+" users read")
	}
	if !i.UsesAsOf.IsZero() {
		said = append(said, "last used as of "+justNow(now, i.UsesAsOf)+" or later")
	}
	return said
}

// whetherReading is for the lists, where it changes with the bar above them.
func whetherReading(i *iamsvc.Inventory) []string {
	switch {
	case i.Paused:
		return []string{"reading paused"}
	case i.Loading && !i.AsOf.IsZero():
		return []string{"still reading"}
	}
	return nil
}

// justNow is relative inside a sentence.
func justNow(now, t time.Time) string {
	if now.Sub(t) < time.Minute {
		return "just now"
	}
	return relative(now, t)
}

// tryAgain is what to do about an account that could not be read.
func tryAgain(err error) string {
	switch {
	case errors.Is(err, iamsvc.ErrDenied):
		return "Once it is granted, choose Refresh."
	case iamsvc.Advice(err) != "":
		return "For whoever runs Keydesk: " + iamsvc.Advice(err) + " Then choose Refresh."
	}
	return "Choose Refresh to try again."
}

// listNotices are what a reader must know before trusting the list.
func listNotices(i *iamsvc.Inventory, q listQuery) []views.Notice {
	var notices []views.Notice
	add := func(kind, title, text string) {
		notices = append(notices, views.Notice{Kind: kind, Title: title, Text: text})
	}
	if q.Secret {
		add("error", "This looks like a secret access key", "It was not searched for and not kept. If it is real, deactivate its access key: it has been in a browser's address bar.")
	}
	switch {
	case i.AsOf.IsZero() && failed(i.Err):
		add("error", "The account could not be read", "There is nothing to show: "+unreadBecause(i.Err)+". "+tryAgain(i.Err))
	case errors.Is(i.Err, iamsvc.ErrTooMuch):
		add("warning", "The list of users is not complete", "R"+strings.TrimPrefix(unreadBecause(i.Err), "r")+". Users that the server lists after that are missing here.")
	case failed(i.Err):
		add("warning", "The list of users could not be read again", "Shown is what was read before: "+unreadBecause(i.Err)+". "+tryAgain(i.Err))
	}
	if failed(i.ReportErr) && !i.Loading {
		add("info", "No fresh credential report", "Passwords, MFA, last use and whether the root user has access keys may be older or not known: "+unreadBecause(i.ReportErr)+".")
	}
	if failed(i.GroupsErr) {
		add("warning", "Groups, tags, key descriptions and policies could not be read", "They are missing or older, the search does not find them, and a quarantine by AWS is not known: "+unreadBecause(i.GroupsErr)+".")
	}
	return notices
}
