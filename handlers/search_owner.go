package handlers

import (
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

// newKeyOwner draws a key that was found. Only owner and last use were asked
// just now; the rest is from the last reading, and missing when that did not
// have the key yet.
func newKeyOwner(identity iamsvc.Identity, found iamsvc.LookUpResult, user iamsvc.InventoryUser, known bool, now time.Time) views.KeyOwner {
	o := views.KeyOwner{
		Name: found.Owner, URL: userPath(identity.Account, found.Owner),
		Path: textNotRead, ARN: textNotRead, Description: textNotRead,
		Status: views.Status{Kind: "inactive", Text: textNotRead}, Age: views.Status{Kind: "inactive", Text: textNotRead},
		Created: views.Time{Text: textNotRead},
	}
	ownerLastUse(&o, found.Key.LastUsed, now)
	if found.InInventory {
		o.Status = keyStatus(found.Key.Status)
		o.Description = orNone(found.Key.Description)
		o.Created = views.Time{ISO: machine(found.Key.Created), Text: absolute(found.Key.Created), Absolute: absolute(found.Key.Created)}
		age := ageLine(now, found.Key.Created, isStatus(found.Key.Status, iamsvc.KeyActive))
		o.Age = views.Status{Kind: age.Kind, Text: age.Text}
	}
	ownerUser(&o, identity.Account, found, user, known, now)
	o.NextSteps = nextSteps(found, user.Quarantined, now)
	o.Ticket = lookUpTicket(identity, o, found, now)
	return o
}

func ownerLastUse(o *views.KeyOwner, u iamsvc.LastUsed, now time.Time) {
	switch {
	case u.Read && u.At.IsZero():
		o.LastUsed, o.Region, o.Service = views.Time{Text: "Never"}, "N/A", "N/A"
	case u.Read:
		o.LastUsed, o.Region, o.Service = stamp(now, u.At), orNone(u.Region), orNone(u.Service)
	case u.Err != nil:
		line := unreadLine(u.Err)
		o.LastUsedUnread, o.Region, o.Service = views.Status{Kind: line.Kind, Text: line.Text}, line.Text, line.Text
	default:
		o.LastUsedUnread, o.Region, o.Service = views.Status{Kind: "inactive", Text: textNotKnown}, textNotKnown, textNotKnown
	}
}

// ownerUser adds what the inventory knows of the user: whom to ask, and the
// other keys.
func ownerUser(o *views.KeyOwner, account string, found iamsvc.LookUpResult, user iamsvc.InventoryUser, known bool, now time.Time) {
	o.ContactsNote, o.SiblingsNote = textNotRead, textNotRead
	if !known {
		return
	}
	o.Path, o.ARN, o.Quarantined = user.Path, user.ARN, user.Quarantined
	if user.GroupsRead {
		o.ContactsNote = "None: the user has no tag that names an owner or a contact."
	}
	for _, t := range user.Tags {
		if isContactTag(t.Key) {
			o.Contacts, o.ContactsNote = append(o.Contacts, views.KV{Term: t.Key + " (tag)", Text: orNone(t.Value)}), ""
		}
	}
	o.SiblingsNote = "None."
	if user.KeysErr != nil {
		o.SiblingsNote = unreadLine(user.KeysErr).Text
	}
	for _, k := range user.Keys {
		if k.ID == found.KeyID {
			continue
		}
		age, used := ageLine(now, k.Created, isStatus(k.Status, iamsvc.KeyActive)), lastUsedLine(now, k.LastUsed)
		sibling := views.SiblingKey{KeyID: k.ID, URL: userPath(account, user.Name) + "#" + k.ID, Status: keyStatus(k.Status),
			Age: views.Status{Kind: age.Kind, Text: age.Text}, LastUsed: used.Text}
		if used.Time.ISO != "" {
			sibling.LastUsed = used.Time.Text
		}
		o.Siblings = append(o.Siblings, sibling)
	}
}

// nextSteps is what the help desk does with the answer. The order is that of
// urgency.
func nextSteps(found iamsvc.LookUpResult, quarantined bool, now time.Time) []string {
	var steps []string
	used := found.Key.LastUsed
	active := found.InInventory && isStatus(found.Key.Status, iamsvc.KeyActive)
	if quarantined {
		steps = append(steps, "Have an administrator deactivate the key now: AWS considers it leaked.")
	} else if active || !found.InInventory {
		steps = append(steps, "If the key was found in a public place or with a stranger, have an administrator deactivate it now. That can be undone.")
	}
	switch {
	case !found.InInventory:
		steps = append(steps, "Open the user's page to see whether the key is active.")
	case !active:
		steps = append(steps, "The key is not active: AWS refuses it. If nothing has missed it, an administrator can delete it.")
	case used.Read && used.At.IsZero():
		steps = append(steps, "The key has never been used. Ask the owner whether it is needed; if not, it can be deactivated and then deleted.")
	case used.Read && days(now, used.At) > 90:
		steps = append(steps, "The key has not been used for more than 90 days. Ask the owner whether it is needed; if not, it can be deactivated and then deleted.")
	case used.Read:
		steps = append(steps, "The key is in use. Talk to the owner before it is deactivated: programs that use it will fail.")
	}
	if active && days(now, found.Key.Created) > 90 {
		steps = append(steps, "The key is older than 90 days. Ask the owner to replace it: create a second key, move everything to it, then deactivate this one.")
	}
	return steps
}

// lookUpTicket is the answer as plain text.
func lookUpTicket(identity iamsvc.Identity, o views.KeyOwner, found iamsvc.LookUpResult, now time.Time) string {
	used := o.LastUsedUnread.Text
	if used == "" {
		used = o.LastUsed.Text
		if o.LastUsed.ISO != "" {
			used = o.LastUsed.Absolute + ", " + o.Service + ", " + o.Region
		}
	}
	lines := []string{
		"Access key ID: " + found.KeyID,
		"Owner: " + o.Name + " (" + o.ARN + ")",
		"Account: " + accountLabel(identity),
		"Status: " + o.Status.Text,
		"Description: " + o.Description,
		"Created: " + o.Created.Text + " (age: " + o.Age.Text + ")",
		"Last used: " + used,
	}
	for _, c := range o.Contacts {
		lines = append(lines, c.Term+": "+c.Text)
	}
	if o.Quarantined {
		lines = append(lines, "The user is quarantined by AWS (AWSCompromisedKeyQuarantine).")
	}
	return strings.Join(append(lines, "Looked up in Keydesk: "+absolute(now)), "\n")
}
