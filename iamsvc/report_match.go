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

// keys are a user's keys as far as the report knows them: without their IDs.
func (r reportReading) keys(row ReportRow) []AccessKey {
	var keys []AccessKey
	for _, s := range row.Slots {
		k := AccessKey{UserName: row.User, Status: KeyInactive, Created: s.LastRotated, LastUsed: r.lastUsedIn(s)}
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
func (r reportReading) lastUsed(row ReportRow, k AccessKey, all []AccessKey) LastUsed {
	if k.Created.IsZero() {
		return LastUsed{}
	}
	twins := 0
	for _, other := range all {
		if sameSecond(other.Created, k.Created) {
			twins++
		}
	}
	var found []ReportSlot
	for _, s := range row.Slots {
		if sameSecond(s.LastRotated, k.Created) {
			found = append(found, s)
		}
	}
	if twins != 1 || len(found) != 1 || found[0].Active != k.Status.is(KeyActive) {
		return LastUsed{}
	}
	return r.lastUsedIn(found[0])
}

// lastUsedIn is what the report says in a slot. A date in it is a use whatever
// the report's age, but a report that is not newer than the key says nothing by
// having no date.
func (r reportReading) lastUsedIn(s ReportSlot) LastUsed {
	u := LastUsed{}
	switch {
	case !s.LastUsed.IsZero():
		u = Used(s.LastUsed, s.Region, s.Service, r.Made)
	case s.NotUsed && r.Generated.After(s.LastRotated):
		u = NeverUsed(r.Made)
	}
	u.fromReport = !u.asOf.IsZero()
	return u
}

// rememberUses keeps the uses that the present report tells of and the next one
// does not: a key that can't be told from another in it is not unused.
func (f *facts) rememberUses(next reportReading) {
	rows := next.byUser()
	for _, u := range f.Users {
		reading, read := f.reading(u)
		row, reported := f.row(u)
		if !read || !reported {
			continue
		}
		for _, k := range reading.Keys {
			was := f.Report.lastUsed(row, k, reading.Keys)
			if was.At.After(next.lastUsed(rows[u.Name], k, reading.Keys).At) {
				f.setLastUsed(k.ID, was, time.Time{})
			}
		}
	}
}

func sameSecond(a, b time.Time) bool { return a.Unix() == b.Unix() }
