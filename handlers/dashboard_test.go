package handlers

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"keydesk/iamsvc"
	"keydesk/views"
)

// Every figure must be the length of the list it links to.
func TestDashboardFiguresAreTheirLists(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	p := newDashboardPage(inventory, "123456789012", testNow)
	counts := map[string]string{}
	for _, f := range p.Figures {
		counts[f.URL] = f.Value
	}
	for _, i := range p.Attention {
		counts[i.URL] = i.Count
	}
	for _, b := range append(p.Ages.Bars, p.LastUses.Bars...) {
		counts[b.URL] = strconv.Itoa(b.Count)
	}
	if len(counts) < 15 {
		t.Errorf("only %d figures", len(counts))
	}
	for address, count := range counts {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		q := parseListQuery(u.Query(), nil)
		if q.encode() != u.RawQuery {
			t.Errorf("%s: the list understands %s", address, q.encode())
		}
		got := usersPage(t, inventory, q, testPerson()).List.Count
		if u.Path == allKeysPath("123456789012") {
			got = accessKeysPage(t, inventory, q, testPerson()).List.Count
		}
		if !strings.HasPrefix(got, count+" of ") {
			t.Errorf("%s: the dashboard says %s, the list %s", address, count, got)
		}
	}
}

func TestDashboardSays(t *testing.T) {
	t.Parallel()
	p := newDashboardPage(testInventory(), "123456789012", testNow)
	if p.Alert.Title != "1 active key is older than 365 days" || p.Loading {
		t.Errorf("alert %q, loading %v", p.Alert.Title, p.Loading)
	}
	if want := "7 users in account 123456789012, as of 2 minutes ago, 6 of 7 users read, last used as of 1 hour ago or later."; p.Description != want {
		t.Errorf("description %q, want %q", p.Description, want)
	}
	figures := []string{}
	for _, f := range p.Figures {
		figures = append(figures, f.Label+" "+f.Value+", "+f.Note)
	}
	want := "Active keys 5, across 4 users; Older than 90 days 2, 40% of active keys; Unused for 90 days 1, 1 of them never used; last use of 1 not known; Users with two active keys 1, rotating, or forgotten"
	if got := strings.Join(figures, "; "); got != want {
		t.Errorf("figures %s, want %s", got, want)
	}
}

// TestDashboardWithoutLastUses: what nobody has read is not "0 unused".
func TestDashboardWithoutLastUses(t *testing.T) {
	t.Parallel()
	key := iamsvc.AccessKey{ID: "AKIA1", Status: iamsvc.KeyActive, Created: testNow.AddDate(-1, 0, 0)}
	inventory := &iamsvc.Inventory{AsOf: testNow, Users: []iamsvc.InventoryUser{{User: iamsvc.User{Name: "alice"}, Keys: []iamsvc.AccessKey{key}}}}
	got := newDashboardPage(inventory, "1", testNow).Figures[2]
	if got.Value != "-" || got.Note != "last use not known" || !strings.HasSuffix(got.URL, "keys=active&used=unknown") {
		t.Errorf("%+v", got)
	}
}

func TestDashboardOfEmptyAndUnreadAccounts(t *testing.T) {
	t.Parallel()
	empty := newDashboardPage(&iamsvc.Inventory{AsOf: testNow}, "1", testNow)
	if empty.Loading || len(empty.Attention) != 0 || empty.Alert != (views.Notice{}) || empty.Figures[1].Note != "0% of active keys" {
		t.Errorf("empty account: %+v", empty)
	}
	if first := newDashboardPage(&iamsvc.Inventory{Loading: true}, "1", testNow); !first.Loading || len(first.Figures) != 0 {
		t.Errorf("first reading: %+v", first)
	}
	broken := newDashboardPage(&iamsvc.Inventory{Err: iamsvc.ErrUnavailable}, "1", testNow)
	if broken.Loading || len(broken.Notices) != 1 || len(broken.Figures) != 0 {
		t.Errorf("unreadable account: %+v", broken)
	}
}
