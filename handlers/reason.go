package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"keydesk/iamsvc/paste"
	"keydesk/views"
	"keydesk/web/audit"
)

const (
	fieldReason = "reason"
	maxReason   = 256
)

// reasonField asks why; whoever runs Keydesk decides whether an answer is
// needed.
func reasonField(required bool) views.Field {
	return views.Field{Name: fieldReason, Label: "Reason or ticket", Required: required, Optional: !required, MaxLength: maxReason,
		Constraint: fmt.Sprintf("Kept in the audit log. Maximum %d characters.", maxReason)}
}

// reasonOf is the reason or ticket a form gives, or what is wrong with it. The
// journal keeps it for good, where no secret may be.
func (b Base) reasonOf(r *http.Request) (reason, fault string) {
	reason = strings.TrimSpace(r.PostFormValue(fieldReason))
	switch {
	case reason == "" && b.RequireReason:
		return "", "Every change needs a reason or ticket here. Enter one."
	case utf8.RuneCountInString(reason) > maxReason:
		return "", fmt.Sprintf("The reason can have at most %d characters.", maxReason)
	case paste.HasSecret(reason):
		return "", "This looks like a secret access key. The reason is kept in the audit log and must not hold one."
	}
	return reason, ""
}

// badReason is what is wrong with the reason of a change to Keydesk's own accounts.
type badReason struct{ fault string }

func (e *badReason) Error() string { return "reason: " + e.fault }

// explainedChange is change for what administrators do to other people's accounts:
// why they did is asked as it is for IAM. A reason that will not do is a *badReason,
// and nothing was tried.
func (b Base) explainedChange(r *http.Request, e audit.Event, target string, do func(context.Context) error) error {
	reason, fault := b.reasonOf(r)
	if fault != "" {
		return &badReason{fault}
	}
	e.Reason = reason
	return b.change(r, e, target, do)
}

// reasonAgain is the field as it was filled in, with what was wrong with it.
func (b Base) reasonAgain(r *http.Request, err error) views.Field {
	field := reasonField(b.RequireReason)
	field.Value = keptReason(r)
	if bad := (*badReason)(nil); errors.As(err, &bad) {
		field.Error = bad.fault
	}
	return field
}

// lastSegment tells the forms of one page apart.
func lastSegment(r *http.Request) string {
	return r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
}

// keptReason is a reason to show again in a form that was refused.
func keptReason(r *http.Request) string {
	text := r.PostFormValue(fieldReason)
	if paste.HasSecret(text) {
		return ""
	}
	return text
}
