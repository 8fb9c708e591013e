package web

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"keydesk/iamsvc"
)

// healthz says that the process answers. It asks nothing of IAM or the
// database: a supervisor must not restart Keydesk because AWS is down.
func (s *site) healthz(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
	return nil
}

// readyz says whether requests can be served. Without a database and a journal that
// can be written nobody signs in, looks up or changes anything. How IAM does is told
// as information: a proxy would gain nothing by leaving a replica out for it.
func (s *site) readyz(w http.ResponseWriter, r *http.Request) error {
	state := struct {
		Database  string `json:"database"`
		Journal   string `json:"journal"`
		AuditLog  string `json:"audit_log"`
		IAM       string `json:"iam"`
		Inventory string `json:"inventory"`
	}{"ok", "ok", s.auditState(), s.iamState(), "reading"}
	status := http.StatusOK
	if err := s.probe.ask(r.Context(), s.DB.ProbeWrite); err != nil {
		state.Database = "unavailable"
		status = http.StatusServiceUnavailable
	}
	if err := s.Journal.Ready(); err != nil {
		state.Journal = "unavailable"
		status = http.StatusServiceUnavailable
	}
	if at := s.Accounts.Default().Inventory().AsOf; !at.IsZero() {
		state.Inventory = at.UTC().Format("2006-01-02T15:04:05Z")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(state)
}

// auditState is what the last verification of the audit log came to. It is told as
// information: a finding is for people to look at, and to stop serving would let
// whoever can change one row switch Keydesk off.
func (s *site) auditState() string {
	switch r := s.Journal.LastReport(); {
	case r.At.IsZero():
		return "not verified yet"
	case r.Damage != nil:
		return "damaged"
	case !r.Sound():
		return "not proved"
	}
	return "verified"
}

// iamState is "ok", or the code of what the last reading of the users met.
func (s *site) iamState() string {
	if err := s.Accounts.Default().Inventory().Err; err != nil {
		return iamsvc.ErrorCode(err)
	}
	return "ok"
}

const (
	probeLife    = 5 * time.Second
	probeTimeout = 3 * time.Second
)

// probe keeps the answer of a check for some seconds: /readyz is open to everybody,
// and must not become a way to keep the database busy.
type probe struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// ask runs the check at most every probeLife, whoever hangs up.
func (p *probe) ask(ctx context.Context, check func(context.Context) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()

	if time.Since(p.at) < probeLife && !p.at.IsZero() {
		return p.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	defer cancel()
	p.err = check(ctx)
	p.at = time.Now()
	return p.err
}
