package handlers

import (
	"fmt"
	"net/http"
	"strings"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

// Search answers "whose is this?" for whatever people paste. The text itself is
// neither shown again, nor logged, nor kept: it may be a secret.
type Search struct{ Base }

const (
	actionLookUp = "LookUp"
	searchPath   = "/search"
	// maxLookUps bounds what one paste can ask of IAM: a call for each key ID.
	maxLookUps = 10
)

// Form is the empty box with what it takes.
func (s Search) Form(w http.ResponseWriter, r *http.Request) error {
	return s.page(w, r, http.StatusOK, views.SearchPage{Examples: searchExamples()})
}

// Answer looks up what was pasted. It changes nothing, so that it needs no
// one-time token: the same question may be asked again.
func (s Search) Answer(w http.ResponseWriter, r *http.Request) error {
	text := r.PostFormValue("q")
	if strings.TrimSpace(text) == "" {
		return s.page(w, r, http.StatusUnprocessableEntity, views.SearchPage{
			Examples: searchExamples(), Error: "Type or paste an access key ID or a user name."})
	}
	account := s.currentAccount(r)
	results, leftOut, err := s.lookUpAll(r, account, text)
	if err != nil {
		return err
	}
	if to := s.destination(r, account, results, text); to != "" {
		return seeOther(w, r, to)
	}
	p := views.SearchPage{}
	for i, found := range results {
		p.Findings = append(p.Findings, newFinding(account, found, fmt.Sprintf("finding-%d", i+1), s.Now()))
		if found.SecretSeen && found.Kind != iamsvc.LooksLikeSecret {
			p.Warning = "It is neither shown nor kept here. Whoever can read the place it came from has it: deactivate its access key, and create another if it is needed."
		}
	}
	if leftOut > 0 {
		p.LeftOut = fmt.Sprintf("%s more in the text were not looked up: one search answers %d at most.", count(leftOut, "key ID"), maxLookUps)
	}
	return s.page(w, r, http.StatusOK, p)
}

// lookUpAll answers the first key ID or name in the text, then every further
// key ID, each on its own.
func (s Search) lookUpAll(r *http.Request, account *iamsvc.Account, text string) (results []iamsvc.LookUpResult, leftOut int, err error) {
	first, err := s.lookUp(r, account, text)
	if err != nil {
		return nil, 0, err
	}
	results = append(results, first)
	others := first.OtherKeyIDs
	if n := len(others) - (maxLookUps - 1); n > 0 {
		others, leftOut = others[:maxLookUps-1], n
	}
	for _, id := range others {
		next, err := s.lookUp(r, account, id)
		if err != nil {
			return nil, 0, err
		}
		results = append(results, next)
	}
	return results, leftOut, nil
}

func (s Search) lookUp(r *http.Request, account *iamsvc.Account, text string) (iamsvc.LookUpResult, error) {
	found, err := account.LookUp(r.Context(), text)
	if err != nil {
		return iamsvc.LookUpResult{}, err
	}
	return found, s.record(r, lookUpEvent(account.ID(), found))
}

// lookUpEvent names what was recognised, never what was typed. A key ID that
// led nowhere is kept only if it has the form of one.
func lookUpEvent(account string, found iamsvc.LookUpResult) audit.Event {
	e := audit.Event{Action: actionLookUp, Account: account, Outcome: audit.OutcomeOK, User: found.Owner}
	if found.Kind == iamsvc.KeyFound || len(iamsvc.ParsePaste(found.KeyID).KeyIDs) == 1 || found.Kind == iamsvc.TemporaryKey {
		e.AccessKeyID = found.KeyID
	}
	e.ErrorCode = map[iamsvc.LookUpKind]string{
		iamsvc.NotInThisAccount: "NotInThisAccount", iamsvc.TemporaryKey: "TemporaryKey", iamsvc.NotAKeyID: "NotAKeyID",
		iamsvc.LooksLikeSecret: "LooksLikeSecret", iamsvc.NotAllowed: "NotAllowed",
	}[found.Kind]
	if found.Kind == iamsvc.NotAllowed || found.LiveErr != nil {
		e.Outcome = audit.OutcomeFailed
	}
	if found.LiveErr != nil {
		e.ErrorCode = iamsvc.ErrorCode(found.LiveErr)
	}
	return e
}

// destination is where the one answer is better seen than on this page: the
// user's own. The help desk gets the card for its tickets instead, and nobody
// is led past a warning.
func (s Search) destination(r *http.Request, account *iamsvc.Account, results []iamsvc.LookUpResult, text string) string {
	if len(results) != 1 || results[0].SecretSeen || results[0].LiveErr != nil {
		return ""
	}
	found := results[0]
	switch {
	case found.Kind == iamsvc.KeyFound && found.Owner != "" && s.user(r).Role != auth.RoleHelpDesk:
		return userPath(account.ID(), found.Owner) + "#" + found.KeyID
	case found.Kind == iamsvc.UserMatches:
		p := iamsvc.ParsePaste(text)
		for _, m := range found.Users {
			if strings.EqualFold(m.User.Name, orElse(p.UserName, p.Word)) {
				return userPath(account.ID(), m.User.Name)
			}
		}
	}
	return ""
}

func (s Search) page(w http.ResponseWriter, r *http.Request, status int, p views.SearchPage) error {
	shell, err := s.Shell(w, r, Page{Title: searchTitle(p.Findings), Current: searchPath, Crumbs: []views.Crumb{{Text: "Search"}}})
	if err != nil {
		return err
	}
	p.Shell = shell
	return render(w, r, status, views.Search(p))
}

// searchTitle is what a screen reader says first: the answer. It holds nothing
// that was typed, since browsers keep titles.
func searchTitle(findings []views.Finding) string {
	switch len(findings) {
	case 0:
		return "Search"
	case 1:
		return "Search: " + findings[0].Title
	default:
		return fmt.Sprintf("Search: %d answers", len(findings))
	}
}

func searchExamples() []views.KV {
	return []views.KV{
		{Term: "An access key ID", Text: "AKIAIOSFODNN7EXAMPLE: who owns it, whether it is active, when and where it was last used."},
		{Term: "The end of one", Text: "WBAA or ****WBAA, as leak notices write it: every key that ends so."},
		{Term: "A user name or ARN", Text: "A part of the name is enough."},
		{Term: "A log line, an event, a notice", Text: "Every key ID in the text is found and answered."},
	}
}
