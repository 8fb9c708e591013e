package iamsvc

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

const idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// mistyped are the texts that one typing error makes of an ID.
func mistyped(r *rand.Rand, id string) map[string]string {
	at := 4 + r.IntN(len(id)-5)
	other := idAlphabet[(slices.Index([]byte(idAlphabet), id[at])+1+r.IntN(31))%32]
	swap := []byte(id)
	swap[at], swap[at+1] = swap[at+1], swap[at]
	return map[string]string{
		"wrong":       id[:at] + string(other) + id[at+1:],
		"missing":     id[:at] + id[at+1:],
		"added":       id[:at] + string(other) + id[at:],
		"added, cut":  (id[:at] + string(other) + id[at:])[:20],
		"doubled":     id[:at] + id[at:at+1] + id[at:],
		"swapped":     string(swap),
		"first wrong": "X" + id[1:],
		"last wrong":  id[:len(id)-1] + string(idAlphabet[(slices.Index([]byte(idAlphabet), id[len(id)-1])+1)%32]),
	}
}

func TestNearKeysFindsEveryTypingError(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	inv := &Inventory{}
	for u := range 2500 {
		user := InventoryUser{User: User{Name: fmt.Sprintf("user-%d", u)}}
		for range 2 {
			id := []byte("AKIARZPU")
			for range 12 {
				id = append(id, idAlphabet[r.IntN(32)])
			}
			user.Keys = append(user.Keys, AccessKey{ID: string(id)})
		}
		inv.Users = append(inv.Users, user)
	}
	for n := range 100 {
		id := inv.Users[n*7].Keys[n%2].ID
		for what, text := range mistyped(r, id) {
			found := inv.nearKeys(text)
			is := func(m NearMatch) bool { return m.KeyID == id && m.User.Name == inv.Users[n*7].Name }
			if text != id && !slices.ContainsFunc(found, is) {
				t.Errorf("%s: %s is not found by %s: %+v", what, id, text, found)
			}
		}
		if near := inv.nearKeys(id[:10] + "2222222222"); len(near) > 0 {
			t.Errorf("ten wrong characters are near: %+v", near)
		}
	}
}

func TestIsNear(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"akira.mensah", "akira.mensha", true}, {"akira.mensah", "akira.mensa", true}, {"akira.mensah", "akira.mensahh", true},
		{"akira.mensah", "akira.menseh", true}, {"akira.mensah", "akira.mensah", false}, {"akira.mensah", "aikra.mensha", false},
		{"", "a", true}, {"", "", false}, {"ab", "ba", true}, {"abc", "cab", false}, {"abcd", "abdce", false},
	} {
		if got := isNear(c.a, c.b); got != c.want || isNear(c.b, c.a) != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}
