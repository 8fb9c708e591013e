package handlers

import (
	"context"
	"net/http"
	"strconv"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

const unsavedTitle = "Unsaved access keys"

var keyActionNames = audit.KeyActions{Create: string(iamsvc.ActionCreateAccessKey), Delete: string(iamsvc.ActionDeleteAccessKey)}

func unsavedPath(account string) string { return path("accounts", account, "unsaved-keys") }

// unsavedKey is a key that was created here, and whose secret nobody has said
// to have.
type unsavedKey struct {
	event audit.Event      // the newest about its creation
	key   iamsvc.AccessKey // as the inventory has it; without an ID where it has not

	quarantined bool // AWS has quarantined the owner
}

// unsavedKeys costs one look into the journal and no call to IAM.
func (b Base) unsavedKeys(ctx context.Context, account *iamsvc.Account) ([]unsavedKey, error) {
	events, err := b.Journal.Unacknowledged(ctx, keyActionNames, audit.Filter{Account: account.ID()})
	if err != nil {
		return nil, err
	}
	return stillUnsaved(events, account.Inventory()), nil
}

func stillUnsaved(events []audit.Event, inventory *iamsvc.Inventory) []unsavedKey {
	var list []unsavedKey
	seen := map[string]bool{}
	for _, e := range events {
		user, key, found := inventory.Key(e.AccessKeyID)
		if seen[e.AccessKeyID] || !found && knownGone(e, inventory) || found && used(key) {
			continue
		}
		seen[e.AccessKeyID] = true
		list = append(list, unsavedKey{event: e, key: key, quarantined: user.Quarantined})
	}
	return list
}

// used: who signs requests with a key has its secret.
func used(key iamsvc.AccessKey) bool { return !key.LastUsed.At.IsZero() }

// knownGone needs a reading that is newer than the key: what was not read, or
// not yet, may be there.
func knownGone(e audit.Event, inventory *iamsvc.Inventory) bool {
	if inventory.Err != nil || !inventory.AsOf.After(e.Time) {
		return false
	}
	user, exists := inventory.User(e.User)
	return !exists || user.KeysErr == nil
}

// Unsaved lists them, for whoever can ask around or clean up.
func (k AccessKeys) Unsaved(w http.ResponseWriter, r *http.Request) error {
	account, err := k.account(r)
	if err != nil {
		return err
	}
	keys, err := k.unsavedKeys(r.Context(), account)
	if err != nil {
		return err
	}
	page := views.UnsavedKeysPage{Count: thousands(len(keys)), Freshness: unsavedFreshness(account.Inventory())}
	for _, u := range keys {
		row, err := k.unsavedRow(r, account, u)
		if err != nil {
			return err
		}
		page.Rows = append(page.Rows, row)
	}
	page.Shell, err = k.Shell(w, r, Page{Title: unsavedTitle, Current: unsavedPath(account.ID()),
		Crumbs: []views.Crumb{{Text: unsavedTitle}}, unsaved: &keys})
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, views.UnsavedKeys(page))
}

func unsavedFreshness(inventory *iamsvc.Inventory) string {
	if inventory.AsOf.IsZero() {
		return "The account has not been read yet: some of these keys may be gone or in use."
	}
	return ""
}

func (k AccessKeys) unsavedRow(r *http.Request, account *iamsvc.Account, u unsavedKey) (views.UnsavedRow, error) {
	home := keyHome{account: account, id: account.ID(), user: u.event.User}
	notice, err := k.unsavedNotice(r, home, u.event)
	notice.FromList = true
	status := accessKeyStatus(u.key.Status, u.quarantined)
	return views.UnsavedRow{
		User: home.user, UserURL: home.page(), KeyURL: keyOn(home.page(), notice.KeyID),
		Time: stamp(k.Now(), u.event.Time), Person: orNone(u.event.Actor.Name), Status: status, Notice: notice,
	}, err
}

// unsavedNotice is what stands at a key, with the form by which a person says
// that they have its secret, where they could have created it.
func (b Base) unsavedNotice(r *http.Request, home keyHome, e audit.Event) (views.UnsavedNotice, error) {
	n := views.UnsavedNotice{
		KeyID: e.AccessKeyID, Why: unsavedWhy(e.Outcome), Attempt: strconv.FormatInt(e.Attempt, 10),
		Action: keysPath(home.id, home.user) + "/done",
	}
	if !b.user(r).Can(auth.CreateAccessKeys) {
		return n, nil
	}
	var err error
	n.Token, err = b.formToken(r, actionAcknowledge, home.acknowledgeTarget(n.KeyID, n.Attempt))
	return n, err
}

// unsavedWhy is what the journal knows about the secret's way.
func unsavedWhy(outcome string) string {
	switch outcome {
	case audit.OutcomeDelivered:
		return "The page with the secret was sent, but nobody has said that the secret is saved."
	case audit.OutcomeUndelivered:
		return "The browser was gone before the page with the secret arrived."
	case audit.OutcomeUnknown, audit.OutcomeReconciled:
		return "IAM's answer with the secret was lost."
	}
	return "Keydesk was stopped before it could show the secret."
}

// unsavedOf are the events about a user's unsaved keys by key ID; the keys
// themselves come from IAM on that page.
func (b Base) unsavedOf(ctx context.Context, home keyHome) (map[string]audit.Event, error) {
	events, err := b.Journal.Unacknowledged(ctx, keyActionNames,
		audit.Filter{Account: home.id, User: home.user, WholeUser: true})
	byKey := map[string]audit.Event{}
	for _, e := range events {
		if _, newer := byKey[e.AccessKeyID]; !newer {
			byKey[e.AccessKeyID] = e
		}
	}
	return byKey, err
}

// withUnsaved adds the list to the navigation while there is something on it.
func withUnsaved(nav []views.NavGroup, url, current string) []views.NavGroup {
	for i := range nav {
		if nav[i].Title == groupManagement {
			nav[i].Items = append(nav[i].Items, views.NavItem{Text: unsavedTitle, URL: url, Current: url == current})
		}
	}
	return nav
}
