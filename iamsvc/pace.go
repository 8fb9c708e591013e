package iamsvc

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"golang.org/x/time/rate"
)

// The background rate stays between these (calls per second). IAM's own limit
// is not published and is shared with everything else in the account.
const (
	slowestRate = 0.5
	rateGrowth  = 1.0 // per second without a throttle
)

// pacedRetryer is the background lane's: each attempt, a repeated one too,
// waits for its turn, and a throttle halves the rate for all.
type pacedRetryer struct {
	*retry.Standard
	limiter *rate.Limiter
	ceiling rate.Limit

	mu         sync.Mutex
	lastChange time.Time
}

func newPacedRetryer(perSecond float64) *pacedRetryer {
	return &pacedRetryer{
		Standard: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 8
			o.MaxBackoff = 5 * time.Second
			neverRepeatUnsupported(o)
			// The SDK's bucket of retry tokens gives up calls when many are
			// throttled at once; here that would be keys missing from the table.
			o.RateLimiter = ratelimit.None
		}),
		limiter:    rate.NewLimiter(rate.Limit(perSecond), max(1, int(2*perSecond))),
		ceiling:    rate.Limit(4 * perSecond),
		lastChange: time.Now(),
	}
}

// GetAttemptToken implements aws.RetryerV2: the SDK asks before each attempt
// and tells the attempt's error afterwards.
func (p *pacedRetryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	if err := p.limiter.Wait(ctx); err != nil {
		return nil, err
	}
	return func(err error) error {
		p.learn(err)
		return nil
	}, nil
}

// learn halves the rate on a throttle, at most once a second so that one burst
// of refusals counts once, and lets it grow slowly otherwise.
func (p *pacedRetryer) learn(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	since := time.Since(p.lastChange)
	if since < time.Second {
		return
	}
	p.lastChange = time.Now()
	next := p.limiter.Limit() + rateGrowth
	if errors.Is(classify("", err), ErrThrottled) {
		next = p.limiter.Limit() / 2
	}
	p.limiter.SetLimit(min(max(next, slowestRate), p.ceiling))
}

var _ aws.RetryerV2 = (*pacedRetryer)(nil)
