package handlers

import (
	"errors"

	"keydesk/iamsvc"
)

// ErrNotFound means that nothing is at this address.
var ErrNotFound = errors.New("nothing is at this address")

// Changed means that what the person saw and confirmed is no longer so:
// nothing was done, and the page to look at is at Path.
type Changed struct {
	What string // what is different now, a whole sentence
	Path string
}

func (c *Changed) Error() string { return "changed meanwhile: " + c.What }

// QuotaFull means that the user has as many access keys as IAM allows.
type QuotaFull struct {
	User string
	Keys []iamsvc.AccessKey // the keys that fill it
	Path string             // where they can be deleted
}

func (q *QuotaFull) Error() string { return "access key quota of " + q.User + " is full" }

// Is makes it an ErrKeyQuota.
func (q *QuotaFull) Is(target error) bool { return target == iamsvc.ErrKeyQuota }

// Missing is a user or key that is not there, with the way back to what is.
type Missing struct {
	Err  error  // iamsvc.ErrNoSuchUser or iamsvc.ErrNoSuchKey
	Path string // page to go on from
	Name string // of that page
}

func (m *Missing) Error() string { return m.Err.Error() }

// Unwrap is the reason.
func (m *Missing) Unwrap() error { return m.Err }
