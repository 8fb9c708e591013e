package handlers

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"testing"

	"github.com/a-h/templ"

	"keydesk/views"
)

// A page is drawn again when, and only when, it is made of something else,
// whoever asks; and it is the same whether it comes compressed or not.
func TestDrawnPages(t *testing.T) {
	t.Parallel()
	drawn := 0
	said := func(p *listPage) string { return fmt.Sprint(p.shell.UserName, p.shell.Crumbs, p.list.Count) }
	pages := drawnPages{draw: func(p *listPage) templ.Component {
		return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
			drawn++
			_, err := io.WriteString(w, said(p))
			return err
		})
	}}
	pageOf := func(user, crumb, count string) *listPage {
		return &listPage{shell: views.Shell{UserName: user, Crumbs: []views.Crumb{{Text: crumb}}}, list: &views.List{Count: count}}
	}
	for _, c := range []struct {
		address string
		page    *listPage
		accept  string
		drawn   int
	}{
		{"ann /users", pageOf("ann", "a", "1 user"), "", 1},
		{"ann /users", pageOf("ann", "a", "1 user"), "br, gzip", 1},
		{"ann /users", pageOf("ann", "b", "1 user"), "gzip", 2},
		{"ann /users", pageOf("bob", "b", "1 user"), "gzip;q=0", 3}, // somebody else at the same address
		{"bob /users", pageOf("bob", "b", "1 user"), "", 4},
		{"ann /users", pageOf("bob", "b", "1 user"), "gzip", 4},
		{"ann /users", pageOf("bob", "b", "2 users"), "gzip", 5},
		{"ann /users", pageOf("bob", "b", "2 users"), "", 5}, // another list that is equal
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Encoding", c.accept)
		if err := pages.render(w, r, c.address, c.page); err != nil {
			t.Fatal(err)
		}
		body := io.Reader(w.Body)
		if w.Header().Get("Content-Encoding") == "gzip" {
			var err error
			if body, err = gzip.NewReader(w.Body); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != said(c.page) || drawn != c.drawn {
			t.Errorf("%+v: %s, %v, drawn %d times", c, got, err, drawn)
		}
	}
	for i := range 3 * maxDrawnPages {
		pages.keep(fmt.Sprint(i), &drawnPage{})
	}
	if len(pages.kept) > maxDrawnPages {
		t.Errorf("%d pages are kept", len(pages.kept))
	}
}
