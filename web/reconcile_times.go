//go:build !faultpoints

package web

import "time"

const (
	// settleAfter is longer than a creation may take, its retries and the lag of
	// IAM's lists together.
	settleAfter    = 2 * time.Minute
	reconcileEvery = time.Minute
)
