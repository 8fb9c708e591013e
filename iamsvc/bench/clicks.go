package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"keydesk/iamsvc"
)

const clickEvery = 250 * time.Millisecond

// clicks is how long people waited for a live answer while the inventory was
// being read.
type clicks struct {
	LastUsed []time.Duration // one call: GetAccessKeyLastUsed
	LookUps  []time.Duration // what the search page asks for a key ID
	Failed   int
}

// click asks for one key after the other until ctx is done, without waiting for
// the answer before: people do not wait for each other.
func click(ctx context.Context, a *iamsvc.Account, keys []key) (c clicks) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	ticker := time.NewTicker(clickEvery)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			wg.Wait()
			return c
		case <-ticker.C:
		}
		keyID, times := keys[n*7%len(keys)].ID, &c.LastUsed
		ask := func() error { _, _, err := a.AccessKeyLastUsed(ctx, keyID); return err }
		if n%2 == 1 {
			ask, times = func() error { _, err := a.LookUp(ctx, keyID); return err }, &c.LookUps
		}
		wg.Go(func() {
			started := time.Now()
			err := ask()
			took := time.Since(started)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case ctx.Err() != nil: // the measurement is over, the answer was cut off
			case err != nil:
				c.Failed++
			default:
				*times = append(*times, took)
			}
		})
	}
}

// percentile of some times, 0 to 100; 0 of none.
func percentile(times []time.Duration, p int) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[(len(sorted)-1)*p/100]
}
