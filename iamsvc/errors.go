package iamsvc

import (
	"errors"
	"fmt"
)

// The kinds of failure callers tell apart with errors.Is. What IAM itself
// answered (code, message, request ID) is in a *CallError around them.
var (
	ErrNoActor       = errors.New("no actor in the context of a change")
	ErrForbidden     = errors.New("the actor may not do this")
	ErrEmptyUserName = errors.New("empty user name")
	ErrInvalid       = errors.New("invalid input")

	ErrNoSuchAccount = errors.New("no such account")
	ErrNoSuchUser    = errors.New("no such user")
	ErrNoSuchKey     = errors.New("no such access key")
	ErrNoSuchEntity  = errors.New("no such entity")
	ErrUserExists    = errors.New("user exists already")

	ErrKeyQuota   = errors.New("access key quota of the user is reached")
	ErrQuota      = errors.New("an IAM quota is reached")
	ErrKeyActive  = errors.New("access key is not inactive")
	ErrKeyInUse   = errors.New("this access key is the one Keydesk itself runs with")
	ErrProtected  = errors.New("the user is protected")
	ErrConcurrent = errors.New("changed by someone else at the same moment")

	ErrThrottled   = errors.New("IAM is throttling requests")
	ErrUnavailable = errors.New("IAM is unavailable")
	ErrUnsupported = errors.New("the server does not answer this call in a way IAM would")
	ErrCredentials = errors.New("the credentials Keydesk runs with are not accepted")
	ErrDenied      = errors.New("the identity Keydesk runs with is not allowed this call")

	ErrOutcomeUnknown = errors.New("the outcome of the change is unknown")
	ErrJournal        = errors.New("the change could not be journalled")

	ErrReportNotPresent = errors.New("no credential report exists")
	ErrReportInProgress = errors.New("the credential report is being generated")
	ErrReportExpired    = errors.New("the credential report is older than four hours")

	// ErrTooMuch is what a *LimitError is.
	ErrTooMuch = errors.New("the server sends more than Keydesk takes")

	// ErrNotReadYet marks what a running inventory crawl has not reached.
	ErrNotReadYet = errors.New("not read yet")
)

// CallError is a call that IAM or STS answered with an error, or did not
// answer. It unwraps to one of the sentinels above (by way of *Denied or
// *Invalid where there is more to say). It never holds the reply's body.
type CallError struct {
	Operation string // as the API names it, e.g. "CreateAccessKey"
	Code      string // the code on the wire, e.g. "NoSuchEntity"; "" when there was none
	Message   string // the server's own words, untrusted; "" when there were none
	RequestID string // AWS request ID; "" when unknown
	Status    int    // HTTP status; 0 when there was no reply
	Kind      error
}

// Error implements error.
func (e *CallError) Error() string {
	switch {
	case e.Code == "" && e.Status == 0:
		return fmt.Sprintf("%s: %v", e.Operation, e.Kind)
	case e.Code == "":
		return fmt.Sprintf("%s: %v (HTTP status %d)", e.Operation, e.Kind, e.Status)
	}
	return fmt.Sprintf("%s: %v (%s)", e.Operation, e.Kind, e.Code)
}

// Unwrap gives the kind to errors.Is and errors.As.
func (e *CallError) Unwrap() error { return e.Kind }

// Denied says that the identity Keydesk runs with lacks a permission: a
// matter for the operator, not for the person at the page.
type Denied struct {
	Action  string // e.g. "iam:CreateAccessKey"
	Message string // the server's own words, untrusted
}

func (e *Denied) Error() string        { return "not allowed to call " + e.Action }
func (e *Denied) Is(target error) bool { return target == ErrDenied }

// Invalid is input that breaks a rule of IAM's API, found here or by IAM.
type Invalid struct {
	Field   string // user name, path, access key ID, description, tag, policy name, policy document, status; "" when IAM did not say
	Message string // a sentence for the person, the API's limit in it
}

func (e *Invalid) Error() string        { return e.Message }
func (e *Invalid) Is(target error) bool { return target == ErrInvalid }

// UserExists is the answer to creating a user whose name is taken.
type UserExists struct {
	User User // as it is now; only Name is set when it could not be read
}

func (e *UserExists) Error() string        { return "user " + e.User.Name + " exists already" }
func (e *UserExists) Is(target error) bool { return target == ErrUserExists }

// OutcomeUnknown says that a change was sent and no usable reply came back.
// It may or may not have taken effect.
type OutcomeUnknown struct {
	Operation  string
	User       string
	Attempt    int64       // sequence of the journalled attempt
	Candidates []AccessKey // after a creation: keys that look new; after other changes: the key as it is seen now
	ListErr    error       // why the user's keys could not be listed to find out
	Cause      error       // the classified failure
}

func (e *OutcomeUnknown) Error() string {
	return fmt.Sprintf("%s: %v: %v", e.Operation, ErrOutcomeUnknown, e.Cause)
}
func (e *OutcomeUnknown) Is(target error) bool { return target == ErrOutcomeUnknown }
func (e *OutcomeUnknown) Unwrap() error        { return e.Cause }

// JournalFailure says that the journal could not be written. Without Called
// nothing was sent to IAM. With Called the change was made and its outcome has
// no row: a new key is then deleted again (Withdrawn) or, when even that
// failed, left without anyone knowing its secret (not Withdrawn, KeyID set).
type JournalFailure struct {
	Called    bool
	Withdrawn bool
	KeyID     string
	Err       error // what the journal said; errors.Is sees through to it
}

func (e *JournalFailure) Error() string        { return fmt.Sprintf("%v: %v", ErrJournal, e.Err) }
func (e *JournalFailure) Is(target error) bool { return target == ErrJournal }
func (e *JournalFailure) Unwrap() error        { return e.Err }

// RequestID returns the AWS request ID of the failed call in err's chain.
func RequestID(err error) string {
	var c *CallError
	if errors.As(err, &c) {
		return c.RequestID
	}
	return ""
}

// ErrorCode returns the code IAM answered with, or a short name of the
// failure when IAM gave none; "" for nil.
func ErrorCode(err error) string {
	var c *CallError
	if errors.As(err, &c) && c.Code != "" {
		return c.Code
	}
	for _, k := range ownCodes {
		if errors.Is(err, k.kind) {
			return k.code
		}
	}
	if err != nil {
		return "Error"
	}
	return ""
}

var ownCodes = []struct {
	kind error
	code string
}{
	{ErrKeyActive, "KeyActive"},
	{ErrKeyInUse, "KeyInUse"},
	{ErrProtected, "Protected"},
	{ErrNoSuchKey, "NoSuchKey"},
	{ErrNoSuchUser, "NoSuchUser"},
	{ErrUserExists, "UserExists"},
	{ErrInvalid, "Invalid"},
	{ErrClockSkew, "ClockSkew"},
	{ErrInterposed, "Interposed"},
	{ErrRefused, "Refused"},
	{ErrCredentials, "Credentials"},
	{ErrTooMuch, "TooMuch"},
	{ErrUnsupported, "Unsupported"},
	{ErrUnavailable, "Unavailable"},
}
