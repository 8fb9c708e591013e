package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
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
	arguments := []string{"test", "-run", "^$", "-bench", ".", "-benchtime", "500ms", "-p", "1"}
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

// memoryTarget is what a value of some benchmarks is measured by; the worst of
// them counts.
type memoryTarget struct {
	figure      string
	benchmarks  *regexp.Regexp
	unit        string
	most, least float64 // one of them
}

func target(figure, benchmarks, unit string, most, least float64) memoryTarget {
	return memoryTarget{figure, regexp.MustCompile("^" + benchmarks + "$"), unit, most, least}
}

var memoryTargets = []memoryTarget{
	target("Processor time of naive filtering and html/template to that of search + sort + render, words asked before", "handlers ListAgainstNaive/words_asked_again", "x", 0, 40),
	target("Same, new words every time", "handlers ListAgainstNaive/new_words", "x", 0, 40),
	target("Throughput of list pages to that of a chi handler that says hello", "handlers ListRequests/plain", "x", 0, 0.3),
	target("Same, compressed", "handlers ListRequests/plain_gzip", "x", 0, 0.3),
	target("Same, searched and sorted", "handlers ListRequests/searched_and_sorted", "x", 0, 0.18),
	target("Same, searched and sorted, compressed", "handlers ListRequests/searched_and_sorted_gzip", "x", 0, 0.18),
	target("List page with 50 rows, compressed", "handlers ListRequests/plain_gzip", "bytes", 12<<10, 0),
	target("Session check, SQLite", "web SessionCheck/SQLite", "ns/op", 50_000, 0),
	target("Session check, PostgreSQL", "web SessionCheck/PostgreSQL", "ns/op", 50_000, 0),
	target("Search from 3 characters in millions of key IDs and names", "iamsvc/textindex Index/[^/]*(IDs|names|people)/search/[^/]{3,}", "best-ms", 10, 0),
	target("Same, in rows made to be hard", "iamsvc/textindex Index/[^/]*two_letters/search/[^/]{3,}", "best-ms", 10, 0),
	target("Index of 4.5 million keys", "iamsvc/textindex Index/4.5_million_key_IDs/build", "MB", 300, 0),
}

func memoryFigures(all []benchmark) (list []figure) {
	for _, t := range memoryTargets {
		list = append(list, t.judge(all))
	}
	return list
}

func (t memoryTarget) judge(all []benchmark) figure {
	var values []float64
	for _, b := range all {
		if value, measured := b.values[t.unit]; measured && t.benchmarks.MatchString(b.name) {
			values = append(values, value)
		}
	}
	name := t.figure
	switch {
	case len(values) == 0:
		return figure{name: name, reached: "not measured"}
	case len(values) > 1:
		name += fmt.Sprintf(", worst of %d", len(values))
	}
	if t.least > 0 {
		return atLeast(name, t.least, slices.Min(values), t.show)
	}
	return atMost(name, t.most, slices.Max(values), t.show)
}

func (t memoryTarget) show(value float64) string {
	return number(value) + " " + t.unit
}
