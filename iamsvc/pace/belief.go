package pace

import "time"

// mark is a place in the record of calls.
type mark struct {
	seq  uint64 // calls given out, this one included
	void uint64 // of these, calls that took no token of the server's
	at   time.Time
}

// between is how many calls the server admitted between two marks, and in
// which time.
func between(a, b mark) (calls, seconds float64) {
	return float64(b.seq-a.seq) - float64(b.void-a.void), b.at.Sub(a.at).Seconds()
}

type phase int

const (
	open      phase = iota // no limit has shown itself
	measuring              // one has: faster and faster from a slow start until the next refusal
	cruising               // the limit is known
)

const (
	enough   = 8.0 // calls between refusals that make a measurement
	slowest  = 0.5 // calls per second
	fastest  = 1e5
	leastRun = 40.0
	mostRun  = 600.0
)

// belief is what refusals have taught about the server's bucket.
type belief struct {
	phase  phase
	rate   float64 // calls per second that the server admits in the long run
	burst  float64 // calls it admits at once after a rest
	slope  float64 // measuring: how much faster per call
	margin float64 // cruising: how far below the rate a run begins
	run    float64 // cruising: calls after which the speed is above the rate by as much

	start  mark   // open: the first call after a rest
	anchor mark   // the bucket was empty here, and has not run over since
	last   mark   // the latest refusal
	sure   bool   // the anchor holds
	from   uint64 // calls given out when it became known

	before *belief // as it was before the refusals that come in at present
	first  mark    // the first of these
}

func (b *belief) known() bool { return b.phase != open }

func (b *belief) reserve() float64 {
	if b.phase != cruising {
		return 0
	}
	return min(reserve, (b.burst-1)/2)
}

// speed is how fast calls may follow each other when seq have been given out.
func (b *belief) speed(seq uint64) float64 {
	n := float64(seq) - float64(b.from)
	f := 1.0
	switch b.phase {
	case open:
		return fastest
	case measuring:
		f = 1 + n*b.slope
	case cruising:
		f = 1 - b.margin + 2*b.margin*n/b.run
		if late := n - 1.6*b.run; late > 0 {
			f += late / 25
		}
	}
	return min(max(b.rate*f, slowest), fastest)
}

// begin says that refusals told from now on are one event.
func (b *belief) begin() {
	b.before = nil
	was := *b
	b.before, b.first = &was, mark{}
}

// refused learns from the refusal of the call at m. Those of one event come in
// one after the other; each is taken together with the ones before.
func (b *belief) refused(m mark, latency time.Duration) {
	before, first := b.before, b.first
	if first.seq == 0 {
		first = m
	}
	if m.seq < b.last.seq {
		m.seq, m.at = b.last.seq, b.last.at
	}
	*b = *before
	speed := b.speed(m.seq)
	switch b.phase {
	case open:
		b.opened(first, m)
	case measuring:
		b.measured(m, speed)
	case cruising:
		b.cruised(m, speed)
	}
	if b.phase == measuring {
		b.slope = min(0.17, 0.35/(b.rate*max(latency.Seconds(), 1e-3)))
	}
	b.rate = min(max(b.rate, slowest), fastest)
	b.burst = max(b.burst, 1)
	b.last = m
	b.before, b.first = before, first
}

// opened is the first refusal of all. The calls up to it are the burst and what
// came in meanwhile; bursts of about two seconds' worth are usual.
func (b *belief) opened(first, m mark) {
	calls, seconds := between(b.start, m)
	b.rate = calls / (2 + seconds)
	if calls, seconds := between(first, m); calls >= 3 && seconds > 0 {
		b.rate = max(b.rate, 0.7*(calls-1)/seconds)
	}
	b.burst = calls
	b.phase, b.anchor, b.sure = measuring, m, true
}

func (b *belief) measured(m mark, speed float64) {
	calls, seconds := between(b.anchor, m)
	if calls < enough || seconds <= 0 {
		b.rate = 0.55 * speed
		return
	}
	b.cruise(calls/seconds, calls)
}

// cruise goes on at a rate that has been measured over so many calls.
func (b *belief) cruise(rate, calls float64) {
	if b.burst > 0 && b.start.seq > 0 {
		admitted, seconds := between(b.start, b.anchor)
		b.burst = max(1, admitted-rate*seconds)
		b.start = mark{}
	}
	b.phase, b.rate = cruising, rate
	b.run = min(max(3*calls, leastRun), mostRun)
	b.margin = min(max(1.5/calls, 0.015), 0.06)
}

func (b *belief) cruised(m mark, speed float64) {
	short, seconds := between(b.last, m)
	long, whole := between(b.anchor, m)
	switch {
	case !b.sure || seconds <= 0:
		b.again(m, 0.7*b.rate)
	case short < enough:
		b.again(m, 0.5*b.rate)
	default:
		rate, allowed := short/seconds, 0.03+2/short
		switch off := rate/b.rate - 1; {
		case off < -allowed:
			b.again(m, 0.6*rate)
		case off > allowed && short > 1.6*b.run:
			b.again(m, 0.6*speed)
		default:
			if long > 1500 {
				b.anchor = b.last
			}
			b.cruise(long/whole, long)
		}
	}
}

// again forgets the rate and measures it from a slow start.
func (b *belief) again(m mark, from float64) {
	b.phase, b.rate, b.anchor, b.sure = measuring, from, m, true
}
