package handlers

import (
	"net/http"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/auth"
)

// OwnAccessKeys is the access keys of the identity Keydesk itself runs as. The
// calls behind it leave out the user name, so IAM acts on whoever signed them.
type OwnAccessKeys struct{ Base }

func (o OwnAccessKeys) home(r *http.Request) (keyHome, error) {
	account, err := o.account(r)
	if err != nil {
		return keyHome{}, err
	}
	return keyHome{account: account, id: account.ID(), user: account.Identity().UserName, own: true}, nil
}

// Show lists the keys and says which of them Keydesk is using.
func (o OwnAccessKeys) Show(w http.ResponseWriter, r *http.Request) error {
	home, err := o.home(r)
	if err != nil {
		return err
	}
	v := userView{home: home, identity: home.account.Identity(), may: o.manager(r), now: o.Now(), strict: o.RequireReason}
	v.details.User = iamsvc.User{Name: home.user, ARN: v.identity.ARN}
	v.protected = home.account.ProtectedBy(v.details.User)
	if hasOwnKeys(v.identity) {
		v.details.Keys = ownKeys(r, home)
	}
	forms := map[string]keyForms{}
	for _, k := range v.details.Keys.Value {
		if forms[k.ID], err = o.keyForms(r, v, k); err != nil {
			return err
		}
	}
	page := newOwnAccessKeysPage(v, forms)
	page.Shell, err = o.Shell(w, r, Page{Title: "My security credentials", Current: home.page(),
		Crumbs: []views.Crumb{{Text: "My security credentials"}}})
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, views.OwnAccessKeys(page))
}

// manager is who looks, without any right to change keys if they may only see
// Keydesk's own: those need a permission of their own.
func (o OwnAccessKeys) manager(r *http.Request) auth.User {
	u := o.user(r)
	if !u.Can(auth.ManageOwnCredentials) {
		u.Role = ""
	}
	return u
}

func ownKeys(r *http.Request, home keyHome) iamsvc.Part[[]iamsvc.AccessKey] {
	keys, err := home.list(r.Context())
	for i := range keys {
		keys[i] = home.withUse(r.Context(), keys[i])
	}
	return iamsvc.Part[[]iamsvc.AccessKey]{Value: keys, Err: err}
}

// hasOwnKeys: IAM users and the root user have access keys, roles have none.
func hasOwnKeys(i iamsvc.Identity) bool { return i.UserName != "" || i.IsRoot || i.ARN == "" }

func newOwnAccessKeysPage(v userView, forms map[string]keyForms) views.OwnAccessKeysPage {
	i := v.identity
	page := views.OwnAccessKeysPage{Notices: ownNotices(i), Identity: []views.KV{
		{Term: "ARN", Text: orElse(i.ARN, textNotKnown)},
		{Term: "Account", Text: accountLabel(i)},
		{Term: "Access key in use", Text: orElse(i.AccessKeyID, textNotKnown)},
	}}
	if hasOwnKeys(i) {
		page.Keys = accessKeysSection(v, forms)
		page.Keys.MayCreate, page.Keys.CreateReason = false, ""
		page.Keys.Heading.Description = "The key in use cannot be deactivated or deleted here: Keydesk would cut itself off. Give Keydesk another credential first."
	}
	return page
}

func ownNotices(i iamsvc.Identity) []views.UserNotice {
	var list []views.UserNotice
	switch {
	case i.IsRoot:
		list = append(list, views.UserNotice{Kind: "error", Title: "Keydesk runs as the root user of the account",
			Text: "The root user may do everything and cannot be restricted. Let Keydesk run as a role or an IAM user with only the permissions it needs, and delete the root user's access keys. The keys below are the root user's."})
	case !hasOwnKeys(i):
		list = append(list, views.UserNotice{Kind: "info", Title: "Keydesk runs with the temporary credentials of a role",
			Text: "A role has no access keys of its own, so there is nothing to manage here. That is the safer way to run Keydesk."})
	}
	for _, w := range i.Warnings {
		list = append(list, views.UserNotice{Kind: "warning", Title: "Not everything about this identity is known", Text: w})
	}
	return list
}

// ActivateForm asks before one of the keys is activated.
func (o OwnAccessKeys) ActivateForm(w http.ResponseWriter, r *http.Request) error {
	home, err := o.home(r)
	if err != nil {
		return err
	}
	return o.askAboutKey(w, r, home, iamsvc.ActionUpdateAccessKey, activateQuestion)
}

// Activate makes one of the keys usable again.
func (o OwnAccessKeys) Activate(w http.ResponseWriter, r *http.Request) error {
	home, err := o.home(r)
	if err != nil {
		return err
	}
	return o.setStatus(w, r, home, activation)
}

// DeactivateForm asks before one of the keys is deactivated.
func (o OwnAccessKeys) DeactivateForm(w http.ResponseWriter, r *http.Request) error {
	home, err := o.home(r)
	if err != nil {
		return err
	}
	return o.askAboutKey(w, r, home, iamsvc.ActionUpdateAccessKey, deactivateQuestion)
}

// Deactivate makes a key unusable, unless Keydesk is using it.
func (o OwnAccessKeys) Deactivate(w http.ResponseWriter, r *http.Request) error {
	home, err := o.home(r)
	if err != nil {
		return err
	}
	return o.setStatus(w, r, home, deactivation)
}

// DeleteForm asks before one of the keys is deleted.
func (o OwnAccessKeys) DeleteForm(w http.ResponseWriter, r *http.Request) error {
	home, err := o.home(r)
	if err != nil {
		return err
	}
	return o.askDelete(w, r, home)
}

// Delete deletes an inactive key, unless Keydesk is using it.
func (o OwnAccessKeys) Delete(w http.ResponseWriter, r *http.Request) error {
	home, err := o.home(r)
	if err != nil {
		return err
	}
	return o.deleteKey(w, r, home)
}
