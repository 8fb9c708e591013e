package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"sync"
)

// FirstRun guards the link that makes the first administrator. The token lives in
// memory as a hash and is gone with the process; the caller serves the link to
// loopback clients only, and only while there is no administrator.
type FirstRun struct {
	mu    sync.Mutex
	hash  [sha256.Size]byte
	spent bool
}

// NewFirstRun makes a token of 130 bits, to be printed once.
func NewFirstRun() (f *FirstRun, token string, err error) {
	token = rand.Text()
	return &FirstRun{hash: sha256.Sum256([]byte(token))}, token, nil
}

// Valid reports whether token would be accepted by Spend. It spends nothing, so
// that looking at the form is free.
func (f *FirstRun) Valid(token string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.valid(token)
}

// Spend accepts the token once: of any number of callers one is answered true.
func (f *FirstRun) Spend(token string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	ok := f.valid(token)
	f.spent = f.spent || ok
	return ok
}

// valid compares hashes, whose equality a stranger cannot approach byte by byte.
func (f *FirstRun) valid(token string) bool {
	got := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(got[:], f.hash[:]) == 1 && !f.spent
}
