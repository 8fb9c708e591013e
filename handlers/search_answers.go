package handlers

import (
	"fmt"
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/iamsvc/paste"
	"keydesk/views"
)

// answersFinding lists what each part of a text came to, by the inventory:
// misses first, then in the order of the text.
func answersFinding(f *views.Finding, identity iamsvc.Identity, found iamsvc.LookUpResult, now time.Time) {
	c := countAnswers(found.Answers)
	f.Title, f.Counts = c.title(), c.words()
	if c.found < c.asked {
		f.Kind = "warning"
	}
	f.Text = []string{asOfInventory(found.AsOf, now)}
	if a := found.Answers[0]; a.Part.Kind == paste.Word && len(found.Answers) == 1 {
		f.Text[0] = wordSays(a) + " " + f.Text[0]
	}
	if found.Unread > 0 {
		f.Kind = "warning"
		f.Text = append(f.Text, fmt.Sprintf("The access keys of %s are not known, because they have not been read yet or could not be. Theirs are not searched here.", countOf(found.Unread, "user")))
	}
	f.Text = append(f.Text, partsWithoutKeys(found)...)
	for _, missed := range []bool{true, false} {
		for _, a := range found.Answers {
			if a.Found() != missed {
				addRows(f, identity.Account, a, now)
			}
		}
	}
	f.CSVText = textOf(identity.Account, found.Answers)
	if n := len(f.Keys) - mostRows; n > 0 {
		f.Keys = f.Keys[:mostRows]
		f.Text = append(f.Text, fmt.Sprintf("The first %s rows are shown. Download CSV has all %s.", thousands(mostRows), thousands(n+mostRows)))
	}
}

// mostRows bounds a page that browsers can still show; the file has all rows.
const mostRows = 5000

func asOfInventory(asOf, now time.Time) string {
	if asOf.IsZero() {
		return "The account has not been read yet."
	}
	return "As of " + lowerNow(relative(now, asOf)) + "; IAM was not asked."
}

// addRows adds what the tables show of a part.
func addRows(f *views.Finding, account string, a iamsvc.Answer, now time.Time) {
	for _, m := range a.Keys {
		row := matchRow(account, m, now)
		row.Note = acted(a.Part)
		f.Keys = append(f.Keys, row)
	}
	for _, u := range append(a.Users, a.Similar...) {
		f.Users = append(f.Users, views.UserFound{Name: u.Name, URL: userPath(account, u.Name), Path: u.Path, Note: userNote(a)})
	}
	if a.MoreKeys > 0 {
		f.Text = append(f.Text, fmt.Sprintf("Only the first %d of %s access keys that fit %s are listed. A longer part of the ID finds fewer.", len(a.Keys), thousands(len(a.Keys)+a.MoreKeys), orElse(maskedText(a.Part), "the text")))
	}
	if a.MoreUsers > 0 {
		n := len(a.Users) + len(a.Similar)
		f.Text = append(f.Text, fmt.Sprintf("Only the first %d of %s users are listed. A longer part of the name finds fewer.", n, thousands(n+a.MoreUsers)))
	}
	if !a.Found() {
		addMiss(f, account, a)
	}
}

// acted tells the one who did something from those whom it was done to.
func acted(p paste.Part) string {
	if p.Actor {
		return "The one who acted, as the text says."
	}
	return ""
}

func userNote(a iamsvc.Answer) string {
	if a.Part.Kind == paste.Contact {
		return "Has " + a.Part.Text + " as its name or in a tag."
	}
	return acted(a.Part)
}

func addMiss(f *views.Finding, account string, a iamsvc.Answer) {
	switch a.Part.Kind {
	case paste.KeyID, paste.TemporaryKeyID, paste.MaskedKeyID:
		f.Keys = append(f.Keys, missRow(account, a))
	case paste.UserName, paste.UserID:
		f.Users = append(f.Users, views.UserFound{Name: a.Part.Text, Note: userMiss(account, a), Near: nearIDs(account, a.Near)})
		if !a.Elsewhere && a.Part.Kind == paste.UserName {
			f.Links = []views.Link{{Text: "Search IAM users", URL: listQuery{Search: a.Part.Text}.at(usersPath(account))}}
		}
	case paste.Contact:
		if len(f.Keys)+len(f.Users) == 0 {
			f.Users = append(f.Users, views.UserFound{Name: a.Part.Text, Note: "No user has this as its name or in a tag."})
		}
	case paste.Word:
		f.Near = append(f.Near, nearIDs(account, a.Near)...)
		if a.Part.Text != "" && len(f.Users) == 0 {
			f.Links = []views.Link{{Text: "Search IAM users", URL: listQuery{Search: a.Part.Text}.at(usersPath(account))}}
		}
	}
}

