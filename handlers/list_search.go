package handlers

import (
	"math/bits"
	"strings"

	"keydesk/iamsvc"
)

// searchText is what a row can be found by, in lower case.
type searchText struct {
	words string   // names, path, groups, tags, descriptions: anywhere in a line
	ids   []string // key IDs: their beginning or end
}

// searchWords are the words of a search, which must all be found.
func searchWords(text string) []string { return strings.Fields(strings.ToLower(text)) }

// userText is what is known of a user, and of the keys that the row is about.
// A tag that holds a key's description belongs to that key, not to its siblings.
func userText(u *iamsvc.InventoryUser, keys []iamsvc.AccessKey) searchText {
	lines := append([]string{u.Name, u.Path}, u.Groups...)
	for _, t := range u.Tags {
		if !describesKey(u, t.Key) {
			lines = append(lines, t.Key, t.Value)
		}
	}
	text := searchText{}
	for _, k := range keys {
		lines = append(lines, k.Description)
		text.ids = append(text.ids, strings.ToLower(k.ID))
	}
	text.words = strings.ToLower(strings.Join(lines, "\n"))
	return text
}

func describesKey(u *iamsvc.InventoryUser, tagKey string) bool {
	for _, k := range u.Keys {
		if strings.EqualFold(k.ID, tagKey) {
			return true
		}
	}
	return false
}

// minKeyIDPart is the number of characters leak notices show of a key ID.
const minKeyIDPart = 4

// has reports whether the word stands anywhere in the text, or at an end of a
// key ID: in the middle, any short word would match some random key.
func (t searchText) has(word string) bool {
	if strings.Contains(t.words, word) {
		return true
	}
	if len(word) < minKeyIDPart {
		return false
	}
	for _, id := range t.ids {
		if strings.HasPrefix(id, word) || strings.HasSuffix(id, word) {
			return true
		}
	}
	return false
}

// searchIndex finds the rows that hold a word. For each hash of three letters in
// a row it knows the rows that may hold them; only those are looked into.
type searchIndex struct {
	texts []searchText
	grams [gramHashes]rowSet
}

const gramHashes = 2048

func newSearchIndex[T any](rows []T, text func(T) searchText) *searchIndex {
	x := &searchIndex{texts: make([]searchText, len(rows))}
	for i := range x.grams {
		x.grams[i] = newRowSet(len(rows))
	}
	for i, row := range rows {
		x.texts[i] = text(row)
		for _, part := range append(x.texts[i].ids, x.texts[i].words) {
			for g := range grams(part) {
				x.grams[g].add(int32(i))
			}
		}
	}
	return x
}

// grams are the hashes of all three letters in a row in the text.
func grams(text string) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := 2; i < len(text); i++ {
			letters := uint32(text[i-2]) | uint32(text[i-1])<<8 | uint32(text[i])<<16
			if !yield(int(letters * 0x9E3779B1 >> 21)) { // Knuth's multiplicative hash; 11 bits
				return
			}
		}
	}
}

// find is the rows that hold the word.
func (x *searchIndex) find(word string) rowSet {
	found := newRowSet(len(x.texts))
	for row := range x.texts {
		found.add(int32(row))
	}
	for g := range grams(word) {
		found = found.and(x.grams[g])
	}
	for row := range found.each() {
		if !x.texts[row].has(word) {
			found.remove(row)
		}
	}
	return found
}

// rowSet is a set of row numbers, one bit each.
type rowSet []uint64

func newRowSet(rows int) rowSet { return make(rowSet, (rows+63)/64) }

func (s rowSet) add(row int32)      { s[row/64] |= 1 << (row % 64) }
func (s rowSet) remove(row int32)   { s[row/64] &^= 1 << (row % 64) }
func (s rowSet) has(row int32) bool { return s[row/64]>>(row%64)&1 == 1 }

func (s rowSet) and(o rowSet) rowSet {
	both := make(rowSet, len(s))
	for i := range s {
		both[i] = s[i] & o[i]
	}
	return both
}

func (s rowSet) count() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// each yields the rows in ascending order; the one it is at may be removed.
func (s rowSet) each() func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for i, w := range s {
			for ; w != 0; w &= w - 1 {
				if !yield(int32(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}
