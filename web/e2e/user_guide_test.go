package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// The procedures of the IAM User Guide, "How an IAM administrator can manage
// IAM user access keys", step by step with the guide's own words.

const account = "123456789012"

var keyID = regexp.MustCompile(`AKIA[A-Z0-9]{16}`)

// openUser follows the guide's way to a user: navigation, list, tab.
func (b *tab) openUser(name string) {
	b.t.Helper()
	b.click("IAM users")
	b.until(`document.querySelector("h1").innerText.startsWith("IAM users")`)
	b.fill("Find users by name, key ID or group", name+"\n")
	b.click(name)
	b.until(`document.querySelector("h1").innerText.startsWith(` + quote(name) + `)`)
	b.click("Security credentials")
	b.sees("Access keys (")
}

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

// createKey takes a user through the wizard and returns what was shown.
func (b *tab) createKey(user string) (id, secret string) {
	b.t.Helper()
	b.openUser(user)
	b.click("Create access key")
	b.sees("Access key best practices & alternatives")
	b.click("Other")
	b.click("Next")
	b.sees("Set description tag")
	b.fill("Description tag value", "made by a test")
	b.click("Create access key")
	b.sees("Retrieve access keys", "This is the only time that the secret access key can be viewed or downloaded.")
	b.seesNot("The access key was created, but")
	b.click("Show")
	b.sees("Hide")
	id = keyID.FindString(eval[string](b, "document.body.innerText"))
	secret = eval[string](b, `document.querySelector("[data-secret]").textContent.trim()`)
	if id == "" || len(secret) != 40 {
		b.t.Fatalf("key %q, secret of %d characters\nat %s", id, len(secret), b.where())
	}
	return id, secret
}

func (b *tab) done() {
	b.t.Helper()
	b.click("Done")
	b.sees("Access keys (")
}

func TestToCreateAnAccessKey(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	id, _ := b.createKey("li.juan")
	b.done()
	b.sees(id, "made by a test", "Active")
}

func TestToDeactivateActivateAndDeleteAnAccessKey(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	id, _ := b.createKey("li.juan")
	b.done()

	b.click("Actions for " + id)
	b.click("Deactivate")
	b.sees("Deactivate " + id + "?")
	b.click("Deactivate")
	b.sees("Access key deactivated")

	b.click("Actions for " + id)
	b.click("Activate")
	b.sees("Access key activated")

	b.click("Actions for " + id)
	b.click("Deactivate")
	b.click("Deactivate")
	b.sees("Access key deactivated")
	b.click("Actions for " + id)
	b.click("Delete")
	b.sees("Delete " + id + "?")
	b.fill("To confirm deletion, enter the access key ID", id)
	b.click("Delete")
	b.sees("Access key deleted")
	b.until(`!document.querySelector("main").innerText.includes("made by a test")`)
}

func TestToListAccessKeysOfAllUsers(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	b.click("IAM users")
	b.click("Preferences")
	b.sees("Select visible columns")
	b.click("ARN")
	b.click("Confirm")
	b.until(`[...document.querySelectorAll("th")].some(h => h.innerText.includes("ARN"))`)
	b.until(`[...document.querySelectorAll("th")].some(h => h.innerText.includes("Access key ID"))`)
	b.sees("Active - AKIA")
}

func TestToFindTheUserOfAnAccessKey(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	b.fill("Search access key ID or user", "AKIAIOSFODNN7EXAMPLE\n")
	b.until(`location.hash === "#AKIAIOSFODNN7EXAMPLE"`)
	b.sees("Security credentials", "AKIAIOSFODNN7EXAMPLE")
	if eval[bool](b, `document.querySelector(":target") === null`) {
		t.Errorf("the key is not highlighted\nat %s", b.where())
	}
}
