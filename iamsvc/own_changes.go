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
	} else {
		made := *c.Created // whoever made it goes on with it
		c.Created = &made
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

// applyOwn puts own changes into a user's keys, which it may overwrite: listed
// at started, their descriptions read at described.
func applyOwn(own []ownChange, keys []AccessKey, started, described time.Time) []AccessKey {
	for _, c := range own {
		if c.KeyID == "" {
			continue
		}
		if c.outlives(started) {
			keys = c.list(keys)
		}
		at := slices.IndexFunc(keys, func(k AccessKey) bool { return k.ID == c.KeyID })
		if at >= 0 && c.Description != nil && c.outlives(described) {
			keys[at].Description = *c.Description
		}
	}
	return keys
}

// list makes a list of keys one that knows of c.
func (c ownChange) list(keys []AccessKey) []AccessKey {
	at := slices.IndexFunc(keys, func(k AccessKey) bool { return k.ID == c.KeyID })
	switch {
	case c.Deleted && at >= 0:
		return slices.Delete(keys, at, at+1)
	case c.Deleted:
		return keys
	case at < 0 && c.Created != nil:
		// The report may have the key too, without its ID.
		keys = slices.DeleteFunc(keys, func(k AccessKey) bool { return k.ID == "" && sameSecond(k.Created, c.Created.Created) })
		at, keys = len(keys), append(keys, *c.Created)
	}
	if at >= 0 && c.Status != "" {
		keys[at].Status = c.Status
	}
	return keys
}

// pruneOwn forgets what the readings know by themselves by now.
func (f *facts) pruneOwn(own ownChanges) {
	users := make(map[string]User, len(f.Users))
	for _, u := range f.Users {
		users[u.Name] = u
	}
	for key, c := range own {
		u, listed := users[c.User]
		known := !c.outlives(f.UsersAt) // of users who are not listed, that they are gone
		if listed && c.NewUser == nil {
			known = f.knows(u, c)
		}
		if known {
			delete(own, key)
		}
	}
}

// knows reports whether the readings show what became of a change of u's keys.
func (f *facts) knows(u User, c ownChange) bool {
	r, ok := f.known(u)
	if !ok || c.outlives(r.Started) {
		return false
	}
	_, exists := findKey(r.Keys, c.KeyID)
	return c.Description == nil || !exists || !c.outlives(f.DetailsAt)
}

func (a *Account) changed(c ownChange) {
	a.mu.Lock()
	c.At = a.now()
	a.own.add(c)
	if a.facts.touch(c.User); c.NewUser != nil {
		a.facts.reread = nil
	}
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
