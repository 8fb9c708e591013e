package textindex

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// naive is what Search must agree with.
func naive(rows []string, query string) (found []int32) {
	query = strings.ToLower(query)
	for i, row := range rows {
		if strings.Contains(strings.ToLower(row), query) {
			found = append(found, int32(i))
		}
	}
	return found
}

// withAllLists is the index as it would be of many rows: a list for each trigram.
func withAllLists(rows []string) *Index {
	x := Build(slices.Values(rows))
	x.makeLists(3 * codeBits)
	return x
}

func check(t *testing.T, x *Index, rows []string, query string, most int) {
	t.Helper()
	want, got := naive(rows, query), x.Search(query, most)
	if !slices.Equal(got.Rows, want[:min(most, len(want))]) {
		t.Fatalf("%q in %q, at most %d: rows %v of %v", query, rows, most, got.Rows, want)
	}
	if got.Total != len(want) && (!got.AtLeast || got.Total > len(want)) {
		t.Fatalf("%q in %q: total %d (at least: %v), want %d", query, rows, got.Total, got.AtLeast, len(want))
	}
}

// texts are rows and queries that share much: few letters, in either case, of one to
// four bytes, whose lower case may be longer, and bytes that are no UTF-8.
func texts(r *rand.Rand, alphabet []string, n, longest int) []string {
	list := make([]string, n)
	for i := range list {
		var b strings.Builder
		for range r.IntN(longest + 1) {
			b.WriteString(alphabet[r.IntN(len(alphabet))])
		}
		list[i] = b.String()
	}
	return list
}

func TestSearchAgreesWithTheNaiveLoop(t *testing.T) {
	t.Parallel()
	for name, alphabet := range map[string][]string{
		"two letters": {"a", "B"},
		"key IDs":     strings.Split("AKIA234567", ""),
		"bytes":       {"a", "É", "é", "ß", "İ", "ẞ", "K", "語", "😀", "\xff", "\xc3", "\x00", "\n", " ", "!", "~"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(7, uint64(len(alphabet))))
			for range 25 {
				rows := texts(r, alphabet, r.IntN(300), 12)
				few, all := Build(slices.Values(rows)), withAllLists(rows)
				for _, query := range append(texts(r, alphabet, 40, 6), "", "a", "aba", "ı") {
					check(t, few, rows, query, r.IntN(20))
					check(t, all, rows, query, r.IntN(20))
				}
			}
		})
	}
}

// TestManyRows has lists of every kind, and a budget that runs out.
func TestManyRows(t *testing.T) {
	t.Parallel()
	rows := append(slices.Collect(names(20_000)), "zzz-needle", "user-needle", "USER-NEEDLE-2")
	x := withAllLists(rows)
	bitmaps := 0
	for trigram := range x.listCount() {
		if x.isBitmap(trigram) {
			bitmaps++
		}
	}
	if bitmaps == 0 || bitmaps > 1000 {
		t.Errorf("%d bitmaps", bitmaps)
	}
	queries := []string{"use", "user", "user-0", "user-00123", "r-needle", "needle", "er-1", "9", "99", "-n", "199", "nobody", "user-x"}
	for _, x.budget = range []int{20_000, 100} {
		for _, query := range queries {
			check(t, x, rows, query, 50)
		}
	}
	if got := x.Search("user-", 5); !got.AtLeast || got.Total < 5 || got.Total > 101 {
		t.Errorf("with a budget of 100 rows: %+v", got)
	}
	if got := x.Search("r-needle", 50); !slices.Equal(got.Rows, []int32{20_001, 20_002}) {
		t.Errorf("the rows beyond the budget: %+v", got)
	}
}

func TestSearchesAtTheSameTime(t *testing.T) {
	t.Parallel()
	rows := slices.Collect(names(5000))
	x := Build(slices.Values(rows))
	for i := range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for n := range 50 {
				check(t, x, rows, fmt.Sprintf("%d%d", i, n), 10)
			}
		})
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("AKIAIOSFODNN7EXAMPLE\nuser-1\n\nJosé", "iosf", 1)
	f.Add("aaa\naaaa\nbaaab\xff", "aaa", 2)
	f.Add("İstanbul\nKelvin", "i̇s", 0)
	f.Fuzz(func(t *testing.T, text, query string, most int) {
		rows := strings.Split(text, "\n")
		for _, x := range []*Index{Build(slices.Values(rows)), withAllLists(rows)} {
			check(t, x, rows, query, max(0, most))
			x.budget = 1
			check(t, x, rows, query, max(0, most))
		}
	})
}

