package iamsvc

import "time"

// Progress is how far the reading of an account has come.
type Progress struct {
	Reading     bool          // a reading is going on, or waits while it is paused
	Paused      bool          // nothing is read in the background until Resume
	Users       int           // users known
	UsersRead   int           // of these, users whose access keys are known
	UsersFailed int           // of these, users whose access keys could not be read; they are marked in the table
	Done, Total int           // users this reading has dealt with, of those it has to
	Rate        float64       // calls per second at present
	Remaining   time.Duration // a guess; 0: cannot be told
	Started     time.Time     // when the reading began, UTC
}

// Progress of the reading that goes on, or of the last one.
func (a *Account) Progress() Progress {
	inv := a.Inventory()
	return Progress{Reading: inv.Loading, Users: len(inv.Users), UsersRead: inv.KeysRead}
}

// Watch returns a channel that is closed at the next change of the picture or
// of the progress.
func (a *Account) Watch() <-chan struct{} { return make(chan struct{}) }

// Pause stops the reading in the background until Resume. Clicks, look-ups and
// changes go on. A restart resumes.
func (a *Account) Pause() {}

// Resume goes on with what Pause stopped.
func (a *Account) Resume() {}

// ReadSoon puts users at the head of the reading: they are on a screen, or
// were just looked up, or somebody asked for another try. It does not wait.
func (a *Account) ReadSoon(names ...string) {}
