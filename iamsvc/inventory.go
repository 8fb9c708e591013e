package iamsvc

import (
	"errors"
	"strings"
	"time"
)

// Tri is an answer that may be missing.
type Tri int

// The answers.
const (
	Unknown Tri = iota
	No
	Yes
)

// Inventory is one immutable picture of an account's users and their access
// keys. List pages are drawn from it without a call to IAM. It never leaves
// out what could not be read: every user is complete or says what is missing.
type Inventory struct {
	AsOf       time.Time // when the reading of this list of users began; zero: never read
	Loading    bool      // a reading is going on, or waits while it is paused
	Paused     bool      // nothing is read in the background until Resume
	Err        error     // why the list of users is not whole, or of an earlier reading
	Users      []InventoryUser
	ReportTime time.Time // when the credential report was generated, by the server's clock; zero: none
	ReportAsOf time.Time // the same by Keydesk's clock
	ReportErr  error     // why there is none, or only an older one
	GroupsErr  error     // why groups, tags, key descriptions and quarantines are missing or older
	RootKeys   int       // active access keys of the root user by the credential report; -1 not known
	KeysRead   int       // users whose keys are known: listed, or none by the report
	KeysFailed int       // users whose keys could not be read
	KeysDenied int       // of these, users whose keys Keydesk may not list
	KeysAsOf   time.Time // what happened to keys until then is known of all users whose keys are; zero: of none
	UsesAsOf   time.Time // of the oldest answer about the last use of a key; zero: there is none

	foreignKeyIDs bool // some key ID does not begin with AKIA: not AWS
	byName        map[string]int
	byLowerName   map[string]int // of the names that are not in lower case
	byKey         map[string]keyPlace
	byUpperKey    map[string]keyPlace
}

type keyPlace struct{ user, key int }

// InventoryUser is a row of the list. Fields that come from the credential
// report are as old as that is (Inventory.ReportTime).
type InventoryUser struct {
	User
	Err              error // the row is of an earlier reading: the user could not be read again
	Groups           []string
	GroupsRead       bool
	ConsoleAccess    Tri
	MFA              Tri
	MFAKinds         string // "Virtual", or "Hardware or security key"; "" when not known
	PasswordChanged  time.Time
	PasswordLastUsed time.Time
	Keys             []AccessKey // without an ID while KeysErr is ErrNotReadYet: from the report
	KeysErr          error       // why Keys is missing or older; ErrNotReadYet while loading
	KeysAsOf         time.Time   // when reading them began, or of a newer report that shows the same; zero: never read
	SigningCerts     int         // active ones; -1 unknown
	Quarantined      bool        // AWS found a key of the user in public and limited the user by a policy
	QuarantineRead   bool        // the policies of the user and of all groups of the user were read
	LastActivity     time.Time
}

// User finds a row by the user's exact name.
func (i *Inventory) User(name string) (InventoryUser, bool) {
	if at, ok := i.byName[name]; ok {
		return i.Users[at], true
	}
	return InventoryUser{}, false
}

// userInAnyCase finds a row by the user's name: the names of IAM differ by more than case.
func (i *Inventory) userInAnyCase(name string) (*InventoryUser, bool) {
	lower := strings.ToLower(name)
	at, ok := i.byName[name]
	if !ok {
		at, ok = i.byName[lower]
	}
	if !ok {
		at, ok = i.byLowerName[lower]
	}
	if !ok {
		return nil, false
	}
	return &i.Users[at], true
}

// Key finds a key and its owner by the exact key ID.
func (i *Inventory) Key(id string) (InventoryUser, AccessKey, bool) {
	at, ok := i.byKey[id]
	if !ok {
		return InventoryUser{}, AccessKey{}, false
	}
	return i.Users[at.user], i.Users[at.user].Keys[at.key], true
}

func (i *Inventory) keyInAnyCase(id string) (AccessKey, bool) {
	if _, k, ok := i.Key(id); ok {
		return k, true
	}
	upper := strings.ToUpper(id)
	if _, k, ok := i.Key(upper); ok {
		return k, true
	}
	if at, ok := i.byUpperKey[upper]; ok {
		return i.Users[at.user].Keys[at.key], true
	}
	return AccessKey{}, false
}

// asListed gives a key ID the spelling of the server's own list, for servers
// with key IDs in small letters.
func (i *Inventory) asListed(id string) string {
	if k, ok := i.keyInAnyCase(id); ok {
		return k.ID
	}
	return id
}

func (i *Inventory) count() {
	i.KeysRead, i.KeysFailed, i.KeysDenied, i.KeysAsOf, i.UsesAsOf = 0, 0, 0, time.Time{}, time.Time{}
	for n := range i.Users {
		u := &i.Users[n]
		for k := range u.Keys {
			i.UsesAsOf = earlier(i.UsesAsOf, u.Keys[k].LastUsed.asOf)
		}
		switch {
		case u.KeysErr == nil:
			i.KeysRead++
			i.KeysAsOf = earlier(i.KeysAsOf, u.KeysAsOf)
		case u.KeysErr != ErrNotReadYet:
			i.KeysFailed++
			if errors.Is(u.KeysErr, ErrDenied) {
				i.KeysDenied++
			}
		}
	}
}

// earlier is the earlier of two times that are known.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// ReportCurrent reports whether what the credential report does not know of, such
// as a sign-in to the console, can be said not to have taken place.
func (i *Inventory) ReportCurrent(now time.Time) bool { return current(now, i.ReportAsOf) }

// WorthReading reports whether something about the user's keys is not known at
// now and may be soon. What IAM refuses to say is not worth asking again.
func (u *InventoryUser) WorthReading(now time.Time) bool {
	if u.KeysErr != nil {
		return true
	}
	for i := range u.Keys {
		used := &u.Keys[i].LastUsed
		if !used.Current(now) && !errors.Is(used.Err, ErrDenied) && !errors.Is(used.Err, ErrUnsupported) {
			return true
		}
	}
	return false
}

func (i *Inventory) index() {
	i.byName, i.byLowerName = make(map[string]int, len(i.Users)), map[string]int{}
	i.byKey, i.byUpperKey = make(map[string]keyPlace, len(i.Users)), map[string]keyPlace{}
	for u := range i.Users {
		user := &i.Users[u]
		i.byName[user.Name] = u
		if lower := strings.ToLower(user.Name); lower != user.Name {
			i.byLowerName[lower] = u
		}
		for k := range user.Keys {
			id := user.Keys[k].ID
			if id == "" {
				continue // known from the credential report alone, which has no IDs
			}
			i.byKey[id] = keyPlace{u, k}
			if upper := strings.ToUpper(id); upper != id {
				i.byUpperKey[upper] = keyPlace{u, k}
			}
			i.foreignKeyIDs = i.foreignKeyIDs || !strings.HasPrefix(id, "AKIA")
		}
	}
}
