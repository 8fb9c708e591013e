package main

import (
	"fmt"
	"time"
)

// Targets of the inventory, at 40 ms and 25 calls per second.
const (
	tableTarget       = 5500 * time.Millisecond
	tableHereTarget   = 400 * time.Millisecond
	reportCallsTarget = 4
	firstRowsTarget   = 250 * time.Millisecond
	everyKeyTarget    = 1.05  // times what the limit allows
	refusedTarget     = 0.005 // of all calls
	rateTarget        = 0.95  // of what the limit lets through
	clickTarget       = 60 * time.Millisecond
	steadyTarget      = 0.20 // of the limit
	refreshTarget     = 5    // calls, and one for each changed user
	restartTarget     = 100 * time.Millisecond
	refreshEvery      = 15 * time.Minute // as the program does it
	sweepEvery        = 6 * time.Hour    // so often every user is read at least, in half the time if nothing is in the way
)

type results map[string]result

// figures judges what was measured; rows of contenders that did not run are left out.
func (all results) figures() (list []figure) {
	if r, ran := all[plain]; ran {
		list = append(list, r.tableFigures()...)
	}
	if r, ran := all[withReport]; ran {
		list = append(list, r.reached("Same, with a report there", r.Table, tableHereTarget))
	}
	for _, name := range []string{plain, withReport, withClicks, farAway, tight, perAction} {
		if r, ran := all[name]; ran {
			list = append(list, r.limitFigures()...)
		}
	}
	if r, ran := all[withClicks]; ran {
		list = append(list, r.clickFigures()...)
		list = append(list, r.laterFigures()...)
	}
	return append(list, all.ratios()...)
}

func (r result) reached(name string, m moment, target time.Duration) figure {
	if m.After == 0 {
		return notReached(name, r.failure)
	}
	return atMost(name, target, m.After, seconds)
}

func (r result) tableFigures() []figure {
	report := r.Table.Cost.Calls["GenerateCredentialReport"] + r.Table.Cost.Calls["GetCredentialReport"]
	return []figure{
		r.reached("First 50 rows with key IDs", r.FirstRows, firstRowsTarget),
		r.reached("Table with status, age and last use", r.Table, tableTarget),
		atMost("Calls for the report until then", reportCallsTarget, report, count),
	}
}

// limitFigures are about living with a limit that the program is not told.
func (r result) limitFigures() []figure {
	list := []figure{{name: r.name + ": keys missing or wrong", target: "0", reached: count(r.missing() + r.wrong()), met: yes(r.missing()+r.wrong() == 0)}}
	if r.EveryKey.After == 0 {
		return append(list, notReached(r.name+": every key ID", r.failure))
	}
	cost := r.EveryKey.Cost
	list = append(list,
		atMost(r.name+": calls refused", refusedTarget, ratio(cost.throttled(), cost.calls()), share),
		atLeast(r.name+": share of the limit used", rateTarget, r.limitUsed(), share))
	if !r.order.Clicks {
		allowed := r.limits.allows(r.usersWithKeys() + reportCallsTarget)
		list = append(list, atMost(fmt.Sprintf("%s: every key ID in %s, to what the limit allows (%s)", r.name, seconds(r.EveryKey.After), seconds(allowed)),
			everyKeyTarget, ratio(r.EveryKey.After, allowed), times))
	}
	return list
}

// limitUsed is the share of the calls that the limit would have let through
// until every key was known. With a bucket for each action it is that of the
// action asked most.
func (r result) limitUsed() float64 {
	cost, accepted, most := r.EveryKey.Cost, 0, 0
	for action, n := range cost.Calls {
		n -= cost.Throttled[action]
		accepted, most = accepted+n, max(most, n)
	}
	if r.limits.perAction {
		accepted = most
	}
	return float64(accepted) / (float64(r.limits.burst) + r.limits.rate*r.EveryKey.After.Seconds())
}

func (r result) clickFigures() []figure {
	target := r.limits.latency + clickTarget
	return []figure{
		atMost("A click while reading (GetAccessKeyLastUsed), p99 of "+count(len(r.Clicks.LastUsed)), target, percentile(r.Clicks.LastUsed, 99), milliseconds),
		{name: "Same, p50", reached: milliseconds(percentile(r.Clicks.LastUsed, 50))},
		{name: "A look-up while reading, p99 of " + count(len(r.Clicks.LookUps)), reached: milliseconds(percentile(r.Clicks.LookUps, 99))},
		{name: "Same, p50", reached: milliseconds(percentile(r.Clicks.LookUps, 50))},
		atMost("Clicks and look-ups that failed", 0, r.Clicks.Failed, count),
	}
}

func (r result) laterFigures() []figure {
	perSecond := float64(r.Steady.calls())/r.order.Steady.Seconds() + 2*float64(r.users)/sweepEvery.Seconds()
	if len(r.Refreshes) > 0 {
		perSecond += float64(r.Refreshes[0].Cost.calls()) / refreshEvery.Seconds()
	}
	list := []figure{atMost("Share of the limit used in steady state, with a refresh every 15 minutes and the sweep", steadyTarget, perSecond/r.limits.rate, share)}
	for _, f := range r.Refreshes {
		name := fmt.Sprintf("Calls of a refresh, %d users changed, %s", f.Changed, seconds(f.Took))
		list = append(list, atMost(name, refreshTarget+f.Changed, f.Cost.calls(), count))
		list = append(list, atMost("Keys missing or wrong after it", 0, f.Missing+f.Wrong, count))
	}
	if len(r.Refreshes) < len(r.order.Changes) {
		list = append(list, notReached("The other refreshes", r.failure))
	}
	return list
}

// ratios are Keydesk's figures over those of the loops.
func (all results) ratios() (list []figure) {
	us, ran := all[plain]
	if !ran {
		return nil
	}
	for _, name := range []string{boto3, cli, naive10, naive50} {
		rival, ran := all[name]
		if !ran || rival.EveryKey.After == 0 {
			continue
		}
		took, calls := rival.extrapolated()
		list = append(list, figure{name: "Keydesk to " + name, reached: fmt.Sprintf("table %.0fx sooner, every key ID %.1fx sooner, %.1fx fewer calls; keys missing 0 to %d",
			ratio(took, us.Table.After), ratio(took, us.EveryKey.After), ratio(calls, us.EveryKey.Cost.calls()), rival.missing())})
	}
	return list
}

// extrapolated is the time and the calls for all users, where a contender had
// only some of them.
func (r result) extrapolated() (time.Duration, int) {
	took, calls := r.EveryKey.After, r.EveryKey.Cost.calls()
	if r.only == 0 {
		return took, calls
	}
	return took * time.Duration(r.whole) / time.Duration(r.users), calls * r.whole / r.users
}

func (r result) missing() int { return missing(r.there, r.Keys) }
func (r result) wrong() int   { return wrong(r.there, r.Keys) }

func (r result) usersWithKeys() int {
	users := map[string]bool{}
	for _, k := range r.there {
		users[k.User] = true
	}
	return len(users)
}
