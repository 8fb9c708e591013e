package handlers

import (
	"fmt"
	"time"
)

// none stands for "there is nothing", as in the console; it never stands for
// "not known".
const none = "-"

const day = 24 * time.Hour

// relative says how long ago something was, in the console's words.
func relative(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return none
	case d < time.Minute:
		return "Now"
	case d < time.Hour:
		return ago(int(d/time.Minute), "minute")
	case d < day:
		return ago(int(d/time.Hour), "hour")
	default:
		return ago(int(d/day), "day")
	}
}

// briefAge is how old something is where there is little room: "2h ago".
func briefAge(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return "now"
	case d < time.Hour:
		return fmt.Sprintf("%dm ago", int(d/time.Minute))
	case d < day:
		return fmt.Sprintf("%dh ago", int(d/time.Hour))
	}
	return relative(now, t)
}

func ago(n int, unit string) string { return count(n, unit) + " ago" }

// count is "1 day" or "3 days".
func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// days is the number of whole days from t to now.
func days(now, t time.Time) int { return max(0, int(now.Sub(t)/day)) }

// absolute is the console's long form, in UTC because a server's zone would
// be a stranger's.
func absolute(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return t.UTC().Format("January 02, 2006, 15:04 (UTC)")
}

// machine is the form for <time datetime>.
func machine(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// ageKind grades an age or an inactivity as the console does: up to 90 days,
// up to a year, more.
func ageKind(days int) string {
	switch {
	case days <= 90:
		return "success"
	case days <= 365:
		return "warning"
	default:
		return "error"
	}
}
