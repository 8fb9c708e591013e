package e2e

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// age makes every sign-in older, as if the program had been down for that long.
func (a *app) age(by time.Duration) {
	a.t.Helper()
	a.inDatabase(`UPDATE sessions SET signed_in_at = signed_in_at - ?`, by.Microseconds())
}

// idle ends every session, as if nobody had used it for that long.
func (a *app) idle(by time.Duration) {
	a.t.Helper()
	a.inDatabase(`UPDATE sessions SET seen_at = seen_at - ?`, by.Microseconds())
}

// inDatabase changes rows while the program is down.
func (a *app) inDatabase(statement string, arguments ...any) {
	a.t.Helper()
	a.kill()
	database, err := sql.Open("sqlite", filepath.Join(a.Data, "keydesk.db"))
	if err != nil {
		a.t.Fatal(err)
	}
	defer database.Close()
	done, err := database.Exec(statement, arguments...)
	if err != nil {
		a.t.Fatal(err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		a.t.Fatalf("%d rows (%v)", n, err)
	}
	a.run("-listen", strings.TrimPrefix(a.URL, "http://")) // an open page posts to the same address
}

// wantValue waits for the value of the field with that label.
func (b *tab) wantValue(label, value string) {
	b.t.Helper()
	b.locate("field", label)
	b.until(`document.querySelector(` + quote(found) + `).value === ` + quote(value))
}

// openDescription goes to step 2 of creating an access key.
func (b *tab) openDescription() {
	b.t.Helper()
	b.open(juan + "/access-keys/create")
	b.click("Other")
	b.click("Next")
	b.locate("field", "Description tag value") // the steps name the page beforehand
}

// TestAnOldSignInIsConfirmedInTheForm: with scripts and without, a wrong password and a
// window that ran out while the form was open lose nothing that was typed.
func TestAnOldSignInIsConfirmedInTheForm(t *testing.T) {
	t.Parallel()
	for name, scripts := range map[string]bool{"with scripts": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t)
			b := a.tab()
			if !scripts {
				b.withoutJavaScript()
			}
			b.signIn("admin", password)
			b.openDescription()
			b.seesNot("Confirm your identity")
			b.fill("Description tag value", "billing export")
			b.fill("Reason or ticket", "OPS-7")
			a.age(16 * time.Minute)

			b.click("Create access key")
			b.sees("Confirm your identity")
			b.wantValue("Description tag value", "billing export")
			b.wantValue("Reason or ticket", "OPS-7")
			if scripts {
				b.until(`document.activeElement.labels?.[0]?.innerText === "Password"`)
			}
			b.fill("Password", "not the password")
			b.click("Create access key")
			b.sees("Incorrect password. Try again.")
			b.wantValue("Description tag value", "billing export")
			b.wantValue("Password", "")
			b.fill("Password", password)
			b.click("Create access key")
			b.until(`document.getElementById("access-key-id")`)
			b.done()
			b.sees("billing export")
		})
	}
}

// TestAnOldSignInIsConfirmedWhileDeleting: in the dialog over the user's page, too.
func TestAnOldSignInIsConfirmedWhileDeleting(t *testing.T) {
	t.Parallel()
	a := start(t)
	b := a.tab()
	b.signIn("admin", password)
	id, _ := b.createKey("li.juan")
	b.done()
	a.age(16 * time.Minute)
	b.open(juan)
	b.choose(id, "Deactivate")
	b.sees("Deactivate " + id + "?")
	b.seesNot("Confirm your identity") // the emergency action never asks
	b.click("Deactivate")
	b.sees("Access key deactivated")

	b.choose(id, "Delete")
	b.sees("Delete "+id+"?", "Confirm your identity")
	b.fill("To confirm deletion, enter the access key ID", id)
	b.fill("Reason or ticket", "OPS-7")
	b.fill("Password", "not the password\n")
	b.sees("Incorrect password. Try again.")
	b.wantValue("To confirm deletion, enter the access key ID", id)
	b.wantValue("Reason or ticket", "OPS-7")
	b.fill("Password", password+"\n")
	b.sees("Access key deleted", "Access keys (0)")
}

// TestASessionEndsWhileTyping: the sign-in page says so, and leads back to the form,
// filled in; nothing is sent by itself.
func TestASessionEndsWhileTyping(t *testing.T) {
	t.Parallel()
	for name, scripts := range map[string]bool{"with scripts": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t)
			b := a.tab()
			if !scripts {
				b.withoutJavaScript()
			}
			b.signIn("admin", password)
			b.openDescription()
			b.fill("Description tag value", "billing export")
			b.fill("Reason or ticket", "OPS-7")
			a.idle(2 * time.Hour)

			b.click("Create access key")
			b.sees("Your session ended", "Nothing was created or changed")
			b.fill("User name", "admin")
			b.fill("Password", password)
			b.click("Sign in")
			b.wantValue("Description tag value", "billing export")
			b.wantValue("Reason or ticket", "OPS-7")
			b.open(juan)
			b.sees("Access keys (0)")
		})
	}
}

// TestDraftsOutliveTheSession: whoever is typing when the session ends, and goes
// elsewhere first, finds the text in the form again; somebody else does not.
func TestDraftsOutliveTheSession(t *testing.T) {
	t.Parallel()
	a := start(t)
	b := a.tab()
	b.signIn("admin", password)
	create := "/accounts/123456789012/create-user"
	b.open(create)
	b.fill("User name", "new.colleague")
	b.fill("Reason or ticket", "OPS-7")
	a.idle(2 * time.Hour)
	b.open("/settings")
	b.sees("Your session ended")
	b.fill("User name", "admin")
	b.fill("Password", password)
	b.click("Sign in")
	b.sees("Keyboard shortcuts")
	b.open(create)
	b.wantValue("User name", "new.colleague")
	b.wantValue("Reason or ticket", "OPS-7")
	b.click("Create user")
	b.sees("User new.colleague created")
	b.until(`!Object.keys(sessionStorage).some((key) => key.startsWith("draft"))`)

	// Given up: the next page of the form is empty. Signing out leaves nothing.
	b.open(create)
	b.fill("Reason or ticket", "given up")
	b.open("/settings")
	b.until(`!Object.keys(sessionStorage).some((key) => key.startsWith("draft"))`)
	b.open(create)
	b.wantValue("Reason or ticket", "")
	b.fill("Reason or ticket", "given up")
	b.click("admin")
	b.click("Sign out")
	b.sees("You have signed out")
	b.until(`sessionStorage.length === 0`)
}
