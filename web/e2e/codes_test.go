package e2e

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"testing"
	"time"
)

// authenticator is a person's app: RFC 6238 once more, written apart from the
// program's own.
type authenticator struct {
	t      *testing.T
	secret []byte
	step   int64 // of the first code
}

func newAuthenticator(t *testing.T, secret string) authenticator {
	t.Helper()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil || len(raw) < 20 {
		t.Fatalf("a secret of %d bytes: %v", len(raw), err)
	}
	return authenticator{t: t, secret: raw, step: time.Now().Unix() / 30}
}

// code is the nth from when the app was set up. Clocks may differ by one step, so
// that the test needs not wait for the second.
func (a authenticator) code(n int64) string {
	mac := hmac.New(sha1.New, a.secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(a.step+n)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// wrong is none of the codes that count during the test.
func (a authenticator) wrong() string {
	for guess := range 10 {
		text, used := fmt.Sprintf("%06d", guess), false
		for n := int64(-3); n < 6; n++ {
			used = used || a.code(n) == text
		}
		if !used {
			return text
		}
	}
	a.t.Fatal("every guess is a code")
	return ""
}

func TestVerificationCodes(t *testing.T) {
	t.Parallel()
	a := start(t)
	admin := a.tab()
	admin.signIn("admin", password)
	admin.createHelpDesk("hana")

	b := a.tab()
	b.signIn("hana", password)
	b.open("/settings")
	b.click("Verification codes")
	b.click("Set up")
	b.sees("Add Keydesk to your app")
	app := newAuthenticator(t, eval[string](b, `document.getElementById("code-secret").textContent.trim()`))
	b.fill("Verification code", app.wrong()+"\n")
	b.sees("Verification codes are not on yet")
	b.fill("Verification code", app.code(0)+"\n")
	b.sees("Verification codes are on")
	b.signOut("hana")

	b.fill("User name", "hana")
	b.fill("Password", password+"\n")
	b.sees("Enter your verification code")
	b.fill("Verification code", app.code(0)+"\n")
	b.sees("The verification code is not right, or was used already.")
	b.open("/search")
	b.until(`location.pathname === "/sign-in"`) // the password alone is not enough
	b.open("/sign-in/code")
	b.fill("Verification code", app.code(1)+"\n")
	b.sees("Find out who owns an access key")

	// Somebody who has lost the app gets back in by an administrator.
	admin.open("/local-accounts")
	admin.click("hana")
	admin.click("Reset verification codes")
	admin.sees("Verification codes reset")
	b.open("/search")
	b.until(`location.pathname === "/sign-in"`) // the reset ends sessions
	b.signIn("hana", password)
	b.sees("Find out who owns an access key")
}

func (b *tab) signOut(name string) {
	b.t.Helper()
	b.click(name) // the user menu
	b.click("Sign out")
	b.sees("You have signed out")
}
