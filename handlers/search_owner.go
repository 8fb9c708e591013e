package handlers

import (
	"fmt"
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/auth"
)

// ownerFinding is the card of a key that was found.
func ownerFinding(f *views.Finding, account *iamsvc.Account, found iamsvc.LookUpResult, may auth.User, now time.Time) {
	if found.Owner == "" {
		f.Title, f.Kind, f.Text = "A key of this account without a user", "warning", []string{
			"IAM knows the key but names no user: it may belong to the account's root user. Root should have no access keys; tell an administrator."}
		return
	}
	f.Title = "Owner found"
	inventory := account.Inventory()
	f.Kind, f.Text = doubts(inventory, found, now)
	user, known := inventory.User(found.Owner)
	c := ownerCard{identity: account.Identity(), found: found, user: user, known: known, may: may, now: now, read: inventory.AsOf}
	if known {
		c.protected = account.ProtectedBy(user.User)
	}
	f.Owner, f.Links = c.draw(), c.links()
	f.Owner.QuarantineUnknown = f.Owner.QuarantineUnknown && account.OnAWS()
}

// doubts are what could not be asked just now, and where IAM and the last
// reading disagree.
func doubts(inventory *iamsvc.Inventory, found iamsvc.LookUpResult, now time.Time) (kind string, text []string) {
	add := func(format string, args ...any) { text = append(text, fmt.Sprintf(format, args...)) }
	asOf := lowerNow(relative(now, found.AsOf))
	if found.LiveErr != nil {
		add("IAM could not be asked just now: %s. Owner and last use are what Keydesk read %s.", unreadBecause(found.LiveErr), asOf)
	}
	switch {
	case found.StateErr != nil && found.InInventory:
		add("The keys of %s could not be listed just now: %s. The status is what Keydesk read %s.", found.Owner, unreadBecause(found.StateErr), asOf)
	case found.StateErr != nil:
		add("The keys of %s could not be listed: %s. Whether the key is active is not known.", found.Owner, unreadBecause(found.StateErr))
	case found.Unlisted:
		add("IAM still names %s as the owner, but does not list the key any more: it has probably been deleted in the last minutes.", found.Owner)
	}
	if len(text) > 0 {
		return "warning", text
	}
	switch {
	case found.InInventory && found.Listed.Status != found.Key.Status:
		add("The key was %s when Keydesk read the account %s. It is %s now.", found.Listed.Status, asOf, found.Key.Status)
	case !found.InInventory && !inventory.AsOf.IsZero():
		add("The key was not there when Keydesk read the account %s, or its owner's keys had not been read.", lowerNow(relative(now, inventory.AsOf)))
	}
	if found.InInventory && found.ListedOwner != found.Owner {
		add("It was a key of %s when Keydesk read the account %s: the user has probably been renamed.", found.ListedOwner, asOf)
	}
	if len(text) > 0 {
		return "info", text
	}
	return "", nil
}

// ownerCard is what the answer about a key is drawn from: what IAM said just
// now, and what the last reading has of the user.
type ownerCard struct {
	identity  iamsvc.Identity
	found     iamsvc.LookUpResult
	user      iamsvc.InventoryUser
	known     bool // the last reading has the user
	protected string
	may       auth.User
	now, read time.Time
}

func (c ownerCard) draw() views.KeyOwner {
	k := c.found.Key
	o := views.KeyOwner{
		Name: c.found.Owner, URL: userPath(c.identity.Account, c.found.Owner),
		Path: textNotRead, ARN: textNotRead, Description: textNotRead, Tags: textNotRead,
		Status: views.Status{Kind: "inactive", Text: textNotKnown}, Age: views.Status{Kind: "inactive", Text: textNotKnown},
		Created: views.Time{Text: textNotKnown}, AsOf: c.asOf(),
	}
	ownerLastUse(&o, k.LastUsed, c.now)
	if k.Status != "" || !k.Created.IsZero() {
		o.Status = accessKeyStatus(k.Status, c.user.Quarantined)
		o.Created = views.Time{ISO: machine(k.Created), Text: absolute(k.Created), Absolute: absolute(k.Created)}
		age := keyAgeLine(c.now, &k, c.user.Quarantined)
		o.Age = views.Status{Kind: age.Kind, Text: age.Text}
	}
	c.drawUser(&o)
	c.drawSiblings(&o)
	if c.protected != "" {
		o.Protected = protectedText(c.protected)
	}
	o.NextSteps = c.nextSteps()
	o.Ticket = c.ticket(o)
	return o
}

