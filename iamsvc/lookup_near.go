package iamsvc

import (
	"strings"

	"keydesk/iamsvc/paste"
)

// NearMatch is a key or a user whose ID or name is one character away from
// what was asked for: one wrong, missing or added, or two next to each other
// swapped.
type NearMatch struct {
	User  User
	KeyID string // "" when it is the user's name that is near
}

const (
	// mostNear bounds the suggestions for one ID: more are no help.
	mostNear = 5
	// shortestNear is the shortest name that suggestions are made for; of
	// shorter ones too many are near.
	shortestNear = 4
)

// nearKeys finds the keys whose IDs are one typing error away.
func (i *Inventory) nearKeys(id string) (near []NearMatch) {
	id = strings.ToUpper(id)
	for n := range i.Users {
		u := &i.Users[n]
		for k := range u.Keys {
			if keyID := u.Keys[k].ID; len(near) < mostNear && isNearKey(id, strings.ToUpper(keyID)) {
				near = append(near, NearMatch{User: u.User, KeyID: keyID})
			}
		}
	}
	return near
}

// nearUsers finds the users whose names are one typing error away, in any case.
func (i *Inventory) nearUsers(name string) (near []NearMatch) {
	if len(name) < shortestNear {
		return nil
	}
	name = strings.ToLower(name)
	for n := range i.Users {
		u := &i.Users[n]
		if len(near) < mostNear && isNear(name, strings.ToLower(u.Name)) {
			near = append(near, NearMatch{User: u.User})
		}
	}
	return near
}

// isNearKey is isNear, and finds the ID in the first 20 characters of one that
// had a character added, too: what follows them was taken for other text.
func isNearKey(id, keyID string) bool {
	if isNear(id, keyID) {
		return true
	}
	if len(id) != paste.LengthOfKeyID || len(keyID) != len(id) {
		return false
	}
	at := commonStart(id, keyID)
	return at < len(id) && id[at+1:] == keyID[at:len(keyID)-1]
}

// isNear reports whether one edit turns a into b. Equal texts are not near.
func isNear(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == b {
		return false
	}
	at := commonStart(a, b)
	restA, restB := a[at:], b[at:]
	if len(a) < len(b) {
		return restA == restB[1:]
	}
	swapped := len(restA) > 1 && restA[0] == restB[1] && restA[1] == restB[0] && restA[2:] == restB[2:]
	return swapped || restA[1:] == restB[1:]
}

func commonStart(a, b string) int {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	return at
}
