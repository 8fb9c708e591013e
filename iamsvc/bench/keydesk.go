package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"keydesk/iamsvc"
)

const (
	onScreen  = 50 // rows of a page
	lookEvery = 2 * time.Millisecond
)

// refusing is the journal of a Keydesk that only reads.
type refusing struct{}

func (refusing) Attempt(context.Context, iamsvc.Change) (int64, error) { return 0, iamsvc.ErrJournal }
func (refusing) Outcome(context.Context, int64, iamsvc.Change, iamsvc.Result) error {
	return iamsvc.ErrJournal
}

// reading is Keydesk's inventory at work on an endpoint.
type reading struct {
	order
	account *iamsvc.Account
	ahead   atomic.Int64 // how far its clock is ahead, in nanoseconds
	started time.Time
	found   findings
}

// measureKeydesk reads the whole account as the program does and notes when
// what could be seen of it. Times count from the end of Open, which asks the
// server who Keydesk is.
func measureKeydesk(ctx context.Context, o order) (findings, error) {
	m := &reading{order: o}
	account, err := iamsvc.Open(ctx, iamsvc.Config{
		AWS: aws.Config{
			Region: "us-east-1", HTTPClient: http.DefaultClient,
			Credentials: credentials.NewStaticCredentialsProvider(o.KeyID, o.Secret, ""),
		},
		IAMEndpoint: o.Endpoint, Journal: refusing{}, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Now().Add(time.Duration(m.ahead.Load())) },
		// Where the clock jumps, nobody has had the time to sweep.
		SweepEvery: sweepEvery + time.Duration(len(o.Changes))*later,
	})
	if err != nil {
		return findings{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	m.account, m.started = account, time.Now()
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		account.Run(ctx)
	}()
	clicked := make(chan clicks, 1)
	clicking, stopClicks := context.WithCancel(ctx)
	defer stopClicks()
	if o.Clicks {
		go func() { clicked <- click(clicking, account, o.Keys) }()
	}
	err = m.crawl(ctx)
	if stopClicks(); o.Clicks {
		m.found.Clicks = <-clicked
	}
	if err == nil && o.Steady > 0 {
		err = m.steady(ctx)
	}
	if err == nil {
		err = m.refreshes(ctx)
	}
	stop()
	<-ran
	return m.found, err
}

// crawl follows the first reading to its end.
func (m *reading) crawl(ctx context.Context) error {
	stages := []*stage{
		{is: m.firstRows, at: &m.found.FirstRows},
		{is: m.useful, at: &m.found.Table},
		{is: m.everyKey, at: &m.found.EveryKey},
		{is: func(inv *iamsvc.Inventory) bool { return !inv.Loading && !inv.AsOf.IsZero() }, at: &m.found.Ended},
	}
	var last *iamsvc.Inventory
	for {
		if inv := m.account.Inventory(); inv != last {
			last = inv
			m.look(inv)
			left, err := m.note(ctx, inv, stages)
			if err != nil || left == 0 {
				m.found.Keys = keysOf(inv)
				return err
			}
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			m.found.Keys = keysOf(last)
			return ctx.Err()
		}
	}
}

// stage is a state of the inventory that is waited for.
type stage struct {
	is func(*iamsvc.Inventory) bool
	at *moment
}

// moment is when a stage was reached and what it had cost.
type moment struct {
	After time.Duration // 0: never
	Cost  tally
}

func (m *reading) note(ctx context.Context, inv *iamsvc.Inventory, stages []*stage) (left int, err error) {
	for _, s := range stages {
		switch {
		case s.at.After > 0:
		case s.is(inv):
			s.at.After = time.Since(m.started)
			if err := ask(ctx, http.MethodGet, m.Endpoint+"/control/tally", &s.at.Cost); err != nil {
				return 0, err
			}
		default:
			left++
		}
	}
	return left, nil
}

// look is what the list page does when it is drawn: the rows on it are read
// first.
func (m *reading) look(inv *iamsvc.Inventory) {
	if m.found.FirstRows.After > 0 {
		return
	}
	var unread []string
	for _, u := range inv.Users[:min(onScreen, len(inv.Users))] {
		if u.KeysErr != nil {
			unread = append(unread, u.Name)
		}
	}
	if len(unread) > 0 {
		m.account.ReadSoon(unread...)
	}
}

func (m *reading) firstRows(inv *iamsvc.Inventory) bool {
	rows := min(onScreen, m.Users)
	if len(inv.Users) < rows {
		return false
	}
	for _, u := range inv.Users[:rows] {
		if !complete(u) {
			return false
		}
	}
	return true
}

func (m *reading) everyKey(inv *iamsvc.Inventory) bool {
	for _, u := range inv.Users {
		if !complete(u) {
			return false
		}
	}
	return len(inv.Users) == m.Users
}

func complete(u iamsvc.InventoryUser) bool {
	for _, k := range u.Keys {
		if k.ID == "" {
			return false
		}
	}
	return u.KeysErr == nil
}

// useful: everybody is there, with the status, age and last use of the keys the
// report has room for, which are two.
func (m *reading) useful(inv *iamsvc.Inventory) bool {
	if len(inv.Users) != m.Users {
		return false
	}
	expected := map[string]int{}
	for _, k := range m.Keys {
		expected[k.User] = min(2, expected[k.User]+1)
	}
	for _, u := range inv.Users {
		if len(u.Keys) < expected[u.Name] {
			return false
		}
		for _, k := range u.Keys {
			if k.Status == "" || k.Created.IsZero() || k.LastUsed.AsOf().IsZero() {
				return false
			}
		}
	}
	return true
}

func keysOf(inv *iamsvc.Inventory) (keys []key) {
	for _, u := range inv.Users {
		for _, k := range u.Keys {
			keys = append(keys, key{u.Name, k.ID, string(k.Status)})
		}
	}
	return keys
}
