package handlers

import (
	"fmt"
	"net/http"
	"strings"

	"keydesk/iamsvc"
	"keydesk/iamsvc/paste"
	"keydesk/views"
)

// question builds what a person is asked before something is done to a key.
type question func(keySubject) views.KeyQuestion

func (b Base) askAboutKey(w http.ResponseWriter, r *http.Request, home keyHome, action iamsvc.Action, build question) error {
	key, err := home.chosen(r)
	if err != nil {
		return err
	}
	return b.ask(w, r, http.StatusOK, keySubject{home: home, key: key}, action, build)
}

func (b Base) askDelete(w http.ResponseWriter, r *http.Request, home keyHome) error {
	key, err := home.chosen(r)
	if err != nil {
		return err
	}
	s := keySubject{home: home, key: key}
	if !isStatus(key.Status, iamsvc.KeyInactive) {
		return b.ask(w, r, http.StatusOK, s, iamsvc.ActionUpdateAccessKey, deactivateFirstQuestion)
	}
	return b.ask(w, r, http.StatusOK, s, iamsvc.ActionDeleteAccessKey, deleteQuestion)
}

// ask renders a question as a page. It is also the answer to a form that was
// refused: then s holds what was typed and what was wrong with it.
func (b Base) ask(w http.ResponseWriter, r *http.Request, status int, s keySubject, action iamsvc.Action, build question) error {
	var err error
	if s.token, err = b.formToken(r, string(action), s.home.target(s.key.ID)); err != nil {
		return err
	}
	s.now, s.key, s.strict = b.Now(), s.home.withUse(r.Context(), s.key), b.RequireReason
	q := build(s)
	shell, err := b.Shell(w, r, s.home.frame(q.Title))
	if err != nil {
		return err
	}
	return render(w, r, status, views.AskAboutKey(views.KeyQuestionPage{Shell: shell, Question: q}))
}

// statusChange is activating or deactivating a key.
type statusChange struct {
	to    iamsvc.KeyStatus
	ask   question
	title string
	text  string // after the key ID
}

var (
	activation   = statusChange{iamsvc.KeyActive, activateQuestion, "Access key activated", "can be used to sign requests again."}
	deactivation = statusChange{iamsvc.KeyInactive, deactivateQuestion, "Access key deactivated", "can no longer be used to sign requests. Temporary credentials that were made with it work until they expire."}
)

func (b Base) setStatus(w http.ResponseWriter, r *http.Request, home keyHome, c statusChange) error {
	key, err := home.confirmed(r)
	if err != nil {
		return err
	}
	reason, fault := b.reasonOf(r)
	if fault != "" {
		return b.ask(w, r, http.StatusUnprocessableEntity, refused(home, key, r, fieldReason, fault), iamsvc.ActionUpdateAccessKey, c.ask)
	}
	ctx, err := b.withFormToken(r, string(iamsvc.ActionUpdateAccessKey), home.target(key.ID))
	if err != nil {
		return err
	}
	if err := home.update(iamsvc.WithReason(ctx, reason), key.ID, c.to); err != nil {
		return home.failChange(err)
	}
	return b.showChanged(w, r, home, keyAnchor(key.ID), c.title, key.ID+" "+c.text)
}

func (b Base) deleteKey(w http.ResponseWriter, r *http.Request, home keyHome) error {
	key, err := home.confirmed(r)
	if err != nil {
		return err
	}
	if !isStatus(key.Status, iamsvc.KeyInactive) {
		return home.fail(iamsvc.ErrKeyActive)
	}
	reason, fault := b.reasonOf(r)
	field := fieldReason
	if strings.TrimSpace(r.PostFormValue(fieldTypedID)) != strings.TrimSpace(key.ID) {
		field, fault = fieldTypedID, "This is not the ID of the access key. Enter "+key.ID+"."
	}
	if fault != "" {
		return b.ask(w, r, http.StatusUnprocessableEntity, refused(home, key, r, field, fault), iamsvc.ActionDeleteAccessKey, deleteQuestion)
	}
	ctx, err := b.withFormToken(r, string(iamsvc.ActionDeleteAccessKey), home.target(key.ID))
	if err != nil {
		return err
	}
	warnings, err := home.remove(iamsvc.WithReason(ctx, reason), key.ID)
	if err != nil {
		return home.failChange(err)
	}
	return b.showChanged(w, r, home, "access-keys", "Access key deleted", key.ID+" can't be recovered.", warnings...)
}

// Describe saves the description of a key.
func (k AccessKeys) Describe(w http.ResponseWriter, r *http.Request) error {
	home, err := k.home(r)
	if err != nil {
		return err
	}
	key, err := home.chosen(r)
	if err != nil {
		return err
	}
	description := trimmedDescription(r)
	reason, fault := k.reasonOf(r)
	field := fieldReason
	if err := iamsvc.ValidateDescription(description); err != nil {
		field, fault = fieldDescription, err.Error()
	}
	if fault != "" {
		return k.ask(w, r, http.StatusUnprocessableEntity, refused(home, key, r, field, fault), iamsvc.ActionTagUser, describeQuestion)
	}
	ctx, err := k.withFormToken(r, string(iamsvc.ActionTagUser), home.target(key.ID))
	if err != nil {
		return err
	}
	if err := home.account.DescribeAccessKey(iamsvc.WithReason(ctx, reason), home.user, key.ID, description); err != nil {
		return home.failChange(err)
	}
	return k.showChanged(w, r, home, keyAnchor(key.ID), "Description saved", "The description of "+key.ID+" was changed.")
}

// confirmed is the key a form is about, in the state the person was shown. Any
// other state is a surprise: what they decided on is no longer so.
func (h keyHome) confirmed(r *http.Request) (iamsvc.AccessKey, error) {
	key, err := h.chosen(r)
	if err != nil {
		return iamsvc.AccessKey{}, err
	}
	if string(key.Status) != r.PostFormValue("status") {
		return iamsvc.AccessKey{}, &Changed{
			What: fmt.Sprintf("The access key %s is %s now.", key.ID, key.Status), Path: keyOn(h.page(), key.ID),
		}
	}
	return key, nil
}

// refused keeps what was typed, except what may be a secret.
func refused(home keyHome, key iamsvc.AccessKey, r *http.Request, field, fault string) keySubject {
	s := keySubject{home: home, key: key, typed: map[string]string{}, faults: map[string]string{field: fault}}
	for _, name := range []string{fieldReason, fieldTypedID, fieldDescription} {
		if value := r.PostFormValue(name); value != "" && !paste.HasSecret(value) {
			s.typed[name] = value
		}
	}
	return s
}

// showChanged tells what was done on the page that shows the keys, with the element
// of that ID in sight.
func (b Base) showChanged(w http.ResponseWriter, r *http.Request, home keyHome, place, title, text string, warnings ...string) error {
	if err := b.flash(w, r, "success", title, text); err != nil {
		return err
	}
	for _, warning := range warnings {
		if err := b.flash(w, r, "warning", title, warning); err != nil {
			return err
		}
	}
	return seeOther(w, r, home.page()+"#"+place)
}
