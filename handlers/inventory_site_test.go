package handlers_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc/localaccount"
	"keydesk/web"
)

const (
	progressURL = "/accounts/123456789012/inventory/progress"
	pauseURL    = "/accounts/123456789012/inventory/pause"
	resumeURL   = "/accounts/123456789012/inventory/resume"
)

// newReadingSite is a site whose first reading is held up before the first
// access key, until release is called.
func newReadingSite(t *testing.T) (s *site, release func()) {
	t.Helper()
	dir := t.TempDir()
	database, err := peopled()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "keydesk.db"), database, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	s = newSiteIn(t, dir, 40)
	s.Local.Trouble().Set("ListAccessKeys", func(r *localaccount.Rules) { r.Latency = time.Hour })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Account.Refresh(ctx) // it is cancelled
	}()
	release = func() {
		cancel()
		<-ended
	}
	t.Cleanup(release)
	s.until("users are listed", func() bool { return len(s.Account.Inventory().Users) > 0 })
	return s, release
}

// until waits for what is happening elsewhere.
func (s *site) until(what string, is func() bool) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatal("waited in vain: " + what)
		}
	}
}

// progressEvent is what a browser is told.
type progressEvent struct {
	Text                  string
	Value, Max, Picture   int
	Paused, Failed, Ended bool
}

// stream is an open stream of a browser.
type stream struct {
	t        testing.TB
	response *http.Response
	lines    *bufio.Scanner
	leave    context.CancelFunc
}

func (b *browser) stream(server string) *stream {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	b.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server+progressURL, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	response, err := b.http.Do(r) // it asks for gzip, as browsers do
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = response.Body.Close() })
	return &stream{t: b.t, response: response, lines: bufio.NewScanner(response.Body), leave: cancel}
}

// next is the next event; false at the end of the stream.
func (s *stream) next() (e progressEvent, ok bool) {
	s.t.Helper()
	for s.lines.Scan() {
		data, is := strings.CutPrefix(s.lines.Text(), "data: ")
		if !is {
			continue
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			s.t.Fatalf("%s: %v", data, err)
		}
		return e, true
	}
	return e, false
}

// begin is the first event of a reading that goes on.
func (s *stream) begin() {
	s.t.Helper()
	if e, ok := s.next(); !ok || e.Ended || !strings.Contains(e.Text, "Reading") {
		s.t.Fatalf("status %d, the stream begins with %+v %v", s.response.StatusCode, e, ok)
	}
}

// last reads on to the end.
func (s *stream) last() (last progressEvent) {
	s.t.Helper()
	for e, ok := s.next(); ok; e, ok = s.next() {
		last = e
	}
	return last
}

func TestProgressIsStreamed(t *testing.T) {
	t.Parallel()
	s, release := newReadingSite(t)
	stream := s.signedIn("helen").stream(s.Server.URL)
	stream.begin()
	h := stream.response.Header
	if h.Get("Content-Type") != "text/event-stream" || h.Get("Content-Encoding") != "" || stream.response.Uncompressed {
		t.Errorf("header %v", h)
	}
	release()
	if e := stream.last(); !e.Ended || strings.Contains(e.Text, "Reading") || e.Picture == 0 {
		t.Errorf("the stream ends with %+v", e)
	}
	if e := s.signedIn("ada").stream(s.Server.URL).last(); !e.Ended {
		t.Errorf("nothing is read, and the stream ends with %+v", e)
	}
}

// The limits of ordinary answers would end every stream after a while.
func TestProgressOutlivesTheServersTimeouts(t *testing.T) {
	t.Parallel()
	s, release := newReadingSite(t)
	hasty := httptest.NewUnstartedServer(s.Server.Config.Handler)
	hasty.Config.ReadTimeout, hasty.Config.WriteTimeout = 200*time.Millisecond, 200*time.Millisecond
	hasty.Start()
	t.Cleanup(hasty.Close)
	stream := s.signedIn("helen").stream(hasty.URL)
	stream.begin()
	release() // what follows is sent half a second after the first event
	if e := stream.last(); !e.Ended {
		t.Errorf("the stream was cut off after %+v", e)
	}
}

