package handlers

import (
	"fmt"
	"net/http"
	"strings"

	"keydesk/iamsvc"
	"keydesk/views"
)

// finding says in words what a look-up came to.
func (s Search) finding(r *http.Request, account *iamsvc.Account, found iamsvc.LookUpResult) (views.Finding, error) {
	identity, onAWS := account.Identity(), account.OnAWS() && !s.Embedded
	f := views.Finding{KeyID: found.KeyID, Kind: "info"}
	switch found.Kind {
	case iamsvc.KeyFound:
		ownerFinding(&f, account, found, s.user(r), s.Now())
	case iamsvc.Matches:
		answersFinding(&f, identity, found, s.Now())
		return f, nil
	case iamsvc.NotInThisAccount:
		f.Title, f.Kind, f.Text = "Not in this account", "warning", missing(account, found, onAWS, s.Now())
		f.Near = nearIDs(identity.Account, found.Near)
		if err := s.addHistory(&f, r, account, found); err != nil {
			return f, err
		}
	case iamsvc.TemporaryKey:
		temporaryFinding(&f, identity, found, onAWS)
	case iamsvc.LooksLikeSecret:
		secretFinding(&f, found.Text.Secrets)
	case iamsvc.NotAllowed:
		f.Title, f.Kind, f.Text = "Keydesk is not allowed to ask", "error", append([]string{
			fmt.Sprintf("The identity Keydesk runs as lacks the permission %s. Whether the key is in this account is not known. An operator has to grant it.", found.Denied.Action)},
			home(identity, found.Home, onAWS)...)
	default:
		f.KeyID, f.Title, f.Kind, f.Text = "", "Not an access key ID", "warning", notAKeyID(found.IDOf)
	}
	if more := otherParts(found); len(more) > 0 {
		f.Kind, f.Text = orElse(f.Kind, "info"), append(f.Text, more...)
	}
	return f, nil
}

func notAKeyID(idOf string) []string {
	text := []string{"No access key ID, user name or ARN was recognized. An access key ID has 20 characters and begins with AKIA, or with ASIA when it is temporary."}
	switch idOf {
	case "an access key", "a temporary access key":
		return append(text, fmt.Sprintf("This begins like the ID of %s and is too short for one. The first eight characters or the last four are enough to search for.", idOf))
	case "":
		return append(text, "AIDA, AROA and the like begin the IDs of users and roles, not of keys.")
	}
	return []string{fmt.Sprintf("This is the ID of %s, which is not an access key: no user's access keys belong to it.", idOf),
		"An access key ID has 20 characters and begins with AKIA, or with ASIA when it is temporary."}
}

func temporaryFinding(f *views.Finding, identity iamsvc.Identity, found iamsvc.LookUpResult, onAWS bool) {
	f.Title = "A temporary key"
	f.Text = []string{"Key IDs that begin with ASIA are temporary credentials of a role or a session. They belong to no user, expire by themselves, and IAM cannot be asked about them."}
	f.Text = append(append(f.Text, home(identity, found.Home, onAWS)...), "AWS CloudTrail shows which role or session used it.")
	for _, a := range found.Answers {
		if len(a.Users) == 1 {
			f.Links = append(f.Links, views.Link{Text: "Show user " + a.Users[0].Name, URL: userPath(identity.Account, a.Users[0].Name)})
		}
	}
}

// otherParts tell what else is in a text that asks about one key: who acted,
// other users, roles. What only repeats the answer is left out.
func otherParts(found iamsvc.LookUpResult) (text []string) {
	for _, a := range found.Answers {
		if says := besideKey(found, a); says != "" {
			text = append(text, says)
		}
	}
	if n := found.Text.NotUnderstood; n > 0 {
		text = append(text, notUnderstood(n))
	}
	return text
}

func notUnderstood(n int) string {
	return countOf(n, "more part") + " of the text looked like an ID or a name and was not understood."
}

func countOf(n int, unit string) string {
	return strings.Replace(count(n, unit), fmt.Sprint(n), thousands(n), 1)
}
