package e2e

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// age makes every sign-in older, as if the program had been down for that long.
func (a *app) age(by time.Duration) {
	a.t.Helper()
	a.kill()
	database, err := sql.Open("sqlite", filepath.Join(a.Data, "keydesk.db"))
	if err != nil {
		a.t.Fatal(err)
	}
	defer database.Close()
	done, err := database.Exec(`UPDATE sessions SET signed_in_at = signed_in_at - ?`, by.Microseconds())
	if err != nil {
		a.t.Fatal(err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		a.t.Fatalf("%d sessions (%v)", n, err)
	}
	a.run()
}

// TestAnOldSignInIsConfirmedBeforeAKeyIsCreated, or not: then nothing is lost.
func TestAnOldSignInIsConfirmedBeforeAKeyIsCreated(t *testing.T) {
	t.Parallel()
	a := start(t)
	b := a.tab()
	b.signIn("admin", password)
	a.age(6 * time.Minute)
	b.open(juan)
	b.click("Create access key")
	b.sees("Confirm that it is you")
	b.click("Cancel")
	b.until(`location.pathname === ` + quote(juan))
	b.sees("Access keys (0)")

	b.click("Create access key")
	b.fill("Password", "not the password\n")
	b.sees("It is not confirmed that it is you", "What you entered is not right.")
	b.fill("Password", password)
	b.click("Confirm")
	b.sees("Access key best practices & alternatives")
	b.until(`location.pathname === ` + quote(juan+"/access-keys/create"))
	b.createKey("li.juan")
	b.done()
}