// names yields user names as administrators give them.
func names(n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range n {
			if !yield(fmt.Sprintf("user-%07d", i*7)) {
				return
			}
		}
	}
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// keyIDs yields access key IDs, which are random after the first four letters.
func keyIDs(n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		r := rand.New(rand.NewPCG(1, 2))
		id := []byte("AKIA0123456789012345")
		for range n {
			for i, random := 4, r.Uint64(); i < len(id); i, random = i+1, random>>5 {
				if i == 12 {
					random = r.Uint64()
				}
				id[i] = base32[random%32]
			}
			if !yield(string(id)) {
				return
			}
		}
	}
}

// people yields names from a dictionary, a number after some.
func people(n int) iter.Seq[string] {
	parts := strings.Fields("anna bernd chen dmitri elena fatima georg hana ivan jana karim lena mira nils olga petra quentin rosa stefan tara udo vera wei xenia yusuf zoe deploy backup build terraform readonly admin")
	return func(yield func(string) bool) {
		r := rand.New(rand.NewPCG(3, 4))
		for range n {
			name := parts[r.IntN(len(parts))] + "." + parts[r.IntN(len(parts))] + fmt.Sprint(r.IntN(100_000))
			if !yield(name) {
				return
			}
		}
	}
}

// twoLetters yields the worst there is: every row has every trigram.
func twoLetters(n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		r := rand.New(rand.NewPCG(5, 6))
		row := make([]byte, 20)
		for range n {
			random := r.Uint64()
			for i := range row {
				row[i] = 'a' + byte(random>>i&1)
			}
			if !yield(string(row)) {
				return
			}
		}
	}
}

// BenchmarkIndex is the search in millions of rows, what the index costs, and the
// naive loop, whose time depends little on the query.
func BenchmarkIndex(b *testing.B) {
	for _, table := range []struct {
		name    string
		rows    iter.Seq[string]
		queries []string
	}{
		{"4.5 million key IDs", keyIDs(4_500_000), []string{"aki", "akia", "akiab", "bcd", "bcde", "7EXAMPLE", "AKIAIOSFODNN7EXAMPLE", "ia", "77", "z"}},
		{"5 million numbered names", names(5_000_000), []string{"use", "user-", "123", "r-12", "user-12", "4567", "user-1234567", "000", "er-x", "99"}},
		{"5 million people", people(5_000_000), []string{"ann", "anna", "anna.", "a.te", "raform", "wei.wei99", "anna.zoe12345", "anna.anna", "terraform.ter", "a.admin", "min1", "12345", "eployan", "xq"}},
		{"5 million of two letters", twoLetters(5_000_000), []string{"aab", "abba", "aaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaa"}},
	} {
		b.Run(table.name, func(b *testing.B) {
			rows := slices.Collect(table.rows)
			var x *Index
			b.Run("build", func(b *testing.B) {
				before := heap()
				best(b, func() {
					x = nil
					x = Build(slices.Values(rows))
				})
				b.ReportMetric(float64(heap()-before)/1e6, "MB")
				b.ReportMetric(float64(len(x.lists))/1e6, "MB-lists")
			})
			b.Run("naive/"+table.queries[0], func(b *testing.B) {
				best(b, func() { naive(rows, table.queries[0]) })
			})
			for _, query := range table.queries {
				b.Run("search/"+query, func(b *testing.B) {
					var r Result
					best(b, func() { r = x.Search(query, 50) })
					b.ReportMetric(float64(r.Total), "rows")
				})
			}
		})
	}
}

// best runs f for the benchmark, and reports its quickest run as well: what else the
// machine does is not in it.
func best(b *testing.B, f func()) {
	quickest := time.Hour
	for b.Loop() {
		start := time.Now()
		f()
		quickest = min(quickest, time.Since(start))
	}
	b.ReportMetric(quickest.Seconds()*1000, "best-ms")
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
