package handlers

import (
	"strings"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/auth"
)

func (c ownerCard) isActive() bool { return isStatus(c.found.Key.Status, iamsvc.KeyActive) }

// links lead to what this person may do with the key; each asks again first.
func (c ownerCard) links() []views.Link {
	account, owner, id := c.identity.Account, c.found.Owner, c.found.KeyID
	list := []views.Link{{Text: "Show user", URL: keyOn(userPath(account, owner), id)}}
	if c.found.Unlisted || id == c.identity.AccessKeyID {
		return list
	}
	inactive := isStatus(c.found.Key.Status, iamsvc.KeyInactive)
	if c.may.Can(auth.UpdateAccessKeys) && inactive && c.protected == "" {
		list = append(list, views.Link{Text: "Activate", URL: keyPath(account, owner, id, "activate")})
	}
	if c.may.Can(auth.UpdateAccessKeys) && !inactive {
		list = append(list, views.Link{Text: "Deactivate", URL: keyPath(account, owner, id, "deactivate")})
	}
	if c.may.Can(auth.DeleteAccessKeys) && inactive {
		list = append(list, views.Link{Text: "Delete", URL: keyPath(account, owner, id, "delete")})
	}
	return list
}

// nextSteps is what to do with the answer, for whoever has it. The order is
// that of urgency.
func (c ownerCard) nextSteps() []string {
	var steps []string
	add := func(s string) { steps = append(steps, s) }
	deactivate := "have an administrator deactivate it now"
	if c.may.Can(auth.UpdateAccessKeys) {
		deactivate = "deactivate it now"
	}
	status, used := c.found.Key.Status, c.found.Key.LastUsed
	if c.found.KeyID == c.identity.AccessKeyID {
		add(reasonOwnKey + " It can be replaced only by whoever runs Keydesk.")
	}
	switch {
	case c.user.Quarantined && (c.isActive() || status == ""):
		add("AWS considers a key of this user leaked: " + deactivate + ". The quarantine limits the key, it does not switch it off.")
	case c.isActive() || status == "":
		add("If the key was found in a public place or with a stranger, " + deactivate + ". That can be undone.")
	}
	switch {
	case status == "":
		add("Open the user's page to see whether the key is active.")
	case !c.isActive():
		add("The key is not active: AWS refuses it. If nothing has missed it, an administrator can delete it.")
	case used.Never(c.now):
		add("The key has never been used. Ask the owner whether it is needed; if not, it can be deactivated and then deleted.")
	case used.At.IsZero(), days(c.now, used.At) > recentDays && !used.Current(c.now): // nothing rests on what is not known
	case days(c.now, used.At) > recentDays:
		add("The key has not been used for more than 90 days. Ask the owner whether it is needed; if not, it can be deactivated and then deleted.")
	case c.user.Quarantined:
		add("The key is in use. Tell the owner at once: programs that use it will fail.")
	default:
		add("The key is in use: programs that use it will fail when it is deactivated. Unless it has leaked, talk to the owner first.")
	}
	if c.user.Quarantined && len(c.found.Siblings) > 0 {
		add("Look at the user's other keys too: which of them leaked is not certain.")
	}
	if c.isActive() && days(c.now, c.found.Key.Created) > 90 {
		add("The key is older than 90 days. Ask the owner to replace it: create a second key, move everything to it, then deactivate this one.")
	}
	return steps
}

// ticket is the answer as plain text.
func (c ownerCard) ticket(o views.KeyOwner) string {
	used := o.LastUsedUnread.Text
	if used == "" {
		used = o.LastUsed.Text
		if o.LastUsed.ISO != "" {
			used = o.LastUsed.Absolute + ", " + o.Service + ", " + o.Region
		}
	}
	lines := []string{
		"Access key ID: " + c.found.KeyID,
		"Owner: " + o.Name + " (" + o.ARN + ")",
		"Account: " + accountLabel(c.identity),
		"Status: " + o.Status.Text,
		"Description: " + o.Description,
		"Created: " + o.Created.Text + " (age: " + o.Age.Text + ")",
		"Last used: " + used,
	}
	for _, contact := range o.Contacts {
		lines = append(lines, contact.Term+": "+contact.Text)
	}
	if o.Quarantined {
		lines = append(lines, "The user is quarantined by AWS (AWSCompromisedKeyQuarantine).")
	}
	if o.Protected != "" {
		lines = append(lines, "The user is protected by "+c.protected+".")
	}
	return strings.Join(append(lines, "Looked up in Keydesk: "+absolute(c.now)), "\n")
}
