// Package audit keeps the journal: what was attempted, by whom, and how it ended.
// It owns the table journal, its hash chain, the chain's key and the checkpoint of
// its head, and the journal's export. It must not know what the actions mean.
//
// The chain makes tampering evident. Each row carries an HMAC over its fields and
// the row before it, under a key that is not in the database; the hash of the last
// row is also noted in a file outside the database. Who can write to the database
// can therefore neither change, insert, reorder nor drop rows unnoticed. Who can
// also write to the folder of the key can: ship the export elsewhere for that.
package audit

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Phase is where an event stands in the life of a change.
type Phase string

// The phases. An attempt is written before IAM is asked; its outcomes follow.
const (
	PhaseAttempt Phase = "attempt"
	PhaseOutcome Phase = "outcome"
	PhaseEvent   Phase = "event"
)

// Outcomes of an attempt. Delivered and the ones after it tell what became of a
// secret that was created.
const (
	OutcomeOK           = "ok"
	OutcomeFailed       = "failed"
	OutcomeRefused      = "refused"
	OutcomeUnknown      = "unknown"
	OutcomeWithdrawn    = "withdrawn"
	OutcomeDelivered    = "delivered"
	OutcomeUndelivered  = "undelivered"
	OutcomeAcknowledged = "acknowledged"
	// OutcomeReconciled was found out afterwards, by looking at what is there.
	OutcomeReconciled = "reconciled"
)

// Actor is who did something. Role is what they could do at that time.
type Actor struct{ Issuer, Subject, Name, Role string }

// Event is one row of the journal. These fields are all there is: an open-ended
// map of details is how secrets have found their way into other tools' logs.
// Text is cut to 256 bytes (Reason to 1024), and characters that do not print are
// written as \u escapes. Times are UTC, in microseconds.
type Event struct {
	Seq   int64
	Time  time.Time // zero: now
	Phase Phase     // "": event
	// Attempt is the Seq of the attempt that an outcome belongs to.
	Attempt                            int64
	Actor                              Actor
	Action, Account, User, AccessKeyID string
	OldState, NewState, Reason         string
	Outcome, ErrorCode                 string
	RequestID, AWSRequestID            string
	SourceIP                           string
	// Replica is the process that wrote the row, HOST/PID.
	Replica, Version string
	Hash             string
}

// ErrInvalidEvent means an event the journal cannot hold: an unknown phase, an
// outcome without its attempt, no action. It is a mistake in the program.
var ErrInvalidEvent = errors.New("not an event the journal can hold")

const (
	maxText   = 256
	maxReason = 1024
)

// clean returns the event as it will be stored and hashed.
func (e Event) clean() (Event, error) {
	if e.Phase == "" {
		e.Phase = PhaseEvent
	}
	switch {
	case e.Phase != PhaseAttempt && e.Phase != PhaseOutcome && e.Phase != PhaseEvent:
		return e, fmt.Errorf("%w: phase %q", ErrInvalidEvent, e.Phase)
	case (e.Phase == PhaseOutcome) != (e.Attempt > 0):
		return e, fmt.Errorf("%w: phase %s with attempt %d", ErrInvalidEvent, e.Phase, e.Attempt)
	case e.Action == "":
		return e, fmt.Errorf("%w: no action", ErrInvalidEvent)
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	e.Time = e.Time.UTC().Truncate(time.Microsecond)
	for _, s := range e.texts() {
		limit := maxText
		if s == &e.Reason {
			limit = maxReason
		}
		*s = visible(*s, limit)
	}
	return e, nil
}

// texts lists the text fields in the order of the table, the hash and the export.
// Changing the order or the number breaks every existing chain.
func (e *Event) texts() []*string {
	return []*string{
		&e.Actor.Issuer, &e.Actor.Subject, &e.Actor.Name, &e.Actor.Role,
		&e.Action, &e.Account, &e.User, &e.AccessKeyID,
		&e.OldState, &e.NewState, &e.Reason, &e.Outcome, &e.ErrorCode,
		&e.RequestID, &e.AWSRequestID, &e.SourceIP, &e.Replica, &e.Version,
	}
}

// visible writes out what does not print, so that no name can forge a line of the
// log or turn its text around, and cuts at limit bytes, between characters.
func visible(s string, limit int) string {
	const more = "…"
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		piece := string(r)
		switch {
		case unicode.IsPrint(r):
		case r < 0x10000:
			piece = fmt.Sprintf(`\u%04x`, r)
		default:
			piece = fmt.Sprintf(`\U%08x`, r)
		}
		if b.Len()+len(piece) > limit {
			return cut(b.String(), limit-len(more)) + more
		}
		b.WriteString(piece)
	}
	return b.String()
}

// cut returns at most n bytes of s, without half a character at the end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
