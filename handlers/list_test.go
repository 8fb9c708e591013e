package handlers

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

var testNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func daysAgo(n int) time.Time { return testNow.Add(-time.Duration(n) * day) }

func usedDaysAgo(n int) iamsvc.LastUsed {
	return iamsvc.Used(daysAgo(n), "us-east-1", "s3", testNow.Add(-time.Hour))
}

var neverUsed = iamsvc.NeverUsed(testNow.Add(-time.Hour))

// testInventory has one user per situation a list must tell apart.
func testInventory() *iamsvc.Inventory {
	user := func(name string, keys ...iamsvc.AccessKey) iamsvc.InventoryUser {
		return iamsvc.InventoryUser{
			User: iamsvc.User{Name: name, Path: "/", ARN: "arn:aws:iam::123456789012:user/" + name, Created: daysAgo(900)},
			Keys: keys, GroupsRead: true, QuarantineRead: true, ConsoleAccess: iamsvc.No, MFA: iamsvc.No,
		}
	}
	key := func(id string, s iamsvc.KeyStatus, age int, used iamsvc.LastUsed) iamsvc.AccessKey {
		return iamsvc.AccessKey{ID: id, Status: s, Created: daysAgo(age), LastUsed: used}
	}
	fresh := user("adam", key("AKIAAAAAAAAAAAAA0001", iamsvc.KeyActive, 12, usedDaysAgo(1)))
	fresh.Groups, fresh.LastActivity, fresh.Path = []string{"Developers", "ops"}, daysAgo(1), "/Team/Blue/"
	fresh.Tags = []iamsvc.Tag{{Key: "contact", Value: "Zoë Müller"}}
	two := user("bert",
		key("AKIAAAAAAAAAAAAA0002", iamsvc.KeyActive, 214, usedDaysAgo(3)),
		key("AKIAAAAAAAAAAAAA0003", iamsvc.KeyInactive, 500, usedDaysAgo(198)))
	two.Tags = []iamsvc.Tag{{Key: two.Keys[1].ID, Value: "old laptop"}}
	two.Keys[1].Description, two.LastActivity = "old laptop", daysAgo(3)
	rotating := user("carla",
		key("AKIAAAAAAAAAAAAA0004", iamsvc.KeyActive, 400, neverUsed),
		key("AKIAAAAAAAAAAAAA0005", iamsvc.KeyActive, 3, neverUsed))
	three := user("dora",
		key("AKIAAAAAAAAAAAAA0006", iamsvc.KeyActive, 50, iamsvc.LastUsed{}),
		key("AKIAAAAAAAAAAAAA0007", iamsvc.KeyInactive, 60, neverUsed),
		key("AKIAAAAAAAAAAAAA0008", iamsvc.KeyInactive, 70, neverUsed))
	three.Quarantined = true
	console := user("emil")
	console.ConsoleAccess, console.MFA, console.MFAKinds = iamsvc.Yes, iamsvc.Yes, "Virtual"
	console.PasswordChanged, console.PasswordLastUsed, console.LastActivity = daysAgo(120), daysAgo(2), daysAgo(2)
	noMFA := user("fred")
	noMFA.ConsoleAccess, noMFA.SigningCerts = iamsvc.Yes, 1
	unread := user("gina")
	unread.KeysErr, unread.SigningCerts = fmt.Errorf("list: %w", iamsvc.ErrThrottled), -1
	unread.GroupsRead, unread.QuarantineRead, unread.ConsoleAccess, unread.MFA = false, false, iamsvc.Unknown, iamsvc.Unknown
	return &iamsvc.Inventory{
		AsOf: testNow.Add(-2 * time.Minute), ReportTime: testNow.Add(-time.Hour), ReportAsOf: testNow.Add(-time.Hour), UsesAsOf: testNow.Add(-time.Hour), KeysRead: 6,
		Users: []iamsvc.InventoryUser{fresh, two, rotating, three, console, noMFA, unread},
	}
}

func testPerson() listPerson { return listPerson{account: "123456789012", now: testNow} }

func testPicture[T any](kind listKind[T], inventory *iamsvc.Inventory) *picture[T] {
	return newPicture(kind, "123456789012", inventory, nil)
}

