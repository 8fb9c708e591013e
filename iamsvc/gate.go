package iamsvc

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Action names a change, as the IAM API does.
type Action string

// The changes Keydesk can make.
const (
	ActionCreateAccessKey Action = "CreateAccessKey"
	ActionUpdateAccessKey Action = "UpdateAccessKey"
	ActionDeleteAccessKey Action = "DeleteAccessKey"
	ActionTagUser         Action = "TagUser" // describing an access key, and taking its description away
	ActionCreateUser      Action = "CreateUser"
)

// Actor is who asks for a change. May is asked before anything happens; an
// actor without it may do nothing.
type Actor struct {
	Issuer, Subject, Name, Role string
	May                         func(Action) bool
}

type actorKey struct{}

// WithActor returns a context in which changes are made by who.
func WithActor(ctx context.Context, who Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, who)
}

// Change is what the journal is told before IAM is called.
type Change struct {
	Action      Action
	Account     string
	User        string // "<root_account>" for the root user's own keys
	AccessKeyID string
	OldState    string
	NewState    string
	Reason      string
	Actor       Actor
}

// The outcomes of a change. OutcomeRefused: a rule of Keydesk's stopped it
// after the attempt was journalled (the key is active, or in use by Keydesk, or
// the user is protected).
const (
	OutcomeOK        = "ok"
	OutcomeFailed    = "failed"
	OutcomeRefused   = "refused"
	OutcomeUnknownIs = "unknown"
	OutcomeWithdrawn = "withdrawn"
)

// Result is what the journal is told afterwards.
type Result struct {
	Outcome      string
	ErrorCode    string
	AWSRequestID string
	AccessKeyID  string // of a key just created, or the one candidate after a lost reply
}

// Journal records changes. Attempt is durable when it returns; an error from
// it stops the change. Outcome belongs to the attempt of that number.
type Journal interface {
	Attempt(ctx context.Context, c Change) (attempt int64, err error)
	Outcome(ctx context.Context, attempt int64, c Change, r Result) error
}

type reasonKey struct{}

// WithReason returns a context whose changes are journalled with a reason or
// ticket number.
func WithReason(ctx context.Context, reason string) context.Context {
	return context.WithValue(ctx, reasonKey{}, reason)
}

// journalTimeout bounds one write to the journal. It is not the request's
// deadline: an outcome must be written even when the call used all of that.
const journalTimeout = 10 * time.Second

// step is one change on its way through the gate.
type step struct {
	change Change
	// protects is whose protection is asked for; "" where no IAM user is.
	protects string
	// read looks at the present state; its error is journalled as the
	// attempt's outcome. Optional.
	read func(ctx context.Context) (oldState string, err error)
	call func(ctx context.Context) (Result, error)
	// undo takes a change back whose outcome cannot be journalled. Optional.
	undo func(ctx context.Context) error
}

// reach passes a fault point if a key is being created.
func (s step) reach(p FaultPoint) {
	if s.change.Action == ActionCreateAccessKey {
		Reach(p)
	}
}

// gate is the only way to a mutating call: may the actor, is the user not
// protected, journal the attempt, call, journal the outcome. From the attempt on it no longer heeds the
// request's cancellation: a client that goes away must not leave a change
// without its outcome.
func (a *Account) gate(ctx context.Context, s step) (attempt int64, err error) {
	who, ok := ctx.Value(actorKey{}).(Actor)
	if !ok {
		return 0, ErrNoActor
	}
	if who.May == nil || !who.May(s.change.Action) {
		return 0, fmt.Errorf("%s: %w", s.change.Action, ErrForbidden)
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	ctx = ForChange(context.WithoutCancel(ctx))
	s.change.Account, s.change.Actor = a.Identity().Account, who
	s.change.Reason, _ = ctx.Value(reasonKey{}).(string)

	var readErr error
	if s.change.givesAccess() {
		readErr = a.CheckProtection(ctx, s.protects)
	}
	if s.read != nil && readErr == nil {
		s.change.OldState, readErr = s.read(ctx)
	}
	s.reach(BeforeAttempt)
	if attempt, err = a.journalAttempt(ctx, s.change); err != nil {
		return 0, err
	}
	s.reach(AfterAttempt)
	var result Result
	if err = readErr; err == nil {
		result, err = s.call(ctx)
	}
	return attempt, a.journalOutcome(ctx, attempt, s, result, err)
}

func (a *Account) journalAttempt(ctx context.Context, c Change) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, journalTimeout)
	defer cancel()
	attempt, err := a.journal.Attempt(ctx, c)
	if err != nil {
		return 0, &JournalFailure{Err: err}
	}
	return attempt, nil
}

// journalOutcome completes result from err and writes it. It returns err, or
// a *JournalFailure when a change was made that the journal does not know of.
func (a *Account) journalOutcome(ctx context.Context, attempt int64, s step, result Result, err error) error {
	if err != nil {
		result.ErrorCode, result.AWSRequestID = ErrorCode(err), RequestID(err)
	}
	result.Outcome = outcomeOf(err)
	s.reach(AfterReply)
	wctx, cancel := context.WithTimeout(ctx, journalTimeout)
	journalErr := a.journal.Outcome(wctx, attempt, s.change, result)
	cancel()
	if journalErr == nil {
		s.reach(AfterOutcome)
		return err
	}
	a.log.Error("the outcome of a change could not be journalled", "action", s.change.Action,
		"user", s.change.User, "access_key_id", result.AccessKeyID, "attempt", attempt, "error", journalErr)
	if err != nil {
		return errors.Join(err, &JournalFailure{Err: journalErr})
	}
	failure := &JournalFailure{Called: true, KeyID: result.AccessKeyID, Err: journalErr}
	if s.undo != nil {
		failure.Withdrawn = s.undo(ctx) == nil
		a.journalWithdrawal(ctx, attempt, s.change, result, failure.Withdrawn)
	}
	return failure
}

// journalWithdrawal tries once more to leave a trace: the journal may have
// recovered while the key was being deleted.
func (a *Account) journalWithdrawal(ctx context.Context, attempt int64, c Change, r Result, withdrawn bool) {
	if withdrawn {
		r.Outcome = OutcomeWithdrawn
	}
	ctx, cancel := context.WithTimeout(ctx, journalTimeout)
	defer cancel()
	if err := a.journal.Outcome(ctx, attempt, c, r); err != nil {
		a.log.Error("withdrawal of a key could not be journalled", "access_key_id", r.AccessKeyID, "withdrawn", withdrawn, "error", err)
	}
}

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return OutcomeOK
	case errors.Is(err, ErrOutcomeUnknown):
		return OutcomeUnknownIs
	case errors.Is(err, ErrKeyActive), errors.Is(err, ErrKeyInUse), errors.Is(err, ErrProtected):
		return OutcomeRefused
	}
	return OutcomeFailed
}
