package iamsvc

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// A call that takes longer counts as unanswered before its deadline: until then
	// every page would wait for the same silence.
	hangsAfter = 2 * time.Second
	// After so many unanswered calls in a row the next ones are not tried,
	tripAfter = 3
	// but for one in this time, which finds out whether IAM answers again.
	probeEvery = 2 * time.Second
)

var errNoAnswer = errors.New("no answer yet")

// breaker remembers that the last calls were not answered, so that pages say so at
// once instead of waiting for it again. Calls of a change are always tried: an
// emergency button must work in the very second in which IAM does.
type breaker struct {
	circuit *gobreaker.TwoStepCircuitBreaker[any]
	last    atomic.Pointer[CallError] // the last unanswered call: why, for those that are not tried
}

func newBreaker() *breaker {
	return &breaker{circuit: gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
		Timeout:      probeEvery,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		IsSuccessful: func(err error) bool { return err == nil },
		// A client that hangs up, and a call that got no turn, say nothing about IAM.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) || errors.Is(err, ErrThrottled) },
	})}
}

// begin answers ErrUnavailable without a call where the last ones were not answered.
// Otherwise ended must be told the call's classified error.
func (b *breaker) begin(ctx context.Context, operation string, t *trace) (ended func(error), err error) {
	if b == nil {
		return func(error) {}, nil
	}
	done, err := b.circuit.Allow()
	if err != nil && !isForChange(ctx) {
		return nil, b.notTried(operation)
	}
	if err != nil {
		return func(error) {}, nil
	}

	var once sync.Once
	tell := func(err error) { once.Do(func() { done(err) }) }
	t.hangs = func() { tell(errNoAnswer) }
	return func(err error) {
		var c *CallError
		if errors.Is(err, ErrUnavailable) && errors.As(err, &c) {
			b.last.Store(c)
		}
		tell(unanswered(err))
	}, nil
}

// notTried has the cause of the last call that was not answered.
func (b *breaker) notTried(operation string) error {
	e := &CallError{Operation: operation, Message: "not called: the last calls were not answered", Kind: ErrUnavailable}
	if last := b.last.Load(); last != nil {
		e.Kind = last.Kind
	}
	return e
}

// unanswered keeps the errors that are no answer: a refusal is one.
func unanswered(err error) error {
	for _, kind := range []error{ErrUnavailable, ErrThrottled, context.Canceled} {
		if errors.Is(err, kind) {
			return err
		}
	}
	return nil
}
