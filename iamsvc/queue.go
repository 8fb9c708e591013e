package iamsvc

import (
	"context"
	"slices"
	"sync"
)

// queue is the users whose keys are to be read, in the order in which that is
// to happen.
type queue struct {
	mu     sync.Mutex
	moved  *sync.Cond
	users  []User
	urgent map[string]bool // names of a screen that somebody waits for
	busy   map[string]bool // names that are being read
	feeds  int             // who may still add users
	paused bool

	done, total int // of the present reading
}

func newQueue() *queue {
	q := &queue{urgent: map[string]bool{}, busy: map[string]bool{}}
	q.moved = sync.NewCond(&q.mu)
	return q
}

// open announces that users are to be added, close that there will be no more.
func (q *queue) open() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.feeds++; q.feeds == 1 && len(q.users) == 0 {
		q.done, q.total = 0, 0
	}
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.feeds--
	q.moved.Broadcast()
}

// plan puts users in this order behind those that are urgent. Who was queued
// and is not among them needs no reading any more.
func (q *queue) plan(users []User) {
	q.mu.Lock()
	defer q.mu.Unlock()
	head := slices.DeleteFunc(q.users, func(u User) bool { return !q.urgent[u.Name] })
	queued := namesOf(head)
	for _, u := range users {
		if !queued[u.Name] && !q.busy[u.Name] {
			head = append(head, u)
		}
	}
	q.users, q.total = head, q.done+len(q.busy)+len(head)
	q.moved.Broadcast()
}

// first puts users at the head, unless they are being read: somebody waits for
// them.
func (q *queue) first(users []User) {
	q.mu.Lock()
	defer q.mu.Unlock()
	names, before := namesOf(users), len(q.users)
	rest := slices.DeleteFunc(q.users, func(u User) bool { return names[u.Name] })
	waiting := slices.DeleteFunc(slices.Clone(users), func(u User) bool { return q.busy[u.Name] })
	q.users = append(waiting, rest...)
	q.total += len(q.users) - before
	for name := range names {
		q.urgent[name] = true
	}
	q.moved.Broadcast()
}

// next waits for a user. There is none when the queue is closed and empty, or
// ctx done.
func (q *queue) next(ctx context.Context) (User, bool) {
	defer context.AfterFunc(ctx, q.wake)()
	q.mu.Lock()
	defer q.mu.Unlock()
	for ctx.Err() == nil {
		switch {
		case len(q.users) > 0 && !q.paused:
			u := q.users[0]
			q.users, q.busy[u.Name] = q.users[1:], true
			return u, true
		case len(q.users) == 0 && q.feeds == 0:
			return User{}, false
		}
		q.moved.Wait()
	}
	return User{}, false
}

func (q *queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.moved.Broadcast()
}

// resumed waits while the queue is paused.
func (q *queue) resumed(ctx context.Context) error {
	defer context.AfterFunc(ctx, q.wake)()
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.paused && ctx.Err() == nil {
		q.moved.Wait()
	}
	return ctx.Err()
}

// finished counts a user, and reports whether that one completed a screen.
func (q *queue) finished(u User) (screen bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.done++
	delete(q.busy, u.Name)
	if !q.urgent[u.Name] {
		return false
	}
	delete(q.urgent, u.Name)
	if len(q.urgent) > 0 {
		return false
	}
	q.moved.Broadcast()
	return true
}

// awaits reports whether the user is on a screen that somebody waits for.
func (q *queue) awaits(name string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.urgent[name]
}

// screenRead waits until nothing is urgent, or ctx is done.
func (q *queue) screenRead(ctx context.Context) {
	defer context.AfterFunc(ctx, q.wake)()
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.urgent) > 0 && ctx.Err() == nil {
		q.moved.Wait()
	}
}

// more and less count calls of a reading that are not about users.
func (q *queue) more(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.total += n
}

func (q *queue) less() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.done++
}

func (q *queue) setPaused(paused bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.paused = paused
	q.moved.Broadcast()
}

func (q *queue) count() (done, total int, paused bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.done, q.total, q.paused
}
