package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"keydesk/iamsvc"
	"keydesk/views"
)

// keyHome is whose access keys a request is about: those of the user the URL
// names, or those of the identity Keydesk itself runs as. The two are managed
// by different calls on different pages, and are never mixed up: only own
// keys' calls leave the user name out.
type keyHome struct {
	account *iamsvc.Account
	id      string // of the account
	user    string // whose keys; for own keys of no IAM user ""
	own     bool
}

func ownPath(account string) string { return path("accounts", account, "my-security-credentials") }

// page shows the keys.
func (h keyHome) page() string {
	if h.own {
		return ownPath(h.id)
	}
	return userPath(h.id, h.user)
}

// action is the path of something that can be done to a key.
func (h keyHome) action(keyID, verb string) string {
	if h.own {
		return ownPath(h.id) + path(keyAddress(h.id, keyID), verb)
	}
	return keyPath(h.id, h.user, keyID, verb)
}

// target is what a one-time token for a form about the key is bound to.
func (h keyHome) target(keyID string) string {
	if h.own {
		return path(h.id, "own key", keyID)
	}
	return keyTarget(h.id, h.user, keyID)
}

func (h keyHome) frame(title string) Page {
	if !h.own {
		return keyPage(h.id, h.user, title)
	}
	return Page{Title: title, Current: h.page(), Crumbs: []views.Crumb{
		{Text: "My security credentials", URL: h.page()}, {Text: title},
	}}
}

func (h keyHome) list(ctx context.Context) ([]iamsvc.AccessKey, error) {
	if h.own {
		return h.account.OwnAccessKeys(ctx)
	}
	return h.account.ListAccessKeys(ctx, h.user)
}

func (h keyHome) update(ctx context.Context, keyID string, to iamsvc.KeyStatus) error {
	if h.own {
		return h.account.UpdateOwnAccessKey(ctx, keyID, to)
	}
	return h.account.UpdateAccessKey(ctx, h.user, keyID, to)
}

func (h keyHome) remove(ctx context.Context, keyID string) (warnings []string, err error) {
	if h.own {
		return h.account.DeleteOwnAccessKey(ctx, keyID)
	}
	return h.account.DeleteAccessKey(ctx, h.user, keyID)
}

// fail adds the page to go on from to an error: the list of users where there
// is no such user, else the page that shows the keys as they are now.
func (h keyHome) fail(err error) error {
	switch {
	case errors.Is(err, iamsvc.ErrNoSuchUser):
		return &Onward{Err: err, Path: usersPath(h.id), Name: "IAM users"}
	case h.own:
		return &Onward{Err: err, Path: h.page(), Name: "My security credentials"}
	}
	return &Onward{Err: err, Path: h.page(), Name: "Access keys of " + h.user}
}

// failChange tells a change that was made and not recorded from one that was
// not made. (A new key is withdrawn in that case, and needs no such care.)
func (h keyHome) failChange(err error) error {
	var journal *iamsvc.JournalFailure
	if errors.As(err, &journal) && journal.Called {
		err = &Unrecorded{err}
	}
	return h.fail(err)
}

// chosen is the key a page or form is about, as it is now. The URL has its address;
// a form posts the whole ID, and must mean the same key.
func (h keyHome) chosen(r *http.Request) (iamsvc.AccessKey, error) {
	address, err := param(r, "key")
	if err != nil {
		return iamsvc.AccessKey{}, err
	}
	keys, err := h.list(r.Context())
	if err != nil {
		return iamsvc.AccessKey{}, h.fail(err)
	}
	key, err := keyAt(keys, h.id, address, r.PostFormValue("access_key_id"))
	if err != nil {
		return iamsvc.AccessKey{}, h.fail(err)
	}
	return key, nil
}

// withUse adds last use and description. Failing to read them must not keep
// anyone from deactivating a key: the question then says what is not known.
func (h keyHome) withUse(ctx context.Context, key iamsvc.AccessKey) iamsvc.AccessKey {
	_, key.LastUsed, _ = h.account.AccessKeyLastUsed(ctx, key.ID)
	if h.user == "" {
		return key
	}
	user, err := h.account.User(ctx, h.user)
	if err != nil {
		return key
	}
	for _, t := range user.Tags {
		if strings.EqualFold(t.Key, key.ID) {
			key.Description = t.Value
		}
	}
	return key
}