// asOf says which parts of the card were asked just now.
func (c ownerCard) asOf() string {
	live := "Owner, status and last use were asked just now. "
	lastUse := ""
	if c.found.LiveErr != nil && !c.found.Key.LastUsed.AsOf().IsZero() {
		lastUse = " The last use is as of " + lowerNow(relative(c.now, c.found.Key.LastUsed.AsOf())) + "."
	}
	switch {
	case c.found.LiveErr != nil && c.found.StateErr != nil:
		live = ""
	case c.found.LiveErr != nil:
		live = "The status was asked just now. "
	case c.found.StateErr != nil || c.found.Unlisted:
		live = "Owner and last use were asked just now. "
	}
	if !c.known {
		return live + "Path, tags and description have not been read yet."
	}
	return live + "Everything else is as of " + lowerNow(relative(c.now, c.read)) + "." + lastUse
}

func ownerLastUse(o *views.KeyOwner, u iamsvc.LastUsed, now time.Time) {
	switch {
	case u.Never(now):
		o.LastUsed, o.Region, o.Service = views.Time{Text: "Never"}, "N/A", "N/A"
	case !u.At.IsZero():
		o.LastUsed, o.Region, o.Service = stamp(now, u.At), orNone(u.Region), orNone(u.Service)
	case u.Err != nil:
		line := unreadLine(u.Err)
		o.LastUsedUnread, o.Region, o.Service = views.Status{Kind: line.Kind, Text: line.Text}, line.Text, line.Text
	default:
		o.LastUsedUnread, o.Region, o.Service = views.Status{Kind: "inactive", Text: textNotKnown}, textNotKnown, textNotKnown
	}
}

// drawUser adds what only the last reading has: where the user belongs, and
// whom to ask.
func (c ownerCard) drawUser(o *views.KeyOwner) {
	o.ContactsNote = textNotRead
	if !c.known {
		return
	}
	o.Path, o.ARN, o.Quarantined, o.QuarantineUnknown = c.user.Path, c.user.ARN, c.user.Quarantined, !c.user.Quarantined && !c.user.QuarantineRead
	if c.found.InInventory {
		o.Description = orNone(c.found.Key.Description)
	}
	if !c.user.GroupsRead {
		return
	}
	o.ContactsNote = "None: the user has no tag that names an owner or a contact."
	var others []string
	for _, t := range c.user.Tags {
		switch {
		case isContactTag(t.Key):
			o.Contacts, o.ContactsNote = append(o.Contacts, views.KV{Term: t.Key + " (tag)", Text: orNone(t.Value)}), ""
		case !describesKey(&c.user, t.Key):
			others = append(others, t.Key+" = "+orNone(t.Value))
		}
	}
	o.Tags = orNone(strings.Join(others, ", "))
}

// drawSiblings: live where the keys could be listed. What is not known is no
// empty list.
func (c ownerCard) drawSiblings(o *views.KeyOwner) {
	o.SiblingsNote = "None."
	switch {
	case c.found.StateErr != nil && !c.found.InInventory:
		o.SiblingsNote = unreadLine(c.found.StateErr).Text
	case c.found.StateErr != nil && c.user.KeysErr != nil:
		o.SiblingsNote = unreadLine(c.user.KeysErr).Text
	}
	for _, k := range c.found.Siblings {
		age, used := keyAgeLine(c.now, &k, c.user.Quarantined), lastUsedLine(c.now, k.LastUsed)
		sibling := views.SiblingKey{KeyID: k.ID, URL: keyOn(o.URL, k.ID), Status: accessKeyStatus(k.Status, c.user.Quarantined),
			Age: views.Status{Kind: age.Kind, Text: age.Text}, LastUsed: withNote(used)}
		if k.ID == "" {
			sibling.KeyID, sibling.URL = textNotRead, o.URL
		}
		o.Siblings = append(o.Siblings, sibling)
	}
}
