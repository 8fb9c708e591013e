package localaccount

import (
	"cmp"
	"slices"
	"strings"
)

// roster is every user of the account at one moment, ordered by name without regard to case. It is never modified,
// so a reader may walk it while the account changes.
type roster []*user

func (r roster) search(name string) (int, bool) {
	return slices.BinarySearchFunc(r, strings.ToLower(name), func(u *user, key string) int {
		return cmp.Compare(u.key(), key)
	})
}

func (r roster) find(name string) *user {
	if i, ok := r.search(name); ok {
		return r[i]
	}
	return nil
}

// with returns the roster with u added, or put in the place of the user with the same name.
func (r roster) with(u *user) roster {
	i, found := r.search(u.Name)
	next := make(roster, 0, len(r)+1)
	next = append(append(next, r[:i]...), u)
	if found {
		i++
	}
	return append(next, r[i:]...)
}

func (r roster) without(name string) roster {
	i, found := r.search(name)
	if !found {
		return r
	}
	return slices.Concat(r[:i], r[i+1:])
}
