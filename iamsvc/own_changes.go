package iamsvc

import (
	"slices"
	"time"
)

// lagWindow is how long IAM's lists may go on showing what was before a
// change (a new key can be rejected for about 15 seconds).
const lagWindow = 20 * time.Second

// ownChange is one thing Keydesk changed, kept until a reading that began well
// after it has replaced what was known before.
type ownChange struct {
	At          time.Time
	User, KeyID string
	Created     *AccessKey
	Deleted     bool
	Status      KeyStatus // "" = unchanged
	Description *string   // nil = unchanged
	NewUser     *User     // a user that was created; KeyID is "" then
}

// ownChanges by user and key ID. Changes of one key are merged.
type ownChanges map[[2]string]ownChange

func (o ownChanges) add(c ownChange) {
	key := [2]string{c.User, c.KeyID}
	before := o[key]
	c.Deleted = c.Deleted || before.Deleted // a key ID does not come back
	if c.Created == nil {
		c.Created = before.Created
	}
	if c.Status == "" {
		c.Status = before.Status
	}
	if c.Description == nil {
		c.Description = before.Description
	}
	o[key] = c
}

// outlives reports whether a reading that began at started may not know of c.
func (c ownChange) outlives(started time.Time) bool { return started.Before(c.At.Add(lagWindow)) }

// byUser sorts the changes by the user they are about.
func (o ownChanges) byUser() map[string][]ownChange {
	all := make(map[string][]ownChange, len(o))
	for _, c := range o {
		all[c.User] = append(all[c.User], c)
	}
	return all
}

func (o ownChanges) of(user string) []ownChange {
	var own []ownChange
	for _, c := range o {
		if c.User == user {
			own = append(own, c)
		}
	}
	return own
}

// applyOwn returns a user's keys, read at started, with own changes put in.
func applyOwn(own []ownChange, keys []AccessKey, started time.Time) []AccessKey {
	patched := slices.Clone(keys)
	for _, c := range own {
		if c.KeyID == "" || !c.outlives(started) {
			continue
		}
		at := slices.IndexFunc(patched, func(k AccessKey) bool { return k.ID == c.KeyID })
		switch {
		case c.Deleted && at >= 0:
			patched = slices.Delete(patched, at, at+1)
		case c.Deleted:
		case at >= 0:
			patched[at] = c.patch(patched[at])
		case c.Created != nil:
			// The report may have the key too, without its ID.
			patched = slices.DeleteFunc(patched, func(k AccessKey) bool { return k.ID == "" && sameSecond(k.Created, c.Created.Created) })
			patched = append(patched, c.patch(*c.Created))
		}
	}
	return patched
}

func (c ownChange) patch(k AccessKey) AccessKey {
	if c.Status != "" {
		k.Status = c.Status
	}
	if c.Description != nil {
		k.Description = *c.Description
	}
	return k
}

// pruneOwn forgets what the readings know by themselves by now.
func (f *facts) pruneOwn(own ownChanges) {
	for key, c := range own {
		r, ok := f.Keys[c.User]
		known := ok && !c.outlives(r.Started) && (c.Description == nil || !c.outlives(f.DetailsAt))
		if c.NewUser != nil {
			known = !c.outlives(f.UsersAt)
		}
		if known {
			delete(own, key)
		}
	}
}

func (a *Account) changed(c ownChange) {
	a.mu.Lock()
	c.At = a.now()
	a.own.add(c)
	a.mu.Unlock()
	a.publish()
}

func (a *Account) changedUser(u User) {
	a.changed(ownChange{User: u.Name, NewUser: &u})
}

// agreesWithOwn reports whether a list of a user's keys, read at started,
// already shows what Keydesk changed. Descriptions are not in that list.
func (a *Account) agreesWithOwn(user string, keys []AccessKey, started time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.own {
		if c.User != user || c.KeyID == "" || !c.outlives(started) {
			continue
		}
		k, exists := findKey(keys, c.KeyID)
		if exists == c.Deleted && (c.Deleted || c.Created != nil || c.Status != "") || exists && c.Status != "" && !k.Status.is(c.Status) {
			return false
		}
	}
	return true
}
