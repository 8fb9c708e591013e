package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/session"
)

func usersPage(t *testing.T, inventory *iamsvc.Inventory, q listQuery, person listPerson) views.UsersPage {
	t.Helper()
	page, _, err := newUsersPage(testPicture(usersList, inventory), q, person)
	if err != nil {
		t.Fatal(err)
	}
	return views.UsersPage{Total: page.total, Loading: page.loading, CreateURL: page.createURL, List: *page.list}
}

func accessKeysPage(t *testing.T, inventory *iamsvc.Inventory, q listQuery, person listPerson) views.AccessKeysPage {
	t.Helper()
	page, _, err := newListPage(testPicture(keysList, inventory), q, person)
	if err != nil {
		t.Fatal(err)
	}
	return views.AccessKeysPage{Total: page.total, Loading: page.loading, List: *page.list}
}

func heads(list views.List) string {
	var titles []string
	for _, c := range list.Columns {
		titles = append(titles, strings.TrimSpace(c.Title+" "+c.Sort))
	}
	return strings.Join(titles, ", ")
}

func TestNewUsersPage(t *testing.T) {
	t.Parallel()
	p := usersPage(t, testInventory(), listQuery{Page: 1}, testPerson())
	if p.Total != "7" || p.List.Count != "7 users" || p.Loading || p.CreateURL != "" || p.List.ClearURL != "" {
		t.Errorf("total %q, count %q, loading %v, create %q, clear %q", p.Total, p.List.Count, p.Loading, p.CreateURL, p.List.ClearURL)
	}
	if got, want := heads(p.List), "User name ascending, Groups, Last activity, MFA, Access key ID, Active key age, Access key last used"; got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
	if got, want := strings.Join(p.List.Freshness, "; "), "as of 2 minutes ago; 6 of 7 users read; last used as of 1 hour ago or later"; got != want {
		t.Errorf("freshness %q, want %q", got, want)
	}
	if len(p.List.Rows) != 7 {
		t.Errorf("rows %+v", p.List.Rows)
	}
	if got := p.List.Rows[0]; !strings.Contains(got.String(), `<th scope="row"`) || !strings.Contains(got.String(), `<a href="/accounts/123456789012/users/adam">adam</a>`) {
		t.Errorf("first row %s", got)
	}
}

func TestNewUsersPageFiltered(t *testing.T) {
	t.Parallel()
	person := testPerson()
	person.mayCreate = true
	person.prefs = session.Preferences{PageSize: 10, UserColumns: []string{"name", "arn", "path"}}
	q := query(t, "q=nobody&keys=active&sort=-arn")
	p := usersPage(t, testInventory(), q, person)
	if p.List.Count != "0 of 7 users" || p.List.EmptyTitle != "No matches" {
		t.Errorf("count %q, empty %q", p.List.Count, p.List.EmptyTitle)
	}
	if p.List.ClearURL != "/accounts/123456789012/users?sort=-arn" {
		t.Errorf("clear goes to %s", p.List.ClearURL)
	}
	if p.CreateURL != "/accounts/123456789012/create-user" {
		t.Errorf("create goes to %q", p.CreateURL)
	}
	if got, want := heads(p.List), "User name, Path, ARN descending"; got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
	if got, want := p.List.Columns[0].SortURL, "/accounts/123456789012/users?keys=active&q=nobody&sort=name%2C-arn"; got != want {
		t.Errorf("sort link %s, want %s", got, want)
	}
}

// An account that could not be read must not look like one without users.
func TestNewUsersPageOfUnreadAccount(t *testing.T) {
	t.Parallel()
	p := usersPage(t, &iamsvc.Inventory{Err: iamsvc.ErrUnavailable}, listQuery{}, testPerson())
	if p.Total != "" || p.List.Count != "" || p.List.EmptyTitle != "Could not be read" || p.Loading {
		t.Errorf("total %q, count %q, empty %q, loading %v", p.Total, p.List.Count, p.List.EmptyTitle, p.Loading)
	}
	if p := usersPage(t, &iamsvc.Inventory{AsOf: testNow}, listQuery{}, testPerson()); p.Total != "0" || p.List.EmptyTitle != "No resources to display" {
		t.Errorf("empty account: total %q, empty %q", p.Total, p.List.EmptyTitle)
	}
}

