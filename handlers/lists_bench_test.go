package handlers_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
)

// BenchmarkListRequests asks for list pages of 5,000 users as a browser does:
// through the whole site, signed in, over a connection that is kept. The figures
// are requests per second as a part of what a chi handler that says hello
// reaches, asked in turns in the same run.
func BenchmarkListRequests(b *testing.B) {
	s := newSiteOf(b, 5000)
	admin := s.signedIn("admin")
	admin.submit(admin.get(preferencesURL), preferencesURL, url.Values{"page_size": {"50"}})
	cookies := admin.cookies()
	hello := chi.NewRouter()
	hello.Get("/hello", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	greeter := httptest.NewServer(hello)
	defer greeter.Close()
	base := newPeer(b, greeter, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
	for _, c := range []struct{ name, query string }{
		{"plain", ""}, {"searched and sorted", "?q=a&sort=-key-age"},
	} {
		for _, encoding := range []string{"", "gzip"} {
			b.Run(strings.TrimSpace(c.name+" "+encoding), func(b *testing.B) {
				page := newPeer(b, s.Server, fmt.Sprintf("GET %s%s HTTP/1.1\r\nHost: x\r\nAccept-Encoding: %s\r\nCookie: %s\r\n\r\n", usersURL, c.query, encoding, cookies))
				var paged, greeted float64
				rounds := 0.0
				for b.Loop() {
					greeted += base.rate(100 * time.Millisecond)
					paged += page.rate(200 * time.Millisecond)
					rounds++
				}
				b.ReportMetric(greeted/rounds, "hello/s")
				b.ReportMetric(paged/rounds, "pages/s")
				b.ReportMetric(paged/greeted, "x")
				b.ReportMetric(float64(page.size), "bytes")
			})
		}
	}
}

// cookies are the browser's, as a header.
func (b *browser) cookies() string {
	u, err := url.Parse(b.site.Server.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	var list []string
	for _, c := range b.http.Jar.Cookies(u) {
		list = append(list, c.Name+"="+c.Value)
	}
	return strings.Join(list, "; ")
}

// peer asks one thing again and again over a few connections, with as little
// work of its own as possible.
type peer struct {
	b           *testing.B
	request     string
	connections []net.Conn
	size        int64 // of the last body
}

func newPeer(b *testing.B, s *httptest.Server, request string) *peer {
	p := &peer{b: b, request: request}
	for range 8 {
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = c.Close() })
		p.connections = append(p.connections, c)
	}
	return p
}

// rate is how many answers come per second.
func (p *peer) rate(d time.Duration) float64 {
	var asking sync.WaitGroup
	var mu sync.Mutex
	total, start := 0, time.Now()
	for _, c := range p.connections {
		asking.Go(func() {
			n, size := p.ask(c, start.Add(d))
			mu.Lock()
			defer mu.Unlock()
			total += n
			p.size = size
		})
	}
	asking.Wait()
	return float64(total) / time.Since(start).Seconds()
}

func (p *peer) ask(c net.Conn, until time.Time) (n int, size int64) {
	r := bufio.NewReaderSize(c, 64<<10)
	for time.Now().Before(until) {
		if _, err := io.WriteString(c, p.request); err != nil {
			p.b.Error(err)
			return n, size
		}
		answer, err := http.ReadResponse(r, nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			p.b.Errorf("answer %v, error %v", answer, err)
			return n, size
		}
		size, _ = io.Copy(io.Discard, answer.Body)
		n++
	}
	return n, size
}
