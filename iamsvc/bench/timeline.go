package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

const timelineEvery = 2 * time.Second

// printTimeline says every other second which calls came in since the last
// time, to see what a contender was about.
func (e *endpoint) printTimeline(ctx context.Context, out io.Writer, name string) {
	ticker := time.NewTicker(timelineEvery)
	defer ticker.Stop()
	started, before := time.Now(), e.tally()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := e.tally()
		step := now.since(before)
		before = now
		fmt.Fprintf(out, "%-28s %6.1f s %4d calls %3d refused  %s\n", name, time.Since(started).Seconds(), step.calls(), step.throttled(), byAction(step.Calls))
	}
}

// byAction writes counts as "ListAccessKeys 44, ListUsers 5", most first.
func byAction(counts map[string]int) string {
	var names, parts []string
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(parts, ", ")
}
