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

// A page is drawn again when, and only when, its model says something else,
// whoever asks; and it is the same whether it comes compressed or not.
func TestDrawnPages(t *testing.T) {
	t.Parallel()
	type model struct {
		Name string
		Rows []string
	}
	drawn := 0
	pages := drawnPages[model]{draw: func(m model, l views.List) templ.Component {
		return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
			drawn++
			_, err := fmt.Fprint(w, l.Count, m)
			return err
		})
	}}
	for _, c := range []struct {
		address string
		list    string
		model   model
		accept  string
		drawn   int
	}{
		{"ann /users", "1 user", model{"ann", []string{"a"}}, "", 1},
		{"ann /users", "1 user", model{"ann", []string{"a"}}, "br, gzip", 1},
		{"ann /users", "1 user", model{"ann", []string{"b"}}, "gzip", 2},
		{"ann /users", "1 user", model{"bob", []string{"b"}}, "gzip;q=0", 3}, // somebody else at the same address
		{"bob /users", "1 user", model{"bob", []string{"b"}}, "", 4},
		{"ann /users", "1 user", model{"bob", []string{"b"}}, "gzip", 4},
		{"ann /users", "2 users", model{"bob", []string{"b"}}, "gzip", 5},
		{"ann /users", "2 users", model{"bob", []string{"b"}}, "", 5}, // another list that is equal
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Encoding", c.accept)
		if err := pages.render(w, r, c.address, &views.List{Count: c.list}, &c.model); err != nil {
			t.Fatal(err)
		}
		body := io.Reader(w.Body)
		if w.Header().Get("Content-Encoding") == "gzip" {
			var err error
			if body, err = gzip.NewReader(w.Body); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != fmt.Sprint(c.list, c.model) || drawn != c.drawn {
			t.Errorf("%+v: %s, %v, drawn %d times", c, got, err, drawn)
		}
	}
	for i := range 3 * maxDrawnPages {
		pages.keep(fmt.Sprint(i), &drawnPage[model]{})
	}
	if len(pages.kept) > maxDrawnPages {
		t.Errorf("%d pages are kept", len(pages.kept))
	}
}
