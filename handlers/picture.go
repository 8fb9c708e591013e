package handlers

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

// listKind is what tells one list from the other.
type listKind[T any] struct {
	name     string // listUsers or listKeys
	unit     string // what one row is: "user"
	file     string // begins the name of an exported file
	exported string // the journal's name of an export
	label    string // what the table holds, for screen readers
	search   string // what the search finds
	columns  []listColumn[T]
	filters  func(listQuery) []views.ListFilter
	empty    func(listQuery) (title, text string) // of a list without rows
	rows     func(*iamsvc.Inventory) []T          // in listOrder
	owner    func(T) *iamsvc.InventoryUser
	keys     func(T) []iamsvc.AccessKey // that the row is about
	fields   func(listView, T) record   // of a row in an export
	blank    T                          // a row without values
	fits     func(*listMatcher, T) bool // the filters, not the search
}

// picture is what pages of a list are cut from: the rows of one inventory with
// all that is dear to make. Each thing is made when a page first needs it and
// once, because many inventories are published that nobody looks at.
type picture[T any] struct {
	listKind[T]
	account   string
	inventory *iamsvc.Inventory
	protected func(iamsvc.User) (rule string)

	all    []T
	index  func() *searchIndex
	words  memo[string, rowSet]  // rows that hold a word: sorting and paging ask again
	orders memo[string, []int32] // by the sort keys
	moment atomic.Pointer[moment]
}

// moment is what a picture looks like during one minute: ages grow, and
// filters ask for them.
type moment struct {
	minute time.Time
	fit    memo[string, rowSet]                           // by the filters
	drawn  memo[string, []atomic.Pointer[views.DrawnRow]] // by the columns
	lists  memo[listAsked, *drawnList]
}

func newPicture[T any](kind listKind[T], account string, inventory *iamsvc.Inventory, protected func(iamsvc.User) string) *picture[T] {
	p := &picture[T]{listKind: kind, account: account, inventory: inventory, protected: protected, all: kind.rows(inventory)}
	p.index = sync.OnceValue(func() *searchIndex { return newSearchIndex(p.all, kind) })
	return p
}

// pictures keeps the last picture of each account.
type pictures[T any] struct {
	kind listKind[T]
	mu   sync.Mutex
	last map[string]*picture[T]
}

func newPictures[T any](kind listKind[T]) *pictures[T] {
	return &pictures[T]{kind: kind, last: map[string]*picture[T]{}}
}

// of is the picture of what is known of the account now.
func (p *pictures[T]) of(account *iamsvc.Account) *picture[T] {
	inventory := account.Inventory()
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.last[account.ID()]
	if last == nil || last.inventory != inventory {
		last = newPicture(p.kind, account.ID(), inventory, account.ProtectedBy)
		p.last[account.ID()] = last
	}
	return last
}

// at is the picture's moment. Its time is the beginning of the minute, so that
// what was drawn is at most a minute behind.
func (p *picture[T]) at(now time.Time) *moment {
	minute := now.Truncate(time.Minute)
	if m := p.moment.Load(); m != nil && m.minute.Equal(minute) {
		return m
	}
	m := &moment{minute: minute}
	p.moment.Store(m)
	return m
}

// listCut is one page of a list.
type listCut struct {
	rows          []int32 // of picture.all
	matches       int     // on all pages
	current, last int     // which page, of how many
}

// cut finds, sorts and cuts out page q.Page, or the last one when there are fewer.
func (p *picture[T]) cut(q listQuery, now time.Time, size int) listCut {
	found := p.find(q, now)
	c := listCut{matches: found.count()}
	var from, to int
	from, to, c.current, c.last = pageRange(c.matches, q.Page, size)
	c.rows = make([]int32, 0, to-from)
	met := 0
	for _, row := range p.order(q.Sort) {
		if met == to {
			break
		}
		if !found.has(row) {
			continue
		}
		if met++; met > from {
			c.rows = append(c.rows, row)
		}
	}
	return c
}

// find is the rows that fit the filters and hold every word of the search.
func (p *picture[T]) find(q listQuery, now time.Time) rowSet {
	m := p.at(now)
	found := m.fit.get(q.filters(), func() rowSet {
		matcher, set := newListMatcher(q, m.minute), newRowSet(len(p.all))
		for i, row := range p.all {
			if p.fits(&matcher, row) {
				set.add(int32(i))
			}
		}
		return set
	})
	for _, word := range searchWords(q.Search) {
		found = found.and(p.words.get(word, func() rowSet { return p.index().find(word) }))
	}
	return found
}

// usesNotKnown counts the rows that a filter by last use leaves out because there
// is no current answer about a key.
func (p *picture[T]) usesNotKnown(q listQuery, now time.Time) int {
	if q.Used == "" || q.Used == usedUnknown {
		return 0
	}
	q.Used = usedUnknown
	return p.find(q, now).count()
}

// draw is the HTML of the rows, of which each is drawn at most once a minute.
func (p *picture[T]) draw(rows []int32, columns []listColumn[T], now time.Time) ([]views.DrawnRow, error) {
	m := p.at(now)
	kept := m.drawn.get(columnIDs(columns), func() []atomic.Pointer[views.DrawnRow] {
		return make([]atomic.Pointer[views.DrawnRow], len(p.all))
	})
	v := listView{now: m.minute, account: p.account, inventory: p.inventory, protected: p.protected}
	drawn := make([]views.DrawnRow, len(rows))
	for i, row := range rows {
		known := kept[row].Load()
		if known == nil {
			html, err := views.DrawRow(listCells(p.all[row], columns, v))
			if err != nil {
				return nil, err
			}
			known = &html
			kept[row].Store(known)
		}
		drawn[i] = *known
	}
	return drawn, nil
}

// names are those of the users on a page, each once.
func (p *picture[T]) names(rows []int32) []string {
	var names []string
	seen := map[string]bool{}
	for _, row := range rows {
		if name := p.owner(p.all[row]).Name; !seen[name] {
			names, seen[name] = append(names, name), true
		}
	}
	return names
}

// unread are those whose keys, or the last use of their keys, are to be read.
func (p *picture[T]) unread(rows []int32, now time.Time) []string {
	return p.names(slices.DeleteFunc(slices.Clone(rows), func(row int32) bool { return !p.owner(p.all[row]).WorthReading(now) }))
}

// memo keeps what was made for a key. Keys come out of URLs, so a full memo is
// emptied: it must not grow with what people ask.
type memo[K comparable, V any] struct {
	mu   sync.Mutex
	kept map[K]func() V
}

const memoSize = 32

func (m *memo[K, V]) get(key K, make func() V) V {
	m.mu.Lock()
	value, ok := m.kept[key]
	if !ok {
		if m.kept == nil || len(m.kept) >= memoSize {
			m.kept = map[K]func() V{}
		}
		value = sync.OnceValue(make)
		m.kept[key] = value
	}
	m.mu.Unlock()
	return value() // outside the lock: who wants something else does not wait
}
