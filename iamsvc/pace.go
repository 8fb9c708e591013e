package iamsvc

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"keydesk/iamsvc/pace"
)

// pacedRetryer makes each attempt of a lane, a repeated one too, wait for its
// turn at the account's limiter.
//
// A throttled attempt says nothing but "not now", so it is repeated until the
// call's context ends. Other failures are repeated a few times.
type pacedRetryer struct {
	*retry.Standard
	limiter  *pace.Limiter
	class    pace.Class
	failures int // attempts that may fail for another reason than throttling
	wait     time.Duration
}

func newPacedRetryer(l *pace.Limiter, c pace.Class, failures int, longestWait time.Duration) *pacedRetryer {
	return &pacedRetryer{
		Standard: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxBackoff = longestWait
			// The SDK's bucket of retry tokens gives up calls when many are
			// throttled at once; here that would be keys missing from the table.
			o.RateLimiter = ratelimit.None
			o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(repeatable)}, o.Retryables...)
		}),
		limiter: l, class: c, failures: failures, wait: longestWait,
	}
}

// repeatable knows what the SDK does not: a server that answers a call with an
// HTML page of status 500 does so every time, and other servers have codes of
// their own for throttling.
func repeatable(err error) aws.Ternary {
	switch kind := classify("", err); {
	case errors.Is(kind, ErrUnsupported), errors.Is(kind, ErrInterposed):
		return aws.FalseTernary
	case errors.Is(kind, ErrThrottled):
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// MaxAttempts says that there is no maximum: GetRetryToken counts failures.
func (p *pacedRetryer) MaxAttempts() int { return 0 }

// GetAttemptToken implements aws.RetryerV2: the SDK asks before each attempt
// and tells the attempt's error afterwards.
func (p *pacedRetryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	t := traceOf(ctx)
	turn, err := p.limiter.Wait(ctx, p.classOf(ctx), awsmiddleware.GetOperationName(ctx), t.sent > 0)
	if err != nil {
		if t.sent == 0 {
			t.throttled = errNoTurn
		}
		return nil, err
	}
	t.turn, t.before = turn, t.sent
	return func(err error) error {
		t.endTurn(err)
		return nil
	}, nil
}

type changeKey struct{}

// ForChange returns a context whose calls go before those of other pages: for
// changes, and for what their forms show. Without it, a few look-ups that wait for
// their turns would keep a leaked key active.
func ForChange(ctx context.Context) context.Context { return context.WithValue(ctx, changeKey{}, true) }

func isForChange(ctx context.Context) bool { return ctx.Value(changeKey{}) != nil }

func (p *pacedRetryer) classOf(ctx context.Context) pace.Class {
	if p.class == pace.Person && isForChange(ctx) {
		return pace.Change
	}
	return p.class
}

// endTurn tells the limiter what became of the attempt under way, if there is
// one.
func (t *trace) endTurn(err error) {
	if t.turn == nil {
		return
	}
	outcome := pace.Served
	switch {
	case errors.Is(classify("", err), ErrThrottled):
		outcome = pace.Refused
	case t.sent == t.before:
		outcome = pace.Unsent
	}
	t.turn.Done(outcome)
	t.turn = nil
}

// errNoTurn is for who waited for a first turn in vain: IAM refuses calls that
// come faster, and has not been asked.
var errNoTurn = &smithy.GenericAPIError{Code: "Throttling", Message: "no turn came in time"}

var errGivenUp = errors.New("it failed too often")

// GetRetryToken is asked whether a failed attempt may be repeated.
func (p *pacedRetryer) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	t := traceOf(ctx)
	t.endTurn(err)
	if kind := classify("", err); errors.Is(kind, ErrThrottled) {
		t.throttled = err
		return func(error) error { return nil }, nil
	}
	if t.failures++; t.failures >= p.failures {
		return nil, errGivenUp
	}
	return func(error) error { return nil }, nil
}

// RetryDelay is nothing after a first throttle, which the limiter has learnt
// from: the call is only waiting for its next turn. Somebody throttled again
// and again is throttled for a reason of his own.
func (p *pacedRetryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	if !errors.Is(classify("", err), ErrThrottled) {
		return p.Standard.RetryDelay(attempt, err)
	}
	if attempt == 1 {
		return 0, nil
	}
	longest := min(p.wait, 50*time.Millisecond<<min(attempt, 10))
	return longest/2 + rand.N(longest/2), nil
}

// onceRetryer is a creation's: it waits for its turn and is sent once.
type onceRetryer struct{ *pacedRetryer }

func (onceRetryer) IsErrorRetryable(error) bool { return false }

var _ aws.RetryerV2 = (*pacedRetryer)(nil)

// callRate is how many calls per second went to the account over the last
// seconds.
func (a *Account) callRate() float64 { return a.limiter.Rate() }

// paceEstimate is what is known of the account's limit.
func (a *Account) paceEstimate() pace.Estimate { return a.limiter.Estimate() }

// usePaceEstimate begins with what an earlier start of Keydesk knew.
func (a *Account) usePaceEstimate(e pace.Estimate) { a.limiter.Use(e) }
