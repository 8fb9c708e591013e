package iamsvc

import "time"

// matchesUser reports whether the row is about this user, and not about an
// earlier one of the same name that has been deleted since.
func (r ReportRow) matchesUser(u User) bool {
	return r.Created.IsZero() || u.Created.IsZero() || sameSecond(r.Created, u.Created)
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
