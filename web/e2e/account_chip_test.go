package e2e

import "testing"

// People with several Keydesks tell by the bar which account they are in.
func TestTheBarNamesTheAccountAtEveryWidth(t *testing.T) {
	t.Parallel()
	a, gate := newGatedIAM(t)
	close(gate)
	b := a.tab()
	b.signIn("admin", password)
	for _, width := range []int64{320, 390, 688, 1440} {
		b.size(width, 900)
		b.until(`innerWidth === document.documentElement.scrollWidth`)
		if !eval[bool](b, `(() => {
			const chip = document.querySelector(".account-chip");
			return chip.checkVisibility() && chip.scrollWidth <= chip.clientWidth && chip.innerText.includes("keydesk-demo");
		})()`) {
			t.Errorf("at a width of %d the bar does not name the account", width)
		}
	}
	b.size(320, 900)
	eval[bool](b, `document.querySelector(".account-chip").textContent = "123456789012"; true`)
	if !eval[bool](b, `(e => e.scrollWidth <= e.clientWidth)(document.querySelector(".account-chip"))`) {
		t.Error("there is no room for the number of an account without an alias")
	}
}
