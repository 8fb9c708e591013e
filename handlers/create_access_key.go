package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"keydesk/iamsvc"
	"keydesk/iamsvc/paste"
	"keydesk/views"
)

const fieldUseCase = "use_case"

// CreateForm is step 1: what the key is for, and what would be better.
func (k AccessKeys) CreateForm(w http.ResponseWriter, r *http.Request) error {
	home, err := k.home(r)
	if err != nil {
		return err
	}
	keys, err := home.list(r.Context())
	if err != nil {
		return home.fail(err)
	}
	if home.fullAt(len(keys)) {
		return home.quotaFull(keys)
	}
	// The gate asks again: this only saves people the way through the wizard.
	if err := home.account.CheckProtection(r.Context(), home.user); err != nil {
		return home.fail(err)
	}
	// The page of either step that was refused, or kept while its person signed in.
	if views.EnteredAt(r.Context(), keysPath(home.id, home.user)) {
		return k.setDescription(w, r, http.StatusOK, descriptionForm{})
	}
	return k.chooseUseCase(w, r, http.StatusOK, useCasePage(useCaseForm{}))
}

func (h keyHome) quotaFull(keys []iamsvc.AccessKey) error {
	return &QuotaFull{User: h.user, Keys: keys, Path: h.page()}
}

// CreateStep checks step 1 and shows step 2, or goes back from step 2. It
// changes nothing, so its form has no token.
func (k AccessKeys) CreateStep(w http.ResponseWriter, r *http.Request) error {
	form := useCaseForm{
		useCase:     r.PostFormValue(fieldUseCase),
		confirmed:   r.PostFormValue("confirm") == "yes",
		description: keptDescription(r),
		reason:      keptReason(r),
	}
	if r.PostFormValue("step") == "previous" {
		form.confirmed = true
		return k.chooseUseCase(w, r, http.StatusOK, useCasePage(form))
	}
	page := useCasePage(form)
	page.CaseError, page.ConfirmError = form.faults()
	if page.CaseError != "" || page.ConfirmError != "" {
		return k.chooseUseCase(w, r, http.StatusUnprocessableEntity, page)
	}
	return k.setDescription(w, r, http.StatusOK, descriptionForm{description: form.description, reason: form.reason})
}

// keptDescription is what was typed in step 2, carried through step 1, unless
// it looks like a secret.
func keptDescription(r *http.Request) string {
	text := r.PostFormValue(fieldDescription)
	if paste.HasSecret(text) {
		return ""
	}
	return text
}

func (k AccessKeys) chooseUseCase(w http.ResponseWriter, r *http.Request, status int, page views.UseCasePage) error {
	home, err := k.home(r)
	if err != nil {
		return err
	}
	if page.Shell, err = k.Shell(w, r, home.frame("Create access key")); err != nil {
		return err
	}
	page.Action, page.Cancel = home.createPath(), home.page()
	return render(w, r, status, views.ChooseUseCase(page))
}

func (h keyHome) createPath() string { return keysPath(h.id, h.user) + "/create" }

// descriptionForm is step 2 as it was filled in, and what was wrong with it.
type descriptionForm struct {
	description, reason string
	fault               error // of the description
	reasonFault         string
}

// setDescription shows step 2 with a fresh token: this is the form that makes
// a key, once.
func (k AccessKeys) setDescription(w http.ResponseWriter, r *http.Request, status int, form descriptionForm) error {
	home, err := k.home(r)
	if err != nil {
		return err
	}
	token, err := k.formToken(r, string(iamsvc.ActionCreateAccessKey), keysTarget(home.id, home.user))
	if err != nil {
		return err
	}
	shell, err := k.Shell(w, r, home.frame("Create access key"))
	if err != nil {
		return err
	}
	field, reason := descriptionField(form.description), reasonField(k.RequireReason)
	if form.fault != nil {
		field.Error = form.fault.Error()
	}
	reason.Value, reason.Error = form.reason, form.reasonFault
	return render(w, r, status, views.SetDescriptionTag(views.DescriptionTagPage{
		Shell: shell, Action: keysPath(home.id, home.user), Previous: home.createPath(), Cancel: home.page(),
		Token: token, UseCase: r.PostFormValue(fieldUseCase), Description: field, Reason: reason,
	}))
}

// useCaseForm is step 1 as it was sent.
type useCaseForm struct {
	useCase     string
	confirmed   bool
	description string
	reason      string
}

// faults are what keeps step 1 from going on. Other has no alternative, so
// there is nothing to confirm.
func (f useCaseForm) faults() (caseFault, confirmFault string) {
	known := slices.ContainsFunc(useCases, func(c useCase) bool { return c.value == f.useCase })
	switch {
	case !known:
		return "Choose a use case.", ""
	case f.useCase != useCaseOther && !f.confirmed:
		return "", "Tick the box to confirm that you want to create an access key in spite of the recommendation."
	}
	return "", ""
}

func useCasePage(f useCaseForm) views.UseCasePage {
	page := views.UseCasePage{Confirmed: f.confirmed, Description: f.description, Reason: f.reason}
	for _, c := range useCases {
		shown := views.UseCase{
			Check:        views.Check{Name: fieldUseCase, Value: c.value, Label: c.label, Hint: c.text, Checked: c.value == f.useCase, Required: true},
			Title:        "Alternatives recommended",
			Kind:         "warning",
			Alternatives: c.alternatives,
		}
		if c.value == useCaseOther {
			shown.Kind, shown.Title = "info", "It's okay to use an access key for this use case, but follow the best practices"
		}
		page.Cases = append(page.Cases, shown)
	}
	return page
}

// createFailed is the error of a creation that did not succeed. IAM's word on
// the quota counts; the keys that fill it are named, so that one can be chosen
// to go.
func (h keyHome) createFailed(ctx context.Context, err error) error {
	if !errors.Is(err, iamsvc.ErrKeyQuota) {
		return h.fail(err)
	}
	keys, listErr := h.list(ctx)
	if listErr != nil {
		return h.fail(err)
	}
	full := &QuotaFull{User: h.user, Keys: keys, Path: h.page()}
	var refusal *iamsvc.CallError
	if errors.As(err, &refusal) {
		full.Said = refusal.Message
	}
	return full
}

// trimmedDescription is the description as it will be stored.
func trimmedDescription(r *http.Request) string {
	return strings.TrimSpace(r.PostFormValue(fieldDescription))
}