// found is all rows of the list that q asks for.
func (p *picture[T]) found(q listQuery) (rows []T) {
	for _, row := range p.cut(q, testNow, max(1, len(p.all))).rows {
		rows = append(rows, p.all[row])
	}
	return rows
}

func userNames(inventory *iamsvc.Inventory, q listQuery) string {
	var names []string
	for _, u := range testPicture(usersList, inventory).found(q) {
		names = append(names, u.Name)
	}
	return strings.Join(names, " ")
}

func TestUsersFilter(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	for _, c := range []struct{ query, want string }{
		{"", "adam bert carla dora emil fred gina"},
		{"keys=active", "adam bert carla dora"},
		{"keys=inactive", "bert dora"},
		{"keys=none", "emil fred"}, // not gina: an error is no empty list
		{"keys=two-active", "carla"},
		{"keys=more-than-two", "dora"},
		{"keys=quarantined", "dora"},
		{"keys=unread", "gina"},
		{"age=46-", "bert carla dora"},
		{"age=91-", "bert carla"},
		{"age=366-", "carla"}, // bert's old key is inactive
		{"keys=active&age=366-", "carla"},
		{"keys=inactive&age=91-", "bert"}, // an inactive key, and an active one of that age
		{"keys=inactive&age=46-", "bert dora"},
		{"keys=inactive&age=46-&used=never", "dora"},
		{"age=366-&used=unused-90", "carla"},
		{"age=0-30", "adam carla"},
		{"used=never", "carla dora"},
		{"used=unused-90", "bert carla"}, // carla's never-used key is 400 days old
		{"used=unused-45", "bert carla dora"},
		{"used=unused-365", "carla"},
		{"used=unknown", "dora"},
		{"used=0-30", "adam bert"},
		{"keys=active&used=unused-90", "carla"},
		{"mfa=yes", "emil"},
		{"mfa=no", "adam bert carla dora fred"}, // not gina: it is not known
		{"console=yes", "emil fred"},
		{"console=yes&mfa=no", "fred"},
		{"q=ADAM", "adam"},
		{"q=blue", "adam"},
		{"q=developers", "adam"},
		{"q=M%C3%BCller", "adam"},
		{"q=contact", "adam"},
		{"q=laptop", "bert"},
		{"q=old+bert", "bert"},
		{"q=old+adam", ""},
		{"q=AKIAAAAAAAAAAAAA0003", "bert"},
		{"q=0003", "bert"},
		{"q=003", ""},  // too short to mean a key
		{"q=aaaa", ""}, // the middle of every key ID
		{"q=akiaaaaaaa", "adam bert carla dora"},
	} {
		if got := userNames(inventory, query(t, c.query)); got != c.want {
			t.Errorf("%s: %q, want %q", c.query, got, c.want)
		}
	}
}

func TestUsersSort(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	for _, c := range []struct{ sort, want string }{
		{"-name", "gina fred emil dora carla bert adam"},
		{"key-age", "adam dora bert carla emil fred gina"},
		{"-key-age", "carla bert dora adam emil fred gina"}, // no key: last either way
		{"activity", "adam emil bert carla dora fred gina"},
		{"-activity", "bert emil adam carla dora fred gina"},
		{"-groups", "adam bert carla dora emil fred gina"},
		{"-console", "fred emil adam bert carla dora gina"},
		{"mfa", "adam bert carla dora fred emil gina"},
		{"certs,-name", "emil dora carla bert adam fred gina"},
		{"nonsense", "adam bert carla dora emil fred gina"},
	} {
		if got := userNames(inventory, query(t, "sort="+c.sort)); got != c.want {
			t.Errorf("%s: %s, want %s", c.sort, got, c.want)
		}
	}
}

// Every column must sort both ways to the same set, keep its missing values
// last, and draw a cell for every user.
func TestUserColumns(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	v := listView{now: testNow, account: "123456789012", inventory: inventory}
	if len(userColumns) != 14 {
		t.Errorf("%d columns, the console has 14", len(userColumns))
	}
	for _, c := range userColumns {
		for _, desc := range []bool{false, true} {
			rows := testPicture(usersList, inventory).found(listQuery{Sort: []sortKey{{c.id, desc}}})
			if len(rows) != len(inventory.Users) {
				t.Errorf("%s: %d rows", c.id, len(rows))
			}
			if !slices.IsSortedFunc(rows, func(a, b userRow) int {
				return missingFirst(c.value(a)) - missingFirst(c.value(b))
			}) {
				t.Errorf("%s, descending %v: missing values are not last", c.id, desc)
			}
		}
		for i := range inventory.Users {
			for _, l := range c.cell(v, &inventory.Users[i]) {
				if l.Text == "" {
					t.Errorf("%s of %s is blank", c.id, inventory.Users[i].Name)
				}
			}
		}
	}
}