// A range that only charts link to must be visible in the select, else the
// list would look unfiltered.
func TestNewUsersPageShowsRangeFilter(t *testing.T) {
	t.Parallel()
	p := usersPage(t, testInventory(), query(t, "age=181-365"), testPerson())
	var chosen []string
	for _, f := range p.List.Filters {
		for _, o := range f.Options {
			if o.Selected {
				chosen = append(chosen, o.Text)
			}
		}
	}
	if got, want := strings.Join(chosen, ", "), "Any key status, Age 181 to 365 days, Any last use, Any MFA, Any console access"; got != want {
		t.Errorf("chosen %s, want %s", got, want)
	}
}

func TestListNotices(t *testing.T) {
	t.Parallel()
	throttled := fmt.Errorf("call: %w", iamsvc.ErrThrottled)
	for _, c := range []struct {
		name      string
		inventory iamsvc.Inventory
		query     listQuery
		want      string
		loading   bool
	}{
		{"first reading", iamsvc.Inventory{Loading: true}, listQuery{}, "", true},
		{"first reading failed", iamsvc.Inventory{Err: throttled}, listQuery{}, "error: The account could not be read", false},
		{"later reading failed", iamsvc.Inventory{AsOf: testNow, Err: throttled}, listQuery{}, "warning: The list of users could not be read again", false},
		{"no report", iamsvc.Inventory{AsOf: testNow, ReportErr: iamsvc.ErrReportNotPresent}, listQuery{}, "info: No fresh credential report", false},
		{"report comes", iamsvc.Inventory{AsOf: testNow, ReportErr: iamsvc.ErrReportInProgress, Loading: true}, listQuery{}, "", false},
		{"no groups", iamsvc.Inventory{AsOf: testNow, GroupsErr: &iamsvc.Denied{}}, listQuery{}, "warning: Groups, tags, key descriptions and policies could not be read", false},
		{"secret pasted", iamsvc.Inventory{AsOf: testNow}, listQuery{Secret: true}, "error: This looks like a secret access key", false},
	} {
		p := usersPage(t, &c.inventory, c.query, testPerson())
		var said []string
		for _, n := range p.List.Notices {
			said = append(said, n.Kind+": "+n.Title)
		}
		if got := strings.Join(said, "; "); got != c.want || p.Loading != c.loading {
			t.Errorf("%s: %q, loading %v, want %q, %v", c.name, got, p.Loading, c.want, c.loading)
		}
	}
}

func TestNewAccessKeysPage(t *testing.T) {
	t.Parallel()
	p := accessKeysPage(t, testInventory(), query(t, "sort=-key-age"), testPerson())
	if p.Total != "8" || p.List.Count != "8 access keys" {
		t.Errorf("total %q, count %q", p.Total, p.List.Count)
	}
	var rows []string
	v := listView{now: testNow, account: "123456789012", inventory: testInventory()}
	for _, r := range testPicture(keysList, v.inventory).found(query(t, "sort=-key-age"))[:2] {
		var cells []string
		for _, c := range listCells(r, visibleColumns(keyColumns, nil), v) {
			cells = append(cells, cellTexts(c.Lines))
		}
		rows = append(rows, strings.Join(cells, ", "))
	}
	want := "AKIAAAAAAAAAAAAA0003, bert, inactive  Inactive, old laptop, inactive  500 days, 198 days ago, s3, us-east-1\n" +
		"AKIAAAAAAAAAAAAA0004, carla, success  Active, -, error  400 days, Never, N/A, N/A"
	if got := strings.Join(rows, "\n"); got != want {
		t.Errorf("rows\n%s\nwant\n%s", got, want)
	}
	for _, c := range []struct{ query, want string }{
		{"keys=active", "5 of 8 access keys"},
		{"keys=inactive&age=91-", "1 of 8 access keys"},
		{"keys=more-than-two", "3 of 8 access keys"},
		{"q=laptop", "1 of 8 access keys"},
		{"q=bert", "2 of 8 access keys"},
		{"used=unknown", "1 of 8 access keys"},
		{"keys=none", "0 of 8 access keys"},
	} {
		if got := accessKeysPage(t, testInventory(), query(t, c.query), testPerson()).List.Count; got != c.want {
			t.Errorf("%s: %s, want %s", c.query, got, c.want)
		}
	}
}

