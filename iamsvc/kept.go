package iamsvc

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/klauspost/compress/zstd"

	"keydesk/iamsvc/pace"
)

// Shelf keeps what was read of an account over a restart. What it is given is
// Keydesk's own picture of the account: names and key IDs, nothing secret.
type Shelf interface {
	// Load returns nil when nothing was saved under the name.
	Load(ctx context.Context, name string) ([]byte, error)
	Save(ctx context.Context, name string, data []byte) error
}

type shelf struct {
	Shelf
	mark string
	last time.Time // guarded by Account.mu
}

// keptFormat changes with what is kept. What another version of Keydesk saved
// is read from IAM anew. Earlier versions of this format kept last uses without
// the time of the answer, under another name: they are read as not known.
const keptFormat = 1

type kept struct {
	Format   int
	Identity Identity
	Facts    facts
	Own      ownChanges
	Limit    pace.Estimate
}

// takeDown loads what an earlier run has kept.
func (a *Account) takeDown(ctx context.Context) (k kept) {
	if a.shelf.Shelf == nil {
		return kept{}
	}
	data, err := a.shelf.Load(ctx, a.shelf.mark)
	switch {
	case err != nil:
		a.log.Warn("the kept inventory could not be loaded", "error", err.Error())
		return kept{}
	case data == nil || k.decode(data) != nil || k.Format != keptFormat:
		return kept{} // of another version: read anew
	}
	return k
}

// restore shows what an earlier run has read, with its age.
func (a *Account) restore(k kept) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.facts, a.restored = k.Facts, true
	a.usePaceEstimate(k.Limit)
	if k.Own != nil {
		a.own = k.Own
	}
	a.facts.countKeys()
	if k.Facts.Report.Raw != nil {
		a.facts.reparseReport()
	}
}

func (f *facts) reparseReport() {
	before := f.Report
	report, err := parseReport(before.Raw, before.Generated, math.MaxInt)
	if err != nil {
		f.Report = reportReading{}
		return
	}
	before.CredentialReport = report
	if f.UsersAt.IsZero() {
		f.setReport(before) // a list of users too, where there is no other
	} else {
		f.setRows(before)
	}
}

// save keeps the facts. That it fails costs the next start a reading.
func (a *Account) save(ctx context.Context) {
	if a.shelf.Shelf == nil {
		return
	}
	a.mu.Lock()
	a.shelf.last = time.Now()
	k := a.keep()
	a.mu.Unlock()
	data, err := k.encode()
	if err == nil {
		err = a.shelf.Save(context.WithoutCancel(ctx), a.shelf.mark, data)
	}
	if err != nil {
		a.log.Warn("the inventory could not be kept for the next start", "error", err.Error())
	}
}

func (a *Account) saveNowAndThen(ctx context.Context) {
	a.mu.Lock()
	due := a.shelf.Shelf != nil && time.Since(a.shelf.last) >= saveEvery
	if due {
		a.shelf.last = time.Now()
	}
	a.mu.Unlock()
	if due {
		a.save(ctx)
	}
}

// keep leaves out errors, which are of their time, and the report's rows, which
// are in its text. A list of users that is not whole would be taken for one.
func (a *Account) keep() kept {
	k := kept{Format: keptFormat, Identity: a.Identity(), Facts: a.facts, Own: maps.Clone(a.own), Limit: a.paceEstimate()}
	if k.Facts.partial {
		k.Facts.Users, k.Facts.UsersAt = nil, time.Time{}
	}
	k.Facts.Report.Header, k.Facts.Report.Rows = nil, nil
	k.Facts.Keys = make(map[string]keyReading, len(a.facts.Keys))
	for name, r := range a.facts.Keys {
		if !r.Started.IsZero() {
			k.Facts.Keys[name] = r
		}
	}
	k.Facts.AskedUses = make(map[string]askedUse, len(a.facts.AskedUses))
	for id, u := range a.facts.AskedUses {
		if !u.AsOf.IsZero() || !u.At.IsZero() {
			k.Facts.AskedUses[id] = u
		}
	}
	return k
}

// encode needs no lock: what is kept is never written to again. A start reads a
// fifth of the bytes from the database sooner than all of them.
func (k kept) encode() ([]byte, error) {
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(gob.NewEncoder(w).Encode(k), w.Close()); err != nil {
		return nil, fmt.Errorf("encoding the inventory: %w", err)
	}
	return out.Bytes(), nil
}

func (k *kept) decode(data []byte) error {
	r, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	defer r.Close()
	return gob.NewDecoder(r).Decode(k)
}
