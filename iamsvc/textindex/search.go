package textindex

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Result is what a search has found.
type Result struct {
	// Rows are the first rows that match, ascending.
	Rows []int32
	// Total is how many match. With AtLeast there may be more: they were not counted.
	Total   int
	AtLeast bool
}

// Search finds the rows that contain the query, and returns the first of them, at
// most so many. The rows are always right. The total is exact too, unless more than
// 20,000 rows had to be looked at after the rows to return were found: for texts
// that nearly every row has, such as "AKIA", counting would take longer than anyone
// cares to wait.
//
// Queries of three bytes that are usual in key IDs and user names are answered from
// the index alone, where there are many rows. Shorter queries are looked for in the whole text.
func (x *Index) Search(query string, most int) Result {
	query = fold(query)
	switch {
	case query == "":
		return firstOf(x.all(), most, x.Len())
	case len(query) < 3:
		return x.verify(x.scan(query), func(int32) bool { return true }, most)
	}
	lists := x.rarestFirst(query)
	if x.counts[lists[0]] == 0 {
		return Result{}
	}
	if len(query) == 3 && own(query) && x.shift == 0 {
		return firstOf(x.rows(lists[0]), most, int(x.counts[lists[0]]))
	}
	return x.verify(x.candidates(lists), func(row int32) bool { return strings.Contains(x.row(row), query) }, most)
}

// rarestFirst is the lists of the query's trigrams, each once.
func (x *Index) rarestFirst(query string) []uint32 {
	lists := slices.Collect(x.listsOf(query))
	slices.SortFunc(lists, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(x.counts[a], x.counts[b]), cmp.Compare(a, b))
	})
	return slices.Compact(lists)
}

// candidates are the rows in the lists of the query's three rarest trigrams. Looking at one
// row, somewhere in memory, costs as much as reading about thirty entries of lists that
// are as long as these; longer ones seldom spare as many.
func (x *Index) candidates(lists []uint32) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		var others []func(int32) bool
		for _, t := range lists[1:min(len(lists), 3)] {
			others = append(others, x.has(t))
		}
	next:
		for row := range x.rows(lists[0]) {
			for _, has := range others {
				if !has(row) {
					continue next
				}
			}
			if !yield(row) {
				return
			}
		}
	}
}

// firstOf is the first of rows that all match.
func firstOf(rows iter.Seq[int32], most, total int) Result {
	r := Result{Total: total}
	for row := range rows {
		if len(r.Rows) >= most {
			break
		}
		r.Rows = append(r.Rows, row)
	}
	return r
}

func (x *Index) all() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for row := range int32(x.Len()) {
			if !yield(row) {
				return
			}
		}
	}
}

// scan yields the rows that contain the query, from the text.
func (x *Index) scan(query string) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		row := 0
		for from := 0; ; from = int(x.offsets[row]) {
			found := strings.Index(x.text[from:], query)
			if found < 0 {
				return
			}
			row = x.rowAfter(row, uint32(from+found))
			if !yield(int32(row - 1)) {
				return
			}
		}
	}
}

// rowAfter is the first row that begins after the place. It looks near first: where
// there are many matches, the next is not far.
func (x *Index) rowAfter(row int, place uint32) int {
	step := 1
	for row+step < len(x.offsets) && x.offsets[row+step] <= place {
		row, step = row+step, step*2
	}
	end := min(row+step, len(x.offsets)-1)
	n, _ := slices.BinarySearch(x.offsets[row:end], place+1)
	return row + n
}

// verify looks at the candidates, and gives up counting when it has looked long enough.
func (x *Index) verify(candidates iter.Seq[int32], matches func(int32) bool, most int) (r Result) {
	looked := 0
	for row := range candidates {
		if looked >= x.budget && len(r.Rows) >= most {
			r.AtLeast = true
			return r
		}
		looked++
		if !matches(row) {
			continue
		}
		r.Total++
		if len(r.Rows) < most {
			r.Rows = append(r.Rows, row)
		}
	}
	return r
}
