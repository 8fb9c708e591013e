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
// neither shown again, nor logged, nor stored: it may be a secret. Key IDs and the
// names of users that were recognized in it are shown.
type Search struct{ Base }

const (
	actionLookUp  = "LookUp"
	searchPath    = "/search"
	searchCSVPath = "/search.csv"
)

// Form is the empty box with what it takes.
func (s Search) Form(w http.ResponseWriter, r *http.Request) error {
	return s.page(w, r, http.StatusOK, views.SearchPage{Examples: searchExamples()})
}

// Answer looks up what was pasted. It changes nothing, so that it needs no
// one-time token: the same question may be asked again.
func (s Search) Answer(w http.ResponseWriter, r *http.Request) error {
	text, err := pastedText(r)
	if err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" {
		return s.page(w, r, http.StatusUnprocessableEntity, views.SearchPage{
			Examples: searchExamples(), Error: "Type or paste an access key ID or a user name."})
	}
	account := s.currentAccount(r)
	found, events, err := s.lookUp(r, account, text)
	if err != nil {
		return err
	}
	if to := s.destination(r, account, found); to != "" {
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
	return found, events, s.recordAll(r, events)
}

func (s Search) answer(w http.ResponseWriter, r *http.Request, account *iamsvc.Account, found iamsvc.LookUpResult, link string) error {
	f, err := s.finding(r, account, found)
	if err != nil {
		return err
	}
	f.LinkURL = link
	return s.page(w, r, http.StatusOK, views.SearchPage{Finding: f, Secrets: secretNotices(found), Limit: searchedNotice(found.Text)})
}

// lookUpEvents names what was recognized, never what was typed: each key ID that
// was asked about, and the users who were found. A key ID that led nowhere is
// stored only if it has the form of one.
func lookUpEvents(account string, found iamsvc.LookUpResult) []audit.Event {
	var events []audit.Event
	add := func(keyID, user, code string) {
		events = append(events, audit.Event{Action: actionLookUp, Account: account, Outcome: audit.OutcomeOK, AccessKeyID: keyID, User: user, ErrorCode: code})
	}
	if code := lookUpCode(found); found.Kind != iamsvc.Matches {
		keyID := ""
		if found.Kind == iamsvc.KeyFound || found.Kind == iamsvc.TemporaryKey || isKeyID(found.KeyID) {
			keyID = found.KeyID
		}
		add(keyID, found.Owner, code)
		if found.Kind == iamsvc.NotAllowed || found.LiveErr != nil {
			events[0].Outcome = audit.OutcomeFailed
		}
	}
	for _, a := range found.Answers {
		addAnswer(a, add)
	}
	if len(events) == 0 {
		add("", "", "")
	}
	return events
}

func addAnswer(a iamsvc.Answer, add func(keyID, user, code string)) {
	whole := a.Part.Kind == paste.KeyID || a.Part.Kind == paste.TemporaryKeyID
	switch {
	case whole && a.Found():
		add(a.Keys[0].KeyID, a.Keys[0].Owner.Name, "")
	case whole && a.Part.Kind == paste.TemporaryKeyID:
		add(a.Part.Text, "", "TemporaryKey")
	case whole:
		add(a.Part.Text, "", "NotInThisAccount")
	case a.Part.Kind == paste.UserName && a.Elsewhere:
		add("", "", "NotInThisAccount")
	case len(a.Users) > 0:
		add("", a.Users[0].Name, "")
	}
}

func lookUpCode(found iamsvc.LookUpResult) string {
	if found.LiveErr != nil {
		return iamsvc.ErrorCode(found.LiveErr)
	}
	return map[iamsvc.LookUpKind]string{
		iamsvc.NotInThisAccount: "NotInThisAccount",
		iamsvc.TemporaryKey:     "TemporaryKey",
		iamsvc.NotAKeyID:        "NotAKeyID",
		iamsvc.LooksLikeSecret:  "LooksLikeSecret",
		iamsvc.NotAllowed:       "NotAllowed",
	}[found.Kind]
}

// isKeyID reports whether the ID has the form of AWS's.
func isKeyID(text string) bool {
	p := paste.Parse(text, nil)
	return p.First(paste.KeyID).Text == text && text != ""
}

// destination is where the answer is better seen than on this page: the user's
// own, where it shows the key. The help desk gets the card for its tickets
// instead, and nothing that the answer says beside it is lost.
func (s Search) destination(r *http.Request, account *iamsvc.Account, found iamsvc.LookUpResult) string {
	if found.Text.HasSecret() || found.Text.Cut || found.LiveErr != nil || found.StateErr != nil || found.Unlisted {
		return ""
	}
	switch {
	case found.Kind == iamsvc.KeyFound && found.Owner != "" && s.user(r).Role != auth.RoleHelpDesk && len(otherParts(found)) == 0:
		return keyOn(userPath(account.ID(), found.Owner), found.KeyID)
	case found.Kind == iamsvc.Matches:
		if name := onlyUser(found.Answers); name != "" {
			return userPath(account.ID(), name)
		}
	}
	return ""
}

// onlyUser is the one user whom all parts of the text name.
func onlyUser(answers []iamsvc.Answer) (name string) {
	for _, a := range answers {
		if len(a.Users) != 1 || name != "" && a.Users[0].Name != name {
			return ""
		}
		name = a.Users[0].Name
	}
	return name
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
		{Term: "Several at once", Text: "A credentials file, a list: every key ID in it, from what was read of the account, as a table and as CSV."},
		{Term: "A user name, ARN or page", Text: "A part of the name is enough; of a user's page in the AWS console or here, its address."},
		{Term: "A log, an event, a notice", Text: "A CloudTrail event, an error message of AWS, a presigned URL, a leak alert: the key ID or user in it is found. A large log can be dropped here as a file."},
	}
}
