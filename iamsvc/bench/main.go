package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// settings are what the command line says.
type settings struct {
	scale    scale
	only     string
	timeline bool
}

func main() {
	ctx := context.Background()
	if len(os.Args) == 2 && os.Args[1] == contenderArgument {
		exitOn(contend(ctx, os.Stdin, os.Stdout))
		return
	}
	s := settings{scale: quick}
	flag.BoolFunc("full", "5,000 users instead of 1,000: eleven minutes", func(string) error { s.scale = full; return nil })
	flag.StringVar(&s.only, "only", "", "contenders with this in their names, and nothing else; \"program\": the program itself; \"memory\": go test -bench")
	flag.BoolVar(&s.timeline, "timeline", false, "tell every two seconds what is being called, on standard error")
	flag.Parse()
	r, err := s.run(ctx)
	exitOn(err)
	r.write(os.Stdout)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// report is everything a run has found out.
type report struct {
	at                  time.Time
	scale               scale
	keys, usersWithKeys int
	results             []result
	figures             []figure
	benchmarks          []benchmark
}

func (s settings) run(ctx context.Context) (report, error) {
	r := report{at: time.Now(), scale: s.scale}
	folder, err := os.MkdirTemp("", "keydesk-bench-")
	if err != nil {
		return r, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	r.results = s.sideBySide(ctx, folder)
	byName := results{}
	for _, one := range r.results {
		byName[one.name] = one
		if one.only == 0 {
			r.keys, r.usersWithKeys = len(one.there), one.usersWithKeys()
		}
	}
	r.figures = byName.figures()
	if s.only == "" || s.only == "program" {
		fmt.Fprintln(os.Stderr, "the program itself")
		again, loaded := measureProgram(ctx, filepath.Join(folder, "program"), s.scale.users)
		r.figures = slices.Concat(r.figures, again.figures(), loaded.figures())
	}
	if s.only == "" || s.only == "memory" {
		fmt.Fprintln(os.Stderr, "in memory")
		if r.benchmarks, err = runBenchmarks(ctx, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, "bench: some benchmarks failed:", err)
		}
		r.figures = append(r.figures, memoryFigures(r.benchmarks)...)
	}
	return r, nil
}

// sideBySide runs the contenders, all at once but for those who need the
// processor for themselves.
// startsApart keeps the first seconds of one contender, which count, out of those
// of another.
const startsApart = 3 * time.Second

func (s settings) sideBySide(ctx context.Context, folder string) []result {
	var timeline io.Writer
	if s.timeline {
		timeline = os.Stderr
	}
	var list []contender
	for _, c := range contenders(s.scale) {
		if strings.Contains(c.name, s.only) {
			list = append(list, c)
		}
	}
	found := make([]result, len(list))
	run := func(i int) {
		found[i] = list[i].run(ctx, filepath.Join(folder, fmt.Sprint("contender-", i)), s.scale, timeline)
		fmt.Fprintf(os.Stderr, "%s: done after %s\n", list[i].name, seconds(found[i].took))
	}
	var together sync.WaitGroup
	for i, c := range list {
		if c.alone {
			continue
		}
		together.Go(func() { run(i) })
		time.Sleep(startsApart)
	}
	together.Wait()
	for i, c := range list {
		if c.alone {
			run(i)
		}
	}
	return found
}
