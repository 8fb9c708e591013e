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
	"syscall"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
)

// BenchmarkListRequests asks for list pages of 5,000 users as a browser does:
// through the whole site, signed in, over a connection that is kept. The figures
// are processor time for each answer, that of the asking side included, and what
// it is to that of a chi handler that says hello, asked in turns in the same run.
func BenchmarkListRequests(b *testing.B) {
	s := newSiteOf(b, 5000)
	admin := s.signedIn("admin")
	admin.submit(admin.get(preferencesURL), preferencesURL, url.Values{"page_size": {"50"}})
	cookies := admin.cookies()
	hello := chi.NewRouter()
	hello.Get("/hello", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	greeter := httptest.NewServer(hello)
	defer greeter.Close()
	base := newPeer(b, greeter, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
	for _, c := range []struct{ name, query string }{
		{"plain", ""}, {"searched and sorted", "?q=a&sort=-key-age"},
	} {
		for _, encoding := range []string{"", "gzip"} {
			b.Run(strings.TrimSpace(c.name+" "+encoding), func(b *testing.B) {
				page := newPeer(b, s.Server, fmt.Sprintf("GET %s%s HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: %s\r\nCookie: %s\r\n\r\n", usersURL, c.query, encoding, cookies))
				page.ask(10)
				var greeted, paged time.Duration
				rounds := 0
				for b.Loop() {
					greeted += base.ask(1000)
					paged += page.ask(200)
					rounds++
				}
				per := func(d time.Duration, n int) float64 { return float64(d.Microseconds()) / float64(n*rounds) }
				b.ReportMetric(per(greeted, 1000), "hello-us")
				b.ReportMetric(per(paged, 200), "page-us")
				b.ReportMetric(per(greeted, 1000)/per(paged, 200), "x")
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
	for range 4 {
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = c.Close() })
		p.connections = append(p.connections, c)
	}
	return p
}

// ask is how much of the processors' time n answers took. Unlike their rate it
// says the same on a busy machine.
func (p *peer) ask(n int) time.Duration {
	start := processorTime(p.b)
	var asking sync.WaitGroup
	for i, c := range p.connections {
		asking.Go(func() {
			if size := p.askOver(c, n/len(p.connections)); i == 0 {
				p.size = size
			}
		})
	}
	asking.Wait()
	return processorTime(p.b) - start
}

func (p *peer) askOver(c net.Conn, n int) (size int64) {
	r := bufio.NewReaderSize(c, 64<<10)
	for range n {
		if _, err := io.WriteString(c, p.request); err != nil {
			p.b.Error(err)
			return 0
		}
		answer, err := http.ReadResponse(r, nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			p.b.Errorf("answer %v, error %v", answer, err)
			return 0
		}
		size, _ = io.Copy(io.Discard, answer.Body)
	}
	return size
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
