package handlers

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/klauspost/compress/gzhttp"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/db"
	"keydesk/web/session"
)

// Create creates an access key and shows its secret in this very response, the
// only one that ever holds it. A page reached by a redirect would show the
// secret again on Back, and a reload of this one finds the form's token spent.
func (k AccessKeys) Create(w http.ResponseWriter, r *http.Request) error {
	home, err := k.home(r)
	if err != nil {
		return err
	}
	description := trimmedDescription(r)
	reason, fault := k.reasonOf(r)
	if err := iamsvc.ValidateDescription(description); err != nil || fault != "" {
		return k.setDescription(w, r, http.StatusUnprocessableEntity, descriptionForm{keptDescription(r), keptReason(r), err, fault})
	}
	// Whatever the page needs is fetched before the key exists: afterwards
	// nothing may keep the secret from its owner.
	shell, err := k.Shell(w, r, home.frame("Create access key"))
	if err != nil {
		return err
	}
	shell.Secret = true
	ctx, err := k.withFormToken(r, string(iamsvc.ActionCreateAccessKey), keysTarget(home.id, home.user))
	if err != nil {
		return err
	}
	created, err := home.account.CreateAccessKey(iamsvc.WithReason(ctx, reason), home.user, description)
	if err != nil {
		return home.createFailed(r.Context(), err)
	}
	page := k.retrievePage(r, home, created)
	page.Shell = shell
	page.Shell.Flashes = append(page.Shell.Flashes, createdFlashes(created.Warnings)...)
	return k.deliver(w, r, home, created, page)
}

func (k AccessKeys) retrievePage(r *http.Request, home keyHome, created iamsvc.CreatedAccessKey) views.RetrieveAccessKeyPage {
	attempt := strconv.FormatInt(created.Attempt, 10)
	token, err := k.formToken(r, actionAcknowledge, home.acknowledgeTarget(created.Key.ID, attempt))
	if err != nil {
		// Done is then a plain link: better unacknowledged than not shown.
		k.Log.Error("no token to acknowledge a new access key with", "id", k.RequestID(r.Context()), "error", err.Error())
	}
	id, secret := created.Key.ID, created.Secret.Reveal()
	return views.RetrieveAccessKeyPage{
		UserName: home.user, KeyID: id, Secret: secret,
		FileName: fileName(home.user + "_accessKeys.csv"), Profile: importProfile(home.user, id, secret),
		Credentials: credentialsText(id, secret), Environment: environmentText(id, secret),
		DoneURL: keysPath(home.id, home.user) + "/done", DoneToken: token, Attempt: attempt,
		LeaveURL: keyOn(home.page(), id),
	}
}

// createdFlashes are shown on the page itself, in the console's words: a
// message stored for a later page would come too late.
func createdFlashes(warnings []string) []views.Flash {
	list := []views.Flash{{Kind: "success", Title: "Access key created",
		Text: "This is the only time that the secret access key can be viewed or downloaded. You cannot recover it later. However, you can create a new access key any time."}}
	for _, w := range warnings {
		list = append(list, views.Flash{Kind: "warning", Title: "The access key has no description", Text: w})
	}
	return list
}

// secretPageSize is more than the page needs: a buffer that grew would leave
// copies of the secret behind.
const secretPageSize = 64 << 10

// deliver sends the page from a buffer of its own, which it wipes, and
// journals whether the secret was handed to the network.
func (k AccessKeys) deliver(w http.ResponseWriter, r *http.Request, home keyHome, created iamsvc.CreatedAccessKey, page views.RetrieveAccessKeyPage) error {
	buf := bytes.NewBuffer(make([]byte, 0, secretPageSize))
	defer func() { clear(buf.Bytes()[:buf.Cap()]) }()
	renderErr := views.RetrieveAccessKey(page).Render(context.WithoutCancel(r.Context()), buf)
	outcome := audit.OutcomeUndelivered
	iamsvc.Reach(iamsvc.BeforeDelivery)
	if renderErr == nil && sendSecret(w, buf.Bytes()) == nil && r.Context().Err() == nil {
		outcome = audit.OutcomeDelivered
	}
	iamsvc.Reach(iamsvc.AfterWrite)
	err := k.recordDelivery(r, audit.Event{
		Action: string(iamsvc.ActionCreateAccessKey), Account: home.id, User: home.user,
		AccessKeyID: created.Key.ID, Attempt: created.Attempt, Outcome: outcome,
	})
	if err != nil {
		// The response is on its way: there is no other page to show.
		k.Log.Error("delivery of a secret not journalled", "id", k.RequestID(r.Context()), "outcome", outcome, "error", err.Error())
	}
	iamsvc.Reach(iamsvc.AfterDelivery)
	return renderErr
}

// sendSecret keeps the page out of every cache and out of the compressor,
// whose output would tell about the secret by its length (BREACH).
func sendSecret(w http.ResponseWriter, page []byte) error {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	h.Set("Cache-Control", "no-store")
	h.Set(gzhttp.HeaderNoCompression, "true")
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(page); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// recordDelivery adds to the outcomes of an attempt. It does not heed the
// client, who may be gone by now.
func (b Base) recordDelivery(r *http.Request, e audit.Event, inTx ...audit.InTx) error {
	e = b.event(r, e)
	e.Phase = audit.PhaseOutcome
	_, err := b.Journal.Append(context.WithoutCancel(r.Context()), e, inTx...)
	return err
}

// actionAcknowledge names the form by which a person says that they have the
// secret.
const actionAcknowledge = "AcknowledgeAccessKey"

func (h keyHome) acknowledgeTarget(keyID, attempt string) string {
	return h.target(keyID) + "/" + attempt
}

// Done takes the person's word that the secret is saved, and leads to the key.
func (k AccessKeys) Done(w http.ResponseWriter, r *http.Request) error {
	home, err := k.home(r)
	if err != nil {
		return err
	}
	keyID, number := r.PostFormValue("access_key_id"), r.PostFormValue("attempt")
	attempt, err := strconv.ParseInt(number, 10, 64)
	if err != nil || attempt < 1 {
		return session.ErrTokenSpent
	}
	token, err := k.postedToken(r, actionAcknowledge, home.acknowledgeTarget(keyID, number))
	if err != nil {
		return err
	}
	err = k.recordDelivery(r, audit.Event{
		Action: string(iamsvc.ActionCreateAccessKey), Account: home.id, User: home.user,
		AccessKeyID: keyID, Attempt: attempt, Outcome: audit.OutcomeAcknowledged,
	}, func(ctx context.Context, tx *db.Tx) error {
		return session.SpendToken(ctx, tx, token, k.Now())
	})
	if errors.Is(err, session.ErrTokenSpent) {
		// Told twice, or after ten minutes: the key is there either way.
		return seeOther(w, r, home.page())
	}
	if err != nil {
		return home.fail(&iamsvc.JournalFailure{Err: err})
	}
	if r.PostFormValue("from") == "list" {
		return seeOther(w, r, unsavedPath(home.id))
	}
	return seeOther(w, r, keyOn(home.page(), keyID))
}
