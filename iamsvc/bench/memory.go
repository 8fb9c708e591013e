package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// benchmark is one line of go test -bench: a value for each unit.
type benchmark struct {
	name   string // package and benchmark, without the number of processors
	values map[string]float64
}

// inMemory are the packages whose benchmarks belong to the inventory.
var inMemory = []string{"keydesk/handlers", "keydesk/iamsvc/textindex", "keydesk/iamsvc/pace", "keydesk/web", "keydesk/web/session"}

// runBenchmarks runs what there is of them, one package after the other, so that
// they do not take each other's processor.
func runBenchmarks(ctx context.Context, log *os.File) (all []benchmark, err error) {
	arguments := []string{"test", "-run", "^$", "-bench", ".", "-benchmem", "-p", "1"}
	command := exec.CommandContext(ctx, "go", append(arguments, inMemory...)...) // #nosec G204 -- the list above
	command.Stderr = log
	out, err := command.Output()
	return readBenchmarks(out), err
}

var processors = regexp.MustCompile(`-\d+$`)

func readBenchmarks(out []byte) (all []benchmark) {
	var pkg string
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) == 2 && fields[0] == "pkg:":
			pkg = strings.TrimPrefix(fields[1], "keydesk/")
		case len(fields) >= 4 && strings.HasPrefix(fields[0], "Benchmark"):
			b := benchmark{pkg + " " + processors.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), ""), map[string]float64{}}
			for i := 2; i+1 < len(fields); i += 2 {
				if value, err := strconv.ParseFloat(fields[i], 64); err == nil {
					b.values[fields[i+1]] = value
				}
			}
			all = append(all, b)
		}
	}
	return all
}

// memoryTarget is what a value of a benchmark is measured by.
type memoryTarget struct {
	figure, benchmark, unit string
	most, least             float64 // one of them
}

var memoryTargets = []memoryTarget{
	{figure: "Naive filtering and html/template: its processor time to that of search + sort + render", benchmark: "handlers ListAgainstNaive/new_words", unit: "x", least: 40},
	{figure: "Same, for words asked before", benchmark: "handlers ListAgainstNaive/words_asked_again", unit: "x", least: 40},
	{figure: "List pages per second, to a chi handler that says hello", benchmark: "handlers ListRequests/plain", unit: "x", least: 0.3},
	{figure: "Same, compressed", benchmark: "handlers ListRequests/plain_gzip", unit: "x", least: 0.3},
	{figure: "Same, searched and sorted", benchmark: "handlers ListRequests/searched_and_sorted", unit: "x", least: 0.18},
	{figure: "Same, compressed", benchmark: "handlers ListRequests/searched_and_sorted_gzip", unit: "x", least: 0.18},
	{figure: "List page with 50 rows, compressed", benchmark: "handlers ListRequests/plain_gzip", unit: "bytes", most: 12 << 10},
	{figure: "Session check", benchmark: "web SessionCheck/SQLite", unit: "ns/op", most: 50_000},
}

func memoryFigures(all []benchmark) (list []figure) {
	for _, t := range memoryTargets {
		f := figure{name: t.figure, reached: "not measured"}
		for _, b := range all {
			value, measured := b.values[t.unit]
			if b.name != t.benchmark || !measured {
				continue
			}
			if t.least > 0 {
				f = atLeast(t.figure, t.least, value, t.show)
			} else {
				f = atMost(t.figure, t.most, value, t.show)
			}
		}
		list = append(list, f)
	}
	return list
}

func (t memoryTarget) show(value float64) string {
	return strconv.FormatFloat(value, 'g', 4, 64) + " " + t.unit
}
