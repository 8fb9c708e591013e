package handlers

import (
	"net/http"
	"strings"

	"keydesk/iamsvc"
	"keydesk/iamsvc/paste"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

// Search answers "whose is this?" for whatever people paste. The text itself is
// neither shown again, nor logged, nor kept: it may be a secret. Key IDs and the
// names of users that were recognised in it are shown.
type Search struct{ Base }

const (
	actionLookUp = "LookUp"
	searchPath   = "/search"
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
	found, events, err := s.lookUp(r, account, text)
	if err != nil {
		return err
	}
	if to := s.destination(r, account, found, text); to != "" {
		return seeOther(w, r, to)
	}
	link := ""
	if namesKey(events) {
		link = lookUpLink(s.RequestID(r.Context()))
	}
	return s.answer(w, r, account, found, link)
}

// lookUp asks, and records what was asked.
func (s Search) lookUp(r *http.Request, account *iamsvc.Account, text string) (iamsvc.LookUpResult, []audit.Event, error) {
	found, err := account.LookUp(r.Context(), text)
	if err != nil {
		return found, nil, err
	}
	events := lookUpEvents(account.ID(), found)
	for _, e := range events {
		if err := s.record(r, e); err != nil {
			return found, nil, err
		}
	}
	return found, events, nil
}

func (s Search) answer(w http.ResponseWriter, r *http.Request, account *iamsvc.Account, found iamsvc.LookUpResult, link string) error {
	f, err := s.finding(r, account, found)
	if err != nil {
		return err
	}
	f.LinkURL = link
	p := views.SearchPage{Finding: f}
	if found.SecretSeen && found.Kind != iamsvc.LooksLikeSecret {
		p.Warning = "It is neither shown nor kept here. Whoever can read the place it came from has it: have its access key deactivated, and another created if it is needed."
	}
	return s.page(w, r, http.StatusOK, p)
}

// lookUpEvents names what was recognised, never what was typed. A key ID that
// led nowhere is kept only if it has the form of one.
func lookUpEvents(account string, found iamsvc.LookUpResult) []audit.Event {
	e := audit.Event{Action: actionLookUp, Account: account, Outcome: audit.OutcomeOK, User: found.Owner}
	var events []audit.Event
	for _, m := range found.Keys {
		if m.Asked {
			e.AccessKeyID, e.User = m.KeyID, m.Owner.Name
			events = append(events, e)
		}
	}
	if len(events) > 0 {
		return events
	}
	if found.Kind == iamsvc.KeyFound || found.Kind == iamsvc.TemporaryKey || isKeyID(found.KeyID) {
		e.AccessKeyID = found.KeyID
	}
	e.ErrorCode = map[iamsvc.LookUpKind]string{
		iamsvc.NotInThisAccount: "NotInThisAccount", iamsvc.TemporaryKey: "TemporaryKey", iamsvc.NotAKeyID: "NotAKeyID",
		iamsvc.LooksLikeSecret: "LooksLikeSecret", iamsvc.NotAllowed: "NotAllowed", iamsvc.UserElsewhere: "NotInThisAccount",
	}[found.Kind]
	if found.Kind == iamsvc.NotAllowed || found.LiveErr != nil {
		e.Outcome = audit.OutcomeFailed
	}
	if found.LiveErr != nil {
		e.ErrorCode = iamsvc.ErrorCode(found.LiveErr)
	}
	return []audit.Event{e}
}

func isKeyID(text string) bool {
	p := paste.Parse(text, nil)
	return p.First(paste.KeyID).Kind != ""
}

// destination is where the answer is better seen than on this page: the user's
// own, where it shows the key. The help desk gets the card for its tickets instead, and nobody is led
// past a warning.
func (s Search) destination(r *http.Request, account *iamsvc.Account, found iamsvc.LookUpResult, text string) string {
	if found.SecretSeen || found.LiveErr != nil || found.StateErr != nil || found.Unlisted {
		return ""
	}
	switch {
	case found.Kind == iamsvc.KeyFound && found.Owner != "" && s.user(r).Role != auth.RoleHelpDesk:
		return keyOn(userPath(account.ID(), found.Owner), found.KeyID)
	case found.Kind == iamsvc.Matches:
		p := paste.Parse(text, nil)
		for _, u := range found.Users {
			if strings.EqualFold(u.Name, orElse(p.First(paste.UserName).Text, p.Word)) {
				return userPath(account.ID(), u.Name)
			}
		}
	}
	return ""
}

func (s Search) page(w http.ResponseWriter, r *http.Request, status int, p views.SearchPage) error {
	// The title is what a screen reader says first: the answer. It holds nothing
	// that was typed, since browsers keep titles.
	title := "Search"
	if p.Finding.Title != "" {
		title += ": " + p.Finding.Title
	}
	shell, err := s.Shell(w, r, Page{Title: title, Current: searchPath, Crumbs: []views.Crumb{{Text: "Search"}}})
	if err != nil {
		return err
	}
	p.Shell = shell
	return render(w, r, status, views.Search(p))
}

func searchExamples() []views.KV {
	return []views.KV{
		{Term: "An access key ID", Text: "AKIAIOSFODNN7EXAMPLE, in any case, with quotes or spaces: who owns it, whether it is active, when and where it was last used."},
		{Term: "A part of one", Text: "WBAA, ****WBAA or AKIA...WBAA as leak notices write it, or the first eight characters: every key that fits."},
		{Term: "Several at once", Text: "A credentials file, a list: every key ID in it, from what was read of the account."},
		{Term: "A user name, ARN or page", Text: "A part of the name is enough; of a user's page in the AWS console or here, its address."},
		{Term: "A log line, an event, a notice", Text: "A CloudTrail event, an error message of AWS, a presigned URL, a leak alert: the key ID or user in it is found."},
	}
}
