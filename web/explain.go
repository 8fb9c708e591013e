package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"keydesk/handlers"
	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/auth"
)

// explainForm adds what is known of forms, roles and sign-ins.
func explainForm(err error, say *answer) {
	var tooLarge *http.MaxBytesError
	var form *badForm
	var role *forbidden
	var old *stale
	var field *auth.FieldError
	switch {
	case errors.As(err, &old) && old.status == 0:
		*say = answer{status: http.StatusForbidden, title: "Confirm your identity",
			text: "You signed in a while ago. Confirm your sign-in below and send the form again. Nothing was changed."}
	case errors.As(err, &old):
		*say = answer{status: old.status, title: "Your identity was not confirmed",
			text: "Correct the field marked below. Nothing was changed."}
	case errors.As(err, &field):
		*say = answer{status: http.StatusUnprocessableEntity, title: "That is not valid", text: field.Message + " Nothing was changed."}
	case errors.As(err, &tooLarge):
		*say = answer{status: http.StatusRequestEntityTooLarge, title: "That is too much",
			text: fmt.Sprintf("A request may hold at most %d KiB here. Nothing was changed.", tooLarge.Limit>>10)}
	case errors.As(err, &form):
		*say = answer{status: http.StatusBadRequest, title: "The form could not be read",
			text: "What the browser sent is not a valid form. Nothing was changed."}
	case errors.As(err, &role):
		*say = answer{status: http.StatusForbidden, title: "You may not do this",
			text: fmt.Sprintf("This needs the permission %q, which the role %s does not have. It is held by: %s. Nothing was changed.",
				role.Permission.Description(), role.Role.Label(), rolesWith(role.Permission))}
	}
}

// explainIAM adds what IAM has said, or what was found there afterwards.
func explainIAM(err error, say *answer) {
	var changed *handlers.Changed
	var quota *handlers.QuotaFull
	var unrecorded *handlers.Unrecorded
	var onward *handlers.Onward
	var denied *iamsvc.Denied
	var lost *iamsvc.OutcomeUnknown
	var journal *iamsvc.JournalFailure
	var invalid *iamsvc.Invalid
	var protected *iamsvc.Protected
	if errors.As(err, &onward) {
		say.links = []views.Link{{Text: onward.Name, URL: onward.Path}}
	}
	switch {
	case errors.As(err, &changed):
		*say = answer{status: http.StatusConflict, title: "Changed meanwhile",
			text:  changed.What + " Nothing was changed.",
			links: []views.Link{{Text: "Show the current state", URL: changed.Path}}}
	case errors.As(err, &quota):
		if quota.Said != "" {
			say.text += " The server's words: " + quota.Said + "."
		}
		say.text += " Its keys: " + keyList(quota.Keys) + "."
		say.links = []views.Link{{Text: "Access keys of " + quota.User, URL: quota.Path}}
	case errors.As(err, &protected):
		say.text += fmt.Sprintf(" %s is protected by %s.", protected.User, protected.Rule)
	case errors.As(err, &denied):
		say.text += fmt.Sprintf(" Missing permission: %s.", denied.Action)
	case errors.As(err, &lost) && lost.Operation == string(iamsvc.ActionCreateAccessKey):
		say.text += candidates(lost)
	case errors.As(err, &lost):
		say.title = "It is not known whether the change was made"
		say.text = "The request (" + lost.Operation + ") was sent, but IAM's answer was lost. Look at the state shown now before you try again." + seenNow(lost)
	case errors.As(err, &unrecorded):
		say.title = "Changed, but not recorded"
		say.text = "IAM has made the change, but the audit log could not take down how it ended. Do not repeat the change. Tell whoever runs Keydesk, with the request ID below."
	case errors.As(err, &journal) && journal.KeyID != "":
		say.text = withdrawn(journal)
	case errors.As(err, &invalid):
		say.text = invalid.Message + " Nothing was changed."
	case iamsvc.Advice(err) != "":
		say.text = upperFirst(iamsvc.Cause(err)) + ". Nothing was changed. For whoever runs Keydesk: " + iamsvc.Advice(err)
	}
}

func upperFirst(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

func candidates(lost *iamsvc.OutcomeUnknown) string {
	switch {
	case lost.ListErr != nil:
		return " The keys could not be listed either."
	case len(lost.Candidates) == 0:
		return " Listing the keys just now showed no new one; it can still appear within the next seconds."
	default:
		return " Likely made by this request: " + keyList(lost.Candidates) + ". Deactivate and delete it, then create another."
	}
}

// seenNow is what a list of the keys showed after the answer was lost.
func seenNow(lost *iamsvc.OutcomeUnknown) string {
	if lost.ListErr != nil || len(lost.Candidates) == 0 {
		return ""
	}
	return " IAM's list shows: " + keyList(lost.Candidates) + "."
}

func withdrawn(j *iamsvc.JournalFailure) string {
	if j.Withdrawn {
		return "The access key " + j.KeyID + " was created, but this could not be recorded, so it was deleted again at once. Nobody has seen its secret."
	}
	return "The access key " + j.KeyID + " was created, but this could not be recorded, and deleting it again failed. Nobody has its secret: deactivate and delete it."
}

func keyList(keys []iamsvc.AccessKey) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = fmt.Sprintf("%s (%s)", k.ID, k.Status)
	}
	return strings.Join(names, ", ")
}

func rolesWith(p auth.Permission) string {
	var names []string
	for _, r := range auth.Roles() {
		if r.Can(p) {
			names = append(names, r.Label())
		}
	}
	return strings.Join(names, ", ")
}
