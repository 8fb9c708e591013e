package e2e

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// back and forward press the browser's buttons. They wait for the entry of the
// history, not for a load: a page may come from the back/forward cache, be
// replaced at once, or be the browser's own error page.
func (b *tab) back()    { b.t.Helper(); b.step(-1) }
func (b *tab) forward() { b.t.Helper(); b.step(1) }

func (b *tab) step(by int64) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	history, err := b.history(ctx)
	wanted := history.CurrentIndex + by
	if err != nil || wanted < 0 || wanted >= int64(len(history.Entries)) {
		b.t.Fatalf("there is nothing to go to in the history (%v)\nat %s", err, b.where())
	}
	to := page.NavigateToHistoryEntryParams{EntryID: history.Entries[wanted].ID}
	if _, err := chromedp.Call(ctx, page.NavigateToHistoryEntry, to); err != nil {
		b.t.Fatal(err)
	}
	b.eventually("the history to move", func() bool {
		now, err := b.history(ctx) // which fails while one page gives way to another
		return err == nil && now.CurrentIndex == wanted
	})
	b.until("true")
}

func (b *tab) history(ctx context.Context) (page.GetNavigationHistoryResult, error) {
	return chromedp.Call(ctx, page.GetNavigationHistory, cdp.Empty{})
}

// reload presses the browser's button; a page that answered a form sends the
// form again.
func (b *tab) reload() {
	b.t.Helper()
	b.do(chromedp.Reload())
}

// wantAsked waits until the browser has asked whether to leave the page.
func (b *tab) wantAsked() {
	b.t.Helper()
	select {
	case kind := <-b.asked:
		if kind != page.DialogTypeBeforeunload {
			b.t.Errorf("a dialog of type %s\nat %s", kind, b.where())
		}
	case <-time.After(patience):
		b.t.Fatalf("the page let itself be left\nat %s", b.where())
	}
}

// eventually waits for something that no page shows.
func (b *tab) eventually(what string, done func() bool) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for !done() {
		if time.Now().After(deadline) {
			b.t.Fatalf("waited in vain for %s\nat %s", what, b.where())
		}
		time.Sleep(20 * time.Millisecond) // between two looks
	}
}
