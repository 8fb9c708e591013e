//go:build faultpoints

package web

import "time"

// Tests kill the program many times and cannot wait for minutes each time.
const (
	settleAfter    = 500 * time.Millisecond
	reconcileEvery = 200 * time.Millisecond
)
