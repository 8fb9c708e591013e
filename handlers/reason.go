package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"keydesk/iamsvc"
	"keydesk/views"
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
	case iamsvc.ParsePaste(reason).Secret:
		return "", "This looks like a secret access key. The reason is kept in the audit log and must not hold one."
	}
	return reason, ""
}

// keptReason is a reason to show again in a form that was refused.
func keptReason(r *http.Request) string {
	text := r.PostFormValue(fieldReason)
	if iamsvc.ParsePaste(text).Secret {
		return ""
	}
	return text
}
