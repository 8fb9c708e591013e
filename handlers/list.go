package handlers

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

// listColumn is one column of a list whose rows are T.
type listColumn[T any] struct {
	id, title string
	standard  bool // shown until the person chooses otherwise
	class     string
	value     func(T) sortValue
	cell      func(listView, T) []views.Line
}

// listView is what cells are drawn with.
type listView struct {
	now       time.Time
	account   string
	inventory *iamsvc.Inventory
	protected func(iamsvc.User) (rule string) // nil: nobody is
}

// sortValue is what a column sorts by: a number, else a text. What is missing
// or not known comes last in either direction, since it is not what is looked for.
type sortValue struct {
	missing bool
	number  int64
	text    string
}

func textValue(s string) sortValue { return sortValue{missing: s == "", text: strings.ToLower(s)} }

func timeValue(t time.Time) sortValue {
	return sortValue{missing: t.IsZero(), number: t.Unix()}
}

// agoValue sorts by how long ago something was, as its cell reads.
func agoValue(t time.Time) sortValue {
	return sortValue{missing: t.IsZero(), number: -t.Unix()}
}

func countValue(n int, isKnown bool) sortValue {
	return sortValue{missing: !isKnown, number: int64(n)}
}

func (v *sortValue) compare(o *sortValue, desc bool) int {
	if v.missing != o.missing {
		if v.missing {
			return 1
		}
		return -1
	}
	c := cmp.Or(cmp.Compare(v.number, o.number), strings.Compare(v.text, o.text))
	if desc {
		return -c
	}
	return c
}

// order is all rows sorted by the keys of which there is a column. The order of
// the user names decides between equals.
func (p *picture[T]) order(keys []sortKey) []int32 {
	keys = slices.DeleteFunc(slices.Clone(keys), func(k sortKey) bool { return p.column(k.Column).value == nil })
	return p.orders.get(formatSort(keys), func() []int32 { return p.sorted(keys) })
}

// column is the one with that ID, or an empty one.
func (p *picture[T]) column(id string) (c listColumn[T]) {
	if i := slices.IndexFunc(p.columns, func(c listColumn[T]) bool { return c.id == id }); i >= 0 {
		return p.columns[i]
	}
	return c
}

// sorted works out each row's values once, not once per comparison.
func (p *picture[T]) sorted(keys []sortKey) []int32 {
	values := make([][]sortValue, len(keys))
	for i, k := range keys {
		value := p.column(k.Column).value
		for _, row := range p.all {
			values[i] = append(values[i], value(row))
		}
	}
	rows := make([]int32, len(p.all))
	for i := range rows {
		rows[i] = int32(i)
	}
	slices.SortFunc(rows, func(a, b int32) int {
		for i, k := range keys {
			if c := values[i][a].compare(&values[i][b], k.Desc); c != 0 {
				return c
			}
		}
		return cmp.Compare(a, b)
	})
	return rows
}

// visibleColumns are those the person chose, else the standard ones, in the
// console's order. The first names the row and is always there.
func visibleColumns[T any](columns []listColumn[T], chosen []string) []listColumn[T] {
	var visible []listColumn[T]
	for i, c := range columns {
		if i == 0 || slices.Contains(chosen, c.id) || len(chosen) == 0 && c.standard {
			visible = append(visible, c)
		}
	}
	return visible
}

// listHeads are the head cells with their sort links.
func listHeads[T any](columns []listColumn[T], q listQuery, path string) []views.Column {
	heads := make([]views.Column, 0, len(columns))
	for _, c := range columns {
		head := views.Column{Title: c.title, Class: c.class}
		if c.value != nil {
			head.SortURL = q.sortedBy(c.id).at(path)
		}
		at := slices.IndexFunc(q.Sort, func(k sortKey) bool { return k.Column == c.id })
		if at >= 0 {
			head.Sort, head.SortAfter = direction(q.Sort[at].Desc), at
		}
		heads = append(heads, head)
	}
	return heads
}

func direction(desc bool) string {
	if desc {
		return "descending"
	}
	return "ascending"
}

// listCells are the cells of one row.
func listCells[T any](row T, columns []listColumn[T], v listView) []views.Cell {
	cells := make([]views.Cell, len(columns))
	for i, c := range columns {
		cells[i] = views.Cell{Header: i == 0, Class: c.class, Lines: c.cell(v, row)}
	}
	return cells
}

func columnIDs[T any](columns []listColumn[T]) string {
	ids := make([]string, len(columns))
	for i, c := range columns {
		ids[i] = c.id
	}
	return strings.Join(ids, ",")
}

// pageSizes are the page sizes that can be chosen, defaultPageSize among them.
var pageSizes = []int{10, 20, 50, 100}

const defaultPageSize = 20

func pageSize(preferred int) int {
	if slices.Contains(pageSizes, preferred) {
		return preferred
	}
	return defaultPageSize
}

// pageOf cuts out page q.Page, or the last one when there are fewer, and says
// which it is and how many there are.
func pageOf[T any](rows []T, q listQuery, size int) (page []T, current, last int) {
	from, to, current, last := pageRange(len(rows), q.Page, size)
	return rows[from:to], current, last
}

// pageRange is where a page of n rows begins and ends.
func pageRange(n, page, size int) (from, to, current, last int) {
	last = max(1, (n+size-1)/size)
	current = max(1, min(page, last))
	from = (current - 1) * size
	return from, min(from+size, n), current, last
}

// listPager links to the first and last pages and those around the current one.
func listPager(current, last int, url func(int) string) views.Pagination {
	p := views.Pagination{Live: true}
	if current > 1 {
		p.Prev = url(current - 1)
	}
	if current < last {
		p.Next = url(current + 1)
	}
	for n := 1; n <= last; n++ {
		if n == 1 || n == last || near(n, current, last) || last <= maxPagesShown {
			p.Pages = append(p.Pages, views.PageLink{Text: strconv.Itoa(n), URL: url(n), Current: n == current})
		} else if !p.Pages[len(p.Pages)-1].Gap {
			p.Pages = append(p.Pages, views.PageLink{Gap: true})
		}
	}
	return p
}

// near reports whether n is one of the three pages around the current one, or
// of the first or last three when that is at an end.
func near(n, current, last int) bool {
	middle := max(2, min(current, last-1))
	return n >= middle-1 && n <= middle+1
}

// maxPagesShown is up to where every page has its link.
const maxPagesShown = 5

// thousands writes 5000 as "5,000".
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	rest := strconv.Itoa(n % 1000)
	return thousands(n/1000) + "," + strings.Repeat("0", 3-len(rest)) + rest
}

// matchCount is "148 users", or "12 of 148 users" when some are left out.
func matchCount(matches, total int, filtered bool, unit string) string {
	if total != 1 {
		unit += "s"
	}
	if !filtered {
		return thousands(total) + " " + unit
	}
	return thousands(matches) + " of " + thousands(total) + " " + unit
}