// A filter that fits no key whatever the account holds is a dead end.
func TestAccessKeysPageOffersFiltersThatCanMatch(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	unread := &inventory.Users[len(inventory.Users)-1]
	unread.Keys = []iamsvc.AccessKey{{ID: "AKIAAAAAAAAAAAAA0009", Status: iamsvc.KeyActive, Created: daysAgo(10)}} // of an earlier reading
	for _, f := range accessKeysPage(t, inventory, listQuery{}, testPerson()).List.Filters {
		if f.Name != "keys" {
			continue
		}
		for _, o := range f.Options {
			q := listQuery{Keys: o.Value, Page: 1}
			if got := len(testPicture(keysList, inventory).found(q)); got == 0 {
				t.Errorf("%q is offered and fits no access key", o.Text)
			}
		}
	}
	if offered := optionsOf(usersPage(t, inventory, listQuery{}, testPerson()).List, "keys"); !strings.Contains(offered, "No access keys") {
		t.Errorf("the list of users offers %s", offered)
	}
	asked := accessKeysPage(t, inventory, query(t, "keys=none"), testPerson()).List
	if offered := optionsOf(asked, "keys"); !strings.Contains(offered, "No access keys (chosen)") || asked.ClearURL == "" {
		t.Errorf("an address asks for keys of users without any, and the page says %s, clear %q", offered, asked.ClearURL)
	}
}

func optionsOf(list views.List, filter string) string {
	var texts []string
	for _, f := range list.Filters {
		for _, o := range f.Options {
			if f.Name == filter && o.Selected {
				o.Text += " (chosen)"
			}
			if f.Name == filter {
				texts = append(texts, o.Text)
			}
		}
	}
	return strings.Join(texts, ", ")
}

func TestAccessKeyColumnsSort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sort, want string }{
		{"", "0001 0002 0003 0004 0005 0006 0007 0008"},
		{"status,key-age", "0005 0001 0006 0002 0004 0007 0008 0003"},
		{"key-used", "0001 0002 0003 0004 0005 0006 0007 0008"},
		{"-key-used", "0003 0002 0001 0004 0005 0006 0007 0008"},
		{"-name", "0006 0007 0008 0004 0005 0002 0003 0001"},
		{"description", "0003 0001 0002 0004 0005 0006 0007 0008"},
	} {
		var ids []string
		for _, r := range testPicture(keysList, testInventory()).found(listQuery{Sort: parseSort(c.sort)}) {
			ids = append(ids, r.key.ID[16:])
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.sort, got, c.want)
		}
	}
}

// bigInventory is the largest account IAM allows.
func bigInventory(n int) *iamsvc.Inventory {
	inventory := &iamsvc.Inventory{AsOf: testNow, KeysRead: n}
	for i := range n {
		name := fmt.Sprintf("user-%05d", i)
		u := iamsvc.InventoryUser{User: iamsvc.User{Name: name, Path: "/teams/", ARN: "arn:aws:iam::123456789012:user/teams/" + name, Created: daysAgo(i % 2000)},
			Groups: []string{"Developers", "Readers"}, GroupsRead: true, LastActivity: daysAgo(i * 7919 % 500)}
		for k := range i % 3 {
			u.Keys = append(u.Keys, iamsvc.AccessKey{ID: fmt.Sprintf("AKIA%015d%d", i, k), Status: iamsvc.KeyActive,
				Created: daysAgo(i * 104729 % 1500), LastUsed: usedDaysAgo(i % 400)})
		}
		inventory.Users = append(inventory.Users, u)
	}
	return inventory
}

// A page out of 5,000 users must not take longer than a person notices, on
// any machine; the benchmark tells the real figure.
func TestUsersPageOfLargeAccountIsQuick(t *testing.T) {
	t.Parallel()
	inventory := bigInventory(5000)
	start := time.Now()
	p := usersPage(t, inventory, query(t, "q=developers&age=91-&sort=-key-age,activity"), testPerson())
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	if len(p.List.Rows) != defaultPageSize || !strings.HasSuffix(p.List.Count, " of 5,000 users") {
		t.Errorf("%d rows, %s", len(p.List.Rows), p.List.Count)
	}
}
