package handlers

import (
	"errors"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc"
)

func foundKey(status iamsvc.KeyStatus, created time.Time, used iamsvc.LastUsed) iamsvc.LookUpResult {
	return iamsvc.LookUpResult{Kind: iamsvc.KeyFound, KeyID: "AKIAIOSFODNN7EXAMPLE", Owner: "alice", InInventory: true,
		Key: iamsvc.AccessKey{ID: "AKIAIOSFODNN7EXAMPLE", Status: status, Created: created, LastUsed: used}}
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
		"quarantined": {foundKey("Active", daysAgo(10), usedDaysAgo(1)), true, []string{"deactivate the key now"}, "public place"},
		"new":         {iamsvc.LookUpResult{Owner: "alice"}, false, []string{"Open the user's page"}, "not active"},
	} {
		got := strings.Join(nextSteps(c.found, c.quarantined, testNow), "\n")
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", name, want, got)
			}
		}
		if strings.Contains(got, c.never) {
			t.Errorf("%s: %q in\n%s", name, c.never, got)
		}
	}
}

// TestKeyOwnerTellsUnknownFromNone: nothing that was not read passes for
// something that is not there.
func TestKeyOwnerTellsUnknownFromNone(t *testing.T) {
	t.Parallel()
	identity := iamsvc.Identity{Account: "123456789012", Alias: "demo"}
	user := iamsvc.InventoryUser{User: iamsvc.User{Name: "alice", Path: "/it/", ARN: "arn:aws:iam::123456789012:user/it/alice",
		Tags: []iamsvc.Tag{{Key: "Owner", Value: "it@example.com"}, {Key: "CostCenter", Value: "7"}}}, GroupsRead: true,
		Keys: []iamsvc.AccessKey{{ID: "AKIAIOSFODNN7EXAMPLE"}, {ID: "AKIAI44QH8DHBEXAMPLE", Status: "Inactive", Created: daysAgo(3)}}}

	whole := newKeyOwner(identity, foundKey("Active", daysAgo(100), usedDaysAgo(2)), user, true, testNow)
	if len(whole.Contacts) != 1 || whole.Contacts[0].Text != "it@example.com" || len(whole.Siblings) != 1 || whole.Siblings[0].Status.Text != "Inactive" {
		t.Errorf("contacts %+v, siblings %+v", whole.Contacts, whole.Siblings)
	}
	for _, line := range []string{"Access key ID: AKIAIOSFODNN7EXAMPLE", "Owner: alice (arn:", "Account: demo · 123456789012", "(age: 100 days)", "s3, us-east-1", "Owner (tag): it@example.com"} {
		if !strings.Contains(whole.Ticket, line) {
			t.Errorf("no %q in the ticket\n%s", line, whole.Ticket)
		}
	}

	unread := newKeyOwner(identity, iamsvc.LookUpResult{KeyID: "AKIAIOSFODNN7EXAMPLE", Owner: "alice"}, iamsvc.InventoryUser{}, false, testNow)
	for what, text := range map[string]string{"path": unread.Path, "status": unread.Status.Text, "created": unread.Created.Text,
		"contact": unread.ContactsNote, "siblings": unread.SiblingsNote, "description": unread.Description} {
		if text != textNotRead {
			t.Errorf("%s reads %q", what, text)
		}
	}
	if unread.LastUsedUnread.Text != textNotKnown {
		t.Errorf("last used reads %+v %+v", unread.LastUsed, unread.LastUsedUnread)
	}

	user.KeysErr, user.Keys, user.Tags = &iamsvc.Denied{Action: "iam:ListAccessKeys"}, nil, nil
	denied := newKeyOwner(identity, foundKey("Active", daysAgo(1), neverUsed), user, true, testNow)
	if denied.SiblingsNote != textNotAllowed || !strings.HasPrefix(denied.ContactsNote, "None") || denied.LastUsed.Text != "Never" {
		t.Errorf("siblings %q, contact %q, last used %q", denied.SiblingsNote, denied.ContactsNote, denied.LastUsed.Text)
	}
}
