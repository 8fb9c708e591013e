package auth

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// ErrBusy means that so many passwords are waiting to be checked that this one was
// not. Nothing was counted.
var ErrBusy = errors.New("too many passwords are being checked")

const (
	hashesAtOnce   = 2
	mostHashesWait = 40
)

// hashQueue lets a few hashes run at a time and bounds how many wait: each takes
// 19 MiB and some 20 ms of a processor, so a flood of sign-ins would otherwise take
// the memory, and make everybody wait until they give up. Known clients go first
// and, where the queue is full, take the place of the last unknown one.
type hashQueue struct {
	mu      sync.Mutex
	running int
	known   []chan bool // each is told once: true for its turn, false for ErrBusy
	unknown []chan bool
}

// enter waits for a turn, which leave gives back. Errors are ErrBusy and the
// context's.
func (q *hashQueue) enter(ctx context.Context, known bool) error {
	turn := q.join(known)
	if turn == nil {
		return ErrBusy
	}
	select {
	case granted := <-turn:
		if !granted {
			return ErrBusy
		}
		return nil
	case <-ctx.Done():
		q.abandon(turn)
		return ctx.Err()
	}
}

// join returns where the caller is told of its turn, nil when there is no room.
func (q *hashQueue) join(known bool) chan bool {
	q.mu.Lock()
	defer q.mu.Unlock()

	turn := make(chan bool, 1)
	if q.running < hashesAtOnce {
		q.running++
		turn <- true
		return turn
	}
	if len(q.known)+len(q.unknown) == mostHashesWait {
		last := len(q.unknown) - 1
		if !known || last < 0 {
			return nil
		}
		q.unknown[last] <- false
		q.unknown = q.unknown[:last]
	}

	if known {
		q.known = append(q.known, turn)
	} else {
		q.unknown = append(q.unknown, turn)
	}
	return turn
}

// leave hands the turn to who waits first.
func (q *hashQueue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()

	for _, waiting := range []*[]chan bool{&q.known, &q.unknown} {
		if len(*waiting) > 0 {
			(*waiting)[0] <- true
			*waiting = (*waiting)[1:]
			return
		}
	}
	q.running--
}

// abandon takes a client out who has hung up. A turn that came in the same moment
// is handed on.
func (q *hashQueue) abandon(turn chan bool) {
	q.mu.Lock()
	for _, waiting := range []*[]chan bool{&q.known, &q.unknown} {
		*waiting = slices.DeleteFunc(*waiting, func(c chan bool) bool { return c == turn })
	}
	q.mu.Unlock()

	select {
	case granted := <-turn:
		if granted {
			q.leave()
		}
	default:
	}
}
