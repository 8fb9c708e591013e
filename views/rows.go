package views

import (
	"bytes"
	"context"
	"io"

	"github.com/a-h/templ"
)

// DrawnRow is the HTML of one row of a list. Most pages show rows that another
// page has shown before, and drawing them is most of the work.
type DrawnRow string

// DrawRow draws one row.
func DrawRow(cells []Cell) (DrawnRow, error) {
	var html bytes.Buffer
	err := row(cells).Render(context.Background(), &html)
	return DrawnRow(html.String()), err
}

func drawnRows(rows []DrawnRow) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		for _, r := range rows {
			if _, err := io.WriteString(w, string(r)); err != nil {
				return err
			}
		}
		return nil
	})
}
