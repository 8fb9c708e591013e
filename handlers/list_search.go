package handlers

import (
	"iter"
	"math/bits"
	"strings"

	"keydesk/iamsvc"
	"keydesk/iamsvc/textindex"
)

// searchWords are the words of a search, which must all be found.
func searchWords(text string) []string { return strings.Fields(strings.ToLower(text)) }

// userWords are what is known of a user, and of the keys that the row is about, in
// lines. A tag that holds a key's description belongs to that key, not to its siblings.
func userWords(u *iamsvc.InventoryUser, keys []iamsvc.AccessKey) string {
	lines := append([]string{u.Name, u.Path}, u.Groups...)
	for _, t := range u.Tags {
		if !describesKey(u, t.Key) {
			lines = append(lines, t.Key, t.Value)
		}
	}
	for _, k := range keys {
		lines = append(lines, k.Description)
	}
	return strings.Join(lines, "\n")
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

// searchIndex finds the rows that hold a word: anywhere in a line of their words, or
// at an end of a key ID. In the middle of these any short word would be found.
type searchIndex struct {
	words *textindex.Index
	ids   *textindex.Index // each between two spaces, which no word has
}

func newSearchIndex[T any](rows []T, kind listKind[T]) *searchIndex {
	each := func(text func(T) string) iter.Seq[string] {
		return func(yield func(string) bool) {
			for _, row := range rows {
				if !yield(text(row)) {
					return
				}
			}
		}
	}
	return &searchIndex{
		words: textindex.Build(each(func(row T) string { return userWords(kind.owner(row), kind.keys(row)) })),
		ids:   textindex.Build(each(func(row T) string { return spacedIDs(kind.keys(row)) })),
	}
}

func spacedIDs(keys []iamsvc.AccessKey) string {
	ids := " "
	for _, k := range keys {
		ids += k.ID + " "
	}
	return ids
}

// find is the rows that hold the word.
func (x *searchIndex) find(word string) rowSet {
	n := x.words.Len()
	found := newRowSet(n)
	found.add(x.words.Search(word, n).Rows...)
	if len(word) < minKeyIDPart {
		found.add(x.ids.Search(" "+word+" ", n).Rows...) // other servers have IDs as short
	} else {
		found.add(x.ids.Search(" "+word, n).Rows...)
		found.add(x.ids.Search(word+" ", n).Rows...)
	}
	return found
}

// rowSet is a set of row numbers, one bit each.
type rowSet []uint64

func newRowSet(rows int) rowSet { return make(rowSet, (rows+63)/64) }

func (s rowSet) add(rows ...int32) {
	for _, row := range rows {
		s[row/64] |= 1 << (row % 64)
	}
}

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
