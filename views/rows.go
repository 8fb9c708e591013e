package views

import (
	"bytes"
	"context"
	"io"

	"github.com/a-h/templ"
)

// DrawnRow is the HTML of one row of a list. Most pages show rows that another
// page has shown before, and drawing them is most of the work. Only DrawRow makes
// one: text of any other origin would reach the page unescaped.
type DrawnRow struct{ html string }

func (r DrawnRow) String() string { return r.html }

// DrawRow draws one row.
func DrawRow(cells []Cell) (DrawnRow, error) {
	var html bytes.Buffer
	err := row(cells).Render(context.Background(), &html)
	return DrawnRow{html.String()}, err
}

func drawnRows(rows []DrawnRow) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		for _, r := range rows {
			if _, err := io.WriteString(w, r.html); err != nil {
				return err
			}
		}
		return nil
	})
}
