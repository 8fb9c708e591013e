package handlers

import (
	"net/http"

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
		Crumbs: []views.Crumb{{Text: "IAM", URL: dashboardPath(account)}, {Text: title}}}
}

// newList is what the lists of users and of keys have in common.
func newList(name, path, label string, inventory *iamsvc.Inventory, q listQuery, p listPerson) views.List {
	list := views.List{
		ID: name, URL: path, Label: label, RefreshURL: usersPath(p.account) + "/refresh",
		Search: q.Search, Sort: formatSort(q.Sort), Query: q.encode(),
		Freshness: freshness(inventory, p),
		Notices:   listNotices(inventory, q),
		Filters: []views.ListFilter{
			listSelect("keys", "Key status", q.Keys, keyStates, ""),
			listSelect("age", "Key age", q.Age, ageChoices, "Age"),
			listSelect("used", "Last use", q.Used, usedChoices, "Used"),
		},
	}
	if q.filtered() {
		list.ClearURL = q.unfiltered().at(path)
	}
	list.PreferencesURL = listPreferencesPath(p.account, name, q)
	return list
}

// defaultOrder marks the column the list is sorted by when nothing was asked.
func defaultOrder(q listQuery, column string) listQuery {
	if len(q.Sort) == 0 {
		q.Sort = []sortKey{{Column: column}}
	}
	return q
}

// firstReading reports whether there is nothing to show yet.
func firstReading(i *iamsvc.Inventory) bool { return i.AsOf.IsZero() && i.Err == nil }

// unreadList says that the list is not known, which is not the same as empty.
// The total of such a list is blank.
func unreadList(l *views.List) (total string) {
	l.Count, l.EmptyTitle, l.EmptyText = "", "Could not be read", "Nothing is known of this account yet. Choose Refresh to try again."
	return ""
}

// comeBackWhile has the browser fetch the page again by itself, also without
// JavaScript: somebody who waits for a first reading has nothing to lose.
func comeBackWhile(w http.ResponseWriter, loading bool) {
	if loading {
		w.Header().Set("Refresh", "2")
	}
}

// freshness says how old what is shown is, and how much of it there is.
func freshness(i *iamsvc.Inventory, p listPerson) []string {
	if i.AsOf.IsZero() {
		return nil
	}
	said := []string{"as of " + relative(p.now, i.AsOf)}
	if i.KeysRead < len(i.Users) {
		said = append(said, thousands(i.KeysRead)+" of "+thousands(len(i.Users))+" users read")
	}
	if !i.ReportTime.IsZero() {
		said = append(said, "last used as of "+relative(p.now, i.ReportTime))
	}
	if i.Loading {
		said = append(said, "a newer reading is under way")
	}
	return said
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
		add("error", "The account could not be read", "There is nothing to show: "+unreadBecause(i.Err)+". Choose Refresh to try again.")
	case failed(i.Err):
		add("warning", "The list of users could not be read again", "Shown is what was read before: "+unreadBecause(i.Err)+".")
	}
	if failed(i.ReportErr) && !i.Loading {
		add("info", "No fresh credential report", "Passwords, MFA and last use may be older or not known: "+unreadBecause(i.ReportErr)+".")
	}
	if failed(i.GroupsErr) {
		add("warning", "Groups, tags and key descriptions could not be read", "They are missing or older, and the search does not find them: "+unreadBecause(i.GroupsErr)+".")
	}
	return notices
}
