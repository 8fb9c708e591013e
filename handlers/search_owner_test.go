package handlers

import (
	"errors"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc"
	"keydesk/web/auth"
)

func foundKey(status iamsvc.KeyStatus, created time.Time, used iamsvc.LastUsed) iamsvc.LookUpResult {
	key := iamsvc.AccessKey{ID: "AKIAIOSFODNN7EXAMPLE", Status: status, Created: created, LastUsed: used}
	return iamsvc.LookUpResult{Kind: iamsvc.KeyFound, KeyID: key.ID, Owner: "alice", InInventory: true, Key: key, Listed: key, ListedOwner: "alice", AsOf: daysAgo(0)}
}

func cardOf(found iamsvc.LookUpResult, role auth.Role) ownerCard {
	return ownerCard{identity: iamsvc.Identity{Account: "123456789012", Alias: "demo"}, found: found, may: auth.User{Role: role}, now: testNow, read: testNow}
}

func TestNextSteps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		found       iamsvc.LookUpResult
		quarantined bool
		want        []string
		never       string
	}{
		"in use":      {foundKey("Active", daysAgo(10), usedDaysAgo(1)), false, []string{"public place", "in use"}, "older than 90 days"},
		"old":         {foundKey("Active", daysAgo(400), usedDaysAgo(1)), false, []string{"public place", "in use", "older than 90 days"}, "never been used"},
		"never used":  {foundKey("Active", daysAgo(10), neverUsed), false, []string{"never been used"}, "in use."},
		"unused":      {foundKey("Active", daysAgo(10), usedDaysAgo(91)), false, []string{"more than 90 days"}, "in use."},
		"unknown use": {foundKey("Active", daysAgo(10), iamsvc.LastUsed{Err: errors.New("x")}), false, []string{"public place"}, "never been used"},
		"inactive":    {foundKey("Inactive", daysAgo(400), usedDaysAgo(1)), false, []string{"not active"}, "public place"},
		"quarantined": {foundKey("Active", daysAgo(10), usedDaysAgo(1)), true, []string{"have an administrator deactivate it now", "leaked"}, "public place"},
		"unknown":     {iamsvc.LookUpResult{Owner: "alice"}, false, []string{"Open the user's page"}, "not active"},
	} {
		card := cardOf(c.found, auth.RoleHelpDesk)
		card.user.Quarantined = c.quarantined
		got := strings.Join(card.nextSteps(), "\n")
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", name, want, got)
			}
		}
		if strings.Contains(got, c.never) {
			t.Errorf("%s: %q in\n%s", name, c.never, got)
		}
	}
	admin := strings.Join(cardOf(foundKey("Active", daysAgo(1), neverUsed), auth.RoleAdministrator).nextSteps(), "\n")
	if strings.Contains(admin, "have an administrator") {
		t.Errorf("an administrator is told to find one:\n%s", admin)
	}
}

