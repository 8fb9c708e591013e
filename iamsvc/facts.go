package iamsvc

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// facts is what the last readings brought, part by part. A part that could not
// be read again keeps its old value beside the new error.
type facts struct {
	loading    bool
	usersAt    time.Time
	users      []User
	usersErr   error
	stale      map[string]error // users of an earlier reading, by name
	details    map[string]details
	detailsAt  time.Time
	detailsErr error
	report     CredentialReport
	rows       map[string]ReportRow // of report, by user name
	reportErr  error
	virtualMFA map[string]bool       // users with a virtual device; nil: not known
	keys       map[string]keyReading // by userRef
	lastUsed   map[string]LastUsed   // asked live, by key ID
}

// details is what GetAccountAuthorizationDetails knows of a user.
type details struct {
	groups      []string
	tags        []Tag
	boundary    string
	quarantined bool
}

type keyReading struct {
	keys    []AccessKey
	err     error
	started time.Time
}

// userRef tells a user from an earlier one of the same name: keys read for
// that one are not this one's.
func userRef(u User) string {
	return u.Name + "\n" + u.ID + "\n" + strconv.FormatInt(u.Created.Unix(), 10)
}

// setUsers takes a reading of the list of users. When it failed half-way the
// users it did not reach stay, marked.
func (f *facts) setUsers(users []User, err error, started time.Time) {
	f.stale = map[string]error{}
	if f.usersErr = err; err == nil {
		f.users, f.usersAt = users, started
		return
	}
	read := map[string]bool{}
	for _, u := range users {
		read[u.Name] = true
	}
	for _, u := range f.users {
		if !read[u.Name] {
			users = append(users, u)
			f.stale[u.Name] = err
		}
	}
	f.users = users
	if f.usersAt.IsZero() && len(users) > 0 {
		f.usersAt = started
	}
}

func (f *facts) setReport(r CredentialReport) {
	f.report, f.reportErr, f.rows = r, nil, make(map[string]ReportRow, len(r.Rows))
	for _, row := range r.Rows {
		if !row.IsRoot {
			f.rows[row.User] = row
		}
	}
}

// setKeys takes a reading of one user's keys. A failed one keeps what was
// known before.
func (f *facts) setKeys(u User, r keyReading) {
	if f.keys == nil {
		f.keys = map[string]keyReading{}
	}
	if before, ok := f.keys[userRef(u)]; ok && r.err != nil && len(r.keys) < len(before.keys) {
		r.keys, r.started = before.keys, before.started
	}
	f.keys[userRef(u)] = r
}

// forgetGone drops the keys of users that are no more.
func (f *facts) forgetGone() {
	current := make(map[string]bool, len(f.users))
	for _, u := range f.users {
		current[userRef(u)] = true
	}
	for ref := range f.keys {
		if !current[ref] {
			delete(f.keys, ref)
		}
	}
}

// row returns the report's row about u, if it has one.
func (f *facts) row(u User) (ReportRow, bool) {
	row, ok := f.rows[u.Name]
	return row, ok && row.matchesUser(u)
}

// inventory draws the picture of all facts, own changes put in.
func (f *facts) inventory(own ownChanges) *Inventory {
	inv := &Inventory{
		AsOf: f.usersAt, Loading: f.loading, Err: f.usersErr,
		ReportTime: f.report.Generated, ReportErr: f.reportErr, GroupsErr: f.detailsErr,
	}
	known := make(map[string]bool, len(f.users))
	for _, u := range f.users {
		inv.Users = append(inv.Users, f.inventoryUser(u, own))
		known[u.Name] = true
	}
	for _, c := range own {
		if c.newUser != nil && !known[c.user] && c.outlives(f.usersAt) {
			inv.Users = append(inv.Users, f.inventoryUser(*c.newUser, own))
		}
	}
	slices.SortFunc(inv.Users, func(a, b InventoryUser) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name))
	})
	for _, u := range inv.Users {
		if u.KeysErr == nil {
			inv.KeysRead++
		}
	}
	inv.index()
	return inv
}

func (f *facts) inventoryUser(u User, own ownChanges) InventoryUser {
	iu := InventoryUser{User: u, Err: f.stale[u.Name], SigningCerts: -1, PasswordLastUsed: u.PasswordLastUsed}
	if d, ok := f.details[u.Name]; ok {
		iu.Groups, iu.GroupsRead, iu.Quarantined = d.groups, true, d.quarantined
		iu.Tags, iu.PermissionsBoundary = d.tags, d.boundary
	}
	row, inReport := f.row(u)
	if inReport {
		iu.ConsoleAccess, iu.MFA, iu.SigningCerts = row.PasswordEnabled, row.MFA, row.SigningCerts
		iu.PasswordChanged = row.PasswordChanged
		iu.MFAKinds = f.mfaKinds(u.Name, row.MFA)
		iu.PasswordLastUsed = later(u.PasswordLastUsed, row.PasswordLastUsed)
	}
	iu.Keys, iu.KeysErr = f.keysOf(u, iu.Tags, own)
	iu.LastActivity = iu.PasswordLastUsed
	for i := range iu.Keys {
		k := &iu.Keys[i]
		k.LastUsed = f.lastUsedOf(row, *k, iu.Keys)
		iu.LastActivity = later(iu.LastActivity, k.LastUsed.At)
	}
	return iu
}

// mfaKinds: what is not virtual is hardware; telling tokens from security keys
// would take a call for each user.
func (f *facts) mfaKinds(name string, has Tri) string {
	switch {
	case has != Yes || f.virtualMFA == nil:
		return ""
	case f.virtualMFA[name]:
		return "Virtual"
	}
	return "Hardware or security key"
}

func (f *facts) keysOf(u User, tags []Tag, own ownChanges) ([]AccessKey, error) {
	reading, read := f.keys[userRef(u)]
	if !read {
		reading.err = ErrNotReadYet
	}
	// A description is read with the tags, which may have been before the keys.
	started := reading.started
	if f.detailsAt.Before(started) {
		started = f.detailsAt
	}
	keys := own.apply(u.Name, withDescriptions(reading.keys, tags), started)
	slices.SortFunc(keys, func(a, b AccessKey) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID))
	})
	return keys, reading.err
}

// lastUsedOf takes the report's figure where it is surely this key's, and what
// was asked live where that is newer or all there is.
func (f *facts) lastUsedOf(row ReportRow, k AccessKey, all []AccessKey) LastUsed {
	live, asked := f.lastUsed[k.ID]
	reported, ok := row.lastUsed(k, all)
	switch {
	case ok && (!asked || !live.Read || !live.At.After(reported.At)):
		return reported
	case asked:
		return live
	}
	return k.LastUsed
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
