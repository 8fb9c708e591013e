package handlers

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

// keySubject is the key a question is about.
type keySubject struct {
	now    time.Time
	home   keyHome
	key    iamsvc.AccessKey // with description and last use
	token  string
	strict bool              // a reason is required
	typed  map[string]string // by field: what was typed into a form that is refused
	faults map[string]string // by field: what was wrong with it
}

func (s keySubject) path(verb string) string { return s.home.action(s.key.ID, verb) }

// confirm is the frame of a question; verb is the last part of its path.
func (s keySubject) confirm(verb, title, submit string) views.Confirm {
	return views.Confirm{
		ID: verb + "-" + keyAnchor(s.key.ID), Title: title, Action: s.path(verb), Token: s.token, Submit: submit,
		Cancel: keyOn(s.home.page(), s.key.ID),
	}
}

func (s keySubject) question(c views.Confirm, text string, fields ...views.Field) views.KeyQuestion {
	q := views.KeyQuestion{Title: c.Submit + " access key", Confirm: c, KeyID: s.key.ID, Seen: string(s.key.Status), Text: text}
	for _, f := range fields {
		f.ID = c.ID + "-" + f.Name
		f.Error = s.faults[f.Name]
		if typed, ok := s.typed[f.Name]; ok {
			f.Value = typed
		}
		q.Fields = append(q.Fields, f)
	}
	return q
}

const (
	fieldTypedID     = "typed_access_key_id"
	fieldDescription = "description"
)

func activateQuestion(s keySubject) views.KeyQuestion {
	return s.question(s.confirm("activate", "Activate "+s.key.ID+"?", "Activate"),
		"Whoever holds the secret access key can use it again as soon as it is activated.", reasonField(s.strict))
}

func deactivateQuestion(s keySubject) views.KeyQuestion {
	q := s.question(s.confirm("deactivate", "Deactivate "+s.key.ID+"?", "Deactivate"),
		"Applications that use this key will lose access as soon as it is deactivated. You can activate it again if needed. If it has leaked, do not wait for its owner.", reasonField(s.strict))
	q.Warning, q.WarningText = recentUse(s)
	return q
}

// deleteQuestion wants the key ID typed: a deleted key cannot be recovered.
func deleteQuestion(s keySubject) views.KeyQuestion {
	text := "Permanently delete this access key? After an access key is deleted, it can't be recovered."
	warning, warningText := recentUse(s)
	if warning.Text == "" {
		text += " " + lastUseText(s)
	}
	typed := views.Field{Name: fieldTypedID, Label: "To confirm deletion, enter the access key ID", Placeholder: s.key.ID,
		Required: true, Pattern: `\s*` + regexp.QuoteMeta(strings.TrimSpace(s.key.ID)) + `\s*`, Autofocus: true}
	q := s.question(s.confirm("delete", "Delete "+s.key.ID+"?", "Delete"), text, typed, reasonField(s.strict))
	q.Warning, q.WarningText = warning, warningText
	return q
}

// deactivateFirstQuestion is what Delete leads to for a key that is not
// inactive: only what nothing has missed for a while should be deleted.
func deactivateFirstQuestion(s keySubject) views.KeyQuestion {
	q := deactivateQuestion(s)
	q.Confirm.Title = "Deactivate " + s.key.ID + " before deleting it"
	q.Text = "Only an inactive access key can be deleted. Deactivate it first, make sure that no application misses it, then delete it. " + q.Text
	return q
}

func describeQuestion(s keySubject) views.KeyQuestion {
	q := s.question(s.confirm("description", "Edit description of "+s.key.ID, "Save changes"),
		"The description is attached to the user as a tag and shown alongside the access key. Leave it empty to remove it.",
		descriptionField(s.key.Description), reasonField(s.strict))
	q.Title = "Edit description"
	return q
}

// descriptionField has the limits of the API for the value of a tag.
func descriptionField(value string) views.Field {
	return views.Field{Name: fieldDescription, Label: "Description tag value", Value: value, Optional: true, Autofocus: true,
		Hint:       "Describe the purpose of this access key and where it will be used. A good description will help you rotate this access key confidently later. Never put a secret here.",
		Constraint: fmt.Sprintf("Maximum %d characters. Allowed characters are letters, numbers, spaces representable in UTF-8, and: _ . : / = + - @", iamsvc.MaxDescription),
		MaxLength:  iamsvc.MaxDescription}
}

// recentDays is how long ago a use still counts as recent: what the console
// marks green.
const recentDays = 90

// recentUse warns of a key that something still uses, or may use.
func recentUse(s keySubject) (views.Status, string) {
	u := s.key.LastUsed
	recent := !u.At.IsZero() && days(s.now, u.At) <= recentDays
	switch {
	case !recent && !u.Current(s.now):
		return views.Status{Kind: "warning", Text: "It is not known when this key was last used"},
			"Its last use could not be read. Make sure that nothing uses it before you continue."
	case !recent:
		return views.Status{}, ""
	}
	return views.Status{Kind: "warning", Text: "This key was used " + lowerNow(relative(s.now, u.At))},
		fmt.Sprintf("It called %s%s. Check that the workload has moved to another key before you continue.", orElse(u.Service, "an unknown service"), inRegion(u.Region))
}

func lowerNow(when string) string {
	if when == "Now" {
		return "just now"
	}
	return when
}

func inRegion(region string) string {
	if region == "" || region == "N/A" {
		return ""
	}
	return " in " + region
}

// lastUseText is about a key that recentUse has nothing to say of.
func lastUseText(s keySubject) string {
	u := s.key.LastUsed
	if u.At.IsZero() {
		return "It was never used, as far as IAM knows: a use can take four hours to appear."
	}
	return "Last used " + lowerNow(relative(s.now, u.At)) + " with " + orElse(u.Service, "an unknown service") + "."
}
