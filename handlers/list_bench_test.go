package handlers

import (
	"bytes"
	"html/template"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

// benchQueries are what people ask one after the other: no two the same. Each
// word is asked for in eight orders, as somebody does who sorts what was found.
func benchQueries() []listQuery {
	words := []string{"user-0", "user-012", "developers", "readers 7", "teams 45", "nobody", "0001", "USER-03"}
	var queries []listQuery
	for i := range 64 {
		queries = append(queries, listQuery{Search: words[i%8], Sort: parseSort(benchSorts[i/8]), Page: 1 + i%3})
	}
	return queries
}

// newWords are 64 searches for words that nobody has asked for since round n-1.
func newWords(n int) []listQuery {
	var queries []listQuery
	for i := range 64 {
		word := strconv.Itoa(1000 + (n*64+i)%4000)
		queries = append(queries, listQuery{Search: word, Sort: parseSort(benchSorts[i/8]), Page: 1})
	}
	return queries
}

var benchSorts = []string{"", "-name", "key-age", "-key-age,groups", "activity", "-key-used", "key-id", "mfa,-activity"}

// BenchmarkListAgainstNaive tells how many times less processor time a search,
// sort and 50 drawn rows out of 5,000 users take than filtering, sorting and
// html/template per request, both in the same run.
func BenchmarkListAgainstNaive(b *testing.B) {
	b.Run("words asked again", func(b *testing.B) {
		queries := benchQueries()
		againstNaive(b, func(int) []listQuery { return queries })
	})
	b.Run("new words", func(b *testing.B) { againstNaive(b, newWords) })
}

func againstNaive(b *testing.B, queries func(round int) []listQuery) {
	inventory := bigInventory(5000)
	naive, drawn := newNaiveList(inventory), pictureDrawer(b, inventory)
	eachQuery(queries(0), drawn) // what is made once per picture
	var slow, fast time.Duration
	rounds, asked := 0, 0
	for b.Loop() {
		slow += cpuTime(func() { eachQuery(queries(rounds), naive.draw) })
		fast += cpuTime(func() {
			for range 8 {
				asked++
				eachQuery(queries(asked), drawn)
			}
		})
		rounds++
	}
	per := func(d time.Duration, n int) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(64*n) }
	b.ReportMetric(per(slow, rounds), "naive-us")
	b.ReportMetric(per(fast, asked), "drawn-us")
	b.ReportMetric(per(slow, rounds)/per(fast, asked), "x")
}

func pictureDrawer(b *testing.B, inventory *iamsvc.Inventory) func(listQuery) {
	p := testPicture(usersList, inventory)
	var page bytes.Buffer
	return func(q listQuery) {
		rows, err := p.draw(p.cut(q, testNow, 50).rows, visibleColumns(userColumns, nil), testNow)
		if err != nil {
			b.Fatal(err)
		}
		page.Reset()
		for _, r := range rows {
			page.WriteString(r.String())
		}
	}
}

func eachQuery(queries []listQuery, draw func(listQuery)) {
	for _, q := range queries {
		draw(q)
	}
}

// cpuTime includes the garbage collector's share.
func cpuTime(work func()) time.Duration {
	now := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			panic(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	start := now()
	work()
	return now() - start
}

// naiveList is what one would write first.
type naiveList struct {
	inventory *iamsvc.Inventory
	template  *template.Template
}

func newNaiveList(inventory *iamsvc.Inventory) naiveList {
	return naiveList{inventory, template.Must(template.New("rows").Parse(`{{range .}}<tr>{{range .}}` +
		`{{if .Header}}<th scope="row" class="{{.Class}}">{{else}}<td class="{{.Class}}">{{end}}` +
		`{{range .Lines}}<div class="line"{{if .Hint}} title="{{.Hint}}"{{end}}>` +
		`{{if .Lead}}<span class="muted">{{.Lead}}</span>{{end}}` +
		`{{if .URL}}<a href="{{.URL}}">{{.Text}}</a>` +
		`{{else if .Time.ISO}}<time datetime="{{.Time.ISO}}" title="{{.Time.Absolute}}">{{.Time.Text}} <span class="sr-only" data-exact>({{.Time.Absolute}})</span></time>` +
		`{{else if .Kind}}<span class="status {{.Kind}}"><svg class="icon" aria-hidden="true"><use href="/static/icons.svg#{{.Kind}}"></use></svg><span>{{.Text}}</span></span>` +
		`{{else}}{{.Text}}{{end}}</div>{{end}}` +
		`{{if .Header}}</th>{{else}}</td>{{end}}{{end}}</tr>{{end}}`))}
}

func (n naiveList) draw(q listQuery) {
	v := listView{now: testNow, account: "123456789012", inventory: n.inventory}
	rows := n.matching(strings.Fields(strings.ToLower(q.Search)))
	sort.Slice(rows, func(i, j int) bool { return naiveLess(rows[i], rows[j], q.Sort) })
	shown, _, _ := pageOf(rows, q, 50)
	var page bytes.Buffer
	var cells [][]views.Cell
	for _, row := range shown {
		cells = append(cells, listCells(row, visibleColumns(userColumns, nil), v))
	}
	if err := n.template.Execute(&page, cells); err != nil {
		panic(err)
	}
}

func (n naiveList) matching(words []string) []userRow {
	var rows []userRow
	for i := range n.inventory.Users {
		if u := &n.inventory.Users[i]; naiveFound(u, words) {
			rows = append(rows, u)
		}
	}
	return rows
}

func naiveFound(u userRow, words []string) bool {
	for _, w := range words {
		found := strings.Contains(strings.ToLower(u.Name), w) || strings.Contains(strings.ToLower(u.Path), w)
		for _, g := range u.Groups {
			found = found || strings.Contains(strings.ToLower(g), w)
		}
		for _, t := range u.Tags {
			found = found || strings.Contains(strings.ToLower(t.Key+"="+t.Value), w)
		}
		for _, k := range u.Keys {
			found = found || strings.Contains(strings.ToLower(k.ID), w) || strings.Contains(strings.ToLower(k.Description), w)
		}
		if !found {
			return false
		}
	}
	return true
}

func naiveLess(a, b userRow, keys []sortKey) bool {
	for _, k := range keys {
		for _, c := range userColumns {
			if c.id != k.Column {
				continue
			}
			x, y := c.value(a), c.value(b)
			if order := x.compare(&y, k.Desc); order != 0 {
				return order < 0
			}
		}
	}
	return a.Name < b.Name
}
