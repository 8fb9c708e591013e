package e2e

import (
	"regexp"
	"strings"
	"testing"
)

var firstRunLink = regexp.MustCompile(`(?m)^\s*http://[^/\s]+(/first-run/\S+)\s*$`)

func TestTheFirstAdministratorComesByALinkThatWorksOnce(t *testing.T) {
	t.Parallel()
	a := startFresh(t)
	link := a.await(firstRunLink)[1]
	b := a.tab()
	b.open(link)
	b.sees("Create the first administrator")
	b.fill("User name", "ana")
	b.fill("Password", "short")
	b.fill("Confirm password", "short")
	b.click("Create administrator")
	b.sees("The link still works.")
	b.fill("Password", password)
	b.fill("Confirm password", password)
	b.click("Create administrator")
	b.sees("IAM users", "ana")

	stranger := a.tab()
	stranger.open(link)
	stranger.sees("This link does not work")
	stranger.signIn("ana", password)
	stranger.sees("IAM users")

	a.kill()
	a.run()
	if strings.Contains(a.output.String(), "/first-run/") {
		t.Errorf("a start with an administrator prints a link:\n%s", a.output)
	}
}

func TestAfterSigningOutBackShowsNoPageAgain(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	b.openUser("mateo.jackson")
	b.click("admin") // the user menu
	b.click("Sign out")
	b.sees("You have signed out")
	for range 2 {
		b.back()
		b.until(`location.pathname === "/sign-in"`)
		b.seesNot("mateo.jackson")
		b.seesNot("AKIA")
	}
}

func TestHelpDeskPersonMayLookButNotTouch(t *testing.T) {
	t.Parallel()
	a := start(t)
	admin := a.tab()
	admin.signIn("admin", password)
	admin.createHelpDesk("hana")

	b := a.tab()
	b.signIn("hana", password)
	b.sees("Find out who owns an access key")
	b.fill("Access key ID, user name", "AKIAIOSFODNN7EXAMPLE\n")
	b.sees("mateo.jackson", "What to do next")
	b.openUser("mateo.jackson")
	b.sees("AKIAIOSFODNN7EXAMPLE")
	offers := `[...document.querySelectorAll("main a, main button")].map(e => e.textContent.trim())
		.filter(text => /^(Actions|Create|Activate|Deactivate|Delete|Edit)/.test(text)).join()`
	if got := eval[string](b, offers); got != "" {
		t.Errorf("the page offers %s\nat %s", got, b.where())
	}
	for _, path := range []string{"/access-keys/create", "/access-keys/7EXAMPLE/delete"} {
		b.open("/accounts/" + account + "/users/mateo.jackson" + path)
		b.sees("You may not do this", "Nothing was changed")
	}
}

// createHelpDesk makes a local account of the help desk, as an administrator.
func (b *tab) createHelpDesk(name string) {
	b.t.Helper()
	b.open("/local-accounts")
	b.sees("What each role may do")
	b.fill("User name", name)
	b.fill("Role", "Help desk")
	b.fill("Password", password+"\n")
	b.sees("Local account created")
}
