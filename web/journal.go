package web

import (
	"context"
	"sync"
	"time"

	"keydesk/iamsvc"
	"keydesk/web/audit"
	"keydesk/web/db"
	"keydesk/web/session"
)

// Journal is the gate's journal: it writes a change's attempt and outcome to
// the audit log, and spends the form's one-time token in the attempt's own
// transaction. So there is no attempt without a token, no token spent without
// an attempt, and no second change from one form. The mark that a key is being
// created for a user goes up and comes down with the same two rows.
type Journal struct {
	Audit   *audit.Journal
	Now     func() time.Time
	Version string
}

// formUse remembers that this request's form has been spent: a change that
// needs a second call (a key, then its description tag) is still one form.
type formUse struct {
	mu    sync.Mutex
	spent bool
}

func withFormUse(ctx context.Context) context.Context {
	return context.WithValue(ctx, formUseKey, &formUse{})
}

// Attempt records that a change is about to be tried. Any error means: do not
// call IAM. session.ErrTokenSpent is among them.
func (j Journal) Attempt(ctx context.Context, c iamsvc.Change) (int64, error) {
	use, ok := ctx.Value(formUseKey).(*formUse)
	if !ok {
		return 0, session.ErrTokenSpent
	}
	use.mu.Lock()
	defer use.mu.Unlock()
	e := j.event(ctx, c)
	e.Phase = audit.PhaseAttempt
	if use.spent {
		return j.Audit.Append(ctx, e)
	}
	seq, err := j.Audit.Append(ctx, e, func(ctx context.Context, tx *db.Tx) error {
		token, ok := session.TokenFrom(ctx)
		if !ok {
			return session.ErrTokenSpent
		}
		if err := session.SpendToken(ctx, tx, token, j.Now()); err != nil || c.Action != iamsvc.ActionCreateAccessKey {
			return err
		}
		return session.BeginCreate(ctx, tx, c.Account, c.User)
	})
	use.spent = err == nil
	return seq, err
}

// Outcome records what became of an attempt.
func (j Journal) Outcome(ctx context.Context, attempt int64, c iamsvc.Change, r iamsvc.Result) error {
	e := j.event(ctx, c)
	e.Phase = audit.PhaseOutcome
	e.Attempt = attempt
	e.Outcome = r.Outcome
	e.ErrorCode = r.ErrorCode
	e.AWSRequestID = r.AWSRequestID
	if r.AccessKeyID != "" {
		e.AccessKeyID = r.AccessKeyID
	}
	_, err := j.Audit.Append(ctx, e, func(ctx context.Context, tx *db.Tx) error {
		if c.Action != iamsvc.ActionCreateAccessKey {
			return nil
		}
		return session.EndCreate(ctx, tx, c.Account, c.User)
	})
	return err
}

func (j Journal) event(ctx context.Context, c iamsvc.Change) audit.Event {
	return audit.Event{
		Actor:  audit.Actor{Issuer: c.Actor.Issuer, Subject: c.Actor.Subject, Name: c.Actor.Name, Role: c.Actor.Role},
		Action: string(c.Action), Account: c.Account, User: c.User, AccessKeyID: c.AccessKeyID,
		OldState: c.OldState, NewState: c.NewState, Reason: c.Reason,
		RequestID: RequestID(ctx), SourceIP: source(ctx), Version: j.Version,
	}
}

type sourceKey struct{}

func withSource(ctx context.Context, ip string) context.Context {
	return context.WithValue(ctx, sourceKey{}, ip)
}

func source(ctx context.Context) string {
	ip, _ := ctx.Value(sourceKey{}).(string)
	return ip
}
