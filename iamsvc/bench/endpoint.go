package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"keydesk/iamsvc/localaccount"
)

// limits is how slow an endpoint is, and how much it lets through.
type limits struct {
	latency    time.Duration
	rate       float64 // calls per second
	burst      int
	perAction  bool // one bucket for each action instead of one for all
	reportTime time.Duration
}

// allows is the shortest time in which so many calls can be answered.
func (l limits) allows(calls int) time.Duration {
	beyond := max(0, float64(calls-l.burst))
	return time.Duration(beyond/l.rate*float64(time.Second)) + l.latency
}

// endpoint is an embedded account behind a socket, with its limits. It also
// answers the contenders' questions below /control/, outside of the limits.
type endpoint struct {
	account *localaccount.Account
	url     string
	limits  limits
	server  *http.Server
	ahead   atomic.Int64 // how far its clock is ahead, in nanoseconds
	changed int          // users changed so far
}

// later is how much time passes when users are changed: long enough for a new
// credential report, which IAM makes every four hours at most.
const later = 4*time.Hour + time.Minute

func (e *endpoint) now() time.Time { return time.Now().Add(time.Duration(e.ahead.Load())) }

func newEndpoint(dir string, users int, l limits) (*endpoint, error) {
	e := &endpoint{limits: l}
	account, err := localaccount.Open(dir, localaccount.Options{Users: users, Now: e.now})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e.account, e.url = account, "http://"+listener.Addr().String()
	routes := http.NewServeMux()
	routes.Handle("/", account)
	routes.HandleFunc("GET /control/tally", func(w http.ResponseWriter, _ *http.Request) { reply(w, e.tally(), nil) })
	routes.HandleFunc("POST /control/change/{users}", e.serveChange)
	e.server = &http.Server{Handler: routes, ReadHeaderTimeout: time.Minute}
	go func() { _ = e.server.Serve(listener) }() // ends with close
	e.limit()
	return e, nil
}

func (e *endpoint) close() error {
	_ = e.server.Close()
	return e.account.Close()
}

// limit puts the limits in force, with full buckets.
func (e *endpoint) limit() {
	e.account.Trouble().SetReportTime(e.limits.reportTime)
	e.account.Trouble().Set("", func(r *localaccount.Rules) {
		r.Latency, r.Rate, r.Burst, r.PerAction = e.limits.latency, e.limits.rate, e.limits.burst, e.limits.perAction
	})
}

// unlimited does something to the account at full speed.
func (e *endpoint) unlimited(do func() error) error {
	e.account.Trouble().SetReportTime(time.Nanosecond)
	e.account.Trouble().Set("", func(r *localaccount.Rules) { *r = localaccount.Rules{} })
	defer e.limit()
	return do()
}

// tally is how many calls an endpoint has had.
type tally struct{ Calls, Throttled map[string]int }

func (e *endpoint) tally() tally { return tally{e.account.Calls(), e.account.Throttled()} }

func (t tally) calls() int     { return sum(t.Calls) }
func (t tally) throttled() int { return sum(t.Throttled) }

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// since is what has been counted after an earlier tally.
func (t tally) since(before tally) tally {
	return tally{difference(t.Calls, before.Calls), difference(t.Throttled, before.Throttled)}
}

func difference(after, before map[string]int) map[string]int {
	d := map[string]int{}
	for action, n := range after {
		if n -= before[action]; n != 0 {
			d[action] = n
		}
	}
	return d
}

func reply(w http.ResponseWriter, answer any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(answer) // a reader that has gone is of no interest
}

// serveChange changes as many users as the path says, lets time pass and answers
// with the keys there are now.
func (e *endpoint) serveChange(w http.ResponseWriter, r *http.Request) {
	users, err := strconv.Atoi(r.PathValue("users"))
	if err != nil {
		http.Error(w, "not a number", http.StatusBadRequest)
		return
	}
	var now []key
	err = e.unlimited(func() (err error) {
		now, err = e.change(r.Context(), users)
		e.ahead.Add(int64(later))
		return err
	})
	reply(w, now, err)
}

// ask puts a question to an endpoint's control.
func ask(ctx context.Context, method, url string, answer any) error {
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}
