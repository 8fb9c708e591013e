package handlers

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"keydesk/iamsvc"
	"keydesk/web/auth"
)

// How a stream is kept. Browsers open six connections to a host, so that a
// person's tabs must not hold them all.
const (
	streamsPerSession = 4
	streamsInAll      = 200
	eventEvery        = 500 * time.Millisecond // at most this often
	askAgainEvery     = 2 * time.Second        // whether the person may still see it
	heartbeatEvery    = 20 * time.Second       // proxies close what is silent
	eventPatience     = 10 * time.Second       // for a client that does not read
)

// Streams counts the open streams. Its zero value is ready for use.
type Streams struct {
	mu        sync.Mutex
	bySession map[string]int
	all       int
}

// open returns what to call at the end of the stream; false when there are
// too many.
func (s *Streams) open(session string) (end func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= streamsInAll || s.bySession[session] >= streamsPerSession {
		return nil, false
	}
	if s.bySession == nil {
		s.bySession = map[string]int{}
	}
	s.all++
	s.bySession[session]++
	return func() { s.close(session) }, true
}

func (s *Streams) close(session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.bySession[session]--; s.bySession[session] == 0 {
		delete(s.bySession, session)
	}
}

// progressEvent is what progress.js is told. It names nobody.
type progressEvent struct {
	Text    string `json:"text"`
	Value   int    `json:"value"`
	Max     int    `json:"max"`
	Paused  bool   `json:"paused"`
	Failed  bool   `json:"failed"`
	Picture int    `json:"picture"` // another number is a newer picture
	Ended   bool   `json:"ended"`   // nothing follows
}

func newProgressEvent(p iamsvc.Progress, picture int) progressEvent {
	value, most := readingShare(p)
	return progressEvent{
		Text: readingText(p), Value: value, Max: most, Paused: p.Paused, Failed: p.UsersFailed > 0,
		Picture: picture, Ended: !p.Reading && !p.Paused,
	}
}

// Progress sends server-sent events until the reading ends, the client leaves,
// the person is signed out or the server stops.
func (i Inventory) Progress(w http.ResponseWriter, r *http.Request) error {
	account, err := i.account(r)
	if err != nil {
		return err
	}
	current, err := i.Sessions.Current(r)
	if err != nil {
		return err
	}
	end, ok := i.Streams.open(current.Handle)
	if !ok {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many streams", http.StatusTooManyRequests)
		return nil
	}
	defer end()
	s, err := newEventStream(w)
	if err != nil || r.Method == http.MethodHead {
		return err
	}
	return i.follow(r, account, s)
}

// follow sends what changes. Its errors are those of a client that has gone,
// to whom nothing can be said.
func (i Inventory) follow(r *http.Request, account *iamsvc.Account, s *eventStream) error {
	tick := time.NewTicker(eventEvery)
	defer tick.Stop()
	stopping := i.Stopping(r.Context())
	shown, pictures := account.Inventory(), 0
	var last progressEvent
	var watch <-chan struct{}
	asked, look := time.Now(), true
	for {
		if look {
			watch = account.Watch() // before looking, or a change in between is missed
			if inventory := account.Inventory(); inventory != shown {
				shown = inventory
				pictures++
			}
			event := newProgressEvent(account.ProgressIn(shown), pictures)
			if event != last && s.send(event) != nil || event.Ended {
				return nil
			}
			last = event
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-stopping:
			return nil
		case <-tick.C:
		}
		look = isClosed(watch)
		if time.Since(asked) >= askAgainEvery {
			if !i.StillAllowed(r, auth.ViewUsers) {
				return nil
			}
			asked, look = time.Now(), true
		}
		if s.beat() != nil {
			return nil
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// eventStream writes server-sent events.
type eventStream struct {
	w       io.Writer
	control *http.ResponseController
	wrote   time.Time
}

// newEventStream takes the limits of ordinary answers off the connection: its
// reading deadline would end the request, its writing deadline the answer.
func newEventStream(w http.ResponseWriter) (*eventStream, error) {
	s := &eventStream{w: w, control: http.NewResponseController(w)}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")          // nginx would keep events back
	h.Set(gzhttp.HeaderNoCompression, "true") // and so would gzip
	return s, s.control.SetReadDeadline(time.Time{})
}

func (s *eventStream) send(event progressEvent) error {
	data, err := json.Marshal(event)
	if err != nil {
		return err
	}
	return s.write("data: " + string(data) + "\n\n")
}

// beat writes a comment when nothing was written for long.
func (s *eventStream) beat() error {
	if time.Since(s.wrote) < heartbeatEvery {
		return nil
	}
	return s.write(": still here\n\n")
}

func (s *eventStream) write(text string) error {
	s.wrote = time.Now()
	err := s.control.SetWriteDeadline(s.wrote.Add(eventPatience))
	_, writeErr := io.WriteString(s.w, text)
	return errors.Join(err, writeErr, s.control.Flush())
}
