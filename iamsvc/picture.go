package iamsvc

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// inventory draws the picture of all facts, own changes put in.
func (f *facts) inventory(own ownChanges) *Inventory {
	inv := &Inventory{
		AsOf: f.UsersAt, Loading: f.loading, Paused: f.paused, Err: f.usersErr,
		ReportTime: f.Report.Generated, ReportAsOf: f.Report.Made, ReportErr: f.reportErr, GroupsErr: f.detailsErr,
		RootKeys: f.Report.RootKeys(), Users: make([]InventoryUser, 0, len(f.Users)),
	}
	changes := own.byUser()
	for _, u := range f.Users {
		inv.Users = append(inv.Users, f.inventoryUser(u, changes[u.Name]))
	}
	if f.addOwnUsers(inv, own) {
		slices.SortFunc(inv.Users, func(a, b InventoryUser) int { return byName(a.Name, b.Name) })
	}
	inv.count()
	inv.index()
	return inv
}

// redrawn is the picture as it was before, but for the users whose keys were
// read since: drawing all 5,000 a few times a second is dear.
func (f *facts) redrawn(before *Inventory, own ownChanges) *Inventory {
	inv := *before
	inv.Paused = f.paused
	inv.Users = slices.Clone(before.Users)
	for name := range f.reread {
		if at, ok := before.byName[name]; ok {
			inv.Users[at] = f.inventoryUser(before.Users[at].User, own.of(name))
		}
	}
	inv.count()
	inv.index()
	return &inv
}

// addOwnUsers adds users that Keydesk has made and no list has shown yet.
func (f *facts) addOwnUsers(inv *Inventory, own ownChanges) (added bool) {
	var known map[string]bool
	for _, c := range own {
		if c.NewUser == nil || !c.outlives(f.UsersAt) {
			continue
		}
		if known == nil {
			known = namesOf(f.Users)
		}
		if !known[c.User] {
			inv.Users, added = append(inv.Users, f.inventoryUser(*c.NewUser, own.of(c.User))), true
		}
	}
	return added
}

func (f *facts) inventoryUser(u User, own []ownChange) InventoryUser {
	iu := InventoryUser{User: u, Err: f.stale[u.Name], SigningCerts: -1, PasswordLastUsed: u.PasswordLastUsed}
	if d, ok := f.detailsOf(u); ok {
		iu.Groups, iu.GroupsRead = d.Groups, true
		iu.Quarantined, iu.QuarantineRead = f.quarantine(d.Groups)
		iu.Quarantined = iu.Quarantined || d.Quarantined
		iu.Tags, iu.PermissionsBoundary = d.Tags, d.Boundary
	}
	row, inReport := f.row(u)
	if inReport {
		iu.ConsoleAccess, iu.MFA, iu.SigningCerts = row.PasswordEnabled, row.MFA, row.SigningCerts
		iu.PasswordChanged = row.PasswordChanged
		iu.MFAKinds = f.mfaKinds(u.Name, row.MFA)
		iu.PasswordLastUsed = later(u.PasswordLastUsed, row.PasswordLastUsed)
	}
	iu.Keys, iu.KeysAsOf, iu.KeysErr = f.keysOf(iu.User, row, own)
	if inReport && f.Report.Since.After(iu.KeysAsOf) && !iu.KeysAsOf.IsZero() && row.agrees(iu.Keys) {
		iu.KeysAsOf = f.Report.Since
	}
	iu.LastActivity = iu.PasswordLastUsed
	for i := range iu.Keys {
		k := &iu.Keys[i]
		if k.ID != "" {
			k.LastUsed = f.AskedUses[k.ID].lastUsed().and(f.Report.lastUsed(row, *k, iu.Keys))
		}
		iu.LastActivity = later(iu.LastActivity, k.LastUsed.At)
	}
	return iu
}

// mfaKinds: what is not virtual is hardware; telling tokens from security keys
// would take a call for each user.
func (f *facts) mfaKinds(name string, has Tri) string {
	switch {
	case has != Yes || f.VirtualMFA == nil:
		return ""
	case f.VirtualMFA[name]:
		return "Virtual"
	}
	return "Hardware or security key"
}

// keysOf are a user's keys as listed, and when; before that, as the report has
// them.
func (f *facts) keysOf(u User, row ReportRow, own []ownChange) (keys []AccessKey, asOf time.Time, err error) {
	reading, known := f.known(u)
	switch {
	case !known:
		reading = keyReading{Keys: f.Report.keys(row), err: ErrNotReadYet}
	case reading.Started.IsZero(): // it never succeeded
		reading.Keys = f.Report.keys(row)
	}
	// Descriptions are read with the tags, which may have been before the keys.
	keys = applyOwn(own, withDescriptions(reading.Keys, u.Tags), reading.Started, f.DetailsAt)
	slices.SortFunc(keys, func(a, b AccessKey) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID))
	})
	return keys, reading.Started, reading.err
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
