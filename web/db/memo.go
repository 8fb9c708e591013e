package db

import (
	"context"
	"sync"
	"time"
)

// Memo remembers what was read, for as long as nothing at all has been written to
// the database since. Who writes need not know that it is there, so no change can
// forget to tell it: what it answers is as true as a read, for the price of asking
// the database for its version. It is safe for concurrent use.
type Memo[K comparable, V any] struct {
	db   *DB
	read func(context.Context, K) (V, error)

	mu sync.Mutex
	at version
	by map[K]V
}

// maxMemo bounds what one Memo holds when nobody writes for long.
const maxMemo = 4096

// NewMemo returns a memo of read, whose results must depend on the database alone.
// Its errors are not remembered.
func NewMemo[K comparable, V any](d *DB, read func(context.Context, K) (V, error)) *Memo[K, V] {
	return &Memo[K, V]{db: d, read: read, by: map[K]V{}}
}

// Get is read(key), as last committed. What it returns is shared: do not change it.
func (m *Memo[K, V]) Get(ctx context.Context, key K) (V, error) {
	at, err := m.db.version(ctx)
	if err != nil {
		var none V
		return none, err
	}
	if v, ok := m.get(at, key); ok {
		return v, nil
	}
	// Read after the version was asked for, it is at least as new. Whoever leaves is
	// not waited for: setting the driver up to be interrupted costs as much as reading.
	v, err := m.read(context.WithoutCancel(ctx), key)
	if err == nil {
		m.put(at, key, v)
	}
	return v, err
}

func (m *Memo[K, V]) get(at version, key K) (v V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at != at || len(m.by) >= maxMemo {
		m.at = at
		clear(m.by)
	}
	v, ok = m.by[key]
	return v, ok
}

func (m *Memo[K, V]) put(at version, key K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at == at {
		m.by[key] = v
	}
}

// look is the version that one request goes by or, where no other process may write,
// all of them.
type look struct {
	mu      sync.Mutex
	version version
	at      time.Time
	commits int64 // of this process, when the version was asked for
}

type lookKey struct{}

// maxLook ends a look: a stream that stays open must notice what other replicas write,
// and everybody what an operator does with a shell.
const maxLook = time.Second

// OneLook returns a context in which memos ask for the database's version once, and
// again after each write of this process: a request sees its own changes, and those
// of other replicas from before it began.
func OneLook(ctx context.Context) context.Context {
	return context.WithValue(ctx, lookKey{}, &look{})
}

func (d *DB) version(ctx context.Context) (version, error) {
	l, ok := ctx.Value(lookKey{}).(*look)
	switch {
	case d.dialect.alone:
		l = &d.look
	case !ok:
		return d.watch.version(ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// Counted and timed before the question: what comes in between must ask again.
	commits, now := d.commits.Load(), time.Now()
	if l.version != (version{}) && l.commits == commits && now.Sub(l.at) < maxLook {
		return l.version, nil
	}
	v, err := d.watch.version(ctx)
	if err == nil {
		l.version, l.at, l.commits = v, now, commits
	}
	return v, err
}
