package pace

import "time"

const remembered = 128 // calls

// history is the last calls: how fast they went and what they were.
type history struct {
	calls [remembered]struct {
		action string
		at     time.Time
	}
	given int
	peak  float64 // calls per second, the most seen over all that is remembered
}

func (h *history) add(action string, now time.Time) {
	call := &h.calls[h.given%remembered]
	if h.given >= remembered {
		if took := now.Sub(call.at).Seconds(); took > 0 {
			h.peak = max(h.peak, remembered/took)
		}
	}
	call.action, call.at = action, now
	h.given++
}

// seldom reports whether an action is a small part of what is called.
func (h *history) seldom(action string) bool {
	n := min(h.given, remembered)
	same := 0
	for _, c := range h.calls[:n] {
		if c.action == action {
			same++
		}
	}
	return n >= remembered/4 && same*10 < n
}

// idle reports whether there was no call for a while.
func (h *history) idle(now time.Time) bool {
	return h.given == 0 || now.Sub(h.calls[(h.given-1)%remembered].at) > time.Second
}

// rate is the calls per second over the last three seconds, or over all that
// is remembered where that is less.
func (h *history) rate(now time.Time) float64 {
	const seconds = 3
	n, since := 0, seconds*time.Second
	for _, c := range h.calls[:min(h.given, remembered)] {
		if now.Sub(c.at) < seconds*time.Second {
			n++
		}
	}
	if n == remembered {
		since = max(now.Sub(h.calls[h.given%remembered].at), time.Millisecond)
	}
	return float64(n) / since.Seconds()
}
