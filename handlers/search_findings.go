package handlers

import (
	"fmt"
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

// newFinding says in words what a look-up came to.
func newFinding(account *iamsvc.Account, found iamsvc.LookUpResult, id string, now time.Time) views.Finding {
	identity := account.Identity()
	f := views.Finding{ID: id, KeyID: found.KeyID, Kind: "info"}
	switch found.Kind {
	case iamsvc.KeyFound:
		ownerFinding(&f, account, found, now)
	case iamsvc.UserMatches:
		usersFinding(&f, identity.Account, found, now)
	case iamsvc.NotInThisAccount:
		f.Title, f.Kind, f.Text = "Not in this account", "warning", elsewhere(identity, found.DecodedAccount)
	case iamsvc.TemporaryKey:
		f.Title, f.Text = "A temporary key", temporary(found.DecodedAccount)
	case iamsvc.LooksLikeSecret:
		f.Title, f.Kind, f.Text = "This looks like a secret access key", "error", []string{
			"It is neither shown nor kept here, and it was not looked up: IAM cannot say whose a secret is.",
			"Treat it as leaked. Find the access key ID that stands next to it where you copied it from, search for that, and have that key deactivated."}
	case iamsvc.NotAllowed:
		f.Title, f.Kind, f.Text = "Keydesk is not allowed to ask", "error", []string{
			fmt.Sprintf("The identity Keydesk runs as lacks the permission %s. Whether the key is in this account is not known. An operator has to grant it.", found.Denied.Action)}
	default:
		f.KeyID, f.Title, f.Kind, f.Text = "", "Not an access key ID", "warning", []string{
			"No access key ID, user name or ARN was recognised. An access key ID has 20 characters and begins with AKIA, or with ASIA when it is temporary.",
			"AIDA, AROA and the like begin the IDs of users and roles, not of keys."}
	}
	return f
}

// elsewhere explains a miss by what the ID itself says. It has no check digit,
// so that a typing error at its end still names the right account.
func elsewhere(identity iamsvc.Identity, decoded string) []string {
	text := []string{fmt.Sprintf("IAM knows no such access key in account %s.", accountLabel(identity))}
	switch decoded {
	case "":
		text = append(text, "The ID does not say which account it belongs to: those issued before about 2019 do not, nor do those of other systems.")
	case identity.Account:
		text = append(text, "The ID does name this account. Either the key has been deleted, or the ID has a typing error.")
	default:
		text = append(text, fmt.Sprintf("The ID names AWS account %s. Ask whoever looks after that account.", decoded))
	}
	return text
}

func temporary(decoded string) []string {
	text := []string{"Key IDs that begin with ASIA are temporary credentials of a role or a session. They belong to no user, expire by themselves, and IAM cannot be asked about them.",
		"AWS CloudTrail shows which role or session used it."}
	if decoded != "" {
		text = append(text, fmt.Sprintf("The ID names AWS account %s.", decoded))
	}
	return text
}

func usersFinding(f *views.Finding, account string, found iamsvc.LookUpResult, now time.Time) {
	f.Title = "Users found"
	read := "The account has not been read yet."
	if !found.AsOf.IsZero() {
		read = "As of " + strings.ToLower(relative(now, found.AsOf)) + "."
	}
	if len(found.Users) == 0 {
		f.Title, f.Kind = "Nothing found", "warning"
		f.Text = []string{"No user's name holds this text, and no access key ID ends with it. " + read}
		return
	}
	matches := "1 match"
	if n := len(found.Users) + found.MoreUsers; n > 1 {
		matches = thousands(n) + " matches"
	}
	f.Text = []string{matches + ", by name or by the end of an access key ID. " + read}
	if found.MoreUsers > 0 {
		f.Text = append(f.Text, fmt.Sprintf("Only the first %d are listed.", len(found.Users)))
	}
	for _, m := range found.Users {
		f.Users = append(f.Users, views.UserFound{Name: m.User.Name, URL: userPath(account, m.User.Name), Path: m.User.Path, KeyID: m.KeyID})
	}
}

// ownerFinding is the card of a key that was found.
func ownerFinding(f *views.Finding, account *iamsvc.Account, found iamsvc.LookUpResult, now time.Time) {
	identity := account.Identity()
	f.KeyID = found.KeyID
	if found.Owner == "" {
		f.Title, f.Kind, f.Text = "A key of this account without a user", "warning", []string{
			"IAM knows the key but names no user: it may belong to the account's root user. Root should have no access keys; tell an administrator."}
		return
	}
	f.Title, f.Kind = "Owner found", ""
	if found.LiveErr != nil {
		f.Kind = "warning"
		f.Text = []string{fmt.Sprintf("IAM could not be asked just now: %s. All of this is what Keydesk read before, the last use too.", unreadBecause(found.LiveErr))}
	}
	user, known := account.Inventory().User(found.Owner)
	f.Owner = newKeyOwner(identity, found, user, known, now)
	if found.InInventory {
		f.Owner.AsOf = "Everything but the last use is as of " + strings.ToLower(relative(now, found.AsOf)) + "."
	}
	if found.LiveErr != nil {
		f.Owner.AsOf = "All of this is as of " + strings.ToLower(relative(now, found.AsOf)) + "."
	}
	f.Links = []views.Link{{Text: "Show user", URL: f.Owner.URL + "#" + found.KeyID}}
}
