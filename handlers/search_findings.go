package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

// finding says in words what a look-up came to.
func (s Search) finding(r *http.Request, account *iamsvc.Account, found iamsvc.LookUpResult) (views.Finding, error) {
	identity := account.Identity()
	f := views.Finding{KeyID: found.KeyID, Kind: "info"}
	switch found.Kind {
	case iamsvc.KeyFound:
		ownerFinding(&f, account, found, s.user(r), s.Now())
	case iamsvc.Matches:
		matchesFinding(&f, identity.Account, found, s.Now())
	case iamsvc.NotInThisAccount:
		f.Title, f.Kind, f.Text = "Not in this account", "warning", missing(account, found, s.Now())
		return f, s.addHistory(&f, r, account, found)
	case iamsvc.TemporaryKey:
		temporaryFinding(&f, identity, found)
	case iamsvc.UserElsewhere:
		f.Title, f.Kind, f.Text = "A user of another account", "warning", []string{
			fmt.Sprintf("The text names the user %s of AWS account %s. Keydesk looks after account %s.", found.NamedUser, found.UserAccount, accountLabel(identity)),
			"A user of the same name here is somebody else. Ask whoever looks after that account."}
	case iamsvc.LooksLikeSecret:
		f.Title, f.Kind, f.Text = "This looks like a secret access key", "error", []string{
			"It is neither shown nor kept here, and it was not looked up: IAM cannot say whose a secret is.",
			"Treat it as leaked. Find the access key ID that stands next to it where you copied it from, search for that, and have that key deactivated."}
	case iamsvc.NotAllowed:
		f.Title, f.Kind, f.Text = "Keydesk is not allowed to ask", "error", append([]string{
			fmt.Sprintf("The identity Keydesk runs as lacks the permission %s. Whether the key is in this account is not known. An operator has to grant it.", found.Denied.Action)},
			home(identity, found.Home)...)
	default:
		f.KeyID, f.Title, f.Kind, f.Text = "", "Not an access key ID", "warning", notAKeyID(found.IDOf)
	}
	return f, nil
}

func notAKeyID(idOf string) []string {
	text := []string{"No access key ID, user name or ARN was recognised. An access key ID has 20 characters and begins with AKIA, or with ASIA when it is temporary."}
	switch idOf {
	case "an access key", "a temporary access key":
		return append(text, fmt.Sprintf("This begins like the ID of %s and is too short for one. The first eight characters or the last four are enough to search for.", idOf))
	case "":
		return append(text, "AIDA, AROA and the like begin the IDs of users and roles, not of keys.")
	}
	return append(text, fmt.Sprintf("This begins like the ID of %s, which is not an access key.", idOf))
}

func temporaryFinding(f *views.Finding, identity iamsvc.Identity, found iamsvc.LookUpResult) {
	f.Title = "A temporary key"
	f.Text = []string{"Key IDs that begin with ASIA are temporary credentials of a role or a session. They belong to no user, expire by themselves, and IAM cannot be asked about them."}
	if found.Session != "" {
		f.Text = append(f.Text, fmt.Sprintf("The text names the role session %s.", found.Session))
	}
	if found.NamedUser != "" {
		f.Text = append(f.Text, fmt.Sprintf("The text names the user %s of AWS account %s.", found.NamedUser, found.UserAccount))
	}
	if found.NamedUser != "" && found.UserAccount == identity.Account {
		f.Links = []views.Link{{Text: "Show user", URL: userPath(identity.Account, found.NamedUser)}}
	}
	f.Text = append(append(f.Text, home(identity, found.Home)...), "AWS CloudTrail shows which role or session used it.")
}

