package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"keydesk/iamsvc/localaccount"
)

const (
	pagesPerSecond = 500
	pageRounds     = 5 // of each, in turns
	pageRound      = 2 * time.Second
	pageTarget     = 1.5 // times hello's p99
)

// pages is how long a list page takes under load, and a chi handler that says
// hello under the same.
type pages struct {
	list, hello []time.Duration
	failure     error
}

// measurePages asks the running program for the list of users, and in turns with
// it a handler that does nothing.
func (p *program) measurePages(ctx context.Context) (m pages) {
	routes := chi.NewRouter()
	routes.Get("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return pages{failure: err}
	}
	greeter := &http.Server{Handler: routes, ReadHeaderTimeout: time.Minute}
	defer func() { _ = greeter.Close() }()
	go func() { _ = greeter.Serve(listener) }() // ends with Close
	list := "http://" + p.address + "/accounts/" + localaccount.DefaultAccountID + "/users"
	for range pageRounds {
		for _, one := range []struct {
			url   string
			times *[]time.Duration
		}{{"http://" + listener.Addr().String(), &m.hello}, {list, &m.list}} {
			times, err := load(ctx, p.browser, one.url)
			if err != nil {
				return pages{failure: err}
			}
			*one.times = slices.Concat(*one.times, times)
		}
	}
	return m
}

// load asks for a page at a constant pace, whether answers come or not, and
// returns how long after its time each answer was complete.
func load(ctx context.Context, client *http.Client, url string) ([]time.Duration, error) {
	var wg sync.WaitGroup
	count := int(pageRound.Seconds() * pagesPerSecond)
	took, failed := make([]time.Duration, count), make([]error, count)
	started := time.Now()
	for i := range count {
		due := started.Add(time.Duration(i) * time.Second / pagesPerSecond)
		time.Sleep(time.Until(due))
		wg.Go(func() {
			failed[i] = fetch(ctx, client, url)
			took[i] = time.Since(due)
		})
	}
	wg.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return took, nil
}

func fetch(ctx context.Context, client *http.Client, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept-Encoding", "gzip") // set by hand, so that it is not unpacked here
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || resp.Request.URL.Path != r.URL.Path { // such as the sign-in page
		return fmt.Errorf("%w: %s", errNotThePage, resp.Status)
	}
	return nil
}

func (m pages) figures() []figure {
	if m.failure != nil {
		return []figure{notReached("List page under load", m.failure)}
	}
	list, hello := percentile(m.list, 99), percentile(m.hello, 99)
	name := fmt.Sprintf("p99 of a list page of the program at %d/s (%s), to a chi handler that says hello (%s)", pagesPerSecond, exact(list), exact(hello))
	return []figure{
		atMost(name, pageTarget, ratio(list, hello), times),
		{name: "Same, p50 (" + exact(percentile(m.list, 50)) + " to " + exact(percentile(m.hello, 50)) + ")", reached: times(ratio(percentile(m.list, 50), percentile(m.hello, 50)))},
	}
}

func exact(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }
