package main

import (
	"fmt"
	"time"
)

// figure is one row of the table of targets.
type figure struct {
	name, target, reached string
	met                   string // "yes", "no", or "" without a target or a figure
}

// atMost and atLeast judge a value against a target; show writes both.
func atMost[T int | float64 | time.Duration](name string, target, reached T, show func(T) string) figure {
	return figure{name, "at most " + show(target), show(reached), yes(reached <= target)}
}

func atLeast[T int | float64 | time.Duration](name string, target, reached T, show func(T) string) figure {
	return figure{name, "at least " + show(target), show(reached), yes(reached >= target)}
}

func yes(met bool) string {
	if met {
		return "yes"
	}
	return "no"
}

// notReached is a figure that a contender did not get to.
func notReached(name string, why error) figure {
	reached := "not reached"
	if why != nil {
		reached = why.Error()
	}
	return figure{name: name, reached: reached, met: "no"}
}

func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000)
}
func count(n int) string     { return fmt.Sprint(n) }
func share(f float64) string { return fmt.Sprintf("%.1f%%", 100*f) }
func times(f float64) string { return fmt.Sprintf("%.2fx", f) }

// ratio of two counts or times; 0 when there is nothing to divide by.
func ratio[T int | time.Duration](a, b T) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