func TestProgressEndsWithTheSession(t *testing.T) {
	t.Parallel()
	s, _ := newReadingSite(t)
	for name, end := range map[string]func(b *browser){
		"ada":   func(b *browser) { b.post("/sign-out", nil).wantStatus(t, http.StatusOK) },
		"helen": func(*browser) { s.must(s.People.SetDisabled(t.Context(), s.person("helen").ID, true)) },
		"admin": func(*browser) {
			_, err := s.Options.Sessions.EndAll(t.Context(), s.person("admin").ID, "")
			s.must(err)
		},
	} {
		b := s.signedIn(name)
		stream := b.stream(s.Server.URL)
		stream.begin()
		end(b)
		if e := stream.last(); e.Ended {
			t.Errorf("%s was told that the reading has ended: %+v", name, e)
		}
		if again := b.stream(s.Server.URL); again.response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s gets another stream", name)
		}
	}
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestProgressEndsWhenTheClientLeaves(t *testing.T) {
	t.Parallel()
	s, _ := newReadingSite(t)
	b := s.signedIn("ada")
	var open []*stream
	for len(open) < 4 {
		stream := b.stream(s.Server.URL)
		stream.begin()
		open = append(open, stream)
	}
	refused := b.stream(s.Server.URL).response
	if refused.StatusCode != http.StatusTooManyRequests || refused.Header.Get("Retry-After") == "" {
		t.Errorf("a fifth stream of one session: %d", refused.StatusCode)
	}
	s.signedIn("helen").stream(s.Server.URL).begin()
	open[0].leave()
	s.until("the stream of a client that left is given up", func() bool {
		stream := b.stream(s.Server.URL)
		defer stream.leave()
		return stream.response.StatusCode == http.StatusOK
	})
	if status := b.request(http.MethodHead, progressURL).Status; status != http.StatusOK && status != http.StatusTooManyRequests {
		t.Errorf("HEAD: %d", status)
	}
}

func TestOpenStreamsDoNotHoldUpTheStop(t *testing.T) {
	t.Parallel()
	s, _ := newReadingSite(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- web.Serve(ctx, l, s.Server.Config.Handler, "", "", s.Options.Log) }()
	stream := s.signedIn("ada").stream("http://" + l.Addr().String())
	stream.begin()
	stop()
	stream.last()
	if err := <-stopped; err != nil {
		t.Errorf("the server had to be stopped by force: %v", err)
	}
}

func TestReadingBarOnThePages(t *testing.T) {
	t.Parallel()
	s, release := newReadingSite(t)
	admin, helen := s.signedIn("admin"), s.signedIn("helen")
	pages := []string{usersURL, accessKeysURL, dashboardURL}
	for _, path := range pages {
		p := admin.get(path).wantStatus(t, http.StatusOK).
			wantText(t, "<progress", `data-stream="`+progressURL+`"`, "js/progress.js", `<noscript><meta http-equiv="refresh"`)
		if _, ok := p.form(t, pauseURL); !ok {
			t.Errorf("%s: an administrator cannot pause", path)
		}
		if _, ok := helen.get(path).wantText(t, "<progress").form(t, pauseURL); ok {
			t.Errorf("%s: help desk can pause", path)
		}
	}
	release()
	for _, path := range pages {
		if p := admin.get(path); strings.Contains(p.Body, "<progress") || strings.Contains(p.Body, "<noscript>") {
			t.Errorf("%s: there is a bar though nothing is read\n%s", path, p.Body)
		}
	}
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	s, _ := newReadingSite(t)
	admin := s.signedIn("admin")
	list := admin.get(usersURL + "?q=a&sort=-name")
	p := admin.submit(list, pauseURL, nil).wantStatus(t, http.StatusOK).wantText(t, "Paused", "reading paused")
	if strings.Contains(p.Body, "still reading") {
		t.Error("the page says that it is paused, and that it goes on")
	}
	if p.URL.RequestURI() != usersURL+"?q=a&sort=-name" {
		t.Errorf("came back to %s", p.URL.RequestURI())
	}
	if e := s.events("PauseReading"); len(e) != 1 || e[0].Actor.Name != "admin" || e[0].Account != "123456789012" || e[0].Outcome != "ok" {
		t.Errorf("journal %+v", e)
	}
	if !s.Account.Progress().Paused {
		t.Error("it is not paused")
	}
	admin.submit(p, usersURL+"/refresh", nil).wantText(t, "The reading is paused", "Paused")
	// A spent token, somebody else's and none at all do nothing.
	form, _ := list.form(t, resumeURL)
	admin.post(resumeURL, form).wantText(t, "This page was too old", "Paused")
	admin.post(resumeURL, url.Values{"list": {"keys"}}).wantText(t, "This page was too old", "Paused")
	s.signedIn("helen").post(resumeURL, form).wantStatus(t, http.StatusForbidden)
	if len(s.events("ResumeReading")) != 0 || !s.Account.Progress().Paused {
		t.Error("it was resumed without a token")
	}
	admin.submit(p, resumeURL, nil).wantStatus(t, http.StatusOK)
	if len(s.events("ResumeReading")) != 1 || s.Account.Progress().Paused {
		t.Error("it was not resumed")
	}
}
