package iamsvc

import (
	"strings"
	"time"
)

// matchesUser reports whether the row is about this user, and not about an
// earlier one of the same name that has been deleted since.
func (r ReportRow) matchesUser(u User) bool {
	return r.Created.IsZero() || u.Created.IsZero() || sameSecond(r.Created, u.Created)
}

// user is all the row says of the user but the password: the ID is not in
// reports.
func (r ReportRow) user() User {
	return User{Name: r.User, Path: r.path(), ARN: r.ARN, Created: r.Created}
}

// path is the part of the ARN between the word user and the name.
func (r ReportRow) path() string {
	_, resource, _ := strings.Cut(r.ARN, ":user")
	if path, ok := strings.CutSuffix(resource, r.User); ok {
		return path
	}
	return ""
}

// keys are the user's keys as far as the report knows them: without their IDs.
func (r ReportRow) keys(user string) []AccessKey {
	var keys []AccessKey
	for _, s := range r.Slots {
		k := AccessKey{UserName: user, Status: KeyInactive, Created: s.LastRotated, LastUsed: s.LastUsed}
		if s.Active {
			k.Status = KeyActive
		}
		keys = append(keys, k)
	}
	return keys
}

// agrees reports whether listed keys are those of the row. The row has room
// for two; of more keys, which a race can make, it must show some.
func (r ReportRow) agrees(keys []AccessKey) bool {
	if len(keys) != len(r.Slots) && (len(keys) < 3 || len(r.Slots) != 2) {
		return false
	}
	left := map[slotOfKey]int{}
	for _, k := range keys {
		left[slotOfKey{k.Created.Unix(), k.Status.is(KeyActive)}]++
	}
	for _, s := range r.Slots {
		slot := slotOfKey{s.LastRotated.Unix(), s.Active}
		if left[slot]--; left[slot] < 0 {
			return false
		}
	}
	return true
}

type slotOfKey struct {
	created int64
	active  bool
}

// lastUsed finds the report's figure for one of a user's keys. The report has
// no key IDs and its slots are not in order of age: a slot is the key's only
// if creation time and status agree and no other slot or key has the same.
// Anything less is left to be asked live.
func (r ReportRow) lastUsed(k AccessKey, all []AccessKey) (LastUsed, bool) {
	if k.Created.IsZero() {
		return LastUsed{}, false
	}
	twins := 0
	for _, other := range all {
		if sameSecond(other.Created, k.Created) {
			twins++
		}
	}
	var found []ReportSlot
	for _, s := range r.Slots {
		if sameSecond(s.LastRotated, k.Created) {
			found = append(found, s)
		}
	}
	if twins != 1 || len(found) != 1 || found[0].Active != k.Status.is(KeyActive) || !found[0].LastUsed.Read {
		return LastUsed{}, false
	}
	return found[0].LastUsed, true
}

func sameSecond(a, b time.Time) bool { return a.Unix() == b.Unix() }
