package web

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"keydesk/iamsvc"
	"keydesk/web/audit"
)

// Reconciler finds out what became of attempts whose outcome is not in the
// journal: the program was killed in the middle of them, or IAM's answer was
// lost. It adds a row that says so; it never changes a key.
type Reconciler struct {
	Accounts *iamsvc.Accounts
	Journal  *audit.Journal
	Log      *slog.Logger
	Now      func() time.Time
	Version  string
}

// reconcileFor is how long an attempt that cannot be told is looked at again:
// after a day only a restart does.
const reconcileFor = 24 * time.Hour

// Run looks at every unfinished attempt at once, and then at recent ones again
// and again until the context ends.
func (r Reconciler) Run(ctx context.Context) {
	var since time.Time
	for {
		if err := r.Once(ctx, since); err != nil && ctx.Err() == nil {
			r.Log.Error("reconciling attempts without an outcome", "error", err.Error())
		}
		since = r.Now().Add(-reconcileFor)
		if !pause(ctx, reconcileEvery) {
			return
		}
	}
}

// pause answers false when the context ended first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// Once looks at the unfinished attempts made since. Attempts of the last minutes
// are left alone: another replica may be at them, and IAM's lists lag.
func (r Reconciler) Once(ctx context.Context, since time.Time) error {
	var actions []string
	for _, a := range iamsvc.ReconciledActions {
		actions = append(actions, string(a))
	}
	open, err := r.Journal.Unfinished(ctx, since, r.Now().Add(-settleAfter), actions...)
	if err != nil {
		return err
	}
	var faults []error
	for _, e := range open {
		account, err := r.Accounts.Lookup(e.Account)
		if err != nil {
			continue // of an account that is not served any more
		}
		faults = append(faults, r.settle(ctx, account, e))
	}
	return errors.Join(faults...)
}

func (r Reconciler) settle(ctx context.Context, account *iamsvc.Account, attempt audit.Event) error {
	explained, err := r.explained(ctx, attempt)
	if err != nil {
		return err
	}
	verdict, err := account.Reconcile(ctx, iamsvc.Unfinished{
		Action: iamsvc.Action(attempt.Action), User: attempt.User, AccessKeyID: attempt.AccessKeyID,
		NewState: attempt.NewState, At: attempt.Time, Explained: func(keyID string) bool { return explained[keyID] },
	})
	if err != nil {
		return err // what is there could not be read: that says nothing, and is tried again
	}
	outcome := audit.OutcomeReconciled
	if !verdict.Decided {
		outcome = audit.OutcomeUnknown
	}
	err = r.Journal.Settle(ctx, audit.Event{
		Attempt: attempt.Seq, Actor: audit.Actor{Issuer: "keydesk", Name: "reconciler"}, Action: attempt.Action,
		Account: attempt.Account, User: attempt.User, AccessKeyID: verdict.AccessKeyID,
		OldState: attempt.OldState, NewState: attempt.NewState,
		Outcome: outcome, Reason: verdict.Text, RequestID: attempt.RequestID, Version: r.Version,
	})
	if errors.Is(err, audit.ErrSettled) {
		return nil
	}
	if err == nil {
		r.Log.Info("reconciled an attempt without an outcome", "attempt", attempt.Seq, "outcome", outcome)
	}
	return err
}

// explained are the keys that other creations for the same user have made.
func (r Reconciler) explained(ctx context.Context, attempt audit.Event) (map[string]bool, error) {
	known := map[string]bool{}
	if attempt.Action != string(iamsvc.ActionCreateAccessKey) {
		return known, nil
	}
	same := audit.Filter{Account: attempt.Account, User: attempt.User, WholeUser: true, Action: attempt.Action}
	for e, err := range r.Journal.Each(ctx, same) {
		if err != nil {
			return nil, err
		}
		if e.Attempt != attempt.Seq && e.AccessKeyID != "" && e.Outcome != audit.OutcomeUnknown {
			known[e.AccessKeyID] = true
		}
	}
	return known, nil
}
