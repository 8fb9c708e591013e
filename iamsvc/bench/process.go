package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// result is what came of a contender.
type result struct {
	contender
	findings
	there   []key // the keys the server had when it began
	users   int   // it had
	whole   int   // users of the whole account; more than it had where it was given a small one
	took    time.Duration
	cost    tally // in all
	cpu     time.Duration
	failure error
}

// run gives a contender a fresh endpoint and lets it read that.
func (c contender) run(ctx context.Context, folder string, s scale, timeline io.Writer) (r result) {
	r = result{contender: c, whole: s.users}
	e, err := newEndpoint(filepath.Join(folder, "account"), cmp.Or(c.only, s.users), c.limits)
	if err != nil {
		r.failure = err
		return r
	}
	defer func() { _ = e.close() }()
	if r.failure = r.prepare(ctx, e); r.failure != nil {
		return r
	}
	before := e.tally()
	r.order.Patience = patience(c, s)
	ctx, cancel := context.WithTimeout(ctx, r.order.Patience+10*time.Second) // by then it has told how far it came
	defer cancel()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	if timeline != nil {
		go e.printTimeline(watching, timeline, c.name)
	}
	started := time.Now()
	r.failure = r.start(ctx, e)
	r.took, r.cost = time.Since(started), e.tally().since(before)
	for _, m := range []*moment{&r.FirstRows, &r.Table, &r.EveryKey, &r.Ended} {
		if m.After > 0 && m.Cost.Calls != nil {
			m.Cost = m.Cost.since(before)
		}
	}
	if r.EveryKey.After > 0 && r.EveryKey.Cost.Calls == nil {
		r.EveryKey.Cost = r.cost
	}
	return r
}

// patience ends a contender that gets nowhere: thrice what two calls for every
// user would take at the limit.
func patience(c contender, s scale) time.Duration {
	return time.Minute + s.steady + 3*c.limits.allows(2*s.users)
}

// prepare brings the endpoint into the state the contender is to find.
func (r *result) prepare(ctx context.Context, e *endpoint) error {
	return e.unlimited(func() error {
		if r.reportHere {
			if err := e.generateReport(ctx); err != nil {
				return err
			}
		}
		users, keys, err := e.truth(ctx)
		r.there, r.users = keys, len(users)
		return err
	})
}

// start runs the contender's process to its end.
func (r *result) start(ctx context.Context, e *endpoint) error {
	id, secret := e.account.Credentials()
	if r.program != nil {
		return r.startRival(ctx, e.url, id, secret)
	}
	o := r.order
	o.Endpoint, o.KeyID, o.Secret, o.Users, o.Keys = e.url, id, secret, r.users, r.there
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, self, contenderArgument) // #nosec G204 -- this program itself
	out, err := r.output(command, bytes.NewReader(text))
	if len(out) > 0 {
		if err := json.Unmarshal(out, &r.findings); err != nil {
			return err
		}
	}
	return err
}

// startRival runs a script. It gives one line for each key, and everything at
// its end.
func (r *result) startRival(ctx context.Context, url, id, secret string) error {
	arguments := append(r.program[1:len(r.program):len(r.program)], url)
	command := exec.CommandContext(ctx, r.program[0], arguments...) // #nosec G204 -- one of the table in contender.go
	command.Env = []string{"PATH=/usr/bin:/bin", "HOME=/nonexistent", "AWS_ACCESS_KEY_ID=" + id, "AWS_SECRET_ACCESS_KEY=" + secret,
		"AWS_DEFAULT_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true"}
	started := time.Now()
	out, err := r.output(command, strings.NewReader(r.script))
	if err == nil {
		r.EveryKey.After = time.Since(started)
	}
	lines := json.NewDecoder(bytes.NewReader(out))
	for lines.More() {
		var k key
		if err := lines.Decode(&k); err != nil {
			return err
		}
		r.Keys = append(r.Keys, k)
	}
	return err
}

func (r *result) output(command *exec.Cmd, input io.Reader) ([]byte, error) {
	var complaints strings.Builder
	command.Stdin, command.Stderr = input, &complaints
	out, err := command.Output()
	if state := command.ProcessState; state != nil {
		r.cpu = state.UserTime() + state.SystemTime()
	}
	if err != nil {
		err = fmt.Errorf("%w: %s", err, lastLine(complaints.String()))
	}
	return out, err
}

// lastLine is where most programs say what went wrong.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// contenderArgument makes this program a contender.
const contenderArgument = "contender"

// contend is the whole of a contender's process: an order comes in, findings go
// out, as far as they have come.
func contend(ctx context.Context, in io.Reader, out io.Writer) error {
	var o order
	if err := json.NewDecoder(in).Decode(&o); err != nil {
		return err
	}
	found, err := o.measure(ctx)
	if failed := json.NewEncoder(out).Encode(found); failed != nil {
		return failed
	}
	return err
}
