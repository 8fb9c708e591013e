package handlers_test

import (
	"net/http"
	"strings"
	"testing"
)

// A key that AWS found in public is active and in use. No page may show it as a
// key that is in order.
func TestQuarantinedKeyNeverLooksGreen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	leaked, known := s.Account.Inventory().User("dev-sandbox-bot")
	if !known || len(leaked.Keys) != 1 {
		t.Fatalf("%+v", leaked)
	}
	id := leaked.Keys[0].ID
	b := s.signedIn("helen")
	for what, p := range map[string]page{
		"list of users":  b.get(usersURL + "?q=dev-sandbox-bot"),
		"list of keys":   b.get(accessKeysURL + "?q=dev-sandbox-bot"),
		"user":           b.get(userURLs + "dev-sandbox-bot"),
		"search":         b.search(id),
		"search of ends": b.search("..." + id[12:] + " and ...QQQQQQQQ"),
	} {
		p.wantStatus(t, http.StatusOK)
		if !strings.Contains(strings.ToLower(p.Body), "quarantined") || !strings.Contains(p.Body, "Active") {
			t.Errorf("%s does not say that the key is active and quarantined", what)
		}
		if what != "list of users" && !strings.Contains(p.Body, "Active - quarantined by AWS") {
			t.Errorf("%s has another status", what)
		}
		_, key, _ := strings.Cut(p.Body, id)
		if i := strings.Index(key, "status success"); key == "" || i >= 0 {
			t.Errorf("%s is green: %s", what, key[max(0, i):])
		}
	}
}
