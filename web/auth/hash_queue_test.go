package auth

import (
	"context"
	"errors"
	"testing"
)

// mustJoin joins q without waiting and returns where the turn is told.
func mustJoin(t *testing.T, q *hashQueue, known bool) chan bool {
	t.Helper()
	turn := q.join(known)
	if turn == nil {
		t.Fatal("the queue is full")
	}
	return turn
}

// fill takes every turn and every place in the queue, by unknown clients.
func fill(t *testing.T, q *hashQueue) (waiting []chan bool) {
	t.Helper()
	for range hashesAtOnce {
		if granted := <-mustJoin(t, q, false); !granted {
			t.Fatal("fewer hashes at a time than allowed")
		}
	}
	for range mostHashesWait {
		waiting = append(waiting, mustJoin(t, q, false))
	}
	return waiting
}

func TestTwoHashesAtATime(t *testing.T) {
	t.Parallel()
	h := newHasher(cheap)
	for range 2 {
		if granted := <-mustJoin(t, &h.queue, false); !granted {
			t.Fatal("fewer than two hashes at a time")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("a third hash did not wait: %v", err)
	}
	h.queue.leave()
	if _, err := h.hash(t.Context(), "x"); err != nil {
		t.Error(err)
	}
	if h.queue.running != 1 {
		t.Errorf("%d turns taken after the hash, want 1", h.queue.running)
	}
}

func TestFullQueueAnswersAtOnce(t *testing.T) {
	t.Parallel()
	q := &hashQueue{}
	waiting := fill(t, q)
	if err := q.enter(t.Context(), false); !errors.Is(err, ErrBusy) {
		t.Errorf("an unknown client at a full queue: %v", err)
	}

	known := mustJoin(t, q, true)
	if granted := <-waiting[len(waiting)-1]; granted {
		t.Error("the last unknown client got a turn instead of making room")
	}
	q.leave()
	if granted := <-known; !granted {
		t.Error("the known client did not go first")
	}
	q.leave()
	if granted := <-waiting[0]; !granted {
		t.Error("the first unknown client was passed over")
	}
}

func TestHungUpClientLeavesTheQueue(t *testing.T) {
	t.Parallel()
	q := &hashQueue{}
	waiting := fill(t, q)
	q.abandon(waiting[0])
	q.leave()
	if granted := <-waiting[1]; !granted {
		t.Error("the turn went to a client that has hung up")
	}

	// A turn that is given in the moment of hanging up is handed on.
	q.leave()
	q.abandon(waiting[2])
	if granted := <-waiting[3]; !granted {
		t.Error("the turn was lost with its client")
	}
	if q.running != hashesAtOnce {
		t.Errorf("%d turns are taken, want %d", q.running, hashesAtOnce)
	}
}
