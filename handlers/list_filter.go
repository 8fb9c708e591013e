package handlers

import (
	"slices"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

// usedUnknown filters for keys about whose last use there is no current answer.
const usedUnknown = "unknown"

// filterChoice is one option of a filter select.
type filterChoice struct{ value, text string }

// The choices of the filter selects; the values stand in URLs that people
// keep, so they stay as they are.
var (
	keyStates = []filterChoice{
		{"", "Any key status"}, {"active", "Active keys"}, {"inactive", "Inactive keys"}, {"none", "No access keys"},
		{"two-active", "Two active keys"}, {"more-than-two", "More than two keys"},
		{"quarantined", textQuarantined}, {"unread", "Could not be read"},
	}
	ageChoices = []filterChoice{
		{"", "Any key age"}, {"46-", "Older than 45 days"}, {"91-", "Older than 90 days"}, {"366-", "Older than 365 days"},
	}
	usedChoices = []filterChoice{
		{"", "Any last use"}, {"never", "Never used"}, {"unused-45", "Unused for 45 days"}, {"unused-90", "Unused for 90 days"},
		{"unused-365", "Unused for 365 days"}, {usedUnknown, "Last use not known"},
	}
	mfaChoices     = []filterChoice{{"", "Any MFA"}, {"yes", "With MFA"}, {"no", "Without MFA"}}
	consoleChoices = []filterChoice{{"", "Any console access"}, {"yes", "Console access"}, {"no", "No console access"}}
)

// statesOfKeys are the key states that a list of keys offers. The one that fits
// no key is among them only where an address asks for it: the selects show what
// is in force.
func statesOfKeys(chosen string) []filterChoice {
	return slices.DeleteFunc(slices.Clone(keyStates), func(c filterChoice) bool {
		return c.value == "none" && chosen != "none"
	})
}

// known is value if it is one of the choices, else "".
func known(value string, choices []filterChoice) string {
	for _, c := range choices {
		if c.value == value {
			return value
		}
	}
	return ""
}

// listSelect is a filter select with value chosen. A range that is not among
// the choices, as the charts link to, becomes one.
func listSelect(name, label, value string, choices []filterChoice, what string) views.ListFilter {
	f := views.ListFilter{Name: name, Label: label}
	for _, c := range choices {
		f.Options = append(f.Options, views.Option{Value: c.value, Text: c.text, Selected: c.value == value})
	}
	if r, ok := parseDays(value); ok && known(value, choices) == "" {
		f.Options = append(f.Options, views.Option{Value: value, Text: what + " " + r.text(), Selected: true})
	}
	return f
}

// listMatcher tests users and keys against the filters of a query. Filters on keys must hold
// for one and the same key.
type listMatcher struct {
	query listQuery
	now   time.Time
	age   dayRange
	used  dayRange

	anyAge, anyUsed bool
	unusedFor       int // days; 0 for no such filter
}

func newListMatcher(q listQuery, now time.Time) listMatcher {
	m := listMatcher{query: q, now: now}
	m.age, m.anyAge = parseDays(q.Age)
	m.anyAge = !m.anyAge
	m.used, m.anyUsed = parseDays(q.Used)
	m.anyUsed = !m.anyUsed
	m.unusedFor = map[string]int{"unused-45": 45, "unused-90": 90, "unused-365": 365}[q.Used]
	return m
}

// user reports whether a row of the users list fits.
func (m *listMatcher) user(u *iamsvc.InventoryUser) bool {
	if !m.owner(u) {
		return false
	}
	if m.anyAge {
		return m.someKey(u)
	}
	return m.activeKeyOfAge(u)
}

// activeKeyOfAge is someKey with an age: the age is that of an active key, as
// the column is. With inactive keys asked for, that is another key.
func (m *listMatcher) activeKeyOfAge(u *iamsvc.InventoryUser) bool {
	active, inactive := *m, *m
	active.query.Keys = "active"
	if m.query.Keys != "inactive" {
		return active.someKey(u)
	}
	active.query.Used = ""
	inactive.anyAge = true
	return active.someKey(u) && inactive.someKey(u)
}

// key reports whether a row of the access keys list fits.
func (m *listMatcher) key(u *iamsvc.InventoryUser, k *iamsvc.AccessKey) bool {
	return m.owner(u) && m.oneKey(k)
}

// owner tests what is said about a user as a whole.
func (m *listMatcher) owner(u *iamsvc.InventoryUser) bool {
	return m.keyCount(u) && triMatches(m.query.MFA, u.MFA) && triMatches(m.query.Console, u.ConsoleAccess)
}

func (m *listMatcher) keyCount(u *iamsvc.InventoryUser) bool {
	switch m.query.Keys {
	case "none":
		return len(u.Keys) == 0 && u.KeysErr == nil
	case "two-active":
		return activeKeys(u) >= 2
	case "more-than-two":
		return len(u.Keys) > 2
	case "quarantined":
		return u.Quarantined
	case "unread":
		return unreadUser(u)
	}
	return true
}

// triMatches never takes "not known" for an answer.
func triMatches(want string, have iamsvc.Tri) bool {
	switch want {
	case "yes":
		return have == iamsvc.Yes
	case "no":
		return have == iamsvc.No
	}
	return true
}

func (m *listMatcher) someKey(u *iamsvc.InventoryUser) bool {
	if !m.keyFilter() {
		return true
	}
	for i := range u.Keys {
		if m.oneKey(&u.Keys[i]) {
			return true
		}
	}
	return false
}

func (m *listMatcher) keyFilter() bool {
	return m.query.Keys == "active" || m.query.Keys == "inactive" || m.query.Age+m.query.Used != ""
}

func (m *listMatcher) oneKey(k *iamsvc.AccessKey) bool {
	switch {
	case m.query.Keys == "active" && !isStatus(k.Status, iamsvc.KeyActive):
		return false
	case m.query.Keys == "inactive" && isStatus(k.Status, iamsvc.KeyActive):
		return false
	case !m.anyAge && (k.Created.IsZero() || !m.age.contains(days(m.now, k.Created))):
		return false
	}
	return m.query.Used == "" || m.usedAsAsked(k)
}

// usedAsAsked takes a key without a current answer for neither used nor unused:
// a key must not be deleted for what is not known.
func (m *listMatcher) usedAsAsked(k *iamsvc.AccessKey) bool {
	used := k.LastUsed
	if current := used.Current(m.now); m.query.Used == usedUnknown || !current {
		return m.query.Used == usedUnknown && !current
	}
	switch {
	case m.query.Used == "never":
		return used.Never(m.now)
	case m.unusedFor > 0:
		return unusedFor(m.now, k, m.unusedFor)
	default:
		return !m.anyUsed && !used.At.IsZero() && m.used.contains(days(m.now, used.At))
	}
}

// unusedFor counts a key that was never used from its creation, as CIS and AWS
// Config do.
func unusedFor(now time.Time, k *iamsvc.AccessKey, limit int) bool {
	since := k.LastUsed.At
	if since.IsZero() {
		since = k.Created
	}
	return k.LastUsed.Current(now) && !since.IsZero() && days(now, since) > limit
}

func activeKeys(u *iamsvc.InventoryUser) int {
	n := 0
	for _, k := range u.Keys {
		if isStatus(k.Status, iamsvc.KeyActive) {
			n++
		}
	}
	return n
}

// unreadUser reports whether something about the user or its keys could not be
// read, as opposed to not read yet.
func unreadUser(u *iamsvc.InventoryUser) bool {
	if failed(u.Err) || failed(u.KeysErr) {
		return true
	}
	for _, k := range u.Keys {
		if failed(k.LastUsed.Err) {
			return true
		}
	}
	return false
}
