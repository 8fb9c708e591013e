package textindex

import (
	"encoding/binary"
	"iter"
	"math"
	"math/bits"
)

// Each trigram has a list of its own, if there are many rows. Of fewer rows the
// tables with an entry for each list would be the most of the index, and of the
// time to build it: there several trigrams share a list.

// listBits: there are up to four times as many lists as rows, at most trigrams.
const listBits = 1

func (x *Index) listCount() uint32 { return trigrams >> x.shift }

// listsOf yields the lists of the trigrams of s, repeated ones again.
func (x *Index) listsOf(s string) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if len(s) < 3 {
			return
		}
		t := codes[s[0]]<<codeBits | codes[s[1]]
		for i := 2; i < len(s); i++ {
			t = (t<<codeBits | codes[s[i]]) % trigrams
			// Times an odd number: no two trigrams become the same, and the usual ones
			// come to lie apart.
			if !yield(t * 0x9E3779B1 % trigrams >> x.shift) {
				return
			}
		}
	}
}

// A list holds row numbers in ascending order: as the distances from one to the next
// in varints or, where these would take as much room, as a bitmap of all rows. So a
// list that is as long as a bitmap is one.

// bitmapBytes is a multiple of eight, for reading words.
func (x *Index) bitmapBytes() uint32 { return uint32((x.Len() + 63) / 64 * 8) }

func (x *Index) isBitmap(t uint32) bool { return x.starts[t+1]-x.starts[t] == x.bitmapBytes() }

func (x *Index) list(t uint32) []byte { return x.lists[x.starts[t]:x.starts[t+1]] }

// makeLists makes so many lists, as a power of two.
func (x *Index) makeLists(bits int) {
	x.shift = max(0, 3*codeBits-bits)
	x.measure()
	x.fill()
}

// measure counts the rows of each list and lays it out.
func (x *Index) measure() {
	x.counts, x.starts = make([]uint32, x.listCount()), make([]uint32, x.listCount()+1)
	sizes := make([]uint64, x.listCount())
	for t, distance := range x.distances() {
		x.counts[t]++
		sizes[t] += uint64(bits.Len32(distance)+6) / 7
	}
	var end uint64
	for t, size := range sizes {
		end += min(size, uint64(x.bitmapBytes()))
		if end > math.MaxUint32 {
			panic("textindex: more than 4 GiB of lists")
		}
		x.starts[t+1] = uint32(end)
	}
	x.lists = make([]byte, end)
}

// fill writes the lists.
func (x *Index) fill() {
	at, row := make([]uint32, x.listCount()), make([]uint32, x.listCount())
	copy(at, x.starts)
	full := x.bitmapBytes()
	for t, distance := range x.distances() {
		row[t] += distance
		if x.starts[t+1]-x.starts[t] == full {
			n := row[t] - 1
			x.lists[x.starts[t]+n/8] |= 1 << (n % 8)
			continue
		}
		for ; distance >= 0x80; distance >>= 7 {
			x.lists[at[t]] = byte(distance) | 0x80
			at[t]++
		}
		x.lists[at[t]] = byte(distance)
		at[t]++
	}
}

// distances yields each list of each row once, with how far the row is from the
// last one in it; the first row is at distance 1 from nothing.
func (x *Index) distances() iter.Seq2[uint32, uint32] {
	return func(yield func(uint32, uint32) bool) {
		last := make([]uint32, x.listCount())
		for n := range uint32(x.Len()) {
			for t := range x.listsOf(x.row(int32(n))) {
				distance := n + 1 - last[t]
				last[t] = n + 1
				if distance > 0 && !yield(t, distance) {
					return
				}
			}
		}
	}
}

// rows yields the rows of a list.
func (x *Index) rows(t uint32) iter.Seq[int32] {
	if x.isBitmap(t) {
		return ones(x.list(t))
	}
	return func(yield func(int32) bool) {
		row := int32(-1)
		for list := x.list(t); len(list) > 0; {
			distance, size := next(list)
			row, list = row+distance, list[size:]
			if !yield(row) {
				return
			}
		}
	}
}

// next reads the first distance of a list.
func next(list []byte) (distance int32, size int) {
	for shift := 0; ; shift += 7 {
		b := list[size]
		size++
		distance |= int32(b&0x7f) << shift
		if b < 0x80 {
			return distance, size
		}
	}
}

// ones yields the rows of a bitmap.
func ones(bitmap []byte) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for i := 0; i < len(bitmap); i += 8 {
			for word := binary.LittleEndian.Uint64(bitmap[i:]); word != 0; word &= word - 1 {
				if !yield(int32(i*8 + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

// has returns what tells whether a row is in the list; it must be asked in ascending
// order.
func (x *Index) has(t uint32) func(int32) bool {
	list := x.list(t)
	if x.isBitmap(t) {
		return func(row int32) bool { return list[row/8]>>(row%8)&1 == 1 }
	}
	at := int32(-1)
	return func(row int32) bool {
		for at < row && len(list) > 0 {
			distance, size := next(list)
			at, list = at+distance, list[size:]
		}
		return at == row
	}
}
