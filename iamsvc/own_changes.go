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
	at          time.Time
	user, keyID string
	created     *AccessKey
	deleted     bool
	status      KeyStatus // "" = unchanged
	description *string   // nil = unchanged
	newUser     *User     // a user that was created; keyID is "" then
}

// ownChanges by user and key ID. Changes of one key are merged.
type ownChanges map[[2]string]ownChange

func (o ownChanges) add(c ownChange) {
	key := [2]string{c.user, c.keyID}
	before := o[key]
	c.deleted = c.deleted || before.deleted // a key ID does not come back
	if c.created == nil {
		c.created = before.created
	}
	if c.status == "" {
		c.status = before.status
	}
	if c.description == nil {
		c.description = before.description
	}
	o[key] = c
}

// outlives reports whether a reading that began at started may not know of c.
func (c ownChange) outlives(started time.Time) bool { return started.Before(c.at.Add(lagWindow)) }

// prune forgets what a reading that began at started knows by itself.
func (o ownChanges) prune(started time.Time) {
	for key, c := range o {
		if !c.outlives(started) {
			delete(o, key)
		}
	}
}

// apply returns a user's keys, read at started, with own changes put in.
func (o ownChanges) apply(user string, keys []AccessKey, started time.Time) []AccessKey {
	patched := slices.Clone(keys)
	for _, c := range o {
		if c.user != user || c.keyID == "" || !c.outlives(started) {
			continue
		}
		at := slices.IndexFunc(patched, func(k AccessKey) bool { return k.ID == c.keyID })
		switch {
		case c.deleted && at >= 0:
			patched = slices.Delete(patched, at, at+1)
		case c.deleted:
		case at >= 0:
			patched[at] = c.patch(patched[at])
		case c.created != nil:
			patched = append(patched, c.patch(*c.created))
		}
	}
	return patched
}

func (c ownChange) patch(k AccessKey) AccessKey {
	if c.status != "" {
		k.Status = c.status
	}
	if c.description != nil {
		k.Description = *c.description
	}
	return k
}

func (a *Account) applyOwn(c ownChange) {
	a.mu.Lock()
	c.at = a.now()
	a.own.add(c)
	a.mu.Unlock()
	a.publish()
}

func (a *Account) applyOwnUser(u User) {
	a.applyOwn(ownChange{user: u.Name, newUser: &u})
}

// agreesWithOwn reports whether a list of a user's keys, read at started,
// already shows what Keydesk changed. Descriptions are not in that list.
func (a *Account) agreesWithOwn(user string, keys []AccessKey, started time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.own {
		if c.user != user || c.keyID == "" || !c.outlives(started) {
			continue
		}
		k, exists := findKey(keys, c.keyID)
		if exists == c.deleted && (c.deleted || c.created != nil || c.status != "") || exists && c.status != "" && !k.Status.is(c.status) {
			return false
		}
	}
	return true
}