func missingFirst(v sortValue) int {
	if v.missing {
		return 1
	}
	return 0
}

func cellTexts(lines []views.Line) string {
	var texts []string
	for _, l := range lines {
		texts = append(texts, strings.TrimSpace(l.Kind+" "+l.Lead+cmp.Or(l.Time.Text, " "+l.Text)))
	}
	return strings.Join(texts, " | ")
}

func TestUserCells(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	v := listView{now: testNow, account: "123456789012", inventory: inventory}
	for _, c := range []struct{ user, column, want string }{
		{"adam", "groups", "2"},
		{"adam", "activity", "1 day ago"},
		{"adam", "mfa", "-"},
		{"adam", "password-age", "-"},
		{"adam", "key-id", "Active - AKIAAAAAAAAAAAAA0001"},
		{"adam", "key-age", "success  12 days"},
		{"adam", "created", "900 days ago"},
		{"adam", "console", "Disabled"},
		{"bert", "key-id", "Active - AKIAAAAAAAAAAAAA0002 | Inactive - AKIAAAAAAAAAAAAA0003"},
		{"bert", "key-age", "warning  214 days | -"},
		{"bert", "key-used", "3 days ago | 198 days ago"},
		{"carla", "key-age", "error  400 days | success  3 days"},
		{"carla", "key-used", "Never | Never"},
		{"carla", "activity", "Never"},
		{"dora", "name", "dora | error  Quarantined by AWS"},
		{"dora", "key-id", "error  Active - AKIAAAAAAAAAAAAA0006 | Inactive - AKIAAAAAAAAAAAAA0007 | Inactive - AKIAAAAAAAAAAAAA0008"},
		{"dora", "key-used", "inactive  Not known | Never | Never"},
		{"dora", "activity", "inactive  Not known"},
		{"emil", "mfa", "Virtual"},
		{"emil", "password-age", "warning  120 days"},
		{"emil", "console-sign-in", "2 days ago"},
		{"emil", "key-id", "-"},
		{"emil", "key-age", "-"},
		{"emil", "console", "Enabled"},
		{"emil", "certs", "-"},
		{"fred", "console", "warning  Enabled without MFA"},
		{"fred", "console-sign-in", "Never"},
		{"fred", "activity", "Never"},
		{"fred", "certs", "1"},
		{"gina", "key-id", "warning  Could not be read"},
		{"gina", "key-age", "warning  Could not be read"},
		{"gina", "key-used", "warning  Could not be read"},
		{"gina", "groups", "inactive  Not known"},
		{"gina", "activity", "inactive  Not known"},
		{"gina", "mfa", "inactive  Not known"},
		{"gina", "console", "inactive  Not known"},
		{"gina", "certs", "inactive  Not known"},
		{"gina", "console-sign-in", "inactive  Not known"},
		{"gina", "password-age", "inactive  Not known"},
	} {
		u := slices.IndexFunc(inventory.Users, func(u iamsvc.InventoryUser) bool { return u.Name == c.user })
		column := slices.IndexFunc(userColumns, func(l listColumn[userRow]) bool { return l.id == c.column })
		if got := cellTexts(userColumns[column].cell(v, &inventory.Users[u])); got != c.want {
			t.Errorf("%s of %s: %q, want %q", c.column, c.user, got, c.want)
		}
	}
}

// While a reading is under way, what it has not brought is not "not known".
func TestUserCellsWhileReading(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	inventory.Loading = true
	v := listView{now: testNow, account: "123456789012", inventory: inventory}
	for _, c := range userColumns {
		for i := range inventory.Users {
			for _, l := range c.cell(v, &inventory.Users[i]) {
				if l.Text == textNotKnown {
					t.Errorf("%s of %s is %s", c.id, inventory.Users[i].Name, l.Text)
				}
			}
		}
	}
	if got := userGroupsCell(v, &inventory.Users[6])[0]; got.Text != textNotRead || got.Kind != "progress" {
		t.Errorf("groups %+v", got)
	}
}

func TestUnreadLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{iamsvc.ErrNotReadYet, "Not read yet"},
		{&iamsvc.Denied{Action: "iam:ListAccessKeys"}, "Not allowed to see"},
		{iamsvc.ErrThrottled, "Could not be read"},
		{errors.New("anything"), "Could not be read"},
	} {
		line := unreadLine(c.err)
		if line.Text != c.want {
			t.Errorf("%v: %s, want %s", c.err, line.Text, c.want)
		}
		if refused := errors.Is(c.err, iamsvc.ErrDenied); refused != strings.Contains(line.Hint, "iam:ListAccessKeys, which an administrator") {
			t.Errorf("%v: hint %q", c.err, line.Hint)
		}
	}
}

func TestListPager(t *testing.T) {
	t.Parallel()
	url := func(n int) string { return fmt.Sprint("p", n) }
	for _, c := range []struct {
		current, last int
		want          string
	}{
		{1, 1, "[1]"},
		{1, 3, "[1] 2 3 >"},
		{3, 5, "< 1 2 [3] 4 5 >"},
		{1, 8, "[1] 2 3 … 8 >"},
		{5, 9, "< 1 … 4 [5] 6 … 9 >"},
		{8, 8, "< 1 … 6 7 [8]"},
	} {
		if got := pagerText(listPager(c.current, c.last, url)); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.current, c.last, got, c.want)
		}
	}
}

func pagerText(p views.Pagination) string {
	var parts []string
	if p.Prev != "" {
		parts = append(parts, "<")
	}
	for _, l := range p.Pages {
		switch {
		case l.Gap:
			parts = append(parts, "…")
		case l.Current:
			parts = append(parts, "["+l.Text+"]")
		default:
			parts = append(parts, l.Text)
		}
	}
	if p.Next != "" {
		parts = append(parts, ">")
	}
	return strings.Join(parts, " ")
}

func TestPageOf(t *testing.T) {
	t.Parallel()
	rows := []int{1, 2, 3, 4, 5}
	for _, c := range []struct {
		page, size    int
		want          []int
		current, last int
	}{
		{1, 2, []int{1, 2}, 1, 3},
		{3, 2, []int{5}, 3, 3},
		{99, 2, []int{5}, 3, 3},
		{1, 10, rows, 1, 1},
	} {
		got, current, last := pageOf(rows, listQuery{Page: c.page}, c.size)
		if !slices.Equal(got, c.want) || current != c.current || last != c.last {
			t.Errorf("page %d by %d: %v, %d of %d", c.page, c.size, got, current, last)
		}
	}
	if got, current, last := pageOf([]int{}, listQuery{Page: 4}, 10); len(got) != 0 || current != 1 || last != 1 {
		t.Errorf("no rows: %v, %d of %d", got, current, last)
	}
}

func TestThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 5007: "5,007", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// The list of users may be new and the keys in it old.
// Nothing on a page may say that the reading goes on while it waits.
func TestFreshnessWhileReading(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*iamsvc.Inventory){
		"still reading":  func(i *iamsvc.Inventory) { i.Loading = true },
		"reading paused": func(i *iamsvc.Inventory) { i.Loading, i.Paused = true, true },
	} {
		inventory := testInventory()
		change(inventory)
		said := usersPage(t, inventory, listQuery{}, testPerson()).List.Freshness
		if got := said[len(said)-1]; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if dashboard := newDashboardPage(inventory, "1", testNow).Description; strings.Contains(dashboard, want) {
			t.Errorf("what is drawn once says %q", dashboard)
		}
		if strings.Contains(strings.Join(said, "; "), "users read") {
			t.Errorf("%s: what the bar counts is counted again, and later: %q", want, said)
		}
	}
	between := testInventory()
	between.Paused = true
	if said := strings.Join(usersPage(t, between, listQuery{}, testPerson()).List.Freshness, "; "); !strings.HasSuffix(said, "; reading paused") {
		t.Errorf("paused between two readings: %s", said)
	}
}

