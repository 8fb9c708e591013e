package handlers

import (
	"strings"

	"keydesk/iamsvc"
)

// searchWord is one word of a search in the two spellings that are compared.
type searchWord struct{ lower, upper string }

func searchWords(text string) []searchWord {
	var words []searchWord
	for _, w := range strings.Fields(text) {
		words = append(words, searchWord{strings.ToLower(w), strings.ToUpper(w)})
	}
	return words
}

// found reports whether every word stands somewhere in what is known of the
// user: name, path, groups, tags, or of the keys: ID and description.
func (m *listMatcher) found(u *iamsvc.InventoryUser, keys []iamsvc.AccessKey) bool {
	for _, w := range m.words {
		if !w.inUser(u) && !w.inKeys(keys) {
			return false
		}
	}
	return true
}

func (w searchWord) inUser(u *iamsvc.InventoryUser) bool {
	if w.in(u.Name) || w.in(u.Path) {
		return true
	}
	for _, g := range u.Groups {
		if w.in(g) {
			return true
		}
	}
	for _, t := range u.Tags {
		if !describesKey(u, t.Key) && (w.in(t.Key) || w.in(t.Value)) {
			return true
		}
	}
	return false
}

// describesKey tells the tags that hold the description of an access key: they
// belong to that key, not to its siblings, and inKeys knows them.
func describesKey(u *iamsvc.InventoryUser, tagKey string) bool {
	for _, k := range u.Keys {
		if strings.EqualFold(k.ID, tagKey) {
			return true
		}
	}
	return false
}

// inKeys finds a key by its description, or by the beginning or the end of its
// ID: in the middle, any short word would match some random key.
func (w searchWord) inKeys(keys []iamsvc.AccessKey) bool {
	for _, k := range keys {
		id := strings.ToUpper(k.ID)
		if len(w.upper) >= minKeyIDPart && (strings.HasPrefix(id, w.upper) || strings.HasSuffix(id, w.upper)) {
			return true
		}
		if w.in(k.Description) {
			return true
		}
	}
	return false
}

// minKeyIDPart is the number of characters leak notices show of a key ID.
const minKeyIDPart = 4

func (w searchWord) in(text string) bool {
	return strings.Contains(strings.ToLower(text), w.lower)
}
