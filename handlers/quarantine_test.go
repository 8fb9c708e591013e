package handlers

import (
	"strings"
	"testing"

	"keydesk/iamsvc"
	"keydesk/web/auth"
)

func TestStatusOfQuarantinedKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status      iamsvc.KeyStatus
		quarantined bool
		kind, text  string
	}{
		{"Active", false, "success", "Active"},
		{"active", true, "error", "active - quarantined by AWS"},
		{"Expired", true, "error", "Expired - quarantined by AWS"},
		{"", true, "error", "Not known - quarantined by AWS"},
		{"Inactive", true, "inactive", "Inactive"},
	} {
		if got := accessKeyStatus(c.status, c.quarantined); got.Kind != c.kind || got.Text != c.text {
			t.Errorf("%s, %v: %+v", c.status, c.quarantined, got)
		}
	}
	for age, want := range map[int]string{1: "inactive", 100: "warning", 400: "error"} {
		key := iamsvc.AccessKey{Status: iamsvc.KeyActive, Created: daysAgo(age)}
		if got := keyAgeLine(testNow, &key, true).Kind; got != want {
			t.Errorf("%d days: %s, want %s", age, got, want)
		}
	}
}

// What is not known is said, and is no good news.
func TestQuarantineNotKnown(t *testing.T) {
	t.Parallel()
	card := cardOf(foundKey("Active", daysAgo(10), usedDaysAgo(1)), auth.RoleHelpDesk)
	card.known = true
	if o := card.draw(); !o.QuarantineUnknown || o.Quarantined {
		t.Errorf("%+v", o)
	}
	card.user.QuarantineRead = true
	if o := card.draw(); o.QuarantineUnknown {
		t.Errorf("%+v", o)
	}
	var v userView
	for err, want := range map[error]bool{iamsvc.ErrDenied: true, iamsvc.ErrNotReadYet: true, nil: false} {
		v.details.QuarantineErr = err
		notices := userNotices(v)
		said := len(notices) > 0 && notices[0].Title == "Quarantine by AWS not known"
		if said != want {
			t.Errorf("%v: %v", err, notices)
		}
	}
}

// Keys of the root user are in no list: the finding stands wherever people look
// for what is wrong.
func TestRootKeysAreAFinding(t *testing.T) {
	t.Parallel()
	for keys, want := range map[int]string{-1: "", 0: "", 1: "1", 2: "2"} {
		inventory := testInventory()
		inventory.RootKeys = keys
		got := ""
		for _, item := range newDashboardPage(inventory, "123456789012", testNow).Attention {
			if item.Status.Text == "Active access keys of the root user" && item.Status.Kind == "error" {
				got = item.Count
			}
		}
		if got != want {
			t.Errorf("%d keys: the dashboard counts %q, want %q", keys, got, want)
		}
		list, err := testPicture(keysList, inventory).list(listQuery{}, testPerson())
		if err != nil {
			t.Fatal(err)
		}
		said := len(list.Notices) > 0 && strings.HasPrefix(list.Notices[0].Title, "The root user has")
		if said != (want != "") {
			t.Errorf("%d keys: the list says %v", keys, list.Notices)
		}
		report := iamsvc.CredentialReport{Rows: []iamsvc.ReportRow{{IsRoot: true, Slots: make([]iamsvc.ReportSlot, max(0, keys))}}}
		for i := range report.Rows[0].Slots {
			report.Rows[0].Slots[i].Active = true
		}
		page := newCredentialReportPage("123456789012", report, nil, reportQuery{Page: 1}, 20, testNow)
		if said := len(page.Notices) > 0; said != (want != "") {
			t.Errorf("%d keys: the report says %v", keys, page.Notices)
		}
	}
}