func TestFreshnessOfTheKeys(t *testing.T) {
	t.Parallel()
	for keys, want := range map[time.Duration]string{
		3 * time.Hour:   "as of 2 minutes ago; keys as of 3 hours ago or later; 6 of 7 users read; last used as of 1 hour ago or later",
		3 * time.Minute: "as of 2 minutes ago; 6 of 7 users read; last used as of 1 hour ago or later",
	} {
		inventory := testInventory()
		inventory.KeysAsOf = testNow.Add(-keys)
		if got := strings.Join(freshness(inventory, testNow), "; "); got != want {
			t.Errorf("keys read %v ago: %q", keys, got)
		}
	}
}

// A key whose last use is not known may have been used after the last sign-in.
func TestActivityWhileKeysAreUnread(t *testing.T) {
	t.Parallel()
	u := &iamsvc.InventoryUser{LastActivity: testNow.Add(-68 * 24 * time.Hour), Keys: []iamsvc.AccessKey{{ID: "AKIAIOSFODNN7EXAMPLE"}}}
	for loading, want := range map[bool]string{true: "Not read yet", false: "68 days ago | or later"} {
		v := listView{now: testNow, inventory: &iamsvc.Inventory{Loading: loading}}
		if got := cellTexts(userActivityCell(v, u)); !strings.Contains(got, want) {
			t.Errorf("loading %v: %q", loading, got)
		}
	}
	u.Keys[0].LastUsed = iamsvc.NeverUsed(testNow)
	if got := cellTexts(userActivityCell(listView{now: testNow, inventory: &iamsvc.Inventory{}}, u)); got != "68 days ago" {
		t.Errorf("known: %q", got)
	}
}

// The age of an answer stands beside it; a use that an old answer tells of is
// the least that is known.
func TestLastUseSaysHowOldItIs(t *testing.T) {
	t.Parallel()
	asked := func(ago time.Duration) time.Time { return testNow.Add(-ago) }
	for name, c := range map[string]struct {
		used iamsvc.LastUsed
		want string
	}{
		"just asked":       {iamsvc.NeverUsed(asked(time.Second)), "Never, as of now"},
		"asked before":     {iamsvc.NeverUsed(asked(59 * time.Minute)), "Never, as of 59m ago"},
		"too old":          {iamsvc.NeverUsed(asked(5 * time.Hour)), "Not known"},
		"used":             {iamsvc.Used(daysAgo(3), "", "", asked(2*time.Hour)), "3 days ago, as of 2h ago"},
		"used, too old":    {iamsvc.Used(daysAgo(3), "", "", asked(5*time.Hour)), "3 days ago, or later, as of 5h ago"},
		"used, days old":   {iamsvc.Used(daysAgo(30), "", "", daysAgo(2)), "30 days ago, or later, as of 2 days ago"},
		"used, not asked":  {iamsvc.Used(daysAgo(3), "", "", time.Time{}), "3 days ago, or later"},
		"nothing":          {iamsvc.LastUsed{}, "Not known"},
		"may not be known": {iamsvc.LastUsed{Err: iamsvc.ErrDenied}, "Not allowed to see"},
	} {
		line := lastUsedLine(testNow, c.used)
		if got := withNote(line); got != c.want || (line.Note == "") != (line.NoteHint == "") {
			t.Errorf("%s: %q, want %q (%q)", name, got, c.want, line.NoteHint)
		}
	}
}

// What a filter by last use leaves out because nothing is known is counted and said.
func TestKeysOfUnknownUseAreCountedApart(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	if got := accessKeysPage(t, inventory, query(t, "used=unused-90"), testPerson()).List.Freshness[0]; got != "last use not known for 1 access key" {
		t.Errorf("list: %q", got)
	}
	if got := accessKeysPage(t, inventory, query(t, "used=unknown"), testPerson()).List.Freshness[0]; strings.Contains(got, "not known") {
		t.Errorf("the list of them: %q", got)
	}
	later := testNow.Add(4 * time.Hour)
	p := newDashboardPage(inventory, "123456789012", later)
	if f := p.Figures[2]; f.Value != "-" || f.Note != "last use not known" {
		t.Errorf("by answers that are too old: %+v", f)
	}
	for _, item := range p.Attention {
		if strings.Contains(item.Status.Text, "never used") || strings.Contains(item.Status.Text, "unused") {
			t.Errorf("advice by answers that are too old: %+v", item)
		}
	}
}
