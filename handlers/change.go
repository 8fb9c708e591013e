package handlers

import (
	"context"
	"errors"
	"net/http"

	"keydesk/iamsvc"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/session"
)

// change makes a change to Keydesk itself the way IAM's gate makes those to
// IAM: journal the attempt and spend the form's token in one transaction, do
// it, journal the outcome. The form's token was issued for e.Action on target.
func (b Base) change(r *http.Request, e audit.Event, target string, do func(context.Context) error) error {
	token, err := b.postedToken(r, e.Action, target)
	if err != nil {
		return err
	}
	return b.attempt(r, e, do, session.Spend(token, b.Now()))
}

// attempt is change without a form token. From the attempt on it no longer
// heeds the client: one that hangs up must not leave an attempt without its
// outcome.
func (b Base) attempt(r *http.Request, e audit.Event, do func(context.Context) error, inTx ...audit.InTx) error {
	e = b.event(r, e)
	e.Phase = audit.PhaseAttempt
	ctx := context.WithoutCancel(r.Context())
	seq, err := b.Journal.Append(ctx, e, inTx...)
	if err != nil {
		return &iamsvc.JournalFailure{Err: err}
	}
	changeErr := do(ctx)
	e.Phase, e.Attempt = audit.PhaseOutcome, seq
	e.Outcome, e.ErrorCode = localOutcome(changeErr)
	_, err = b.Journal.Append(ctx, e)
	return errors.Join(changeErr, err)
}

// localOutcome is what the journal says about the end of such a change.
func localOutcome(err error) (outcome, code string) {
	var field *auth.FieldError
	switch {
	case err == nil:
		return audit.OutcomeOK, ""
	case errors.As(err, &field):
		return audit.OutcomeFailed, "Invalid"
	case errors.Is(err, auth.ErrLastAdministrator):
		return audit.OutcomeRefused, "LastAdministrator"
	case errors.Is(err, auth.ErrNameTaken):
		return audit.OutcomeFailed, "NameTaken"
	case errors.Is(err, auth.ErrNoSuchAccount):
		return audit.OutcomeFailed, "NoSuchAccount"
	case errors.Is(err, auth.ErrBadCredentials):
		return audit.OutcomeFailed, "BadCredentials"
	case errors.Is(err, auth.ErrBadCode):
		return audit.OutcomeFailed, "BadCode"
	}
	return audit.OutcomeFailed, iamsvc.ErrorCode(err)
}
