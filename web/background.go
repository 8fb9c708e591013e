package web

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Background is what runs beside the requests and writes to the database too:
// whoever closes that stops this first, or what is being written is lost and
// SQLite's log is left behind.
type Background struct {
	ctx     context.Context
	end     context.CancelFunc
	late    chan struct{}
	running sync.WaitGroup
}

// stopTimeout is counted from the end of the context, as the requests' drain is.
const stopTimeout = drainTimeout + time.Second

var errStillRunning = errors.New("stopped before everything in the background had ended")

// NewBackground is empty. What is put into it ends with ctx or by Stop.
func NewBackground(ctx context.Context) *Background {
	b := &Background{late: make(chan struct{})}
	b.ctx, b.end = context.WithCancel(ctx)
	context.AfterFunc(b.ctx, func() { time.AfterFunc(stopTimeout, func() { close(b.late) }) })
	return b
}

// Go runs a part, which returns soon after its context has ended.
func (b *Background) Go(part func(context.Context)) {
	b.running.Go(func() { part(b.ctx) })
}

// Stop waits until every part has returned. The error says that one did not in
// time: a supervisor's patience is limited.
func (b *Background) Stop() error {
	b.end()
	done := make(chan struct{})
	go func() {
		b.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-b.late:
		return errStillRunning
	}
}
