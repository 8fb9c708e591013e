package web

import (
	"encoding/json"
	"net/http"
)

// healthz says that the process answers. It asks nothing of IAM or the
// database: a supervisor must not restart Keydesk because AWS is down.
func (s *site) healthz(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
	return nil
}

// readyz says whether requests can be served, and how old the inventory is. Without a
// journal that can be written nobody signs in, looks up or changes anything.
func (s *site) readyz(w http.ResponseWriter, r *http.Request) error {
	state := struct {
		Database  string `json:"database"`
		Journal   string `json:"journal"`
		Inventory string `json:"inventory"`
	}{"ok", "ok", "reading"}
	status := http.StatusOK
	if err := s.DB.Ping(r.Context()); err != nil {
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
