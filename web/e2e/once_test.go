package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"
)

// One click makes one key, and its secret is seen once: whatever the browser
// does with the page afterwards.

// fillWizard goes to the last form before a key is made.
func (b *tab) fillWizard(user string) {
	b.t.Helper()
	b.openUser(user)
	b.click("Create access key")
	b.sees("Access key best practices & alternatives")
	b.click("Other")
	b.click("Next")
	b.sees("Set description tag")
}

// wantKeys checks how many keys a user has.
func (b *tab) wantKeys(user string, n int) {
	b.t.Helper()
	b.open("/accounts/" + account + "/users/" + user)
	b.sees(fmt.Sprintf("Access keys (%d)", n))
}

func (b *tab) wantStatus(status int) {
	b.t.Helper()
	got := eval[int](b, `performance.getEntriesByType("navigation")[0].responseStatus`)
	if got != status {
		b.t.Errorf("status %d, want %d\nat %s", got, status, b.where())
	}
}

// wantNowhere checks that the secret is not even in the source of the page.
func (b *tab) wantNowhere(secret string) {
	b.t.Helper()
	if eval[bool](b, "document.documentElement.outerHTML.includes("+quote(secret)+")") {
		b.t.Errorf("the page holds the secret again\nat %s", b.where())
	}
}

func TestReloadMakesNoSecondKey(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	_, secret := b.createKey("li.juan")
	b.reload()
	b.wantAsked()
	b.sees("This form was already used", "Nothing new was created or changed")
	b.wantStatus(409)
	b.wantNowhere(secret)
	b.wantKeys("li.juan", 1)
}

func TestBackAndForwardAfterDone(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	_, secret := b.createKey("li.juan")
	b.done()
	b.backAndForward(secret)
	b.wantKeys("li.juan", 1)
}

func TestBackAndForwardAfterLeaving(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	_, secret := b.createKey("li.juan")
	b.click("Dashboard")
	b.wantAsked()
	b.sees("IAM access key dashboard")
	b.backAndForward(secret)
	b.wantKeys("li.juan", 1)
}

// backAndForward walks over the page that held the secret and back, twice, as
// the second time may find another cache filled.
func (b *tab) backAndForward(secret string) {
	b.t.Helper()
	for range 2 {
		b.wantNowhere(secret)
		b.back()
		b.wantNowhere(secret)
		b.back()
		b.wantNowhere(secret)
		b.forward()
		b.wantNowhere(secret)
		b.forward()
	}
}

func TestLeavingWithoutTheSecretAsksFirst(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	id, secret := b.createKey("li.juan")
	b.stay.Store(true)
	b.click("Access keys")
	b.wantAsked()
	b.sees("If you lose or forget your secret access key", secret)
	b.stay.Store(false)
	b.click("Access keys")
	b.wantAsked()
	b.sees("Every access key of every IAM user")
	b.wantNowhere(secret)

	b.open("/accounts/" + account + "/users/li.juan")
	b.sees(id)
}

func TestDoubleClickMakesOneKey(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	b.fillWizard("li.juan")
	held := b.holdAnswers("*/access-keys")
	x, y := b.locate("clickable", "Create access key")
	b.do(chromedp.MouseClickXY(x, y))
	b.receive(held)
	b.do(chromedp.MouseClickXY(x, y))
	b.release()
	b.sees("If you lose or forget your secret access key")
	b.click("Show")
	b.done()
	b.wantKeys("li.juan", 1)
}

// Without scripts nothing holds back the second click: the browser drops the
// answer to the first and shows what the second one got.
func TestDoubleClickWithoutJavaScriptMakesOneKey(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.withoutJavaScript()
	b.signIn("admin", password)
	b.fillWizard("li.juan")
	held := b.holdAnswers("*/access-keys")
	x, y := b.locate("clickable", "Create access key")
	b.do(chromedp.MouseClickXY(x, y))
	b.receive(held)
	b.do(chromedp.MouseClickXY(x, y))
	b.receive(held)
	b.release()
	b.sees("This form was already used")
	b.wantStatus(409)
	b.wantKeys("li.juan", 1)
}

// holdAnswers keeps the answers of the server from the browser until release.
// A double click is between the two: the first click has done its work, and the
// page it was made on is still there.
func (b *tab) holdAnswers(pattern string) <-chan struct{} {
	b.t.Helper()
	held := make(chan struct{}, 10)
	err := chromedp.Listen(b.ctx, func(event any) {
		if _, ok := event.(*fetch.EventRequestPaused); ok {
			held <- struct{}{}
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	patterns := []*fetch.RequestPattern{{URLPattern: pattern, RequestStage: fetch.RequestStageResponse}}
	if _, err := chromedp.Call(b.ctx, fetch.Enable, fetch.EnableParams{Patterns: patterns}); err != nil {
		b.t.Fatal(err)
	}
	return held
}

func (b *tab) receive(held <-chan struct{}) {
	b.t.Helper()
	b.eventually("an answer of the server", func() bool {
		select {
		case <-held:
			return true
		default:
			return false
		}
	})
}

func (b *tab) release() {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, fetch.Disable, cdp.Empty{}); err != nil {
		b.t.Fatal(err)
	}
}

// A click with Control answers in a new tab and leaves the form open in this
// one.
func TestTheSameFormInTwoTabsMakesOneKey(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.withoutJavaScript()
	b.signIn("admin", password)
	b.fillWizard("li.juan")
	witness := b.another()
	x, y := b.locate("clickable", "Create access key")
	b.do(chromedp.MouseClickXY(x, y, chromedp.ButtonModifiers(chromedp.ModifierCtrl)))
	witness.eventually("the key to be made", func() bool {
		witness.open("/accounts/" + account + "/users/li.juan")
		return eval[bool](witness, `document.body.innerText.includes("Access keys (1)")`)
	})
	b.click("Create access key")
	b.sees("This form was already used")
	b.wantStatus(409)
	b.wantKeys("li.juan", 1)
}

func TestTwoTabsCannotPassTheQuota(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	b.fillWizard("zoe.mueller")
	other := b.another()
	other.open("/accounts/" + account + "/users")
	other.fillWizard("zoe.mueller")
	b.click("Create access key")
	b.sees("If you lose or forget your secret access key")
	other.click("Create access key")
	other.sees("Cannot create another access key", "No key was created", "Access keys of zoe.mueller")
	other.wantStatus(409)
	other.wantKeys("zoe.mueller", 2)
}
