package iamsvc

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"
)

// ClockSkewError says that the server finds the time of a call wrong.
type ClockSkewError struct {
	Server time.Time // the server's clock; zero: not said
	Here   time.Time // the clock of Keydesk's machine at that moment
}

func (e *ClockSkewError) Error() string {
	const form = "2006-01-02 15:04:05 UTC"
	here := "it is " + e.Here.UTC().Format(form) + " here"
	if e.Server.IsZero() {
		return "the server finds the time of Keydesk's calls wrong: " + here
	}
	both := here + " and " + e.Server.UTC().Format(form) + " there"
	switch ahead := e.Here.Sub(e.Server); {
	case ahead >= time.Minute:
		return "the clock of Keydesk's machine is " + roughly(ahead) + " ahead of the server's: " + both
	case ahead <= -time.Minute:
		return "the clock of Keydesk's machine is " + roughly(-ahead) + " behind the server's: " + both
	}
	return "the server finds the time of Keydesk's calls wrong: " + both
}

// Unwrap is ErrClockSkew.
func (e *ClockSkewError) Unwrap() error { return ErrClockSkew }

func roughly(d time.Duration) string {
	for _, unit := range []struct {
		name   string
		length time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if n := int(math.Round(float64(d) / float64(unit.length))); n > 1 || n == 1 && unit.length == time.Minute {
			return fmt.Sprintf("%d %s%s", n, unit.name, map[bool]string{true: "s"}[n > 1])
		}
	}
	return "1 minute"
}

// CredentialsError says why Keydesk has no credentials, or why they are not accepted.
type CredentialsError struct {
	Reason error     // one of the reasons that are ErrCredentials, or ErrAssumeRoleThrottled
	Since  time.Time // when they expired; zero: not known
	Detail string    // the role's ARN, or how a credential_process ended; "": nothing more is known
}

func (e *CredentialsError) Error() string {
	switch {
	case !e.Since.IsZero():
		return e.Reason.Error() + ", on " + e.Since.UTC().Format("2006-01-02 at 15:04:05 UTC")
	case e.Detail != "":
		return e.Reason.Error() + " (" + e.Detail + ")"
	}
	return e.Reason.Error()
}

// Unwrap is the reason.
func (e *CredentialsError) Unwrap() error { return e.Reason }

// ConnectionError says why there was no answer.
type ConnectionError struct {
	Reason error  // one of the reasons that are ErrUnreachable
	Host   string // host:port or name; "": not known
	Proxy  bool   // Host is a proxy on the way
}

func (e *ConnectionError) Error() string {
	name := "the server"
	if e.Proxy {
		name = "the proxy"
	}
	return strings.Replace(e.Reason.Error(), "the server", strings.TrimSpace(name+" "+e.Host), 1)
}

// Unwrap is the reason.
func (e *ConnectionError) Unwrap() error { return e.Reason }

// InterposedError is an answer that is not IAM's.
type InterposedError struct {
	Reason error // ErrInterposed or ErrProxyAuthentication
	Status int   // HTTP status
}

func (e *InterposedError) Error() string {
	return fmt.Sprintf("%v (HTTP status %d)", e.Reason, e.Status)
}

// Unwrap is the reason.
func (e *InterposedError) Unwrap() error { return e.Reason }

// RefusedError is a refusal whose code means nothing to Keydesk.
type RefusedError struct {
	Code   string // "" when there was none
	Status int    // HTTP status
}

func (e *RefusedError) Error() string {
	return ErrRefused.Error() + " with " + cmp.Or(e.Code, fmt.Sprintf("HTTP status %d and no code", e.Status))
}

// Is: a refusal for another reason than who calls also means that the server can't do it.
func (e *RefusedError) Is(target error) bool {
	return target == ErrUnsupported && e.Status != 401 && e.Status != 403
}

// Unwrap is ErrRefused.
func (e *RefusedError) Unwrap() error { return ErrRefused }
