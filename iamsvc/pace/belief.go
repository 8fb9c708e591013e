package pace

import (
	"math"
	"time"
)

// mark is a place in the record of calls.
type mark struct {
	seq  uint64 // calls given out, this one included
	void uint64 // of these, calls that took no token of the server's
	at   time.Time
}

// between is how many calls the server admitted between two marks, and in
// which time.
func between(a, b mark) (calls, seconds float64) {
	return float64(int64(b.seq-a.seq) - int64(b.void-a.void)), b.at.Sub(a.at).Seconds()
}

type phase int

const (
	open      phase = iota // no limit has shown itself
	measuring              // one has: faster and faster from a slow start until the next refusal
	cruising               // the limit is known
)

// The figures below were tuned against the simulated servers of the tests.
const (
	enough   = 8.0    // calls between refusals that make a measurement
	slowest  = 0.5    // calls per second
	fastest  = 1e5    // calls per second: as good as no limit
	leastRun = 25.0   // calls between probes,
	mostRun  = 700.0  // more of them the better the rate is known
	memory   = 1500.0 // calls that an average is taken over, or little more
)

// belief is what refusals have taught about the server's bucket.
type belief struct {
	phase    phase
	rate     float64 // calls per second that the server admits in the long run
	burst    float64 // calls it admits at once after a rest
	slope    float64 // measuring: how much faster per call
	margin   float64 // cruising: how far below the rate a run is
	run      float64 // cruising: calls until the next probe
	due      float64 // cruising: calls after which the probe should have met the limit
	probe    float64 // cruising: how far above the rate a probe is
	patience float64 // cruising: calls in which a probe that is over due doubles its speed
	caution  float64 // 0 to 1: how often refusals came before they were due

	start  mark // the first call after a rest, the bucket full
	spent  mark // the first refusal after it, until the burst is known
	anchor mark // the bucket was empty here, and has not run over since
	last   mark // the latest refusal
	prior  mark // the one before it
	sure   bool // the anchor holds
	early  int  // how many of the latest refusals came before they were due

	from   uint64  // calls given out when the latest refusal became known
	before *belief // as it was before the refusals that come in at present
}

func (b *belief) known() bool { return b.phase != open }

// reserve is how many tokens the background leaves to persons.
func (b *belief) reserve() float64 {
	if b.phase != cruising {
		return 0
	}
	return min(reserve*(1+3*b.caution), (b.burst-1)/2)
}

// speed is how fast calls may follow each other when seq have been given out.
func (b *belief) speed(seq uint64) float64 {
	n := float64(seq) - float64(b.from)
	f := 1.0
	switch {
	case b.phase == open:
		return fastest
	case b.phase == measuring:
		f = 1 + n*b.slope
	case n < b.run:
		f = 1 - b.margin
	default:
		f = 1 + b.probe + max(0, n-b.due)/b.patience
	}
	return min(max(b.rate*f, slowest), fastest)
}

// begin says that refusals told from now on are one event.
func (b *belief) begin() {
	b.before = nil
	was := *b
	b.before = &was
}

// refused learns from the refusal of the call at m. Those of one event come in
// one after the other; each is taken together with the ones before.
func (b *belief) refused(m mark, latency time.Duration) {
	before := b.before
	if m.seq < b.last.seq {
		m.seq, m.at = b.last.seq, b.last.at
	}
	*b = *before
	speed := b.speed(m.seq)
	switch b.phase {
	case open:
		b.opened(m)
	case measuring:
		b.measured(m, speed)
	case cruising:
		b.cruised(m, speed)
	}
	b.aim(latency)
	b.prior, b.last, b.before = b.last, m, before
}