func userMiss(account string, a iamsvc.Answer) string {
	switch {
	case a.Elsewhere:
		return fmt.Sprintf("A user of another account: the text names AWS account %s, Keydesk looks after account %s. A user of the same name here is somebody else.", a.Part.Account, account)
	case a.Part.Kind == paste.UserID:
		return "No user with this ID was found in this account."
	case len(a.Similar) > 0:
		return "No user of that name was found in this account, only similar ones."
	}
	return "No user of that name was found in this account."
}

// missRow tells why an ID has no owner here.
func missRow(account string, a iamsvc.Answer) views.KeyMatch {
	row := views.KeyMatch{KeyID: a.Part.Text, Near: nearIDs(account, a.Near), LookUp: a.Part.Text}
	home, known := paste.AccountOfKey(a.Part.Text)
	switch {
	case a.NotSearched:
		row.KeyID, row.Answer = maskedText(a.Part), views.Status{Kind: "warning", Text: "Not searched"}
		row.Note = "The text has too many parts of IDs. Search for this one separately."
	case a.Part.Kind == paste.MaskedKeyID:
		row.KeyID, row.Answer, row.Note = maskedText(a.Part), views.Status{Kind: "error", Text: "No such key"}, noMatch(a.Part)
		if n := len(a.Part.Start); a.Part.End == "" && n >= 16 && n != paste.LengthOfKeyID {
			row.Note += fmt.Sprintf(" The key IDs of AWS have 20 characters; this one has %d.", n)
		}
	case a.Part.Kind == paste.TemporaryKeyID:
		row.Answer, row.Note = views.Status{Kind: "info", Text: "Temporary"}, "Session key of a role or user; it expires by itself. AWS CloudTrail shows who made it."
	case known && home == account:
		row.Answer, row.Note = views.Status{Kind: "error", Text: "No such key"}, "The ID names this account: the key has been deleted, or the ID has a typing error."
	default:
		row.Answer, row.Note = views.Status{Kind: "inactive", Text: "Not in this account"}, "Not known here."
	}
	if known && home != account {
		row.Note += " The ID names AWS account " + home + "."
	}
	return row
}

func matchRow(account string, m iamsvc.KeyMatch, now time.Time) views.KeyMatch {
	row := views.KeyMatch{KeyID: m.KeyID, Owner: m.Owner.Name, OwnerURL: keyOn(userPath(account, m.Owner.Name), m.KeyID), LookUp: m.KeyID}
	age, used := keyAgeLine(now, &m.Key, m.Quarantined), lastUsedLine(now, m.Key.LastUsed)
	row.Answer, row.Age = accessKeyStatus(m.Key.Status, m.Quarantined), views.Status{Kind: age.Kind, Text: age.Text}
	row.LastUsed = withNote(used)
	return row
}

// wordSays is the answer for a text of one word.
func wordSays(a iamsvc.Answer) string {
	n := len(a.Keys) + a.MoreKeys + len(a.Users) + len(a.Similar) + a.MoreUsers
	switch {
	case n == 0 && a.Part.Text != "":
		return fmt.Sprintf("%s looks like a user name. No user of that name was found in this account, nor one with it in the name, and no access key ID begins or ends with it.", a.Part.Text)
	case n == 0:
		return "No user name contains this text, and no access key ID begins or ends with it."
	case n == 1:
		return "1 match in what Keydesk has read of the account."
	}
	return thousands(n) + " matches in what Keydesk has read of the account."
}

func nearIDs(account string, near []iamsvc.NearMatch) (list []views.Near) {
	for _, n := range near {
		v := views.Near{Text: n.User.Name, URL: userPath(account, n.User.Name)}
		if n.KeyID != "" {
			v = views.Near{Text: n.KeyID, Owner: n.User.Name, URL: keyOn(v.URL, n.KeyID)}
		}
		list = append(list, v)
	}
	return list
}

// textOf asks for the same parts again: it holds nothing else of the text.
func textOf(account string, answers []iamsvc.Answer) string {
	var lines []string
	for _, a := range answers {
		switch p := a.Part; p.Kind {
		case paste.MaskedKeyID:
			lines = append(lines, orElse(p.Start, "AKIA")+"****"+p.End)
		case paste.UserName:
			lines = append(lines, "arn:aws:iam::"+orElse(p.Account, account)+":user/"+p.Text)
		case paste.KeyID, paste.TemporaryKeyID, paste.UserID, paste.Contact, paste.Word:
			lines = append(lines, p.Text)
		}
	}
	return strings.Join(lines, "\n")
}
