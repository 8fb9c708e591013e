package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// press types on the keyboard, wherever the focus is. A key goes down with its
// text in one event, as it does in a browser, so that a page can keep the text
// to itself.
func (b *tab) press(keys ...string) {
	b.t.Helper()
	for _, r := range strings.Join(keys, "") {
		events := kb.Encode(r)
		down, up := *events[0], *events[len(events)-1]
		if len(events) == 3 {
			down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
		}
		for _, e := range []input.DispatchKeyEventParams{down, up} {
			if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, e); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

// tabTo presses Tab until the element of that name has the focus, as somebody
// without a mouse would.
func (b *tab) tabTo(role, name string) {
	b.t.Helper()
	b.locate(role, name)
	const focused = `document.activeElement.matches("` + found + `")`
	for range 150 {
		if eval[bool](b, focused) {
			return
		}
		b.press(kb.Tab)
	}
	b.t.Fatalf("Tab never comes to %q\nat %s", name, b.where())
}

func (b *tab) wantFocus(name string) {
	b.t.Helper()
	b.until(fmt.Sprintf("document.activeElement.innerText.replace(/\\s+/g, ' ').trim() === %q", name))
}

// wantReason is what a screen reader says of the disabled item that has the focus.
func (b *tab) wantReason(text string) {
	b.t.Helper()
	const reason = `(e => e.ariaDisabled === "true" && document.getElementById(e.getAttribute("aria-describedby"))?.textContent)(document.activeElement)`
	if got := eval[any](b, reason); got != text {
		b.t.Errorf("the reason is %v, want %q", got, text)
	}
}

func TestTheLifeOfAKeyByKeyboard(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.open("/sign-in")
	b.tabTo("field", "User name")
	b.press("admin", kb.Tab, password, kb.Enter)
	b.sees("IAM users (")
	b.tabTo("field", "Find users by name, key ID or group")
	b.press("li.juan", kb.Enter)
	b.until(`!document.querySelector("[aria-busy]") && location.search.includes("q=li.juan")`)
	b.tabTo("clickable", "li.juan")
	b.press(kb.Enter)
	b.sees("Access keys (0)")
	id := b.createByKeyboard()
	b.cancelByKeyboard(id)
	b.changeByKeyboard(id)
}

func (b *tab) createByKeyboard() string {
	b.tabTo("clickable", "Create access key")
	b.press(kb.Enter)
	b.sees("Access key best practices & alternatives")
	b.tabTo("clickable", "Command Line Interface (CLI)")
	b.press(kb.ArrowUp) // round to the last
	b.until(`document.querySelector("[name=use_case]:checked").value === "other"`)
	b.tabTo("clickable", "Next")
	b.press(kb.Enter)
	b.sees("Set description tag")
	b.tabTo("field", "Description tag value")
	b.press("typed", kb.Enter)
	b.sees("If you lose or forget your secret access key")
	b.tabTo("clickable", "Show")
	b.press(" ")
	b.sees("Hide")
	id := keyID.FindString(eval[string](b, "document.body.innerText"))
	b.tabTo("clickable", "Download .csv file")
	b.tabTo("clickable", "Done")
	b.press(kb.Enter)
	b.sees("Access keys (1)", id)
	return id
}

// cancelByKeyboard leaves the menu and a dialog again: the focus is where it
// was.
func (b *tab) cancelByKeyboard(id string) {
	actions := "Actions for " + id
	b.tabTo("clickable", actions)
	b.press(kb.Enter)
	b.wantFocus("Deactivate")
	b.press(kb.Escape)
	b.until(`document.querySelector(":popover-open") === null`)
	b.wantFocus(actions)

	for _, cancel := range []func(){
		func() { b.press(kb.Escape) },
		func() { b.tabTo("clickable", "Cancel"); b.press(kb.Enter) },
		func() { b.tabTo("clickable", "Close"); b.press(kb.Enter) },
	} {
		b.press(kb.Enter)
		b.wantFocus("Deactivate")
		b.press(kb.Enter)
		b.sees("Deactivate " + id + "?")
		cancel()
		b.until(`document.querySelector("dialog[open]") === null`)
		b.wantFocus(actions)
	}
}

func (b *tab) changeByKeyboard(id string) {
	b.press(kb.Enter)
	b.wantFocus("Deactivate")
	b.press(kb.Enter)
	b.sees("Deactivate " + id + "?")
	b.tabTo("clickable", "Deactivate")
	b.press(" ")
	b.sees("Access key deactivated")

	b.tabTo("clickable", "Actions for "+id)
	b.press(kb.Enter)
	b.wantFocus("Activate")
	b.press(kb.Enter)
	b.sees("Access key activated")

	b.tabTo("clickable", "Actions for "+id)
	b.press(kb.Enter)
	b.wantFocus("Deactivate")
	b.press(kb.Enter)
	b.tabTo("clickable", "Deactivate")
	b.press(kb.Enter)
	b.sees("Access key deactivated")

	b.tabTo("clickable", "Actions for "+id)
	b.press(kb.Enter)
	b.wantFocus("Activate")
	b.press(kb.ArrowDown)
	b.wantFocus("Deactivate")
	b.wantReason("The key is inactive already.")
	b.press(kb.Enter) // does nothing
	b.wantFocus("Deactivate")
	b.press(kb.ArrowDown)
	b.wantFocus("Edit description")
	b.press(kb.ArrowUp, kb.ArrowUp, kb.ArrowUp) // round to the last
	b.wantFocus("Delete")
	b.press(kb.Enter)
	b.sees("Delete " + id + "?")
	b.press(id, kb.Enter) // the field has the focus
	b.sees("Access key deleted", "Access keys (0)")
}

func TestShortcuts(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	for _, s := range []struct{ keys, heading string }{
		{"gk", "Access keys ("}, {"ga", "Audit log"}, {"gu", "IAM users ("},
	} {
		b.press(s.keys)
		b.until(fmt.Sprintf(`document.querySelector("h1").innerText.startsWith(%q)`, s.heading))
	}
	b.press("?")
	b.sees("Keyboard shortcuts", "Shortcuts can be turned off in Settings")
	b.press(kb.Escape)
	b.until(`document.querySelector("dialog[open]") === null`)
	b.press("/")
	b.until(`document.activeElement.id === "search"`)
	b.press("g/k?")
	if got := eval[string](b, `document.activeElement.value`); got != "g/k?" || eval[bool](b, `document.querySelector("dialog[open]") !== null`) {
		t.Errorf("typing %q in a field is taken for shortcuts\nat %s", got, b.where())
	}
}

func TestShortcutsCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.signIn("admin", password)
	b.open("/settings")
	b.click("Use keyboard shortcuts")
	b.click("Save changes")
	b.sees("Settings saved")
	// Shortcuts press links while the key event is handled: asking afterwards
	// whether one was pressed needs no waiting.
	eval[bool](b, `document.addEventListener("click", (e) => { window.pressed = e.target.textContent }), true`)
	b.press("/", "?", "g", "k", "g", "u")
	if eval[bool](b, `document.activeElement.id === "search" || document.querySelector("dialog[open]") !== null || "pressed" in window`) {
		t.Errorf("a shortcut works although they are off\nat %s", b.where())
	}
	if eval[bool](b, `[...document.querySelectorAll("kbd, [aria-keyshortcuts]")].some(e => e.checkVisibility())`) {
		t.Error("the page still names shortcuts")
	}
}
