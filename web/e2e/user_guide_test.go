package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	browserdomain "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
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
	b.find("Find users by name, key ID or group", name)
	b.click(name)
	b.until(`document.querySelector("h1").innerText.startsWith(` + quote(name) + `)`)
	b.click("Security credentials")
	b.sees("Access keys (")
}

// find searches a list and waits until it has settled: a list that follows the
// typing is replaced several times.
func (b *tab) find(label, text string) {
	b.t.Helper()
	b.fill(label, text+"\n")
	b.until(`!document.querySelector("[aria-busy]") && new URLSearchParams(location.search).get("q") === ` + quote(text))
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
	b.sees("If you lose or forget your secret access key", "This is the only time that the secret access key can be viewed or downloaded.")
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

func TestToCreateAnAccessKeyAtTheQuota(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	b.openUser("billing-export")
	b.sees("IAM allows two. Delete one first.")
	b.click("Create access key")
	const button = `document.querySelector('[aria-disabled="true"][aria-describedby]')`
	if got := eval[string](b, button+`.textContent.trim()`); got != "Create access key" {
		t.Errorf("the disabled button is %q", got)
	}
	reason := eval[string](b, `document.getElementById(`+button+`.getAttribute("aria-describedby")).textContent`)
	if !strings.Contains(reason, "the user has 2, active or inactive") {
		t.Errorf("the reason is %q", reason)
	}
	b.open("/accounts/" + account + "/users/billing-export/access-keys/create")
	b.sees("Cannot create another access key", "Access keys of billing-export")
}

func TestToDownloadTheCSVFile(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	folder := b.downloads()
	id, secret := b.createKey("li.juan")
	b.click("Download .csv file")
	b.savedFile(filepath.Join(folder, "li.juan_accessKeys.csv"), "\ufeffAccess key ID,Secret access key\r\n"+id+","+secret+"\r\n")
	b.click(".csv for aws configure import")
	b.savedFile(filepath.Join(folder, "li.juan_accessKeys_import.csv"), "User Name,Access key ID,Secret access key\r\nli.juan,"+id+","+secret+"\r\n")

	// Other servers send other characters.
	eval[bool](b, `(() => {
		document.querySelector("[data-secret-page]").dataset.file = "odd.csv";
		document.getElementById("access-key-id").textContent = "it;s";
		document.getElementById("secret-access-key").textContent = 'a"b,c';
		return true;
	})()`)
	b.click("Download .csv file")
	b.savedFile(filepath.Join(folder, "odd.csv"), "\ufeffAccess key ID,Secret access key\r\n\"it;s\",\"a\"\"b,c\"\r\n")

	b.click("Access keys") // saved, so nobody asks before leaving
	b.sees("Every access key of every IAM user")
	if len(b.asked) > 0 {
		t.Error("the page asks before leaving although the file was saved")
	}
}

func (b *tab) savedFile(path, want string) {
	b.t.Helper()
	var got []byte
	b.eventually("the file", func() bool {
		var err error
		got, err = os.ReadFile(path)
		return err == nil && len(got) > 0
	})
	if string(got) != want {
		b.t.Errorf("the file holds %q, want %q", got, want)
	}
}

// downloads lets the tab save files, and tells where.
func (b *tab) downloads() string {
	b.t.Helper()
	folder := b.t.TempDir()
	_, err := chromedp.CallBrowser(b.ctx, browserdomain.SetDownloadBehavior, browserdomain.SetDownloadBehaviorParams{
		Behavior: browserdomain.SetDownloadBehaviorBehaviorAllow, DownloadPath: folder,
		BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return folder
}

func TestToEditTheDescription(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	b.openUser("mateo.jackson")
	b.sees("Laptop - command line")
	b.click("Actions for AKIAIOSFODNN7EXAMPLE")
	b.click("Edit description")
	b.fill("Description tag value", "no <b>such; thing")
	b.click("Save changes")
	b.sees("Description tag value")
	b.until(`document.activeElement.getAttribute("aria-invalid") === "true"`)
	b.fill("Description tag value", "Desktop in Zürich: command line")
	b.click("Save changes")
	b.sees("Description saved", "Desktop in Zürich: command line")
	b.seesNot("Laptop")
}

func TestToDeleteAnActiveAccessKeyIsToDeactivateItFirst(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	const id = "AKIAIOSFODNN7EXAMPLE"
	b.openUser("mateo.jackson")
	b.click("Actions for " + id)
	b.click("Delete")
	b.sees("Deactivate "+id+" before deleting it", "Only an inactive access key can be deleted", "This key was used")
	b.click("Deactivate")
	b.sees("Access key deactivated", id)
	b.click("Actions for " + id)
	b.click("Delete")
	b.sees("Delete " + id + "?")
	b.fill("To confirm deletion, enter the access key ID", "AKIAIOSFODNN7EXAMPL")
	b.click("Delete")
	if !eval[bool](b, `document.querySelector("dialog[open] :invalid") !== null`) {
		t.Errorf("another ID is accepted\nat %s", b.where())
	}
	b.fill("To confirm deletion, enter the access key ID", id)
	b.click("Delete")
	b.sees("Access key deleted", "Access keys (0)")
}
