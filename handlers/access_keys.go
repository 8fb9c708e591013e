package handlers

import (
	"net/http"

	"keydesk/iamsvc"
	"keydesk/views"
)

// AccessKeys is a user's access keys: what can be done to one, creating one,
// and the list of them all.
type AccessKeys struct {
	Base
	pictures *pictures[keyRow]
	drawn    *drawnPages
}

// NewAccessKeys has nothing drawn yet.
func NewAccessKeys(b Base) AccessKeys {
	return AccessKeys{Base: b, pictures: newPictures(keysList), drawn: &drawnPages{draw: drawAccessKeys}}
}

// home is the user the URL names.
func (k AccessKeys) home(r *http.Request) (keyHome, error) {
	account, user, err := k.owner(r)
	if err != nil {
		return keyHome{}, err
	}
	return keyHome{account: account, id: account.ID(), user: user}, nil
}

// owner is the account and the user the URL names.
func (b Base) owner(r *http.Request) (*iamsvc.Account, string, error) {
	account, err := b.account(r)
	if err != nil {
		return nil, "", err
	}
	user, err := userParam(r)
	if err == nil && !account.MayHaveUser(user) {
		err = ErrNotFound
	}
	return account, user, err
}

// keysTarget names the user whose keys a one-time token is for. Its parts are
// escaped, as names on other servers hold slashes: no target can be mistaken for
// another's.
func keysTarget(account, user string) string { return path(account, user) }

func keyTarget(account, user, keyID string) string { return path(account, user, keyID) }

// keyPage is the frame of a page below a user's page.
func keyPage(account, user, title string) Page {
	return Page{Title: title, Current: usersPath(account), Crumbs: []views.Crumb{
		{Text: "IAM users", URL: usersPath(account)},
		{Text: user, URL: userPath(account, user)},
		{Text: title},
	}}
}

// ActivateForm asks as a page, for people who come by a link.
func (k AccessKeys) ActivateForm(w http.ResponseWriter, r *http.Request) error {
	return k.askAt(w, r, iamsvc.ActionUpdateAccessKey, activateQuestion)
}

// DeactivateForm asks before a key is deactivated.
func (k AccessKeys) DeactivateForm(w http.ResponseWriter, r *http.Request) error {
	return k.askAt(w, r, iamsvc.ActionUpdateAccessKey, deactivateQuestion)
}

// DescriptionForm offers the description for editing.
func (k AccessKeys) DescriptionForm(w http.ResponseWriter, r *http.Request) error {
	return k.askAt(w, r, iamsvc.ActionTagUser, describeQuestion)
}

func (k AccessKeys) askAt(w http.ResponseWriter, r *http.Request, action iamsvc.Action, build question) error {
	home, err := k.home(r)
	if err != nil {
		return err
	}
	return k.askAboutKey(w, r, home, action, build)
}

// DeleteForm asks before a key is deleted; of a key that is not inactive it
// offers to deactivate it first.
func (k AccessKeys) DeleteForm(w http.ResponseWriter, r *http.Request) error {
	home, err := k.home(r)
	if err != nil {
		return err
	}
	return k.askDelete(w, r, home)
}

// Activate makes a key usable again.
func (k AccessKeys) Activate(w http.ResponseWriter, r *http.Request) error {
	home, err := k.home(r)
	if err != nil {
		return err
	}
	return k.setStatus(w, r, home, activation)
}

// Deactivate makes a key unusable until it is activated.
func (k AccessKeys) Deactivate(w http.ResponseWriter, r *http.Request) error {
	home, err := k.home(r)
	if err != nil {
		return err
	}
	return k.setStatus(w, r, home, deactivation)
}

// Delete deletes an inactive key whose ID was typed.
func (k AccessKeys) Delete(w http.ResponseWriter, r *http.Request) error {
	home, err := k.home(r)
	if err != nil {
		return err
	}
	return k.deleteKey(w, r, home)
}
