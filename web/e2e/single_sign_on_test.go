package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"

	"keydesk/web/auth/authtest"
)

var providerFound = regexp.MustCompile("identity provider found")

// startWithProvider runs the program with single sign-on at a real provider.
func startWithProvider(t *testing.T) (*app, *authtest.Provider) {
	t.Helper()
	at := freeAddress(t) // the provider has to know it
	provider := authtest.StartProvider(t, "../../handlers/testdata/oidc", "http://"+at, map[string][]string{
		"alice": {"staff", "keydesk-admins"}, "harry": {"keydesk-help"}, "nobody": {"staff"},
	})
	secret := filepath.Join(t.TempDir(), "client-secret")
	if err := os.WriteFile(secret, []byte(authtest.ClientSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := start(t, "-listen", at, "-public-url", "http://"+at, "-oidc-issuer", provider.Issuer, "-oidc-client-id", authtest.ClientID,
		"-oidc-client-secret-file", secret, "-oidc-roles", "keydesk-admins=administrator,keydesk-help=help-desk")
	a.await(providerFound)
	return a, provider
}

// atProvider signs in on the provider's pages, which have no labels.
func (b *tab) atProvider(name string) {
	b.t.Helper()
	for _, input := range [][2]string{{"login", name}, {"password", "any"}} {
		field := fmt.Sprintf("document.querySelector('input[name=%s]')", input[0])
		b.until(fmt.Sprintf("(e => { e?.focus(); return e })(%s)", field))
		b.do(chromedp.KeyEvent(input[1]))
		b.until(fmt.Sprintf("%s.value === %q", field, input[1]))
	}
	b.click("Sign-in")
}

// signInAtProvider goes the whole way, with the provider's question what Keydesk
// may know.
func (b *tab) signInAtProvider(name string) {
	b.t.Helper()
	b.click("Sign in with single sign-on")
	b.atProvider(name)
	b.click("Continue")
	b.until(`location.origin === ` + quote(b.app.URL))
}

// TestSingleSignOnUpToAKey: who comes for a key gets to its form by way of the
// provider, which asks again, and is out when the provider says so.
func TestSingleSignOnUpToAKey(t *testing.T) {
	t.Parallel()
	a, provider := startWithProvider(t)
	b := a.tab()
	b.open(juan + "/access-keys/create")
	b.signInAtProvider("alice")
	b.sees("Access key best practices & alternatives", "alice@example.com")
	b.click("Other")
	b.click("Next")
	b.fill("Description tag value", "billing export")
	b.fill("Reason or ticket", "OPS-7")
	b.click("Confirm with single sign-on")
	b.atProvider("alice")
	b.until(`location.pathname === ` + quote(juan+"/access-keys/create"))
	b.locate("field", "Description tag value")
	b.seesNot("Confirm with single sign-on")
	b.wantValue("Description tag value", "billing export")
	b.wantValue("Reason or ticket", "OPS-7")
	b.click("Create access key")
	b.until(`document.getElementById("access-key-id")`)
	id := eval[string](b, `document.getElementById("access-key-id").textContent`)
	b.done()
	b.open("/audit-log?action=CreateAccessKey")
	b.sees(id, "alice@example.com")

	b.do(chromedp.Navigate(provider.Issuer + "/session/end?client_id=" + authtest.ClientID))
	b.click("Yes, sign me out")
	b.until(`location.pathname === "/session/end/success"`)
	b.open("/my-sessions")
	b.sees("Sign in with single sign-on")
	b.seesNot("alice@example.com")
}

func TestGroupsAtTheProviderDecide(t *testing.T) {
	t.Parallel()
	a, provider := startWithProvider(t)
	harry := a.tab()
	harry.open("/sign-in")
	harry.signInAtProvider("harry")
	harry.sees("Find out who owns an access key")
	harry.open("/audit-log")
	harry.sees("You may not do this", "Help desk")

	nobody := a.tab()
	nobody.open("/sign-in")
	nobody.signInAtProvider("nobody")
	nobody.sees("You have no access to Keydesk", "None of your groups has one: staff.")
	nobody.open("/search")
	nobody.sees("Sign in with single sign-on")

	provider.SetGroups("nobody", "keydesk-help")
	nobody.click("Sign in with single sign-on") // the provider knows the person
	nobody.sees("Find out who owns an access key")
}
