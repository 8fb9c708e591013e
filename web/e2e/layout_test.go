package e2e

import (
	_ "embed"
	"fmt"
	"testing"
)

//go:embed markup.js
var markupScript string

// widths are those at which the layout changes, on both sides, and the ends.
var widths = []int64{320, 360, 400, 401, 688, 689, 992, 993, 1440, 1920}

func TestLayoutAndMarkup(t *testing.T) {
	t.Parallel()
	walk(t, 1440, 900, func(b *tab, name string) {
		for _, fault := range awaited[[]string](b, "("+markupScript+")()") {
			t.Errorf("%s: %s", name, fault)
		}
		for _, width := range widths {
			b.size(width, 900)
			if over := eval[int64](b, "document.documentElement.scrollWidth") - width; over > 0 {
				t.Errorf("%s: at a width of %d the page scrolls sideways by %d: %s", name, width, over, b.widest(width))
			}
		}
		b.size(1440, 900)
	})
}

// widest names the innermost elements that stick out.
func (b *tab) widest(width int64) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf(`[...document.body.querySelectorAll("*")]
		.filter(e => e.getBoundingClientRect().right > %d && ![...e.children].some(c => c.getBoundingClientRect().right > %[1]d))
		.map(e => e.outerHTML.slice(0, 120)).slice(0, 3).join(" | ")`, width))
}
