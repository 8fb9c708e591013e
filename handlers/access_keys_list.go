package handlers

import (
	"net/http"
	"time"

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
		value: func(_ listView, r keyRow) sortValue { return textValue(r.key.ID) }},
	{id: "name", title: "User name", standard: true,
		cell: func(v listView, r keyRow) []views.Line {
			return one(views.Line{Text: r.user.Name, URL: userPath(v.account, r.user.Name)})
		},
		value: func(_ listView, r keyRow) sortValue { return textValue(r.user.Name) }},
	{id: "status", title: "Status", standard: true, cell: keyStatusCell,
		value: func(_ listView, r keyRow) sortValue { return textValue(string(r.key.Status)) }},
	{id: "description", title: "Description", standard: true, class: "description-cell", cell: keyDescriptionCell,
		value: func(_ listView, r keyRow) sortValue { return textValue(r.key.Description) }},
	{id: "created", title: "Created", cell: keyCreatedCell,
		value: func(_ listView, r keyRow) sortValue { return timeValue(r.key.Created) }},
	{id: "key-age", title: "Age", standard: true,
		cell: func(v listView, r keyRow) []views.Line {
			return one(ageLine(v.now, r.key.Created, isStatus(r.key.Status, iamsvc.KeyActive)))
		},
		value: func(_ listView, r keyRow) sortValue { return agoValue(r.key.Created) }},
	{id: "key-used", title: "Last used", standard: true,
		cell:  func(v listView, r keyRow) []views.Line { return one(v.lastUsed(r.key.LastUsed)) },
		value: func(_ listView, r keyRow) sortValue { return agoValue(r.key.LastUsed.At) }},
	{id: "service", title: "Service", standard: true,
		cell: func(v listView, r keyRow) []views.Line {
			return lastUsedWhere(v, r.key.LastUsed, r.key.LastUsed.Service)
		},
		value: func(_ listView, r keyRow) sortValue { return textValue(r.key.LastUsed.Service) }},
	{id: "region", title: "Region", standard: true,
		cell: func(v listView, r keyRow) []views.Line {
			return lastUsedWhere(v, r.key.LastUsed, r.key.LastUsed.Region)
		},
		value: func(_ listView, r keyRow) sortValue { return textValue(r.key.LastUsed.Region) }},
}

// keyIDCell leads to the key's card on its owner's page.
func keyIDCell(v listView, r keyRow) []views.Line {
	lines := one(views.Line{Text: r.key.ID, URL: userPath(v.account, r.user.Name) + "#" + r.key.ID})
	if r.user.Quarantined {
		lines = append(lines, views.Line{Kind: "error", Text: "Quarantined by AWS"})
	}
	lines = append(lines, v.protectedMark(r.user.User)...)
	return lines
}

func keyStatusCell(_ listView, r keyRow) []views.Line {
	kind := "inactive"
	if isStatus(r.key.Status, iamsvc.KeyActive) {
		kind = "success"
	}
	return one(views.Line{Kind: kind, Text: orElse(string(r.key.Status), textNotKnown)})
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

// lastUsedWhere is the service or region of the last use.
func lastUsedWhere(v listView, u iamsvc.LastUsed, where string) []views.Line {
	if !u.Read {
		return v.unknown()
	}
	return plain(orElse(where, "N/A"))
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
	page := newAccessKeysPage(account.Inventory(), parseListQuery(r.URL.Query()),
		listPerson{account: account.ID(), prefs: prefs, now: a.Now(), protected: account.ProtectedBy})
	page.Shell, err = a.Shell(w, r, listFrame("Access keys", account.ID(), allKeysPath(account.ID())))
	if err != nil {
		return err
	}
	if page.Reading, err = a.reading(r, account, listKeys, &page.Shell); err != nil {
		return err
	}
	comeBackWhile(w, page.Loading)
	return render(w, r, http.StatusOK, views.AccessKeys(page))
}

func newAccessKeysPage(inventory *iamsvc.Inventory, q listQuery, p listPerson) views.AccessKeysPage {
	rows, total := matchingKeys(inventory, q, p.now)
	t := listTable[keyRow]{
		name: listKeys, unit: "access key", columns: keyColumns, chosen: p.prefs.KeyColumns,
		rows: rows, total: total,
	}
	list := t.draw(inventory, q, p)
	list.Label, list.SearchLabel = "Access keys of all users", "Find access keys by ID, user or description"
	if !inventory.AsOf.IsZero() {
		list.EmptyTitle, list.EmptyText = emptyKeys(q)
	}
	return views.AccessKeysPage{Loading: firstReading(inventory), Total: listTotal(inventory, total), List: list}
}

func matchingKeys(inventory *iamsvc.Inventory, q listQuery, now time.Time) (rows []keyRow, total int) {
	m := newListMatcher(q, now)
	for i := range inventory.Users {
		u := &inventory.Users[i]
		total += len(u.Keys)
		for k := range u.Keys {
			if m.key(u, &u.Keys[k]) {
				rows = append(rows, keyRow{u, &u.Keys[k]})
			}
		}
	}
	return rows, total
}

func emptyKeys(q listQuery) (title, text string) {
	if q.filtered() {
		return "No matches", "No access key fits this search and these filters. To find out whose an access key ID is, use the search at the top."
	}
	return "No access keys", "No IAM user of this account has an access key. As a best practice, use tools which provide short term credentials."
}
