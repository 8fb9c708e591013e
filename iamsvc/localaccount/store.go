package localaccount

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"
)

// store keeps the account in memory and on disk. Every change goes through commit, one at a time: it is on disk
// before anybody can see it, and a change that could not be written did not happen.
type store struct {
	mu      sync.RWMutex
	log     *stateLog
	account accountRecord
	users   roster
	owners  map[string]string // access key ID -> key of its user
	report  *storedReport
	past    []moment
}

// moment is what a lagging read may still see: the users as they were until a change.
type moment struct {
	until time.Time
	users roster
}

func newStore(log *stateLog, records []record) *store {
	s := &store{log: log, owners: map[string]string{}}
	byKey := map[string]*user{}
	for _, r := range records {
		switch {
		case r.User != nil:
			byKey[r.User.key()] = r.User
		case r.Deleted != "":
			delete(byKey, r.Deleted)
		case r.Account != nil:
			s.account = *r.Account
		case r.Report != nil:
			s.report = r.Report
		}
	}
	for key, u := range byKey {
		s.users = append(s.users, u)
		for _, k := range u.Keys {
			s.owners[k.ID] = key
		}
	}
	slices.SortFunc(s.users, func(a, b *user) int { return cmp.Compare(a.key(), b.key()) })
	return s
}

// records is the whole account as a fresh log would hold it.
func (s *store) records() []record {
	all := []record{{Account: &s.account}}
	if s.report != nil {
		all = append(all, record{Report: s.report})
	}
	for _, u := range s.users {
		all = append(all, record{User: u})
	}
	return all
}

func (s *store) roster() roster {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.users
}

// rosterBefore is what a reader sees who is lag behind.
func (s *store) rosterBefore(lag time.Duration) roster {
	s.mu.RLock()
	defer s.mu.RUnlock()
	asOf := time.Now().Add(-lag)
	for _, m := range s.past {
		if m.until.After(asOf) {
			return m.users
		}
	}
	return s.users
}

// keyOwner finds the user an access key belongs to, and the key; nil for a key this account does not have.
func (s *store) keyOwner(id string) (*user, *accessKey) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	name, known := s.owners[id]
	if !known {
		return nil, nil
	}
	u := s.users.find(name)
	return u, u.accessKey(id)
}

// write says how much of a change's safety its caller is ready to wait for.
type write struct {
	relaxed bool          // written but not forced to disk: good enough for a last-used date
	history time.Duration // how long lagging reads may still see the state before
}

// create adds a user; check decides, with the account held still, whether it may be added.
func (s *store) create(u *user, w write, check func(roster) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := check(s.users); err != nil {
		return err
	}
	return s.commit(record{User: u}, w, func() { s.users = s.users.with(u) })
}

// change applies one change to a user and returns the user as it then is. An error from apply leaves all as it was.
func (s *store) change(name string, w write, apply func(*user) error) (*user, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users.find(name)
	if u == nil {
		return nil, noSuchUser(name)
	}
	next := u.clone()
	if err := apply(next); err != nil {
		return nil, err
	}
	return next, s.commit(record{User: next}, w, func() {
		s.users = s.users.with(next)
		s.reindex(u, next)
	})
}

func (s *store) remove(name string, w write, check func(*user) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users.find(name)
	if u == nil {
		return noSuchUser(name)
	}
	if err := check(u); err != nil {
		return err
	}
	return s.commit(record{Deleted: u.key()}, w, func() {
		s.users = s.users.without(name)
		s.reindex(u, &user{})
	})
}

// commit writes the change and then makes it visible. The caller holds the lock.
func (s *store) commit(r record, w write, publish func()) error {
	if err := s.log.append(r, !w.relaxed); err != nil {
		return &storageError{err}
	}
	s.remember(w.history)
	publish()
	if s.log.outgrown() {
		// The change itself is safe already; a log that stays long is rewritten at the next one.
		_ = s.log.rewrite(s.records())
	}
	return nil
}

func (s *store) remember(history time.Duration) {
	now := time.Now()
	s.past = slices.DeleteFunc(s.past, func(m moment) bool { return now.Sub(m.until) > history })
	if history > 0 {
		s.past = append(s.past, moment{now, s.users})
	}
}

func (s *store) reindex(before, after *user) {
	for _, k := range before.Keys {
		delete(s.owners, k.ID)
	}
	for _, k := range after.Keys {
		s.owners[k.ID] = after.key()
	}
}

// founded is when the account came into being.
func (s *store) founded() time.Time { return s.account.Created }

// accountRecord is what the account knows of itself. It is written once, by the seed.
type accountRecord struct {
	ID           string
	Created      time.Time
	RootSignedIn time.Time
}

func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.log.close()
	s.log.broken = errors.New("the local account is closed")
	return err
}

// storageError is a change that could not be written, and therefore was not made.
type storageError struct{ err error }

func (e *storageError) Error() string { return "write account state: " + e.err.Error() }
func (e *storageError) Unwrap() error { return e.err }
