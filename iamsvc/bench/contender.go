package main

import (
	"context"
	_ "embed"
	"time"
)

// scale is how large a run is.
type scale struct {
	users    int
	cliUsers int // of the account that the CLI is given; the rest is extrapolated
	steady   time.Duration
	changes  []int
}

var (
	quick = scale{users: 1000, cliUsers: 25, steady: 15 * time.Second, changes: []int{0, 10, 100}}
	full  = scale{users: 5000, cliUsers: 40, steady: time.Minute, changes: []int{0, 10, 100}}
)

// contender is one way to read an account, on an endpoint of its own.
type contender struct {
	name       string
	limits     limits
	order      order // without what the endpoint adds
	reportHere bool  // a credential report is there already
	alone      bool  // needs the processor for itself: it runs after the others
	program    []string
	script     string
	only       int // users of its account, 0 for as many as all others have
}

// order is what a contender of this program is told; it goes to its process as JSON.
type order struct {
	Endpoint, KeyID, Secret string
	Naive                   bool
	Workers                 int // of the naive one
	Clicks                  bool
	Steady                  time.Duration
	Changes                 []int
	Users                   int
	Keys                    []key // there are, to know when all have been seen
	Patience                time.Duration
}

// findings is what a contender of this program has to say.
type findings struct {
	FirstRows, Table, EveryKey, Ended moment
	Keys                              []key
	Clicks                            clicks
	Steady                            tally
	Refreshes                         []refresh
}

func (o order) measure(ctx context.Context) (findings, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	if o.Naive {
		return measureNaive(ctx, o)
	}
	return measureKeydesk(ctx, o)
}

//go:embed boto3_loop.py
var boto3Loop string

//go:embed cli_loop.sh
var cliLoop string

// The account that everything is measured against.
var usual = limits{latency: 40 * time.Millisecond, rate: 25, burst: 50, reportTime: 5 * time.Second}

func changed(change func(*limits)) limits {
	l := usual
	change(&l)
	return l
}

// The contenders whose figures have targets.
const (
	plain      = "Keydesk"
	withReport = "Keydesk, report there"
	withClicks = "Keydesk, with clicks"
	farAway    = "Keydesk, 215 ms away"
	tight      = "Keydesk, 15/s burst 15"
	perAction  = "Keydesk, bucket per action"
	boto3      = "boto3 loop"
	cli        = "AWS CLI loop"
	naive10    = "Go SDK, 10 workers"
	naive50    = "Go SDK, 50 workers"
)

func contenders(s scale) []contender {
	return []contender{
		{name: plain, limits: usual},
		{name: withReport, limits: usual, reportHere: true},
		{name: withClicks, limits: usual, order: order{Clicks: true, Steady: s.steady, Changes: s.changes}},
		{name: farAway, limits: changed(func(l *limits) { l.latency = 215 * time.Millisecond })},
		{name: tight, limits: changed(func(l *limits) { l.rate, l.burst = 15, 15 })},
		{name: perAction, limits: changed(func(l *limits) { l.perAction = true })},
		{name: boto3, limits: usual, program: []string{"/usr/bin/python3", "-"}, script: boto3Loop},
		{name: naive10, limits: usual, order: order{Naive: true, Workers: 10}},
		{name: naive50, limits: usual, order: order{Naive: true, Workers: 50}},
		{name: cli, limits: usual, program: []string{"/bin/bash", "-s"}, script: cliLoop, alone: true, only: s.cliUsers},
	}
}
