package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"keydesk/iamsvc/localaccount"
)

// restart is what a person sees who reloads the list while Keydesk starts again.
type restart struct {
	after   time.Duration // from the start of the process to the same table as before; the middle of restarts
	rows    string        // what the page says of the table
	failure error
}

// program is the built Keydesk on an endpoint without limits.
type program struct {
	path, folder, address string
	endpoint              *endpoint
	browser               *http.Client
	command               *exec.Cmd
}

const password = "correct horse battery staple" // #nosec G101 -- of an account that lives for a minute

// measureProgram fills the inventory of the built program, loads it, kills it
// and starts it again.
func measureProgram(ctx context.Context, folder string, users int) (r restart, m pages) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	p, err := newProgram(ctx, folder, users)
	if err != nil {
		return restart{failure: err}, pages{failure: err}
	}
	defer func() { _ = p.endpoint.close() }()
	defer p.kill()
	before, err := p.fill(ctx)
	if err != nil {
		return restart{failure: err}, pages{failure: err}
	}
	m = p.measurePages(ctx)
	return p.restart(ctx, before), m
}

// restarts is how often the program is started again.
const restarts = 5

func (p *program) restart(ctx context.Context, before table) restart {
	var took []time.Duration
	for range restarts {
		after, err := p.startAgain(ctx, before)
		if err != nil {
			return restart{failure: err}
		}
		took = append(took, after)
	}
	slices.Sort(took)
	return restart{after: took[restarts/2], rows: before.rows}
}

// startAgain kills the program and starts it again while IAM is slow to answer: a
// table that waits for a call is late by that.
func (p *program) startAgain(ctx context.Context, before table) (time.Duration, error) {
	p.kill()
	p.endpoint.limits.latency = 3 * time.Second
	p.endpoint.limit()
	started := time.Now()
	if err := p.start(ctx); err != nil {
		return 0, err
	}
	err := p.until(ctx, time.Millisecond, func(now table) bool { return now.same(before) })
	return time.Since(started), err
}

func newProgram(ctx context.Context, folder string, users int) (*program, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	p := &program{path: filepath.Join(folder, "keydesk"), folder: folder}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", p.path, "keydesk").CombinedOutput(); err != nil { // #nosec G204 -- a folder of our own
		return nil, fmt.Errorf("%w: %s", err, lastLine(string(out)))
	}
	if err := os.WriteFile(filepath.Join(folder, "password"), []byte(password), 0o600); err != nil {
		return nil, err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.address = free.Addr().String()
	if err := free.Close(); err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p.browser = &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	p.endpoint, err = newEndpoint(filepath.Join(folder, "account"), users, limits{reportTime: time.Nanosecond})
	return p, err
}

func (p *program) start(ctx context.Context) error {
	id, secret := p.endpoint.account.Credentials()
	// #nosec G204 -- the program that was just built
	p.command = exec.CommandContext(ctx, p.path, "-listen", p.address, "-data", filepath.Join(p.folder, "data"),
		"-iam-endpoint", p.endpoint.url, "-admin-password-file", filepath.Join(p.folder, "password"))
	p.command.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+id, "AWS_SECRET_ACCESS_KEY="+secret, "AWS_REGION=us-east-1")
	return p.command.Start()
}

// kill ends the program as a power cut would.
func (p *program) kill() {
	if p.command == nil {
		return
	}
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
	p.command = nil
}

// fill starts the program for the first time, signs in and waits until it has
// nothing left to ask.
func (p *program) fill(ctx context.Context) (table, error) {
	if err := p.start(ctx); err != nil {
		return table{}, err
	}
	if err := p.signIn(ctx); err != nil {
		return table{}, err
	}
	var calls int
	quiet := time.Now()
	var last table
	return last, p.until(ctx, 100*time.Millisecond, func(now table) bool {
		if n := p.endpoint.tally().calls(); n != calls {
			calls, quiet = n, time.Now()
		}
		last = now
		return len(now.keyIDs) > 0 && time.Since(quiet) > 3*time.Second
	})
}

func (p *program) signIn(ctx context.Context) error {
	form := url.Values{"user_name": {"admin"}, "password": {password}}
	for {
		resp, err := p.browser.PostForm("http://"+p.address+"/sign-in", form)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				return fmt.Errorf("signing in: %s", resp.Status)
			}
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond): // it is not listening yet
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// table is what tells one state of the page of access keys from another.
type table struct {
	rows   string
	keyIDs []string
}

var (
	rowCount = regexp.MustCompile(`data-live-count>([^<]+)<`)
	keyID    = regexp.MustCompile(`\bAKIA[A-Z2-7]{16}\b`)
)

func (t table) same(as table) bool { return t.rows == as.rows && slices.Equal(t.keyIDs, as.keyIDs) }

// until loads the page again and again until it is as wanted.
func (p *program) until(ctx context.Context, pause time.Duration, wanted func(table) bool) error {
	page := "http://" + p.address + "/accounts/" + localaccount.DefaultAccountID + "/access-keys"
	for {
		if now, err := p.load(ctx, page); err == nil && wanted(now) {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errNotThePage = errors.New("not the page that was asked for")

func (p *program) load(ctx context.Context, page string) (table, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return table{}, err
	}
	resp, err := p.browser.Do(r)
	if err != nil {
		return table{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return table{}, err
	}
	count := rowCount.FindStringSubmatch(string(body))
	if resp.StatusCode != http.StatusOK || count == nil || strings.HasSuffix(resp.Request.URL.Path, "/sign-in") {
		return table{}, errNotThePage
	}
	return table{count[1], slices.Compact(slices.Sorted(slices.Values(keyID.FindAllString(string(body), -1))))}, nil
}

func (r restart) figures() []figure {
	if r.failure != nil {
		return []figure{notReached("Whole table after a restart", r.failure)}
	}
	return []figure{atMost("Whole table ("+r.rows+") after a restart, from the start of the process, while every call to IAM takes 3 s", restartTarget, r.after, milliseconds)}
}
