package pace

import (
	"fmt"
	"testing"
	"time"
)

const ms = time.Millisecond

func scenarios() (all []scenario) {
	limits := []struct{ rate, burst float64 }{{25, 50}, {15, 15}, {100, 10}, {5, 5}}
	for _, at := range []struct{ latency, jitter time.Duration }{{40 * ms, 5 * ms}, {215 * ms, 20 * ms}} {
		for _, limit := range limits {
			for _, split := range []bool{false, true} {
				all = append(all, scenario{
					name: fmt.Sprintf("%v/s burst %v, %v, split %v", limit.rate, limit.burst, at.latency, split),
					rate: limit.rate, burst: limit.burst, latency: at.latency, jitter: at.jitter, split: split,
					calls: 3500, clicks: 0.04 * limit.rate, rejected: 0.005, achieved: 0.95, click: 60 * ms,
				})
			}
		}
	}
	base := all[0]
	add := func(name string, change func(*scenario)) {
		s := base
		s.name = name
		change(&s)
		all = append(all, s)
	}
	add("25/s halves", func(s *scenario) { s.then = 12.5 })
	add("25/s doubles", func(s *scenario) { s.then = 50 })
	add("15/s halves", func(s *scenario) { s.rate, s.burst, s.then = 15, 15, 7.5 })
	add("15/s doubles", func(s *scenario) { s.rate, s.burst, s.then = 15, 15, 30 })
	add("25/s, half used elsewhere", func(s *scenario) { s.other = 0.5 })
	add("25/s, half used elsewhere for 60 s", func(s *scenario) { s.other, s.otherTo = 0.5, 60 })
	add("25/s known", func(s *scenario) { s.known = Estimate{25, 50} })
	add("25/s, 50/s known", func(s *scenario) { s.known = Estimate{50, 100} })
	add("25/s, 10/s known", func(s *scenario) { s.known = Estimate{10, 20} })
	add("no limit", func(s *scenario) { s.rate, s.clicks = 0, 10 })
	return all
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	t.Logf("%-40s %6s %6s %9s %9s %8s %8s %s", "scenario", "rej", "worst", "achieved", "worst", "click", "first50", "estimate")
	for _, s := range scenarios() {
		var rej, worstRej, ach, click, first float64
		worstAch := 10.0
		var r result
		const seeds = 6
		for seed := range uint64(seeds) {
			r = s.run(t, seed)
			rej += 100 * r.rejected / seeds
			ach += 100 * r.achieved / seeds
			click += r.click.Seconds() * 1000 / seeds
			first += r.first50.Seconds() * 1000 / seeds
			worstRej, worstAch = max(worstRej, 100*r.rejected), min(worstAch*1, r.achieved)
		}
		t.Logf("%-40s %6.2f %6.2f %9.1f %9.1f %8.0f %8.0f %.1f/%.0f %v", s.name, rej, worstRej, ach, 100*worstAch, click, first, r.estimate.Rate, r.estimate.Burst, r.took.Round(time.Second/10))
	}
}
