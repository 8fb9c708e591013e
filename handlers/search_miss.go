package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

// missing explains a miss by what the last reading, the ID itself and STS say.
func missing(account *iamsvc.Account, found iamsvc.LookUpResult, onAWS bool, now time.Time) []string {
	identity := account.Identity()
	text := []string{fmt.Sprintf("IAM knows no such access key in account %s.", accountLabel(identity))}
	if found.InInventory {
		text = append(text, fmt.Sprintf("It was there %s, as a key of the user %s: it has been deleted since.", lowerNow(relative(now, found.AsOf)), found.ListedOwner))
	}
	return append(text, home(identity, found.Home, onAWS)...)
}

// home says which account a key belongs to, and how far that can be trusted.
// The number in the ID has no check digit, and STS answers for IDs that do not
// exist: a typing error at the end still names the right account. Another
// server's STS proves nothing about AWS, whatever it answers.
func home(identity iamsvc.Identity, h iamsvc.KeyHome, onAWS bool) []string {
	says, proof := "The ID names", ""
	if onAWS && h.Confirmed != "" && (h.Decoded == "" || h.Decoded == h.Confirmed) {
		says, proof = "The ID belongs to", ", as AWS STS confirms"
	}
	if !onAWS && h.Decoded == "" {
		h.Confirmed = ""
	}
	var text string
	switch h.Account() {
	case "":
		text = "The ID does not say which account it belongs to: those issued before about 2019 do not, nor do those of other systems."
	case identity.Account:
		text = fmt.Sprintf("%s this account%s. Either the key has been deleted, or the ID has a typing error.", says, proof)
	default:
		text = fmt.Sprintf("%s AWS account %s%s. Ask whoever looks after that account.", says, h.Account(), proof)
	}
	switch {
	case h.Decoded == "" || proof != "":
	case onAWS && h.Confirmed != "":
		text += fmt.Sprintf(" AWS STS names account %s instead. Ask in both accounts.", h.Confirmed)
	case !onAWS:
		text += " This is decoded from the ID, not confirmed: the server is not AWS."
	default:
		text += fmt.Sprintf(" This is decoded from the ID, not confirmed: %s.", unconfirmed(h.Err))
	}
	return []string{text}
}

func unconfirmed(err error) string {
	var denied *iamsvc.Denied
	switch {
	case errors.As(err, &denied):
		return "Keydesk lacks the permission " + denied.Action
	case err == nil, errors.Is(err, iamsvc.ErrInvalid), errors.Is(err, iamsvc.ErrNoSuchKey):
		return "STS does not know the ID"
	case errors.Is(err, iamsvc.ErrUnsupported):
		return "the server has no STS that could be asked"
	}
	return "STS could not be asked just now: " + unreadBecause(err)
}

// addHistory tells a key that was deleted here from one that never was: the
// journal knows.
func (s Search) addHistory(f *views.Finding, r *http.Request, account *iamsvc.Account, found iamsvc.LookUpResult) error {
	for _, known := range []struct {
		action              iamsvc.Action
		outcome, title, say string // say takes the person, the user and the time
	}{
		{iamsvc.ActionDeleteAccessKey, audit.OutcomeOK, "Deleted in this account", "%s deleted this key of the user %s with Keydesk on %s. A deleted key cannot be recovered."},
		{iamsvc.ActionDeleteAccessKey, audit.OutcomeUnknown, "Deleted in this account", "%s had Keydesk delete this key of the user %s on %s. IAM's answer was lost, and the key is gone."},
		{iamsvc.ActionCreateAccessKey, audit.OutcomeWithdrawn, "Withdrawn in this account", "%s created this key of the user %s on %s. Keydesk deleted it again at once, because the creation could not be recorded."},
		{iamsvc.ActionCreateAccessKey, audit.OutcomeOK, "Gone from this account", "%s created this key of the user %s with Keydesk on %s. It has been deleted since, and not with Keydesk."},
	} {
		events, _, err := s.Journal.List(r.Context(), audit.Filter{
			Account: account.ID(), AccessKeyID: found.KeyID, Action: string(known.action), Outcome: known.outcome, Limit: 1})
		if err != nil {
			return err
		}
		if len(events) == 0 {
			continue
		}
		e := events[0]
		f.Title = known.title
		f.Text = []string{fmt.Sprintf(known.say, orElse(e.Actor.Name, "Somebody"), orElse(e.User, "named in the audit log"), absolute(e.Time))}
		if s.user(r).Can(auth.ViewAuditLog) {
			f.Links = append(f.Links, views.Link{Text: "Show in audit log", URL: auditEventPath(e.Seq)})
		}
		return nil
	}
	return nil
}
