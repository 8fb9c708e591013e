package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/session"
)

// densities are the values of session.Preferences.Density with their names.
var densities = []filterChoice{{"", "Comfortable"}, {"compact", "Compact"}}

func listPreferencesPath(account, list string, q listQuery) string {
	v := url.Values{"list": {list}}
	if e := q.encode(); e != "" {
		v.Set("query", e)
	}
	return usersPath(account) + "/preferences?" + v.Encode()
}

// PreferencesForm is the Preferences dialog as a page of its own.
func (u Users) PreferencesForm(w http.ResponseWriter, r *http.Request) error {
	account, err := u.account(r)
	if err != nil {
		return err
	}
	prefs, err := u.Sessions.Preferences(r.Context(), u.user(r).ID)
	if err != nil {
		return err
	}
	values, err := url.ParseQuery(r.URL.Query().Get("query"))
	if err != nil {
		values = nil
	}
	p := listPerson{account: account.ID(), prefs: prefs, now: u.Now()}
	q := parseListQuery(values, account.Inventory().Knows)
	page := views.PreferencesPage{Preferences: newListPreferences(listUsers, columnChoices(userColumns, prefs.UserColumns), p, q)}
	if r.URL.Query().Get("list") == listKeys {
		page.Preferences = newListPreferences(listKeys, columnChoices(keyColumns, prefs.KeyColumns), p, q)
	}
	list := page.Preferences.List
	page.Shell, err = u.Shell(w, r, listFrame("Preferences", account.ID(), listPath(list, account.ID())))
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, views.Preferences(page))
}

// newListPreferences needs no one-time token: a repeated or forged Confirm
// changes how a list looks, and forged ones are refused as cross-origin.
func newListPreferences(list string, columns []views.Check, p listPerson, q listQuery) views.ListPreferences {
	prefs := views.ListPreferences{
		Confirm: views.Confirm{ID: "preferences", Title: "Preferences", Submit: "Confirm", Wide: true,
			Action: usersPath(p.account) + "/preferences", Cancel: q.at(listPath(list, p.account))},
		List: list, Query: q.encode(), Columns: columns,
	}
	for _, n := range pageSizes {
		prefs.PageSizes = append(prefs.PageSizes, views.Check{Name: "page_size", Value: strconv.Itoa(n),
			Label: strconv.Itoa(n) + " rows", Checked: n == pageSize(p.prefs.PageSize)})
	}
	for _, d := range densities {
		prefs.Densities = append(prefs.Densities, views.Check{Name: "density", Value: d.value, Label: d.text,
			Checked: d.value == p.prefs.Density})
	}
	return prefs
}

// columnChoices are the columns with those shown ticked; the first cannot be
// taken away.
func columnChoices[T any](columns []listColumn[T], chosen []string) []views.Check {
	visible := visibleColumns(columns, chosen)
	var checks []views.Check
	for i, c := range columns {
		shown := slices.ContainsFunc(visible, func(v listColumn[T]) bool { return v.id == c.id })
		checks = append(checks, views.Check{Name: "column", Value: c.id, Label: c.title, Checked: shown, Disabled: i == 0})
	}
	return checks
}

// SavePreferences keeps the choice for this person and goes back to the list.
func (u Users) SavePreferences(w http.ResponseWriter, r *http.Request) error {
	account, err := u.account(r)
	if err != nil {
		return err
	}
	person := u.user(r).ID
	prefs, err := u.Sessions.Preferences(r.Context(), person)
	if err != nil {
		return err
	}
	if err := takeListPreferences(&prefs, r.PostForm); err != nil {
		return err
	}
	if err := u.Sessions.SavePreferences(r.Context(), person, prefs); err != nil {
		return err
	}
	return seeOther(w, r, listBack(r, account))
}

// takeListPreferences changes what the form is about and leaves the rest.
func takeListPreferences(prefs *session.Preferences, form url.Values) error {
	size, err := strconv.Atoi(form.Get("page_size"))
	if err != nil || !slices.Contains(pageSizes, size) {
		return &iamsvc.Invalid{Field: "page size", Message: "The page size must be 10, 20, 50 or 100."}
	}
	density := form.Get("density")
	if known(density, densities) != density {
		return &iamsvc.Invalid{Field: "density", Message: "The density must be comfortable or compact."}
	}
	prefs.PageSize, prefs.Density = size, density
	if form.Get("list") == listKeys {
		prefs.KeyColumns = chosenColumns(keyColumns, form["column"])
	} else {
		prefs.UserColumns = chosenColumns(userColumns, form["column"])
	}
	return nil
}

func chosenColumns[T any](columns []listColumn[T], ticked []string) []string {
	var chosen []string
	for i, c := range columns {
		if i == 0 || slices.Contains(ticked, c.id) {
			chosen = append(chosen, c.id)
		}
	}
	return chosen
}