// TestCardOffersWhatThePersonMayDo: nothing to those who may not, and nothing
// that would be refused.
func TestCardOffersWhatThePersonMayDo(t *testing.T) {
	t.Parallel()
	active, inactive := foundKey("Active", daysAgo(1), neverUsed), foundKey("Inactive", daysAgo(1), neverUsed)
	gone := active
	gone.Unlisted = true
	for name, c := range map[string]struct {
		card ownerCard
		want string
	}{
		"help desk":     {cardOf(active, auth.RoleHelpDesk), "Show user"},
		"auditor":       {cardOf(inactive, auth.RoleAuditor), "Show user"},
		"active":        {cardOf(active, auth.RoleAdministrator), "Show user Deactivate"},
		"inactive":      {cardOf(inactive, auth.RoleAdministrator), "Show user Activate Delete"},
		"not listed":    {cardOf(gone, auth.RoleAdministrator), "Show user"},
		"protected":     {ownerCard{found: inactive, may: auth.User{Role: auth.RoleAdministrator}, protected: "the path /x/"}, "Show user Delete"},
		"Keydesk's own": {ownerCard{found: active, may: auth.User{Role: auth.RoleAdministrator}, identity: iamsvc.Identity{AccessKeyID: active.KeyID}}, "Show user"},
	} {
		var got []string
		for _, l := range c.card.links() {
			got = append(got, l.Text)
			if l.Text != "Show user" && strings.Contains(l.URL, active.KeyID) {
				t.Errorf("%s: the key ID is in %s", name, l.URL)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestCardTellsUnknownFromNone: nothing that was not read passes for something
// that is not there.
func TestCardTellsUnknownFromNone(t *testing.T) {
	t.Parallel()
	user := iamsvc.InventoryUser{User: iamsvc.User{Name: "alice", Path: "/it/", ARN: "arn:aws:iam::123456789012:user/it/alice",
		Tags: []iamsvc.Tag{{Key: "Owner", Value: "it@example.com"}, {Key: "CostCenter", Value: "7"}, {Key: "AKIAIOSFODNN7EXAMPLE", Value: "a description"}}}, GroupsRead: true,
		Keys: []iamsvc.AccessKey{{ID: "AKIAIOSFODNN7EXAMPLE"}}}
	found := foundKey("Active", daysAgo(100), usedDaysAgo(2))
	found.Siblings = []iamsvc.AccessKey{{ID: "AKIAI44QH8DHBEXAMPLE", Status: "Inactive", Created: daysAgo(3)}}
	card := cardOf(found, auth.RoleHelpDesk)
	card.user, card.known, card.protected = user, true, "the path /it/"

	whole := card.draw()
	if len(whole.Contacts) != 1 || whole.Contacts[0].Text != "it@example.com" || whole.Tags != "CostCenter = 7" || len(whole.Siblings) != 1 || whole.Siblings[0].Status.Text != "Inactive" {
		t.Errorf("contacts %+v, tags %q, siblings %+v", whole.Contacts, whole.Tags, whole.Siblings)
	}
	if !strings.Contains(whole.Protected, "the path /it/") || !strings.Contains(whole.AsOf, "Owner, status and last use were asked just now") {
		t.Errorf("protected %q, as of %q", whole.Protected, whole.AsOf)
	}
	for _, line := range []string{"Access key ID: AKIAIOSFODNN7EXAMPLE", "Owner: alice (arn:", "Account: demo · 123456789012", "(age: 100 days)", "s3, us-east-1", "Owner (tag): it@example.com", "protected by the path /it/"} {
		if !strings.Contains(whole.Ticket, line) {
			t.Errorf("no %q in the ticket\n%s", line, whole.Ticket)
		}
	}

	unread := cardOf(iamsvc.LookUpResult{KeyID: "AKIAIOSFODNN7EXAMPLE", Owner: "alice", StateErr: &iamsvc.Denied{Action: "iam:ListAccessKeys"}}, auth.RoleHelpDesk).draw()
	for what, text := range map[string]string{"path": unread.Path, "tags": unread.Tags, "contact": unread.ContactsNote, "description": unread.Description} {
		if text != textNotRead {
			t.Errorf("%s reads %q", what, text)
		}
	}
	if unread.LastUsedUnread.Text != textNotKnown || unread.Status.Text != textNotKnown || unread.Created.Text != textNotKnown || unread.SiblingsNote != textNotAllowed {
		t.Errorf("not known reads %+v", unread)
	}

	card.found.StateErr, card.found.Siblings = iamsvc.ErrThrottled, nil
	card.user.KeysErr, card.user.GroupsRead = iamsvc.ErrNotReadYet, false
	half := card.draw()
	if half.SiblingsNote != textNotRead || half.ContactsNote != textNotRead || !strings.HasPrefix(half.AsOf, "Owner and last use were asked") {
		t.Errorf("siblings %q, contact %q, as of %q", half.SiblingsNote, half.ContactsNote, half.AsOf)
	}
}

// TestDoubts: where IAM and the last reading disagree, both are told.
func TestDoubts(t *testing.T) {
	t.Parallel()
	read := &iamsvc.Inventory{AsOf: testNow}
	change := func(f func(*iamsvc.LookUpResult)) iamsvc.LookUpResult {
		found := foundKey("Active", daysAgo(9), neverUsed)
		f(&found)
		return found
	}
	for name, c := range map[string]struct {
		found      iamsvc.LookUpResult
		kind, want string
	}{
		"agree":    {change(func(*iamsvc.LookUpResult) {}), "", ""},
		"status":   {change(func(f *iamsvc.LookUpResult) { f.Listed.Status = "Inactive" }), "info", "was Inactive when Keydesk read the account just now. It is Active now"},
		"new":      {change(func(f *iamsvc.LookUpResult) { f.InInventory = false }), "info", "was not there"},
		"renamed":  {change(func(f *iamsvc.LookUpResult) { f.ListedOwner = "alicia" }), "info", "a key of alicia"},
		"unlisted": {change(func(f *iamsvc.LookUpResult) { f.Unlisted = true }), "warning", "does not list the key"},
		"no list":  {change(func(f *iamsvc.LookUpResult) { f.StateErr = iamsvc.ErrThrottled }), "warning", "The status is what Keydesk read"},
		"nothing":  {change(func(f *iamsvc.LookUpResult) { f.StateErr, f.InInventory = iamsvc.ErrThrottled, false }), "warning", "active is not known"},
		"away":     {change(func(f *iamsvc.LookUpResult) { f.LiveErr = iamsvc.ErrThrottled }), "warning", "IAM could not be asked just now: IAM is throttling requests"},
	} {
		kind, text := doubts(read, c.found, testNow)
		if got := strings.Join(text, " "); kind != c.kind || !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %s %q", name, kind, got)
		}
	}
}

// TestHomeOfAKey: only AWS's own STS confirms anything, and never against the
// account number in the ID.
func TestHomeOfAKey(t *testing.T) {
	t.Parallel()
	const here, there, third = "123456789012", "609629065308", "111122223333"
	denied := &iamsvc.Denied{Action: "sts:GetAccessKeyInfo"}
	for name, c := range map[string]struct {
		home  iamsvc.KeyHome
		onAWS bool
		want  string
	}{
		"confirmed":            {iamsvc.KeyHome{Decoded: there, Confirmed: there}, true, "The ID belongs to AWS account 609629065308, as AWS STS confirms. Ask whoever looks after that account."},
		"old ID":               {iamsvc.KeyHome{Confirmed: there}, true, "The ID belongs to AWS account 609629065308, as AWS STS confirms. Ask whoever looks after that account."},
		"disagree":             {iamsvc.KeyHome{Decoded: there, Confirmed: third}, true, "The ID names AWS account 609629065308. Ask whoever looks after that account. AWS STS names account 111122223333 instead. Ask in both accounts."},
		"disagree, not AWS":    {iamsvc.KeyHome{Decoded: there, Confirmed: here}, false, "The ID names AWS account 609629065308. Ask whoever looks after that account. This is decoded from the ID, not confirmed: the server is not AWS."},
		"agree, not AWS":       {iamsvc.KeyHome{Decoded: here, Confirmed: here}, false, "The ID names this account. Either the key has been deleted, or the ID has a typing error. This is decoded from the ID, not confirmed: the server is not AWS."},
		"no number, not AWS":   {iamsvc.KeyHome{Confirmed: here}, false, "The ID does not say which account it belongs to: those issued before about 2019 do not, nor do those of other systems."},
		"STS refuses":          {iamsvc.KeyHome{Decoded: there, Err: denied}, true, "The ID names AWS account 609629065308. Ask whoever looks after that account. This is decoded from the ID, not confirmed: Keydesk lacks the permission sts:GetAccessKeyInfo."},
		"this account, by AWS": {iamsvc.KeyHome{Decoded: here, Confirmed: here}, true, "The ID belongs to this account, as AWS STS confirms. Either the key has been deleted, or the ID has a typing error."},
	} {
		if got := strings.Join(home(iamsvc.Identity{Account: here}, c.home, c.onAWS), " "); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", name, got, c.want)
		}
	}
}
