package e2e

import (
	_ "embed"
	"os"
	"testing"
)

//go:embed axe.js
var axeScript string

// Where make test puts the accessibility checker; it is no part of Keydesk.
const axeFile = "testdata/node_modules/axe-core/axe.min.js"

func TestAccessibilityOnADesktop(t *testing.T) {
	t.Parallel()
	testAccessibility(t, 1440, 900)
}

func TestAccessibilityOnAPhone(t *testing.T) {
	t.Parallel()
	testAccessibility(t, 390, 844)
}

// testAccessibility wants no violation on any page in any state. Dark pages
// are the same pages in other colours, so that only the rules on colours are
// asked again.
func testAccessibility(t *testing.T, width, height int64) {
	t.Helper()
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		t.Fatalf("axe-core is not there: run `make test`, which installs it, or `npm ci` in web/e2e/testdata (%v)", err)
	}
	walk(t, width, height, func(b *tab, name string) {
		eval[bool](b, string(axe)+"; true")
		b.wantAccessible(name+", light", false)
		b.media("dark")
		b.wantAccessible(name+", dark", true)
		b.media("light")
	})
}

func (b *tab) wantAccessible(name string, coloursOnly bool) {
	b.t.Helper()
	argument := "false"
	if coloursOnly {
		argument = "true"
	}
	for _, violation := range awaited[[]string](b, "("+axeScript+")("+argument+")") {
		b.t.Errorf("%s: %s", name, violation)
	}
}
