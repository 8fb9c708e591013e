package iamsvc

import (
	"slices"
	"strings"

	"keydesk/iamsvc/paste"
)

// KeyMatch is a key that was named, whole or in part, as the inventory has it.
type KeyMatch struct {
	KeyID     string
	Asked     bool // the text has the whole ID, not a part of it
	Known     bool // the inventory has it: Owner and Key are set
	Owner     User
	Key       AccessKey
	Temporary bool   // ASIA: no inventory has it
	Account   string // the account number in the ID of an unknown key; "" when there is none

	Quarantined bool // AWS has quarantined the owner
}

// matchKeys answers for several IDs, and for fragments, without a call. IDs
// the inventory does not have are in the list too.
func matchKeys(inv *Inventory, p paste.Text) LookUpResult {
	r := LookUpResult{Kind: Matches, AsOf: inv.AsOf, Unread: inv.unread()}
	for _, part := range p.Of(paste.KeyID, paste.TemporaryKeyID) {
		id := part.Text
		m := KeyMatch{KeyID: id, Asked: true, Temporary: part.Kind == paste.TemporaryKeyID}
		if k, ok := inv.keyInAnyCase(id); ok {
			u, _, _ := inv.Key(k.ID)
			m = KeyMatch{KeyID: k.ID, Asked: true, Known: true, Owner: u.User, Key: k, Quarantined: u.Quarantined}
		} else {
			m.Account, _ = paste.AccountOfKey(id)
		}
		r.addKey(m)
	}
	masked := p.Of(paste.MaskedKeyID)
	if n := len(masked) - mostMasked; n > 0 {
		masked, r.MoreKeys = masked[:mostMasked], n
	}
	inv.matchMasked(&r, masked)
	inv.matchName(&r, p.Word) // there may be a user whose name begins like a key ID
	r.cut()
	return r
}

// mostMasked bounds the work: each is compared with every key there is.
const mostMasked = 200

func (i *Inventory) matchMasked(r *LookUpResult, masked []paste.Part) {
	if len(masked) == 0 {
		return
	}
	for n := range i.Users {
		u := &i.Users[n] // a copy of each row would take longer than the comparison
		for k := range u.Keys {
			id := u.Keys[k].ID
			if id != "" && slices.ContainsFunc(masked, func(m paste.Part) bool { return m.Matches(id) }) {
				r.addKey(KeyMatch{KeyID: id, Known: true, Owner: u.User, Key: u.Keys[k], Quarantined: u.Quarantined})
			}
		}
	}
}

func (r *LookUpResult) addKey(m KeyMatch) {
	if !slices.ContainsFunc(r.Keys, func(o KeyMatch) bool { return o.KeyID == m.KeyID }) {
		r.Keys = append(r.Keys, m)
	}
}

// matchWord finds users whose name holds the word, and keys whose ID ends
// with it: leak notices name a key by its last characters.
func matchWord(inv *Inventory, word string) LookUpResult {
	r := LookUpResult{Kind: Matches, AsOf: inv.AsOf, Unread: inv.unread()}
	inv.matchName(&r, word)
	if end, ok := paste.EndOfKeyID(word); ok {
		inv.matchMasked(&r, []paste.Part{end})
	}
	switch found := len(r.Users)+len(r.Keys) > 0; {
	case !found && looksLikeBrokenKeyID(word):
		r.Kind, r.IDOf = NotAKeyID, paste.KindOfID(word)
	case !found && paste.MayBeUserName(word) && !strings.Contains(word, "="): // else password=...
		r.NoSuchUser = word
	}
	r.cut()
	return r
}

// matchNamed is matchWord for a name that an ARN or an address says is a
// user's: without that user, those of similar names are somebody else.
func matchNamed(inv *Inventory, name string) LookUpResult {
	r := matchWord(inv, name)
	if !inv.hasUser(name) && paste.MayBeUserName(name) {
		r.Kind, r.NoSuchUser = Matches, name
	}
	return r
}

// matchName puts the user of exactly that name first.
func (i *Inventory) matchName(r *LookUpResult, word string) {
	if word == "" {
		return
	}
	name := strings.ToLower(word)
	for n := range i.Users {
		u := &i.Users[n]
		switch {
		case strings.EqualFold(u.Name, word):
			r.Users = slices.Insert(r.Users, 0, u.User)
		case u.ID == word, strings.Contains(strings.ToLower(u.Name), name):
			r.Users = append(r.Users, u.User)
		}
	}
}

func (r *LookUpResult) cut() {
	if n := len(r.Keys) - mostMatches; n > 0 {
		r.Keys, r.MoreKeys = r.Keys[:mostMatches], r.MoreKeys+n
	}
	if n := len(r.Users) - mostMatches; n > 0 {
		r.Users, r.MoreUsers = r.Users[:mostMatches], n
	}
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
