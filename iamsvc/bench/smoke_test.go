package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test program be the contender's process too.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == contenderArgument {
		exitOn(contend(context.Background(), os.Stdin, os.Stdout))
		return
	}
	os.Exit(m.Run())
}

// small is an account that is read in a moment.
var (
	small = scale{users: 10, steady: time.Millisecond, changes: []int{0, 3}}
	fast  = limits{latency: time.Millisecond, rate: 10_000, burst: 10_000, reportTime: time.Nanosecond}
)

func ran(t *testing.T, c contender) result {
	t.Helper()
	r := c.run(t.Context(), t.TempDir(), small, nil)
	if r.failure != nil {
		t.Fatal(r.failure)
	}
	if r.missing()+r.wrong() != 0 || len(r.there) == 0 {
		t.Errorf("%d keys missing, %d wrong, of %d", r.missing(), r.wrong(), len(r.there))
	}
	return r
}

func TestKeydeskReadsEverything(t *testing.T) {
	t.Parallel()
	r := ran(t, contender{name: withClicks, limits: fast, order: order{Clicks: true, Steady: small.steady, Changes: small.changes}})
	for name, m := range map[string]moment{"first rows": r.FirstRows, "table": r.Table, "every key": r.EveryKey, "end": r.Ended} {
		if m.After == 0 || m.Cost.calls() == 0 {
			t.Errorf("%s: after %v and %d calls", name, m.After, m.Cost.calls())
		}
	}
	if len(r.Refreshes) != len(small.changes) {
		t.Errorf("%d refreshes", len(r.Refreshes))
	}
	for _, f := range r.Refreshes {
		if f.Missing+f.Wrong != 0 || f.Cost.calls() == 0 {
			t.Errorf("after %d users had changed: %d keys missing, %d wrong, %d calls", f.Changed, f.Missing, f.Wrong, f.Cost.calls())
		}
	}
}

func TestNaiveReadsEverythingWithoutALimit(t *testing.T) {
	t.Parallel()
	ran(t, contender{name: naive10, limits: fast, order: order{Naive: true, Workers: 2}})
}

func TestReportNamesEveryFigure(t *testing.T) {
	t.Parallel()
	r := ran(t, contender{name: plain, limits: fast})
	s := report{results: []result{r}, figures: results{plain: r}.figures(), benchmarks: readBenchmarks([]byte(
		"pkg: keydesk/handlers\nBenchmarkList-2   \t     100\t      12.5 ns/op\t        40.5 x\n"))}
	var text strings.Builder
	s.write(&text)
	for _, want := range []string{"First 50 rows", "every key ID", "| Keydesk |", "ListAccessKeys", "| handlers List | 12.5 ns/op, 40.5 x |"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("nothing of %q in:\n%s", want, &text)
		}
	}
}

func TestWhatIsMissingAndWrong(t *testing.T) {
	t.Parallel()
	there := []key{{"ada", "1", "Active"}, {"ada", "2", "Active"}, {"bob", "3", "Inactive"}}
	found := []key{{"ada", "1", "Active"}, {"bob", "3", "Active"}}
	if m, w := missing(there, found), wrong(there, found); m != 2 || w != 1 {
		t.Errorf("%d missing, %d wrong", m, w)
	}
}

func TestWhatTheLimitAllows(t *testing.T) {
	t.Parallel()
	for calls, want := range map[int]time.Duration{1: 40 * time.Millisecond, 50: 40 * time.Millisecond, 75: 1040 * time.Millisecond} {
		if got := usual.allows(calls); got != want {
			t.Errorf("%d calls: %v, want %v", calls, got, want)
		}
	}
}

func TestTheWorstOfSomeBenchmarksCounts(t *testing.T) {
	t.Parallel()
	all := readBenchmarks([]byte("pkg: keydesk/web\nBenchmarkA/one-2 1 5 ms\nBenchmarkA/two-16 1 7 ms\nBenchmarkB-2 1 1 ms\n"))
	for _, c := range []struct {
		target memoryTarget
		want   figure
	}{
		{target("time", "web A/.*", "ms", 6, 0), figure{"time, worst of 2", "at most 6 ms", "7 ms", "no"}},
		{target("time", "web A/.*", "ms", 0, 5), figure{"time, worst of 2", "at least 5 ms", "5 ms", "yes"}},
		{target("time", "web C", "ms", 6, 0), figure{"time", "", "not measured", ""}},
	} {
		if got := c.target.judge(all); got != c.want {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var times []time.Duration
	for n := range 101 {
		times = slices.Insert(times, 0, time.Duration(n))
	}
	for p, want := range map[int]time.Duration{0: 0, 50: 50, 99: 99, 100: 100} {
		if got := percentile(times, p); got != want {
			t.Errorf("p%d = %v", p, got)
		}
	}
	if percentile(nil, 99) != 0 {
		t.Error("a percentile of nothing")
	}
}
