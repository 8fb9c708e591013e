package handlers

import (
	"net/http"

	"github.com/a-h/templ"

	"keydesk/iamsvc"
	"keydesk/views"
)

// keyRow is an access key and its owner.
type keyRow struct {
	user *iamsvc.InventoryUser
	key  *iamsvc.AccessKey
}

var keyColumns = []listColumn[keyRow]{
	{id: "key-id", title: "Access key ID", standard: true, cell: keyIDCell,
		value: func(r keyRow) sortValue { return textValue(r.key.ID) }},
	{id: "name", title: "User name", standard: true,
		cell: func(v listView, r keyRow) []views.Line {
			return one(views.Line{Text: r.user.Name, URL: userPath(v.account, r.user.Name)})
		},
		value: func(r keyRow) sortValue { return textValue(r.user.Name) }},
	{id: "status", title: "Status", standard: true, cell: keyStatusCell,
		value: func(r keyRow) sortValue { return textValue(string(r.key.Status)) }},
	{id: "description", title: "Description", standard: true, class: "description-cell", cell: keyDescriptionCell,
		value: func(r keyRow) sortValue { return textValue(r.key.Description) }},
	{id: "created", title: "Created", cell: keyCreatedCell,
		value: func(r keyRow) sortValue { return timeValue(r.key.Created) }},
	{id: "key-age", title: "Age", standard: true,
		cell: func(v listView, r keyRow) []views.Line {
			return one(keyAgeLine(v.now, r.key, r.user.Quarantined))
		},
		value: func(r keyRow) sortValue { return agoValue(r.key.Created) }},
	{id: "key-used", title: "Last used", standard: true,
		cell:  func(v listView, r keyRow) []views.Line { return one(v.lastUsed(r.key.LastUsed)) },
		value: func(r keyRow) sortValue { return agoValue(r.key.LastUsed.At) }},
	{id: "service", title: "Service", standard: true,
		cell: func(v listView, r keyRow) []views.Line {
			return lastUsedWhere(v, r.key.LastUsed, r.key.LastUsed.Service)
		},
		value: func(r keyRow) sortValue { return textValue(r.key.LastUsed.Service) }},
	{id: "region", title: "Region", standard: true,
		cell: func(v listView, r keyRow) []views.Line {
			return lastUsedWhere(v, r.key.LastUsed, r.key.LastUsed.Region)
		},
		value: func(r keyRow) sortValue { return textValue(r.key.LastUsed.Region) }},
}

// keyIDCell leads to the key's card on its owner's page.
func keyIDCell(v listView, r keyRow) []views.Line {
	lines := one(unreadKeyID(r.user))
	if r.key.ID != "" {
		lines = one(views.Line{Text: r.key.ID, URL: keyOn(userPath(v.account, r.user.Name), r.key.ID)})
	}
	if r.user.Quarantined {
		lines = append(lines, views.Line{Kind: "error", Text: textQuarantined})
	}
	lines = append(lines, v.protectedMark(r.user.User)...)
	return append(lines, retryLines(r.user)...)
}

func keyStatusCell(_ listView, r keyRow) []views.Line {
	status := accessKeyStatus(r.key.Status, r.user.Quarantined)
	return one(views.Line{Kind: status.Kind, Text: status.Text})
}

func keyDescriptionCell(v listView, r keyRow) []views.Line {
	if r.key.Description == "" && failed(v.inventory.GroupsErr) {
		return unreadCell(v.inventory.GroupsErr)
	}
	return plain(orNone(r.key.Description))
}

func keyCreatedCell(v listView, r keyRow) []views.Line {
	return v.ago(r.key.Created)
}

// lastUsedWhere is the service or region of the last use that is known.
func lastUsedWhere(v listView, u iamsvc.LastUsed, where string) []views.Line {
	if u.At.IsZero() && !u.Never(v.now) {
		return v.unknown()
	}
	return plain(orElse(where, "N/A"))
}

// keysList has one row per access key.
var keysList = listKind[keyRow]{
	name: listKeys, unit: "access key", file: "access-keys", exported: actionExportAccessKeys,
	label: "Access keys of all users", search: "Find access keys by ID, user or description",
	columns: keyColumns, empty: emptyKeys,
	filters: func(q listQuery) []views.ListFilter { return keyFilters(q, statesOfKeys(q.Keys), "Key age") },
	rows: func(i *iamsvc.Inventory) (rows []keyRow) {
		for n := range i.Users {
			u := &i.Users[n]
			for k := range u.Keys {
				rows = append(rows, keyRow{u, &u.Keys[k]})
			}
		}
		return rows
	},
	owner: func(r keyRow) *iamsvc.InventoryUser { return r.user },
	fits:  func(m *listMatcher, r keyRow) bool { return m.key(r.user, r.key) },
	keys:  func(r keyRow) []iamsvc.AccessKey { return []iamsvc.AccessKey{*r.key} },

	fields: accessKeyFields,
	blank:  keyRow{blankUser, &blankUser.Keys[0]},
}

// List shows every access key of every user as the inventory has them; it
// makes no IAM call.
func (a AccessKeys) List(w http.ResponseWriter, r *http.Request) error {
	account, err := a.account(r)
	if err != nil {
		return err
	}
	prefs, err := a.Sessions.Preferences(r.Context(), a.user(r).ID)
	if err != nil {
		return err
	}
	page, list, err := newListPage(a.pictures.of(account), parseListQuery(r.URL.Query(), account.Inventory().Knows),
		listPerson{account: account.ID(), prefs: prefs, now: a.Now()})
	if err != nil {
		return err
	}
	account.ReadSoon(list.unread...)
	page.shell, err = a.Shell(w, r, listFrame("Access keys", account.ID(), allKeysPath(account.ID())))
	if err != nil {
		return err
	}
	if page.reading, err = a.reading(r, account, list.of, listKeys, len(list.unread) > 0, &page.shell); err != nil {
		return err
	}
	comeBackWhile(w, page.loading)
	return a.drawn.render(w, r, a.user(r).ID+" "+list.URL+"?"+list.Query, page)
}

func drawAccessKeys(p *listPage) templ.Component {
	return views.AccessKeys(views.AccessKeysPage{Shell: p.shell, Total: p.total, Loading: p.loading, List: *p.list, Reading: p.reading})
}

func emptyKeys(q listQuery) (title, text string) {
	if q.filtered() {
		return "No matches", "No access key fits this search and these filters. To find out whose an access key ID is, use the search at the top."
	}
	return "No access keys", "No IAM user of this account has an access key. As a best practice, use tools which provide short term credentials."
}
