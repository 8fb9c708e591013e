package iamsvc

import (
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// lane is a pair of SDK clients with retry settings and a deadline of their own.
type lane struct {
	iam      *iam.Client
	sts      *sts.Client
	deadline time.Duration // for one call, its retries included
}

func newLane(c Config, r aws.Retryer, deadline time.Duration) *lane {
	cfg := c.AWS.Copy()
	cfg.Retryer = func() aws.Retryer { return r }
	cfg.RetryMaxAttempts = 0
	cfg.ClientLogMode = 0 // a body that is logged is a secret that is logged
	cfg.HTTPClient = newTransport(c.AWS.HTTPClient)
	return &lane{
		iam: iam.NewFromConfig(cfg, func(o *iam.Options) {
			if c.IAMEndpoint != "" {
				o.BaseEndpoint = aws.String(c.IAMEndpoint)
			}
		}),
		sts: sts.NewFromConfig(cfg, func(o *sts.Options) {
			if c.STSEndpoint != "" {
				o.BaseEndpoint = aws.String(c.STSEndpoint)
			}
		}),
		deadline: deadline,
	}
}

// interactiveRetryer repeats quickly: a person waits, at most the lane's deadline.
func interactiveRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 3
		neverRepeatUnsupported(o)
		o.MaxBackoff = 400 * time.Millisecond
	})
}

// writeRetryer serves the changes that may be repeated safely (setting a
// status, deleting, tagging). Creations replace it by aws.NopRetryer.
func writeRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 4
		neverRepeatUnsupported(o)
		o.MaxBackoff = time.Second
	})
}

// neverRepeatUnsupported: a server that answers a call with an HTML page of
// status 500 does so every time.
func neverRepeatUnsupported(o *retry.StandardOptions) {
	unsupported := retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
		if errors.Is(classify("", err), ErrUnsupported) {
			return aws.FalseTernary
		}
		return aws.UnknownTernary
	})
	o.Retryables = append([]retry.IsErrorRetryable{unsupported}, o.Retryables...)
}
