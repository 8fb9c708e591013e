package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// write prints everything as docs/performance.md has it.
func (s report) write(w io.Writer) {
	fmt.Fprintf(w, "%s, %s, %d processors, %s/%s; %s. %d users, %d keys of %d of them.\n", s.at.UTC().Format("2006-01-02 15:04 UTC"),
		processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), s.scale.users, s.keys, s.usersWithKeys)
	fmt.Fprintf(w, "\n### Targets\n\n| figure | target | reached | met |\n|---|---|---|---|\n")
	for _, f := range s.figures {
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", f.name, f.target, f.reached, f.met)
	}
	fmt.Fprintf(w, "\n### Side by side\n\n| way | first 50 rows | useful table | every key ID | calls | refused | keys missing | processor time |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range s.results {
		r.writeRow(w)
	}
	fmt.Fprintf(w, "\n### Calls until every key ID was known\n\n")
	for _, r := range s.results {
		fmt.Fprintf(w, "- %s: %s\n", r.name, byAction(r.EveryKey.Cost.Calls))
	}
	if len(s.benchmarks) > 0 {
		fmt.Fprintf(w, "\n### In memory\n\n| benchmark | values |\n|---|---|\n")
		for _, b := range s.benchmarks {
			fmt.Fprintf(w, "| %s | %s |\n", b.name, b.written())
		}
	}
}

func (r result) writeRow(w io.Writer) {
	name := r.name
	if r.failure != nil {
		name += " (" + r.failure.Error() + ")"
	}
	table, rows := r.Table, r.FirstRows
	took, calls := r.extrapolated()
	if r.program != nil || r.order.Naive { // they have their table when they have everything
		table.After, rows.After = took, took
	}
	if r.only > 0 {
		name += fmt.Sprintf(" (extrapolated from %d users in %s)", r.users, seconds(r.EveryKey.After))
	}
	cost := r.EveryKey.Cost
	fmt.Fprintf(w, "| %s | %s | %s | %s | %d | %d (%s) | %d of %d | %s |\n", name, orNever(rows.After), orNever(table.After), orNever(took),
		calls, cost.throttled(), share(ratio(cost.throttled(), cost.calls())), r.missing(), len(r.there), seconds(r.cpu))
}

func orNever(d time.Duration) string {
	if d == 0 {
		return "never"
	}
	return seconds(d)
}

// written leaves out what is allocated, which no target is about.
func (b benchmark) written() string {
	var parts []string
	for _, unit := range slices.Sorted(maps.Keys(b.values)) {
		if unit != "B/op" && unit != "allocs/op" {
			parts = append(parts, number(b.values[unit])+" "+unit)
		}
	}
	return strings.Join(parts, ", ")
}

// number has four digits, or all before the point.
func number(f float64) string {
	if f >= 1000 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'g', 4, 64)
}

// processor is the model, where Linux tells it.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // elsewhere there is none
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
