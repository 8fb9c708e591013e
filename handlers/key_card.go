package handlers

import (
	"fmt"
	"strings"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/auth"
)

// Why an action on a key is not available: said, not hidden.
const (
	reasonActive   = "The key is active already."
	reasonInactive = "The key is inactive already."
	reasonOwnKey   = "Keydesk itself uses this key."
)

// newKeyCard is one access key with the console's six fields and its age.
func newKeyCard(v userView, k iamsvc.AccessKey, forms keyForms) views.KeyCard {
	c := views.KeyCard{
		ID: k.ID, Anchor: keyAnchor(k.ID), Description: orNone(k.Description), Status: accessKeyStatus(k.Status, v.details.Quarantined),
		Created: stamp(v.now, k.Created), Age: keyAge(v, k), Unsaved: forms.unsaved,
	}
	showLastUse(&c, v, k.LastUsed)
	if v.details.UserErr != nil && k.Description == "" {
		c.Description = unread(v.details.UserErr).Text
	}
	if k.ID == v.identity.AccessKeyID {
		c.Note = reasonOwnKey
	}
	if !v.home.own {
		c.ActivityURL = activityPath(v.home, k.ID)
	}
	c.Actions, c.Questions = keyActions(v, keySubject{now: v.now, home: v.home, key: k, strict: v.strict}, forms)
	if !v.may.Can(auth.UpdateAccessKeys) {
		c.Ticket = ticketText(v, k)
	}
	return c
}

func keyAge(v userView, k iamsvc.AccessKey) views.Status {
	l := keyAgeLine(v.now, &k, v.details.Quarantined)
	return views.Status{Kind: l.Kind, Text: l.Text}
}

// showLastUse uses the console's words for a key that was never used.
func showLastUse(c *views.KeyCard, v userView, u iamsvc.LastUsed) {
	switch {
	case u.Err != nil:
		c.LastUsedUnread, c.Region, c.Service = unreadPart(u.Err), unread(u.Err).Text, unread(u.Err).Text
	case !u.At.IsZero():
		c.LastUsed, c.Region, c.Service = stamp(v.now, u.At), orNone(u.Region), orNone(u.Service)
	case u.Never(v.now):
		c.LastUsed, c.Region, c.Service = views.Time{Text: "None"}, "N/A", "N/A"
	default:
		c.LastUsedUnread = views.Status{Kind: "inactive", Text: textNotRead}
		c.Region, c.Service = textNotRead, textNotRead
	}
}

// keyActions are the Actions menu and the dialogs it opens. People who may
// change nothing get neither.
func keyActions(v userView, s keySubject, forms keyForms) (items []views.MenuItem, questions []views.KeyQuestion) {
	own := s.key.ID == v.identity.AccessKeyID
	add := func(item views.MenuItem, asks ...views.KeyQuestion) {
		items, questions = append(items, item), append(questions, asks...)
	}
	if v.may.Can(auth.UpdateAccessKeys) {
		s.token = forms.update
		add(activateItem(v, s))
		if s.strict && isStatus(s.key.Status, iamsvc.KeyInactive) && v.protected == "" {
			questions = append(questions, activateQuestion(s))
		}
		deactivate := deactivateQuestion(s)
		switch {
		case own:
			add(views.MenuItem{Text: "Deactivate", Disabled: true, Reason: reasonOwnKey})
		case isStatus(s.key.Status, iamsvc.KeyInactive):
			add(views.MenuItem{Text: "Deactivate", Disabled: true, Reason: reasonInactive})
		default:
			add(views.MenuItem{Text: "Deactivate", URL: s.path("deactivate"), Dialog: deactivate.Confirm.ID}, deactivate)
		}
	}
	if v.may.Can(auth.DescribeAccessKeys) && !v.home.own {
		s.token = forms.describe
		describe := describeQuestion(s)
		add(views.MenuItem{Text: "Edit description", URL: s.path("description"), Dialog: describe.Confirm.ID}, describe)
	}
	if v.may.Can(auth.DeleteAccessKeys) {
		s.token = forms.remove
		remove := deleteQuestion(s)
		switch {
		case own:
			add(views.MenuItem{Text: "Delete", Disabled: true, Reason: reasonOwnKey, Divider: true})
		case isStatus(s.key.Status, iamsvc.KeyInactive):
			add(views.MenuItem{Text: "Delete", URL: s.path("delete"), Dialog: remove.Confirm.ID, Divider: true}, remove)
		default:
			// Leads to a page that offers to deactivate the key first.
			add(views.MenuItem{Text: "Delete", URL: s.path("delete"), Divider: true})
		}
	}
	return items, questions
}

// activateItem posts at once, as the console asks nothing before activating,
// but where a reason is wanted.
func activateItem(v userView, s keySubject) views.MenuItem {
	switch {
	case v.protected != "":
		return views.MenuItem{Text: "Activate", Disabled: true, Reason: protectedText(v.protected)}
	case isStatus(s.key.Status, iamsvc.KeyInactive) && s.strict:
		return views.MenuItem{Text: "Activate", URL: s.path("activate"), Dialog: activateQuestion(s).Confirm.ID}
	}
	if isStatus(s.key.Status, iamsvc.KeyInactive) {
		return views.MenuItem{Text: "Activate", URL: s.path("activate"), Post: true, Token: s.token, Hidden: []views.KV{
			{Term: "access_key_id", Text: s.key.ID}, {Term: "status", Text: string(s.key.Status)},
		}}
	}
	reason := reasonActive
	if !isStatus(s.key.Status, iamsvc.KeyActive) {
		reason = fmt.Sprintf("IAM calls the key %s.", orElse(string(s.key.Status), "neither active nor inactive"))
	}
	return views.MenuItem{Text: "Activate", Disabled: true, Reason: reason}
}

// ticketText is a card as plain text, for people who pass the matter on.
func ticketText(v userView, k iamsvc.AccessKey) string {
	lines := []string{
		"Access key ID: " + k.ID,
		"IAM user: " + v.name(),
		"ARN: " + orNone(v.details.User.ARN),
		"AWS account: " + accountLabel(v.identity),
		"Status: " + accessKeyStatus(k.Status, v.details.Quarantined).Text,
		"Description: " + orNone(k.Description),
		"Created: " + absolute(k.Created) + ". " + ageSentence(v.now, k.Created),
		"Last used: " + ticketUse(v, k.LastUsed),
	}
	for _, t := range v.details.User.Tags {
		if isContactTag(t.Key) {
			lines = append(lines, t.Key+" (tag): "+t.Value)
		}
	}
	return strings.Join(append(lines, "As of: "+absolute(v.now)), "\n")
}

func ticketUse(v userView, u iamsvc.LastUsed) string {
	switch {
	case u.Err != nil:
		return unread(u.Err).Text
	case u.Never(v.now):
		return "Never"
	case u.At.IsZero():
		return textNotRead
	}
	return fmt.Sprintf("%s (%s), service %s, region %s", absolute(u.At), relative(v.now, u.At), orNone(u.Service), orNone(u.Region))
}

// isContactTag recognises the tags that say whom to ask.
func isContactTag(key string) bool {
	key = strings.ToLower(key)
	for _, word := range []string{"owner", "contact", "team", "mail"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}
