package iamsvc

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// facts is what the readings brought, part by part. A part that could not be
// read again keeps its old value beside the new error. The exported fields are
// what is kept over a restart.
type facts struct {
	UsersAt    time.Time // nothing that was so before is missing in Users
	Users      []User    // by name, whatever its case
	partial    bool      // there was no whole list yet
	usersErr   error
	stale      map[string]error // users of an earlier reading, by name
	Details    map[string]details
	DetailsAt  time.Time
	detailsErr error

	QuarantinedGroups map[string]bool // of the groups whose policies were read: whether AWS quarantines who is in them

	Report     reportReading
	reportErr  error
	rows       map[string]ReportRow  // of the report, by user name
	VirtualMFA map[string]bool       // users with a virtual device; nil: not known
	Keys       map[string]keyReading // by user name
	AskedUses  map[string]askedUse   // by key ID: last uses that the present report does not tell of, or not so well
	keyCount   int                   // of all in Keys

	reread map[string]bool // users whose keys, or their use, were read since the picture was drawn; nil: anything may have changed

	loading     bool
	paused      bool
	readBefore  bool // a reading came to its end, so that another one is about what has changed
	DetailCalls int  // that the last reading of Details took
}

// details is what GetAccountAuthorizationDetails knows of a user.
type details struct {
	UserID      string
	Created     time.Time
	Groups      []string
	Tags        []Tag
	Boundary    string
	Quarantined bool // by the user's own policies
}

// keyReading is one user's keys as they were listed last.
type keyReading struct {
	UserID  string    // of the user they belong to, who may be gone while
	Created time.Time // another has the name
	Keys    []AccessKey
	Started time.Time // of the last reading that succeeded
	tried   time.Time // of the last reading
	err     error
}

// listing is a reading of the list of users, as far as it has come.
type listing struct {
	users   []User
	started time.Time
	going   bool // more is to come
	most    int  // users that are known at most; 0: any number
	err     error
}

// setUsers takes a reading of the list of users. Users it did not reach stay,
// marked when it failed; so do those a newer report knows.
func (f *facts) setUsers(l listing) {
	whole := l.err == nil && !l.going
	f.usersErr, f.stale = l.err, map[string]error{}
	users, read := slices.Clone(l.users), namesOf(l.users)
	newer := f.Report.Since.After(l.started)
	for _, u := range f.Users {
		_, reported := f.row(u)
		reported = reported && newer
		switch {
		case read[u.Name] || whole && !reported:
			continue
		case l.most > 0 && len(users) >= l.most:
			f.usersErr = cmp.Or(f.usersErr, error(&LimitError{What: thousands(l.most) + " users", Hint: "-max-users"}))
			continue
		case l.err != nil && !reported:
			f.stale[u.Name] = l.err
		}
		users = append(users, u)
	}
	sortByName(users)
	f.Users = slices.CompactFunc(users, func(u, v User) bool { return u.Name == v.Name })
	if whole || f.UsersAt.IsZero() && len(users) > 0 {
		f.UsersAt, f.partial = l.started, !whole
	}
}

// setReport takes a report. One that is newer than the list of users is a list
// of users too.
func (f *facts) setReport(r reportReading) {
	f.rememberUses(r)
	f.setRows(r)
	older := !r.Since.After(f.UsersAt)
	if older && !f.partial {
		return
	}
	var users []User
	known := map[string]bool{}
	for _, u := range f.Users {
		// Whoever was made while the report was being made may not be in it.
		if _, ok := f.row(u); ok || older || u.Created.After(r.Generated.Add(-reportMargin)) {
			users, known[u.Name] = append(users, u), true
		}
	}
	for _, row := range r.Rows {
		if !row.IsRoot && !known[row.User] {
			users = append(users, row.user())
		}
	}
	sortByName(users)
	f.Users, f.UsersAt, f.partial = users, r.Since, f.partial && older
}

func (f *facts) setRows(r reportReading) {
	f.Report, f.reportErr, f.rows = r, nil, r.byUser()
}

func namesOf(users []User) map[string]bool {
	names := make(map[string]bool, len(users))
	for _, u := range users {
		names[u.Name] = true
	}
	return names
}

func sortByName(users []User) {
	slices.SortFunc(users, func(a, b User) int { return byName(a.Name, b.Name) })
}

// byName sorts names as the console does; names that differ in case alone,
// which other servers allow, have an order too.
func byName(a, b string) int {
	if order := strings.Compare(strings.ToLower(a), strings.ToLower(b)); order != 0 {
		return order
	}
	return strings.Compare(a, b)
}

// row returns the report's row about u, if it has one.
func (f *facts) row(u User) (ReportRow, bool) {
	row, ok := f.rows[u.Name]
	return row, ok && row.matchesUser(u)
}

// setKeys takes a reading of one user's keys, unless one that began later is
// there already. A failed one keeps what was known before.
func (f *facts) setKeys(u User, r keyReading) {
	if f.Keys == nil {
		f.Keys = map[string]keyReading{}
	}
	before, known := f.reading(u)
	if known && before.Started.After(r.Started) {
		return
	}
	f.touch(u.Name)
	r.UserID, r.Created, r.tried = u.ID, u.Created, r.Started
	if r.err != nil {
		r.Started = time.Time{}
		if known && len(r.Keys) <= len(before.Keys) {
			r.Keys, r.Started = before.Keys, before.Started
		}
	}
	f.keyCount += len(r.Keys) - len(f.Keys[u.Name].Keys)
	f.Keys[u.Name] = r
}

func (f *facts) touch(user string) {
	if f.reread != nil {
		f.reread[user] = true
	}
}

// reading returns what was read of this very user's keys.
func (f *facts) reading(u User) (keyReading, bool) {
	if r, ok := f.Keys[u.Name]; ok && u.is(r.UserID, r.Created) {
		return r, true
	}
	return keyReading{}, false
}

// known is what was read of a user's keys, or that the report shows none.
func (f *facts) known(u User) (keyReading, bool) {
	r, ok := f.reading(u)
	if !ok && f.reportedKeyless(u) {
		return keyReading{Started: f.Report.Since}, true
	}
	return r, ok
}

// detailsOf returns the details of this very user.
func (f *facts) detailsOf(u User) (details, bool) {
	d, ok := f.Details[u.Name]
	return d, ok && u.is(d.UserID, d.Created)
}

// quarantine reports whether AWS has quarantined who is in the groups, and
// whether that is known of all of them.
func (f *facts) quarantine(groups []string) (is, known bool) {
	known = true
	for _, name := range groups {
		quarantined, read := f.QuarantinedGroups[name]
		is, known = is || quarantined, known && read
	}
	return is, known
}

// is reports whether what is known under the user's name is not about another
// user who had it. What is not known of either is no difference.
func (u User) is(id string, created time.Time) bool {
	sameID := id == "" || u.ID == "" || id == u.ID
	return sameID && (created.IsZero() || u.Created.IsZero() || sameSecond(created, u.Created))
}

// forgetGone drops what was read of users and keys that are no more.
func (f *facts) forgetGone() {
	current, keys := make(map[string]bool, len(f.Users)), map[string]bool{}
	for _, u := range f.Users {
		if r, ok := f.reading(u); ok {
			current[u.Name] = true
			for _, k := range r.Keys {
				keys[k.ID] = true
			}
		}
	}
	for name := range f.Keys {
		if !current[name] {
			delete(f.Keys, name)
		}
	}
	f.countKeys()
	for id := range f.AskedUses {
		if !keys[id] {
			delete(f.AskedUses, id)
		}
	}
}