// matchesFinding lists what the inventory has, and says that nothing else was
// asked.
func matchesFinding(f *views.Finding, account string, found iamsvc.LookUpResult, now time.Time) {
	f.Title, f.KeyID = matchesTitle(found), ""
	read := "The account has not been read yet."
	if !found.AsOf.IsZero() {
		read = "As of " + lowerNow(relative(now, found.AsOf)) + "; IAM was not asked."
	}
	if len(found.Keys)+len(found.Users) == 0 || found.NoSuchUser != "" {
		f.Kind = "warning"
	}
	f.Text = []string{matchesCount(found) + " " + read}
	if found.Unread > 0 {
		f.Kind = "warning"
		f.Text = append(f.Text, fmt.Sprintf("The access keys of %s are not known, because they have not been read yet or could not be. Theirs are not searched here.", countOf(found.Unread, "user")))
	}
	if found.MoreKeys > 0 {
		f.Text = append(f.Text, fmt.Sprintf("Only the first %d of %s access keys are listed. %s", len(found.Keys), thousands(len(found.Keys)+found.MoreKeys), forTheRest(found)))
	}
	if found.MoreUsers > 0 {
		f.Text = append(f.Text, fmt.Sprintf("Only the first %d of %s users are listed. A longer part of the name finds fewer.", len(found.Users), thousands(len(found.Users)+found.MoreUsers)))
	}
	for _, m := range found.Keys {
		f.Keys = append(f.Keys, matchRow(account, m, now))
	}
	if found.NoSuchUser != "" {
		f.Links = []views.Link{{Text: "Search IAM users", URL: listQuery{Search: found.NoSuchUser}.at(usersPath(account))}}
	}
	for _, u := range found.Users {
		f.Users = append(f.Users, views.UserFound{Name: u.Name, URL: userPath(account, u.Name), Path: u.Path})
	}
}

// matchesCount says how many there are, and of whole IDs how many are known.
func matchesCount(found iamsvc.LookUpResult) string {
	asked, known := 0, 0
	for _, m := range found.Keys {
		if m.Asked {
			asked++
		}
		if m.Asked && m.Known {
			known++
		}
	}
	n := len(found.Keys) + found.MoreKeys + len(found.Users) + found.MoreUsers
	switch {
	case asked > 0:
		return fmt.Sprintf("The text holds %s; %s.", countOf(asked+found.MoreKeys, "key ID"), knownHere(known, asked, found.MoreKeys))
	case n == 0 && found.NoSuchUser != "":
		return fmt.Sprintf("%s looks like a user name. No user of that name was found in this account, nor one with it in the name, and no access key ID begins or ends with it.", found.NoSuchUser)
	case found.NoSuchUser != "":
		return fmt.Sprintf("The text names the user %s. No user of that name was found in this account, only similar ones.", found.NoSuchUser)
	case n == 0:
		return "No user name contains this text, and no access key ID begins or ends with it."
	case n == 1:
		return "1 match in what Keydesk has read of the account."
	}
	return thousands(n) + " matches in what Keydesk has read of the account."
}

// knownHere speaks of those listed alone: the rest was not looked for.
func knownHere(known, listed, more int) string {
	switch {
	case more > 0:
		return fmt.Sprintf("%d of the %d listed are known here", known, listed)
	case known == 0:
		return "none of them is known here"
	case known == listed && known > 1:
		return "all of them are known here"
	}
	return fmt.Sprintf("known here: %d", known)
}

// forTheRest is how to see what is not listed: whole IDs are searched for one
// by one, a part of one can be longer.
func forTheRest(found iamsvc.LookUpResult) string {
	if found.Keys[0].Asked {
		return "Search for the others separately."
	}
	return "A longer part of the ID finds fewer."
}

func countOf(n int, unit string) string {
	return strings.Replace(count(n, unit), fmt.Sprint(n), thousands(n), 1)
}

func matchesTitle(found iamsvc.LookUpResult) string {
	switch {
	case len(found.Keys) == 0 && len(found.Users) == 0:
		return "Nothing found"
	case len(found.Users) == 0:
		return "Access keys found"
	case len(found.Keys) == 0:
		return "Users found"
	}
	return "Access keys and users found"
}

func matchRow(account string, m iamsvc.KeyMatch, now time.Time) views.KeyMatch {
	row := views.KeyMatch{KeyID: m.KeyID}
	if !m.Known {
		row.Note = "Not known here"
		if m.Temporary {
			row.Note = "Temporary"
		}
		if m.Account != "" {
			row.Note += "; the ID names AWS account " + m.Account
		}
		return row
	}
	age, used := keyAgeLine(now, &m.Key, m.Quarantined), lastUsedLine(now, m.Key.LastUsed)
	row.Owner, row.OwnerURL = m.Owner.Name, userPath(account, m.Owner.Name)
	row.Status, row.Age, row.LastUsed = accessKeyStatus(m.Key.Status, m.Quarantined), views.Status{Kind: age.Kind, Text: age.Text}, used.Text
	if used.Time.ISO != "" {
		row.LastUsed = used.Time.Text
	}
	return row
}