// aim plans for the news of a refusal to come as late as it does: many calls
// are under way by then.
func (b *belief) aim(latency time.Duration) {
	b.rate = min(max(b.rate, slowest), fastest)
	under := max(b.rate*latency.Seconds(), 0.01)
	b.slope = min(0.25, 0.2/under)
	b.probe = min(0.15, 0.5/under)
	b.due = b.run + (b.margin*b.run+b.reserve()+6)/b.probe
	b.patience = max(40, 10*under)
}

// opened is the first refusal of all. The calls up to it are the burst and what
// came in meanwhile; bursts of about two seconds' worth are usual.
func (b *belief) opened(m mark) {
	calls, seconds := between(b.start, m)
	b.again(m, calls/(2+seconds))
	b.burst, b.spent = max(calls, 1), m
}

func (b *belief) measured(m mark, speed float64) {
	calls, seconds := between(b.anchor, m)
	switch {
	case calls < enough || seconds <= 0:
		b.rate = 0.55 * speed
	case b.ranOver(calls / seconds):
		b.again(m, 0.55*speed)
	default:
		b.cruise(calls/seconds, calls)
	}
}

// ranOver reports whether the slow start was so slow that the bucket, filling
// at rate, was full before the calls came faster than that: then more came in
// than has been counted.
func (b *belief) ranOver(rate float64) bool {
	x := rate / b.rate
	if x <= 1 {
		return false
	}
	return (x*math.Log(x)-x+1)/b.slope > b.burst
}

// cruise goes on at a rate that has been measured over so many calls.
func (b *belief) cruise(rate, calls float64) {
	b.phase, b.rate = cruising, rate
	if b.spent.seq > 0 {
		admitted, seconds := between(b.start, b.spent)
		b.burst = max(2, 0.1*rate, admitted-rate*seconds)
		b.spent = mark{}
	}
	b.run = min(max(3*calls, leastRun), mostRun)
	b.margin = min(max(1/calls, 0.002+0.04*b.caution), 0.06)
}

// cruised compares what was admitted since the last refusal with what was
// expected.
func (b *belief) cruised(m mark, speed float64) {
	b.count(float64(m.seq)-float64(b.from) < 0.9*b.run)
	short, seconds := between(b.last, m)
	if seconds <= 0 {
		return
	}
	two, both := between(b.prior, m)
	long, whole := between(b.anchor, m)
	rate, beyond := short/seconds, short-b.rate*seconds
	switch {
	case !b.sure: // there was a rest: what was admitted since is a lower bound, but for the burst
		b.cruise(max(0.95*b.rate, (short-b.burst)/seconds), enough)
		b.anchor, b.sure, b.spent = m, true, m
	case b.below(short, seconds), b.early > 1 && b.below(two, both), b.early > 2 && two < 60:
		b.again(m, 0.6*max(rate, 0.5*b.rate)) // the limit fell
	case long < enough:
		b.again(m, 0.6*b.rate)
	case beyond > 5+b.burst/2:
		b.again(m, 0.6*speed) // it rose
	case beyond > 2+0.003*short: // it is a little higher than it seemed while the bucket ran over
		b.anchor = b.last
		b.cruise(rate, short)
	default:
		if long > memory {
			b.anchor = b.last
		}
		b.cruise(long/whole, long)
	}
}

// count keeps in mind whether a refusal came early: somebody else who uses the
// account at random makes them come so, and more must be held back.
func (b *belief) count(early bool) {
	if !early {
		b.early, b.caution = 0, max(0, b.caution-0.2)
		return
	}
	b.early++
	b.caution = min(1, b.caution+0.34)
}

// below reports whether so many calls in so many seconds are clearly fewer than
// the rate has it. What other clients do to a bucket is as random as it is
// large, hence the root.
func (b *belief) below(calls, seconds float64) bool {
	return calls/seconds < b.rate*(1-0.03-(1.5+b.caution)/math.Sqrt(max(calls, 1)))
}

// again forgets the rate and measures it from a slow start.
func (b *belief) again(m mark, from float64) {
	b.phase, b.rate, b.anchor, b.sure = measuring, from, m, true
}
