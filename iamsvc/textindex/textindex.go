// Package textindex finds the rows of a table that contain a text: thousands of them
// in microseconds, millions of access key IDs, names and descriptions in milliseconds. It owns nothing but its
// copy of the text; it must not know what the rows mean.
//
// An Index is built once and never changes, so it may be searched by any number of
// goroutines. Case is ignored, as by strings.ToLower; nothing else is.
package textindex

import (
	"iter"
	"math"
	"math/bits"
	"strings"
)

// Index knows for each three bytes in a row which rows have them. A search looks at
// the rows that have all of the query's.
type Index struct {
	text    string   // the folded rows, each followed by a separator
	offsets []uint32 // where each row begins, and where the next one would
	shift   int      // of trigrams, to the number of their list; see lists.go
	lists   []byte   // the rows that have each trigram
	starts  []uint32 // where each list begins; one more than lists
	counts  []uint32 // rows in each list
	budget  int      // see Search
}

// separator ends a row. It occurs in no UTF-8, which fold answers.
const separator = '\xff'

// Build copies the rows; they are numbered from 0. It needs up to twice the memory
// that the index keeps, and panics beyond 4 GiB of text.
func Build(rows iter.Seq[string]) *Index {
	var text []byte
	offsets := []uint32{0}
	for row := range rows {
		text = append(append(text, fold(row)...), separator)
		if len(text) > math.MaxUint32 {
			panic("textindex: more than 4 GiB of text")
		}
		offsets = append(offsets, uint32(len(text)))
	}
	x := &Index{text: string(text), offsets: append(make([]uint32, 0, len(offsets)), offsets...), budget: 20_000}
	x.makeLists(listBits + bits.Len(uint(x.Len())))
	return x
}

// Len is the number of rows.
func (x *Index) Len() int { return len(x.offsets) - 1 }

// row is the folded text of a row.
func (x *Index) row(n int32) string { return x.text[x.offsets[n] : x.offsets[n+1]-1] }

func fold(s string) string { return strings.ToLower(s) }

// Trigrams are made of the bytes' codes, six bits each. What key IDs and IAM user
// names consist of has codes of its own; all other bytes share the remaining ones,
// which finds rows too many, never too few.
const (
	codeBits = 6
	trigrams = 1 << (3 * codeBits)
	ownBytes = "abcdefghijklmnopqrstuvwxyz0123456789+=,.@-_ /:"
)

var codes = func() (c [256]uint32) {
	const shared = 1<<codeBits - len(ownBytes)
	for b := range c {
		if own := strings.IndexByte(ownBytes, byte(b)); own >= 0 {
			c[b] = uint32(own)
		} else {
			c[b] = uint32(len(ownBytes) + b%shared)
		}
	}
	return c
}()

// own reports whether every byte of s has a code that no other byte has.
func own(s string) bool { return strings.Trim(s, ownBytes) == "" }
