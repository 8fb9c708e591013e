package handlers

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc"
)

// randomInventory has small sets of everything, so that rows are often equal in
// a column and words are often found.
func randomInventory(r *rand.Rand) *iamsvc.Inventory {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	inventory := &iamsvc.Inventory{AsOf: testNow, Loading: r.IntN(2) == 0}
	for i := range r.IntN(150) {
		u := iamsvc.InventoryUser{GroupsRead: r.IntN(4) > 0, ConsoleAccess: iamsvc.Tri(r.IntN(3)), MFA: iamsvc.Tri(r.IntN(3))}
		u.Name = fmt.Sprintf("%s-%03d", pick("Anna", "bob", "ÖZGÜR", "=cmd", "svc"), i)
		u.Path, u.Created = pick("/", "/Team/", "/team/blue/"), daysAgo(r.IntN(4)*100)
		u.Groups = slices.Repeat([]string{pick("Devs", "ops", "Müller")}, r.IntN(3))
		u.Tags = slices.Repeat([]iamsvc.Tag{{Key: pick("Owner", "team"), Value: pick("Zoë", "x y")}}, r.IntN(2))
		u.KeysErr = []error{nil, nil, nil, iamsvc.ErrNotReadYet, iamsvc.ErrThrottled}[r.IntN(5)]
		u.Quarantined, u.LastActivity = r.IntN(9) == 0, []time.Time{{}, daysAgo(r.IntN(3))}[r.IntN(2)]
		for k := range r.IntN(4) {
			key := iamsvc.AccessKey{ID: pick("", fmt.Sprintf("AKIA%08d%04dABC%d", r.IntN(100), i, k)), Status: iamsvc.KeyStatus(pick("Active", "Inactive")),
				Created: daysAgo(r.IntN(5) * 80), Description: pick("", "Old laptop", "CI")}
			key.LastUsed = []iamsvc.LastUsed{{}, neverUsed, usedDaysAgo(r.IntN(500))}[r.IntN(3)]
			u.Keys = append(u.Keys, key)
		}
		inventory.Users = append(inventory.Users, u)
	}
	return inventory
}

func randomQuery(r *rand.Rand, columns []string) listQuery {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	q := listQuery{
		Search: pick("", "", "a", "an", "anna", "ÖZ", "özgür-0", "team blue", "müller", "owner", "zoë", "old", "akia", "00", "0001", "bc1", "ABC1", "=cmd svc", "nothing"),
		Keys:   pick("", "", "active", "inactive", "none", "two-active", "more-than-two", "quarantined", "unread"),
		Age:    pick("", "", "91-", "0-80"), Used: pick("", "", "never", "unused-90", "unknown", "0-30"),
		MFA: pick("", "", "yes"), Console: pick("", "", "no"), Page: 1 + r.IntN(4),
	}
	for range r.IntN(4) {
		q.Sort = append(q.Sort, sortKey{pick(columns...), r.IntN(2) == 0})
	}
	return q
}

// naiveCut answers a query as its definition reads: rows that fit and hold every
// word, stably sorted by one key after the other, the last first.
func naiveCut[T any](p *picture[T], q listQuery, keys func(T) []iamsvc.AccessKey, size int) (page []T, matches int) {
	m := newListMatcher(q, testNow)
	var rows []T
	for _, row := range p.all {
		holdsAll := true
		for _, w := range strings.Fields(q.Search) {
			holdsAll = holdsAll && naiveHolds(p.owner(row), keys(row), w)
		}
		if holdsAll && p.fits(&m, row) {
			rows = append(rows, row)
		}
	}
	for _, k := range slices.Backward(q.Sort) {
		if c := p.column(k.Column); c.value != nil {
			slices.SortStableFunc(rows, func(a, b T) int {
				x, y := c.value(a), c.value(b)
				return x.compare(&y, k.Desc)
			})
		}
	}
	page, _, _ = pageOf(rows, q, size)
	return page, len(rows)
}

func naiveHolds(u *iamsvc.InventoryUser, keys []iamsvc.AccessKey, word string) bool {
	in := func(text string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(word)) }
	held := in(u.Name) || in(u.Path) || slices.ContainsFunc(u.Groups, in)
	for _, t := range u.Tags {
		held = held || in(t.Key) || in(t.Value)
	}
	for _, k := range keys {
		id, part := strings.ToUpper(k.ID), strings.ToUpper(word)
		held = held || in(k.Description) || len(word) >= 4 && (strings.HasPrefix(id, part) || strings.HasSuffix(id, part))
	}
	return held
}

// Whatever is asked of a picture, and in whatever order, it answers as the
// definition of the query does.
func TestPictureAnswersAsTheNaiveWay(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	for range 60 {
		inventory := randomInventory(r)
		users, keys := testPicture(usersList, inventory), testPicture(keysList, inventory)
		for range 40 {
			size := 1 + r.IntN(60)
			q := randomQuery(r, columnIDList(userColumns))
			comparePages(t, seed, users, q, func(u userRow) []iamsvc.AccessKey { return u.Keys }, size)
			q = randomQuery(r, columnIDList(keyColumns))
			comparePages(t, seed, keys, q, func(k keyRow) []iamsvc.AccessKey { return []iamsvc.AccessKey{*k.key} }, size)
		}
	}
}

