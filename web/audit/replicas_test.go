package audit

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"keydesk/web/db/dbtest"
)

// join is another replica of d: the same database and key, a folder of its own.
func (d *desk) join(t *testing.T) *desk {
	t.Helper()
	r := &desk{url: d.url, db: d.db, folder: t.TempDir()}
	if dbtest.Shared(d.url) {
		r.db = openDB(t, d.url)
	}
	r.keyFile = filepath.Join(r.folder, "journal.key")
	key, err := os.ReadFile(d.keyFile)
	if err == nil {
		err = os.WriteFile(r.keyFile, key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.reopen(t)
	return r
}

func TestReplicasShareTheJournal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		one := newDesk(t, url)
		two := one.join(t)
		if e, err := two.Event(t.Context(), 2); err != nil || e.Action != "AnchorJournal" {
			t.Errorf("the second replica begins with %+v %v", e, err)
		}
		var wg sync.WaitGroup
		for _, d := range []*desk{one, two} {
			for range 4 {
				wg.Go(func() {
					for range 10 {
						if _, err := d.Append(t.Context(), Event{Action: "a"}); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		last := one.append(t, Event{Action: "a"})
		two.append(t, Event{Action: "a"})
		one.reopen(t)
		for name, d := range map[string]*desk{"one": one, "two": two} {
			if rows := d.verified(t); rows != 84 {
				t.Errorf("%s verifies %d rows, want 84", name, rows)
			}
		}
		// The checkpoint of a replica that rests stays a lower bound.
		if noted, found, err := readNote(one.key, one.noteFile); err != nil || !found || noted.Seq != last {
			t.Errorf("the checkpoint stands at %d (%v %v), want %d", noted.Seq, found, err, last)
		}
	})
}

// Rows of one replica that are cut or changed are missed by the others, running and
// restarted, as far as they have appended since.
func TestReplicasWatchEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		one := newDesk(t, url)
		two := one.join(t)
		one.fill(t, 6)
		two.fill(t, 10)
		one.exec(t, `DELETE FROM journal WHERE seq > 5`)
		one.wantBad(t, 6)
		two.wantBad(t, 6)
		var bad *ChainError
		for name, d := range map[string]*desk{"one": one, "two": two} {
			if _, err := d.Append(t.Context(), Event{Action: "a"}); !errors.As(err, &bad) {
				t.Errorf("%s appends over the cut: %v", name, err)
			}
		}
	})
}

// Replicas that start together on a new database make one journal. With the same
// key all of them can use it, with keys of their own only the one that made it.
func TestReplicasStartTogether(t *testing.T) {
	t.Parallel()
	for name, shared := range map[string]bool{"one key": true, "a key each": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := dbtest.PostgreSQL(t)
			const replicas = 5
			var mu sync.Mutex
			var usable []*Journal
			var wg sync.WaitGroup
			for i := range replicas {
				d, keyFile, key := openDB(t, url), filepath.Join(t.TempDir(), "journal.key"), "k"
				if !shared {
					key = strconv.Itoa(i)
				}
				if err := os.WriteFile(keyFile, []byte(strings.Repeat(key, keyBytes)), 0o600); err != nil {
					t.Fatal(err)
				}
				wg.Go(func() {
					j, err := Open(t.Context(), d, keyFile)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					if j.Ready() == nil {
						usable = append(usable, j)
					}
				})
			}
			wg.Wait()
			want := map[bool]int{true: replicas, false: 1}[shared]
			if len(usable) != want {
				t.Fatalf("%d replicas can use the journal, want %d", len(usable), want)
			}
			if rows, err := usable[0].Verify(t.Context()); err != nil || rows != int64(want) {
				t.Errorf("%d rows verified, %v; want one of each", rows, err)
			}
			made, total, err := usable[0].List(t.Context(), Filter{Action: ActionGenesis})
			if err != nil || total != 1 || made[0].Seq != 1 {
				t.Errorf("the journal was made %d times, %v", total, err)
			}
		})
	}
}
