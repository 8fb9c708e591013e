package handlers

import (
	"net/http"
	"strconv"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

// Dashboard shows the state of all access keys as the inventory has them; it
// makes no IAM call.
func (h Home) Dashboard(w http.ResponseWriter, r *http.Request) error {
	account, err := h.account(r)
	if err != nil {
		return err
	}
	inventory := account.Inventory()
	page := newDashboardPage(inventory, account.ID(), h.Now())
	unsaved, err := h.unsavedKeys(r.Context(), account)
	if err != nil {
		return err
	}
	if n := len(unsaved); n > 0 {
		page.Attention = append([]views.DashboardItem{{Status: views.Status{Kind: "warning", Text: unsavedTitle}, Count: thousands(n),
			URL: unsavedPath(account.ID()), Text: "Nobody has said to have their secret. Ask who created them, or deactivate and delete them."}}, page.Attention...)
	}
	page.Shell, err = h.Shell(w, r, Page{Title: "Dashboard", Current: dashboardPath(account.ID()),
		Crumbs: []views.Crumb{{Text: "Dashboard"}}, unsaved: &unsaved})
	if err != nil {
		return err
	}
	if page.Reading, err = h.reading(r, account, inventory, listDashboard, true, &page.Shell); err != nil {
		return err
	}
	comeBackWhile(w, page.Loading)
	return render(w, r, http.StatusOK, views.Dashboard(page))
}

func newDashboardPage(inventory *iamsvc.Inventory, account string, now time.Time) views.DashboardPage {
	p := views.DashboardPage{
		Loading: firstReading(inventory), Notices: listNotices(inventory, listQuery{}),
		RefreshURL: usersPath(account) + "/refresh",
	}
	if inventory.AsOf.IsZero() {
		return p
	}
	c := countKeys(inventory, now.Truncate(time.Minute)) // the lists are as of the minute too
	l := dashboardLinks{users: usersPath(account), keys: allKeysPath(account), root: rootReportPath(account)}
	p.Description = matchCount(0, len(inventory.Users), false, "user") + " in account " + account
	for _, said := range freshness(inventory, now) {
		p.Description += ", " + said
	}
	p.Description += "."
	p.Figures = dashboardFigures(c, l)
	p.Ages = ageChart(c, l)
	p.LastUses = lastUseChart(c, l)
	p.Attention = attention(c, l)
	if c.olderThanYear > 0 {
		p.Alert = views.Notice{Kind: "warning", Title: olderThanYear(c.olderThanYear), Text: "Rotate them, or deactivate the ones that nobody uses."}
		p.AlertLink = views.Link{Text: "View the keys", URL: l.activeKeys(listQuery{Age: "366-"})}
	}
	return p
}

// rootKeysText: keys of the root user are in no list, because IAM users cannot
// manage them.
const rootKeysText = "Nothing limits what they can do, and Keydesk can't change them. Sign in as the root user, find out what uses them, deactivate them, then delete them."

// rootNotice is the finding above a list or a table.
func rootNotice(keys int) views.Notice {
	title := "The root user has an active access key"
	if keys > 1 {
		title = "The root user has " + strconv.Itoa(keys) + " active access keys"
	}
	return views.Notice{Kind: "error", Title: title, Text: rootKeysText}
}

func rootReportPath(account string) string {
	return reportQuery{Search: "<root_account>"}.at(reportPath(account), 1)
}

func olderThanYear(n int) string {
	if n == 1 {
		return "1 active key is older than 365 days"
	}
	return thousands(n) + " active keys are older than 365 days"
}

// dashboardLinks leads into the lists.
type dashboardLinks struct{ users, keys, root string }

func (l dashboardLinks) activeKeys(q listQuery) string {
	q.Keys = "active"
	return q.at(l.keys)
}

func dashboardFigures(c keyCounts, l dashboardLinks) []views.DashboardFigure {
	return []views.DashboardFigure{
		{Label: "Active keys", Value: thousands(c.active), Note: "across " + matchCount(0, c.usersActive, false, "user"), URL: l.activeKeys(listQuery{})},
		{Label: "Older than 90 days", Value: thousands(c.older90), Note: share(c.older90, c.active) + " of active keys", URL: l.activeKeys(listQuery{Age: "91-"})},
		unusedFigure(c, l),
		{Label: "Users with two active keys", Value: thousands(c.twoActive), Note: "rotating, or forgotten", URL: listQuery{Keys: "two-active"}.at(l.users)},
	}
}

// unusedFigure counts what is known to be unused: while no last use is known,
// 0 would say that every key is needed.
func unusedFigure(c keyCounts, l dashboardLinks) views.DashboardFigure {
	f := views.DashboardFigure{Label: "Unused for 90 days", Value: thousands(c.unused90),
		Note: thousands(c.unused90Never) + " of them never used", URL: l.activeKeys(listQuery{Used: "unused-90"})}
	switch {
	case c.unknownUse == 0:
	case c.unknownUse == c.active:
		f.Value, f.Note, f.URL = "-", "last use not known", l.activeKeys(listQuery{Used: usedUnknown})
	default:
		f.Note += "; last use of " + thousands(c.unknownUse) + " not known"
	}
	return f
}

func share(part, whole int) string {
	if whole == 0 {
		return "0%"
	}
	return strconv.Itoa((100*part+whole/2)/whole) + "%"
}

func ageChart(c keyCounts, l dashboardLinks) views.Chart {
	chart := views.Chart{ID: "ages", Label: "Active keys by age", Category: "Age in days", Measure: "keys"}
	for i, b := range ageBands {
		chart.Bars = append(chart.Bars, views.Bar{Label: b.label, Kind: b.kind, Count: c.ages[i], URL: l.activeKeys(listQuery{Age: b.days})})
	}
	return chart
}

func lastUseChart(c keyCounts, l dashboardLinks) views.Chart {
	chart := views.Chart{ID: "uses", Label: "Active keys by last use", Category: "Last used", Measure: "keys"}
	for i, b := range useBands {
		if b.days == usedUnknown && c.uses[i] == 0 {
			continue
		}
		chart.Bars = append(chart.Bars, views.Bar{Label: b.label, Kind: b.kind, Count: c.uses[i], URL: l.activeKeys(listQuery{Used: b.days})})
	}
	return chart
}

// attention lists what is there to be looked into, the most urgent first.
func attention(c keyCounts, l dashboardLinks) []views.DashboardItem {
	all := []struct {
		count          int
		kind, is, text string
		url            string
	}{
		{c.quarantined, "error", "Users quarantined by AWS", "AWS found a key of theirs exposed. Deactivate the key, look at what it did, replace it.", listQuery{Keys: "quarantined"}.at(l.users)},
		{c.root, "error", "Active access keys of the root user", rootKeysText, l.root},
		{c.moreThanTwo, "error", "Users with more than two keys", "IAM allows two. Delete those that nobody uses.", listQuery{Keys: "more-than-two"}.at(l.users)},
		{c.olderThanYear, "error", "Active keys older than 365 days", "Rotate them, or deactivate the ones that nobody uses.", l.activeKeys(listQuery{Age: "366-"})},
		{c.older90, "warning", "Active keys older than 90 days", "Rotate them.", l.activeKeys(listQuery{Age: "91-"})},
		{c.unused90, "warning", "Active keys unused for 90 days", "Deactivate them, wait, then delete them.", l.activeKeys(listQuery{Used: "unused-90"})},
		{c.neverUsed, "warning", "Active keys never used", "Ask the owner, then deactivate them.", l.activeKeys(listQuery{Used: "never"})},
		{c.unknownUse, "info", "Active keys whose last use is not known", "They may be in use, and are in none of the figures about unused keys.", l.activeKeys(listQuery{Used: usedUnknown})},
		{c.twoActive, "info", "Users with two active keys", "Finish the rotation: deactivate the older key once nothing uses it.", listQuery{Keys: "two-active"}.at(l.users)},
		{c.unread, "warning", "Users that could not be read", "Their keys are missing from the figures above, or older than the rest.", listQuery{Keys: "unread"}.at(l.users)},
	}
	var items []views.DashboardItem
	for _, a := range all {
		if a.count > 0 {
			items = append(items, views.DashboardItem{Status: views.Status{Kind: a.kind, Text: a.is}, Count: thousands(a.count), URL: a.url, Text: a.text})
		}
	}
	return items
}
