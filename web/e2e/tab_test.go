package e2e

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed find.js
var findScript string

// patience is how long a test waits for something that should happen at once;
// only a failing test ever waits that long.
const patience = 40 * time.Second

// tab is one tab of one person's browser profile.
type tab struct {
	t      *testing.T
	app    *app
	ctx    context.Context
	faults chan string
	asked  chan page.DialogType // what the browser asked: "beforeunload"
	stay   atomic.Bool          // answer "Leave site?" with no
}

// tab opens a browser profile of its own. Uncaught exceptions and violations
// of the content security policy fail the test.
func (a *app) tab() *tab {
	a.t.Helper()
	return a.tabIn(browser, chromedp.WithNewBrowserContext())
}

// another opens a second tab of the same profile.
func (b *tab) another() *tab {
	b.t.Helper()
	return b.app.tabIn(b.ctx)
}

func (a *app) tabIn(parent context.Context, options ...chromedp.ContextOption) *tab {
	a.t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	a.t.Cleanup(cancel)
	b := &tab{t: a.t, app: a, ctx: ctx, faults: make(chan string, 100), asked: make(chan page.DialogType, 100)}
	// The first run belongs to the tab's own context: a deadline on it would
	// become the tab's.
	if err := chromedp.Do(ctx); err != nil {
		a.t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(b.reportFaults)
	return b
}

func (b *tab) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.fault("exception: " + e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if e.Entry.Source == "security" || strings.Contains(e.Entry.Text, "Content Security Policy") {
			b.fault("security: " + e.Entry.Text)
		}
	case *page.EventJavascriptDialogOpening:
		// "Leave site?": a test that meets it unexpectedly should not hang.
		b.asked <- e.Type
		go func() {
			_, _ = chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: !b.stay.Load()})
		}()
	}
}

func (b *tab) fault(text string) {
	select {
	case b.faults <- text:
	default:
	}
}

func (b *tab) reportFaults() {
	for {
		select {
		case f := <-b.faults:
			b.t.Error(f)
		default:
			return
		}
	}
}

// do runs browser actions with the test's patience.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v\nat %s", err, b.where())
	}
}

// where describes the page for a failing test.
func (b *tab) where() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText.replace(/\s*\n\s*/g, "\n").slice(0, 3000)`))
	if err != nil {
		return fmt.Sprintf("(the page cannot be read: %v)", err)
	}
	return text
}

func eval[T any](b *tab, expression string, options ...chromedp.EvaluateOption) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, options...))
	if err != nil {
		b.t.Fatalf("%.200s: %v\nat %s", expression, err, b.where())
	}
	return v
}

// awaited is the value of a promise.
func awaited[T any](b *tab, expression string) T {
	b.t.Helper()
	return eval[T](b, expression, chromedp.EvalAwaitPromise)
}

// open goes to a path of the application and waits for the page.
func (b *tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.app.URL + path))
	b.until("true")
}

// arrived is true of a page a person can use. The address of the next page is there
// before its content, and Chromium throws away keys and clicks meant for a page it
// has not painted yet. Only the front tab is painted.
const arrived = `(document.readyState === "complete" && (document.hidden || performance.getEntriesByName("first-contentful-paint").length > 0))`

// until waits for a JavaScript condition on a page that has arrived.
func (b *tab) until(condition string) {
	b.t.Helper()
	if _, err := holds[bool](b, arrived+` && Boolean(`+condition+`) || null`); err != nil {
		b.t.Fatalf("never true: %s (%v)\nat %s", condition, err, b.where())
	}
}

// holds is the value of an expression as soon as it has one, or tells why it
// never had.
func holds[T any](b *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for {
		value, err := chromedp.Run(ctx, chromedp.Evaluate[*T](expression))
		if err == nil && value != nil {
			return *value, nil
		}
		if ctx.Err() != nil {
			return *new(T), errors.Join(ctx.Err(), err)
		}
		time.Sleep(20 * time.Millisecond) // between two looks; a page in change answers with errors
	}
}

// sees waits until the page shows the texts.
func (b *tab) sees(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		b.until(fmt.Sprintf("document.body.innerText.includes(%q)", text))
	}
}

// seesNot checks that the page does not show the text.
func (b *tab) seesNot(text string) {
	b.t.Helper()
	if eval[bool](b, fmt.Sprintf("document.body.innerText.includes(%q)", text)) {
		b.t.Errorf("the page shows %q\nat %s", text, b.where())
	}
}

// locate waits for a visible element by role and accessible name, and returns
// where a person would point at it.
func (b *tab) locate(role, name string) (x, y float64) {
	b.t.Helper()
	find := fmt.Sprintf("%s ? (%s)(%q, %q) : null", arrived, findScript, role, name)
	middle, err := holds[[]float64](b, find)
	if err != nil {
		b.t.Fatalf("no %s named %q (%v)\nat %s", role, name, err, b.where())
	}
	return middle[0], middle[1]
}

// found is what locate has found last.
const found = "[data-found]"

// click presses a link, button, tab, menu item, radio or checkbox by its name.
func (b *tab) click(name string) {
	b.t.Helper()
	b.do(chromedp.MouseClickXY(b.locate("clickable", name)))
}

// fill types into a field by its label, in place of what was there; into a
// select, the beginning of an option.
func (b *tab) fill(label, value string) {
	b.t.Helper()
	b.locate("field", label)
	eval[bool](b, fmt.Sprintf("(e => { e.focus(); e.select?.(); return true })(document.querySelector(%q))", found))
	b.do(chromedp.KeyEvent(value))
}

// signIn signs in on the sign-in page.
func (b *tab) signIn(name, password string) {
	b.t.Helper()
	b.open("/sign-in")
	b.fill("User name", name)
	b.fill("Password", password)
	b.click("Sign in")
	b.until(`!location.pathname.startsWith("/sign-in")`)
}

// size makes the window so large, a phone's perhaps.
func (b *tab) size(width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

// withoutJavaScript turns scripts off for the pages loaded from now on. The
// tests' own questions to the page still work.
func (b *tab) withoutJavaScript() {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	if err != nil {
		b.t.Fatal(err)
	}
}