func columnIDList[T any](columns []listColumn[T]) []string {
	return append(strings.Split(columnIDs(columns), ","), "nonsense")
}

func comparePages[T comparable](t *testing.T, seed uint64, p *picture[T], q listQuery, keys func(T) []iamsvc.AccessKey, size int) {
	t.Helper()
	want, matches := naiveCut(p, q, keys, size)
	cut := p.cut(q, testNow, size)
	var got []T
	for _, row := range cut.rows {
		got = append(got, p.all[row])
	}
	if cut.matches != matches || !slices.Equal(got, want) {
		t.Fatalf("seed %d, %s, %+v: %d rows on the page of %d, want %d of %d", seed, p.name, q, len(got), cut.matches, len(want), matches)
	}
}

// Rows are drawn once, but never for longer than a minute.
func TestDrawnRowsFollowTheClock(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	inventory.Users[0].LastActivity = testNow.Add(-30 * time.Minute)
	p := testPicture(usersList, inventory)
	columns := visibleColumns(userColumns, nil)
	drawnAt := func(now time.Time) string {
		rows, err := p.draw([]int32{0}, columns, now)
		if err != nil {
			t.Fatal(err)
		}
		return rows[0].String()
	}
	for _, c := range []struct {
		after time.Duration
		want  string
	}{
		{0, "30 minutes ago"}, {59 * time.Second, "30 minutes ago"}, {60 * time.Second, "31 minutes ago"},
		{10*time.Minute + time.Second, "40 minutes ago"}, {time.Hour, "1 hour ago"},
	} {
		if row := drawnAt(testNow.Add(c.after)); !strings.Contains(row, c.want) {
			t.Errorf("after %v: no %q in %s", c.after, c.want, row)
		}
	}
	if drawnAt(testNow) != drawnAt(testNow.Add(59*time.Second)) {
		t.Error("within a minute the row is drawn in two ways")
	}
}

// Filters by age follow the clock as well.
func TestFiltersFollowTheClock(t *testing.T) {
	t.Parallel()
	p := testPicture(usersList, testInventory())
	q := listQuery{Age: "46-"}
	if n := p.cut(q, testNow, 10).matches; n != 3 {
		t.Errorf("%d users, want 3", n)
	}
	if n := p.cut(q, testNow.Add(60*day), 10).matches; n != 4 {
		t.Errorf("%d users two months later, want 4", n)
	}
}

// A memo must not grow with what people ask, and makes each thing once.
func TestMemo(t *testing.T) {
	t.Parallel()
	var m memo[int, int]
	made := 0
	for i := range 10 * memoSize {
		for range 2 {
			if got := m.get(i, func() int { made++; return 2 * i }); got != 2*i {
				t.Fatalf("%d became %d", i, got)
			}
		}
	}
	if made != 10*memoSize || len(m.kept) > memoSize {
		t.Errorf("made %d times, %d kept", made, len(m.kept))
	}
}

// A key that only the report tells of has its state and age, but no ID and no link.
func TestKeysWithoutAnID(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	u := &inventory.Users[1]
	u.Keys[0].ID, u.Keys[1].ID, u.KeysErr = "", "", iamsvc.ErrNotReadYet
	v := listView{now: testNow, account: "123456789012", inventory: inventory}
	if got, want := cellTexts(userKeyIDCell(v, u)), "Active - Not read yet | Inactive - Not read yet"; got != want {
		t.Errorf("of a user: %q, want %q", got, want)
	}
	id := keyIDCell(v, keyRow{u, &u.Keys[0]})
	if cellTexts(id) != "progress  Not read yet" || id[0].URL != "" {
		t.Errorf("of a key: %+v", id)
	}
	if got := keyStatusCell(v, keyRow{u, &u.Keys[0]})[0].Text; got != "Active" {
		t.Errorf("status %q", got)
	}
	_, list, err := newUsersPage(testPicture(usersList, inventory), listQuery{}, testPerson())
	if err != nil || !slices.Equal(list.unread, []string{"bert", "dora", "gina"}) {
		t.Errorf("to be read: %v, %v", list.unread, err)
	}
	if got := cellTexts(userNameCell(v, &inventory.Users[6])); got != "gina | Try again" {
		t.Errorf("a row that could not be read says %q", got)
	}
}

func TestHeadsOfFurtherSortColumns(t *testing.T) {
	t.Parallel()
	p := usersPage(t, testInventory(), listQuery{Sort: parseSort("-groups,name")}, testPerson())
	for _, c := range p.List.Columns {
		want := map[string]string{"User name": "ascending 1", "Groups": "descending 0"}[c.Title]
		if got := strings.TrimSpace(c.Sort + fmt.Sprint(" ", c.SortAfter)); want != "" && got != want || want == "" && c.Sort != "" {
			t.Errorf("%s: %q, want %q", c.Title, got, want)
		}
	}
}
