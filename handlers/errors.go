package handlers

import (
	"errors"

	"keydesk/iamsvc"
)

// ErrNotFound means that nothing is at this address.
var ErrNotFound = errors.New("nothing is at this address")

// ErrSeveralKeys means that a link names two access keys of a user.
var ErrSeveralKeys = errors.New("several access keys have the same last characters")

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
	Said string             // the server's own words, untrusted; "" when it was not asked
}

func (q *QuotaFull) Error() string { return "access key quota of " + q.User + " is full" }

// Is makes it an ErrKeyQuota.
func (q *QuotaFull) Is(target error) bool { return target == iamsvc.ErrKeyQuota }

// Onward is an error with the page to go on from: what is there in place of
// what is missing, or what has become of the thing that was to be changed.
type Onward struct {
	Err  error
	Path string
	Name string // of that page
}

func (o *Onward) Error() string { return o.Err.Error() }

// Unwrap is the error itself.
func (o *Onward) Unwrap() error { return o.Err }

// Unrecorded is a change that IAM has made, but whose outcome the journal does
// not have.
type Unrecorded struct{ Err error }

func (u *Unrecorded) Error() string { return u.Err.Error() }

// Unwrap is the journal's failure.
func (u *Unrecorded) Unwrap() error { return u.Err }
