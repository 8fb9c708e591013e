package audit

import (
	"context"
	"math"
)

// Verify reads the whole journal and checks its chain, its first row and its end. It
// returns how many rows are sound; a *ChainError names the first that is not, any
// other error means that the journal could not be read.
//
// A row that was sealed counts as sound when it holds what was left of it then.
func (j *Journal) Verify(ctx context.Context) (rows int64, err error) {
	return j.verify(ctx, func(Event) {})
}

// verify is Verify, and shows each sound row.
func (j *Journal) verify(ctx context.Context, show func(Event)) (rows int64, err error) {
	marks, err := j.marks()
	if err != nil {
		return 0, err
	}
	gaps, err := j.gaps(ctx)
	if err != nil {
		return 0, err
	}
	var at link
	stretch := 0
	sealed := sealings{journal: j, unproved: map[int64]Event{}}
	for e, err := range j.after(ctx, math.MinInt64, Filter{}) {
		if err != nil {
			return rows, err
		}
		before := at.over(gaps)
		next, err := before.follow(j.keys[stretch], e)
		if err != nil && e.Seq == before.Seq+1 {
			ok, lookErr := sealed.accept(ctx, e)
			if lookErr != nil {
				return rows, lookErr
			}
			if ok {
				next, err = link{e.Seq, e.Hash}, nil
			}
		}
		if err != nil {
			return rows, err
		}
		if err := sealed.pass(ctx, e); err != nil {
			return rows, err
		}
		for _, m := range marks {
			if m.Seq == next.Seq && m.Hash != next.Hash {
				return rows, &ChainError{next.Seq, "the row is not the one the checkpoint has noted"}
			}
		}
		at = next
		rows++
		show(e)
		if e.Action == ActionRotateKey && stretch < len(j.keys)-1 {
			stretch++
		}
	}
	for _, m := range marks {
		if m.Seq > at.Seq {
			return rows, missing(at, m)
		}
	}
	if err := sealed.rest(); err != nil {
		return rows, err
	}
	if bad := unannounced(stretch, j.keys); bad != nil {
		return rows, bad
	}
	if at.Seq == 0 { // Open has written one
		return 0, &ChainError{1, "the row is missing"}
	}
	return rows, nil
}

// marks returns rows that must be there, from the checkpoint file and from memory.
// They are read before the rows: the journal may grow meanwhile, never shrink.
func (j *Journal) marks() ([]link, error) {
	filed, _, err := j.filed()
	if err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return []link{filed, j.noted}, nil
}
