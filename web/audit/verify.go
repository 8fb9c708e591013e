package audit

import (
	"context"
	"math"
)

// Verify reads the whole journal and checks its chain, its first row and its end. It
// returns how many rows are sound; a *ChainError names the first that is not, any
// other error means that the journal could not be read.
func (j *Journal) Verify(ctx context.Context) (rows int64, err error) {
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
	for e, err := range j.after(ctx, math.MinInt64, Filter{}) {
		if err != nil {
			return rows, err
		}
		next, err := at.over(gaps).follow(j.keys[stretch], e)
		if err != nil {
			return rows, err
		}
		for _, m := range marks {
			if m.Seq == next.Seq && m.Hash != next.Hash {
				return rows, &ChainError{next.Seq, "the row is not the one the checkpoint has noted"}
			}
		}
		at = next
		rows++
		if e.Action == ActionRotateKey && stretch < len(j.keys)-1 {
			stretch++
		}
	}
	for _, m := range marks {
		if m.Seq > at.Seq {
			return rows, missing(at, m)
		}
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
