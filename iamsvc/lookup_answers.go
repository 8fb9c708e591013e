package iamsvc

import (
	"slices"

	"keydesk/iamsvc/paste"
)

// Answer is what one part of a text came to, by the inventory. An answer
// without keys and users is a miss.
type Answer struct {
	Part      paste.Part
	Keys      []KeyMatch // of a masked ID or a word there may be several
	MoreKeys  int        // beyond those
	Users     []User     // of that name, ID or contact
	Similar   []User     // with the name in theirs
	MoreUsers int        // beyond those
	Near      []NearMatch

	Elsewhere   bool // a user of another account: those here are not meant
	NotSearched bool // there were too many parts to look for
}

// KeyMatch is a key that was named, whole or in part, as the inventory has it.
type KeyMatch struct {
	KeyID       string
	Owner       User
	Key         AccessKey
	Quarantined bool // AWS considers a key of the owner leaked
}

// Found reports whether the part is known here.
func (a Answer) Found() bool { return len(a.Keys)+len(a.Users) > 0 }

// mostMatches bounds the matches of one part: a masked ID or a part of a name
// may fit all there are.
const mostMatches = 50

func (a *Answer) addKey(m KeyMatch) {
	if len(a.Keys) == mostMatches {
		a.MoreKeys++
		return
	}
	a.Keys = append(a.Keys, m)
}

func (a *Answer) addUser(u User) {
	if !slices.ContainsFunc(a.Users, func(o User) bool { return o.Name == u.Name }) {
		a.Users = addUpTo(a.Users, u, &a.MoreUsers)
	}
}

func (a *Answer) addSimilar(u User) { a.Similar = addUpTo(a.Similar, u, &a.MoreUsers) }

func addUpTo(users []User, u User, more *int) []User {
	if len(users) == mostMatches {
		*more++
		return users
	}
	return append(users, u)
}

// mostSuggestions bounds the parts of one text for which near IDs and names
// are looked for: each is compared with all there are.
const mostSuggestions = 500

// answers tells what each part is known as, without a call.
func (a *Account) answers(inv *Inventory, parts []paste.Part) (list []Answer) {
	matcher, suggestions := newKeyMatcher(inv), mostSuggestions
	ids := inv.byUserID(parts)
	for _, p := range parts {
		answer := Answer{Part: p, Elsewhere: p.Kind == paste.UserName && a.isElsewhere(p.Account)}
		switch {
		case answer.Elsewhere:
		case p.Kind == paste.MaskedKeyID:
			matcher.match(&answer, p)
		case p.Kind == paste.UserID:
			if u, ok := ids[p.Text]; ok {
				answer.addUser(u)
			}
		default:
			inv.matchExactly(&answer, p)
		}
		if !answer.Found() && !answer.Elsewhere && suggestions > 0 {
			inv.suggest(&answer)
			suggestions--
		}
		list = append(list, answer)
	}
	return list
}

func (i *Inventory) matchExactly(answer *Answer, p paste.Part) {
	switch p.Kind {
	case paste.KeyID:
		if k, ok := i.keyInAnyCase(p.Text); ok {
			u, _, _ := i.Key(k.ID)
			answer.addKey(KeyMatch{KeyID: k.ID, Owner: u.User, Key: k, Quarantined: u.Quarantined})
		}
	case paste.UserName, paste.Word, paste.Contact:
		if u, ok := i.userInAnyCase(p.Text); ok {
			answer.addUser(u.User)
		}
		i.matchContact(answer, p.Text)
	}
}

// suggest adds what may have been meant by a part that is not known.
func (i *Inventory) suggest(answer *Answer) {
	switch p := answer.Part; p.Kind {
	case paste.KeyID:
		answer.Near = i.nearKeys(p.Text)
	case paste.MaskedKeyID:
		if p.End == "" {
			answer.Near = i.nearKeys(p.Start)
		}
	case paste.UserName, paste.Word:
		answer.Near = i.nearUsers(p.Text)
		if p.Kind == paste.UserName {
			i.matchName(answer, p.Text)
		}
	}
}

// byUserID indexes the users when some part is the ID of one.
func (i *Inventory) byUserID(parts []paste.Part) map[string]User {
	if !slices.ContainsFunc(parts, func(p paste.Part) bool { return p.Kind == paste.UserID }) {
		return nil
	}
	ids := make(map[string]User, len(i.Users))
	for n := range i.Users {
		ids[i.Users[n].ID] = i.Users[n].User
	}
	return ids
}
