package web

import (
	"context"
	"log/slog"
	"time"

	"keydesk/iamsvc"
	"keydesk/web/audit"
)

// Retention deletes rows of the journal that are older than Keep. What is still
// to be done about a new key's secret stays, and so does the proof that nothing
// else was taken out.
type Retention struct {
	Journal *audit.Journal
	Log     *slog.Logger
	Now     func() time.Time
	Keep    time.Duration // 0: for ever
}

// Run cuts the journal at once and then every day until the context ends.
func (r Retention) Run(ctx context.Context) {
	if r.Keep == 0 {
		return
	}
	for {
		rows, err := r.Journal.Cut(ctx, r.Now().Add(-r.Keep), audit.KeyActions{Create: string(iamsvc.ActionCreateAccessKey), Delete: string(iamsvc.ActionDeleteAccessKey)})
		if err != nil && ctx.Err() == nil {
			r.Log.Error("cutting the audit log to its retention", "error", err.Error())
		}
		if rows > 0 {
			r.Log.Info("cut the audit log to its retention", "rows", rows)
		}
		if !pause(ctx, 24*time.Hour) {
			return
		}
	}
}
