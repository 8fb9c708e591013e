package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// plain is a signed-in tab in which scripts are off.
func plain(t *testing.T) *tab {
	t.Helper()
	b := start(t).tab()
	b.withoutJavaScript()
	b.signIn("admin", password)
	return b
}

func TestTheLifeOfAKeyWithoutJavaScript(t *testing.T) {
	t.Parallel()
	b := plain(t)
	id, secret := b.createKey("li.juan")
	if eval[bool](b, `document.querySelector("[data-csv]").checkVisibility()`) {
		t.Error("a button that needs scripts is shown")
	}
	b.click("Hide")
	b.until(`!document.querySelector("[data-secret]").checkVisibility()`)
	b.done()
	b.sees(id, "made by a test")
	b.wantNowhere(secret)

	b.choose(id, "Edit description")
	b.sees("Edit description of " + id)
	b.fill("Description tag value", "made without scripts")
	b.click("Save changes")
	b.sees("Description saved", "made without scripts")

	b.choose(id, "Deactivate")
	b.sees("Deactivate " + id + "?")
	b.fill("Reason or ticket", "TICKET-1")
	b.click("Deactivate")
	b.sees("Access key deactivated")
	b.choose(id, "Activate")
	b.sees("Access key activated")
	b.choose(id, "Deactivate")
	b.click("Deactivate")
	b.sees("Access key deactivated")
	b.choose(id, "Delete")
	b.sees("Delete " + id + "?")
	b.fill("To confirm deletion, enter the access key ID", id)
	b.click("Delete")
	b.sees("Access key deleted", "Access keys (0)")
}

// choose picks from the Actions menu of a key, a popover that needs no script,
// and waits for the page behind the choice.
func (b *tab) choose(id, action string) {
	b.t.Helper()
	b.click("Actions for " + id)
	b.until(`document.querySelector(":popover-open") !== null`)
	b.click(action)
	b.until(`document.querySelector(":popover-open") === null`)
}

func TestListsWithoutJavaScript(t *testing.T) {
	t.Parallel()
	b := plain(t)
	b.awaitReading()
	b.click("IAM users")
	b.find("Find users by name, key ID or group", "svc")
	if rows := b.column(1); len(rows) < 3 || !strings.Contains(strings.Join(rows, " "), "svc-git-mirror") {
		t.Errorf("searching svc shows %q", rows)
	}
	b.fill("Key status", "No access keys")
	b.click("Apply")
	b.until(`location.search.includes("keys=none")`)
	if rows := strings.Join(b.column(1), " "); !strings.Contains(rows, "svc-git-mirror") || strings.Contains(rows, "svc-legacy-ftp-bridge") {
		t.Errorf("svc without access keys shows %q", rows)
	}
	b.click("Clear filters")
	b.until(`location.search === ""`)
	first := b.column(1)
	b.click("Next page")
	b.until(`location.search.includes("page=2")`)
	if second := b.column(1); len(second) == 0 || second[0] <= first[len(first)-1] {
		t.Errorf("page 2 begins with %q, page 1 ends with %q", second, first[len(first)-1])
	}
	b.click("User name")
	b.until(`document.querySelector("th[aria-sort=descending]") !== null`)
	if rows := b.column(1); rows[0] != "zoe.mueller" {
		t.Errorf("from the end of the alphabet: %q", rows)
	}
}

// awaitReading waits until the program has read the whole account once.
func (b *tab) awaitReading() {
	b.t.Helper()
	b.eventually("the account to be read", func() bool {
		b.open("/accounts/" + account + "/users")
		return eval[bool](b, `document.querySelector("table") !== null && !/still reading/.test(document.body.innerText)`)
	})
}

// column is a column of the page's first table.
func (b *tab) column(n int) []string {
	b.t.Helper()
	return eval[[]string](b, fmt.Sprintf(`[...document.querySelectorAll("table:first-of-type tbody tr > :nth-child(%d)")].map(e => e.innerText.trim())`, n))
}

func TestPreferencesWithoutJavaScript(t *testing.T) {
	t.Parallel()
	b := plain(t)
	b.open("/accounts/" + account + "/users?q=svc")
	b.click("Preferences")
	b.until(`location.pathname.endsWith("/users/preferences")`)
	b.click("10 rows")
	b.click("Path")
	b.click("Compact")
	b.click("Confirm")
	b.until(`location.pathname.endsWith("/users") && location.search.includes("q=svc")`)
	b.until(`document.documentElement.dataset.density === "compact"`)
	b.until(`[...document.querySelectorAll("th")].some(h => h.innerText.trim() === "Path")`)
	b.open("/accounts/" + account + "/users")
	if rows := b.column(1); len(rows) != 10 {
		t.Errorf("%d rows on a page of ten", len(rows))
	}
}

func TestSearchAndCreateUserWithoutJavaScript(t *testing.T) {
	t.Parallel()
	b := plain(t)
	b.fill("Search access key ID or user", "AKIAI44QH8DHBEXAMPLE\n")
	b.until(`location.hash === "#AKIAI44QH8DHBEXAMPLE"`)
	b.sees("nikki.wolf")

	b.click("IAM users")
	b.click("Create user")
	b.fill("User name", "li.juan")
	b.click("Create user")
	b.sees("The user already exists", "Nothing was created or changed")
	b.fill("User name", "new.person")
	b.click("Create user")
	b.sees("User new.person created", "Access keys (0)")
	b.fill("Search access key ID or user", "new.person\n")
	b.until(`location.pathname.endsWith("/users/new.person")`)
}
