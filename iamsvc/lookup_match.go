package iamsvc

import (
	"slices"
	"strings"

	"keydesk/iamsvc/paste"
)

// matchWord finds users whose name holds the word, and keys whose ID ends
// with it: leak notices name a key by its last characters.
func matchWord(inv *Inventory, word string) LookUpResult {
	answer := Answer{Part: paste.Part{Kind: paste.Word}}
	inv.matchName(&answer, word)
	inv.matchContact(&answer, word)
	if len(word) >= lengthOfEnd && !strings.ContainsAny(word, "*.") {
		newKeyMatcher(inv).match(&answer, paste.Part{Kind: paste.MaskedKeyID, End: strings.ToUpper(word)})
	}
	answer.Near = append(inv.nearUsers(word), inv.nearKeys(word)...)
	found := answer.Found() || len(answer.Similar)+len(answer.Near) > 0
	if !found && looksLikeBrokenKeyID(word) {
		return LookUpResult{Kind: NotAKeyID, IDOf: paste.KindOfID(word)}
	}
	if paste.MayBeUserName(word) && !strings.Contains(word, "=") { // else password=...
		answer.Part.Text = word
	}
	return LookUpResult{Kind: Matches, Answers: []Answer{answer}, AsOf: inv.AsOf, Unread: inv.unread()}
}

// matchName finds the user of exactly that name, and those with it in theirs.
func (i *Inventory) matchName(answer *Answer, word string) {
	if word == "" {
		return
	}
	name := strings.ToLower(word)
	for n := range i.Users {
		u := &i.Users[n]
		switch {
		case strings.EqualFold(u.Name, word):
			answer.addUser(u.User)
		case u.ID == word, strings.Contains(strings.ToLower(u.Name), name):
			answer.addSimilar(u.User)
		}
	}
}

// matchContact finds the users with a tag of that value, such as an owner's
// e-mail address.
func (i *Inventory) matchContact(answer *Answer, contact string) {
	if !strings.Contains(contact, "@") {
		return
	}
	for n := range i.Users {
		u := &i.Users[n]
		if slices.ContainsFunc(u.Tags, func(t Tag) bool { return strings.EqualFold(t.Value, contact) }) {
			answer.addUser(u.User)
		}
	}
}

// keyMatcher finds the keys that masked IDs leave possible. An index by the
// last characters spares comparing each of many masked IDs with every key.
type keyMatcher struct {
	inv   *Inventory
	byEnd map[string][]keyPlace
	scans int // how many more masked IDs may be compared with every key
}

const (
	lengthOfEnd = 4
	mostScans   = 1000
)

func newKeyMatcher(inv *Inventory) *keyMatcher { return &keyMatcher{inv: inv, scans: mostScans} }

// match adds the keys that could be the one that was masked.
func (m *keyMatcher) match(answer *Answer, masked paste.Part) {
	if len(masked.End) >= lengthOfEnd {
		for _, at := range m.ending(masked.End) {
			m.compare(answer, masked, at)
		}
		return
	}
	if m.scans--; m.scans < 0 {
		answer.NotSearched = true
		return
	}
	for u := range m.inv.Users {
		for k := range m.inv.Users[u].Keys {
			m.compare(answer, masked, keyPlace{u, k})
		}
	}
}

func (m *keyMatcher) compare(answer *Answer, masked paste.Part, at keyPlace) {
	u := &m.inv.Users[at.user] // a copy of each row would take longer than the comparison
	if id := u.Keys[at.key].ID; id != "" && masked.Matches(id) {
		answer.addKey(KeyMatch{KeyID: id, Owner: u.User, Key: u.Keys[at.key], Quarantined: u.Quarantined})
	}
}

func (m *keyMatcher) ending(end string) []keyPlace {
	if m.byEnd == nil {
		m.byEnd = map[string][]keyPlace{}
		for u := range m.inv.Users {
			for k := range m.inv.Users[u].Keys {
				if id := m.inv.Users[u].Keys[k].ID; len(id) >= lengthOfEnd {
					last := strings.ToUpper(id[len(id)-lengthOfEnd:])
					m.byEnd[last] = append(m.byEnd[last], keyPlace{u, k})
				}
			}
		}
	}
	return m.byEnd[end[len(end)-lengthOfEnd:]]
}

// unread counts the users whose keys a search does not see.
func (i *Inventory) unread() (n int) {
	for u := range i.Users {
		if i.Users[u].KeysErr != nil {
			n++
		}
	}
	return n
}

// looksLikeBrokenKeyID: too short, too long, or the ID of something else.
func looksLikeBrokenKeyID(word string) bool {
	if paste.KindOfID(word) != "" {
		return true
	}
	return mayBeKeyID(word) && strings.ContainsAny(word, "0123456789")
}
