package e2e

import (
	"strings"
	"testing"
)

// TestLinkToAnAnswer copies the link of an answer and opens it, as the person
// does to whom it was sent; then the same way without scripts.
func TestLinkToAnAnswer(t *testing.T) {
	b := start(t).tab()
	b.signIn("admin", password)
	const elsewhere = "AKIAY34FZKBOKMUTVV7A"
	b.open("/search")
	b.fill("Access key ID, user name", elsewhere+"\n")
	b.sees("Not in this account")
	// The browser of a test may not read its clipboard.
	eval[bool](b, `(navigator.clipboard.writeText = async (text) => { window.copied = text }, true)`)
	b.click("Copy link")
	b.until(`window.copied === document.querySelector("#answer-link").href`)
	link := eval[string](b, `new URL(window.copied).pathname`)

	other := b.another()
	other.open(link)
	other.sees("Not in this account", elsewhere)

	b.withoutJavaScript()
	b.open("/search")
	b.fill("Access key ID, user name", "AKIAIOSFODNN7EXAMPLE "+elsewhere+"\t\n") // on to the button, and press it
	b.sees("1 of 2 access key IDs found")
	b.click("Link to this answer")
	b.until(`location.pathname.startsWith("/search/links/")`)
	b.sees("1 of 2 access key IDs found", elsewhere)
	b.click("Look up " + elsewhere)
	b.until(`location.pathname === "/search"`) // the list says so too
	b.sees("Not in this account")
	b.seesNot("Copy link")
}

// TestAddressOfTheConsoleInTheSearch: what a person copies from the other tab
// leads to the same user here; one who is gone, to the list's search.
func TestAddressOfTheConsoleInTheSearch(t *testing.T) {
	t.Parallel()
	const user = "/accounts/123456789012/users/li.juan"
	const console = "https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/users/details/"
	b := start(t).tab()
	b.signIn("admin", password)
	b.open("/search")
	b.fill("Access key ID, user name", console+"li.juan?section=security_credentials\t\n")
	b.until(`location.pathname === "` + user + `"`)
	b.sees("li.juan", "Access keys")

	b.withoutJavaScript()
	b.open("/search")
	b.fill("Access key ID, user name", console+"nobody.there\t\n")
	b.sees("nobody.there", "No user of that name was found in this account.")
	b.click("Search IAM users")
	b.until(`location.pathname + location.search === "/accounts/123456789012/users?q=nobody.there"`)
	b.sees("0 of 150 users")
}

// TestSecretInTheSearchOfAList: a GET form would put it into the address and
// the history; without scripts, the list says so afterwards.
func TestSecretInTheSearchOfAList(t *testing.T) {
	t.Parallel()
	const secret, search = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "Find users by name, key ID or group"
	const account = "/accounts/123456789012"
	b := start(t).tab()
	b.signIn("admin", password)
	b.open(account + "/users")
	b.fill(search, secret+"\n")
	b.until(`document.querySelector("main [name=q]").validationMessage.startsWith("This looks like a secret access key")`)
	b.fill(search, "mateo\n")
	b.sees("1 of 150 users")
	entries, err := b.history(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries.Entries {
		if strings.Contains(e.URL, "wJalr") {
			t.Errorf("the history has %s", e.URL)
		}
	}

	b.withoutJavaScript()
	b.open(account + "/users")
	b.fill(search, secret+"\n")
	b.sees("This looks like a secret access key", "it has been in a browser's address bar")
}

// A user's name of forty characters looks like a secret access key, and is none.
func TestListFilterTakesALongUserName(t *testing.T) {
	t.Parallel()
	const name = "SvcDeployPipelineProdEuWest1AppServer001"
	b := start(t).tab()
	b.signIn("admin", password)
	b.open("/accounts/" + account + "/create-user")
	b.fill("User name", name)
	b.click("Create user")
	b.sees("User " + name + " created")
	b.open("/accounts/" + account + "/users")
	b.fill("Find users by name, key ID or group", name)
	b.until(`location.search.includes("q=` + name + `") && document.querySelectorAll("tbody tr").length === 1`)

	b.open("/accounts/" + account + "/users")
	b.fill("Find users by name, key ID or group", "wJalrXUtnFEMI7MDENG2bPxRfiCYzzzMPLEKEYab")
	b.until(`document.activeElement.validationMessage.includes("It was not searched for")`)
}
