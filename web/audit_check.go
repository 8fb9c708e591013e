package web

import (
	"context"
	"log/slog"
	"time"

	"keydesk/web/audit"
)

const (
	checkEvery = 24 * time.Hour
	headEvery  = time.Hour
)

// AuditCheck verifies the audit log at every start and once a day, and writes its
// newest row to the log: whoever can write the data folder can cut the audit log, but
// not what a log collector has received.
type AuditCheck struct {
	Journal *audit.Journal
	Log     *slog.Logger
}

// Run checks until the context ends.
func (a AuditCheck) Run(ctx context.Context) {
	said := ""
	for {
		a.check(ctx)
		for range int(checkEvery / headEvery) {
			said = a.tellHead(ctx, said)
			if !pause(ctx, headEvery) {
				a.tellHead(context.WithoutCancel(ctx), said)
				return
			}
		}
	}
}

func (a AuditCheck) check(ctx context.Context) {
	r := a.Journal.Check(ctx)
	switch {
	case ctx.Err() != nil:
	case r.Err != nil:
		a.Log.Error("audit log not verified", "error", r.Err.Error())
	case r.Damage != nil:
		a.Log.Error("audit log damaged", "row", r.Damage.Seq, "error", r.Damage.Error())
	default:
		a.Log.Info("audit log verified", "rows", r.Rows, "head", r.Head)
	}
	for _, f := range r.Findings {
		a.Log.Warn("audit log: its end is not proved", "row", f.Seq, "finding", f.Text)
	}
}

// tellHead writes the newest row to the log unless it was said already.
func (a AuditCheck) tellHead(ctx context.Context, said string) string {
	head, err := a.Journal.Head(ctx)
	if err != nil || head == said {
		return said
	}
	a.Log.Info("audit log head", "head", head)
	return head
}
