package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keydesk/iamsvc"
	"keydesk/iamsvc/localaccount"
	"keydesk/web/audit"
)

const oneOfEach = "billing-export" // seeded with an inactive and an active key

// keyURL is the address of an action on a key: by the end of its ID.
func keyURL(user, keyID, verb string) string {
	return userKeysURL(user) + "/" + keyID[len(keyID)-8:] + "/" + verb
}

// keyWith is the user's first key with that status.
func (s *site) keyWith(user string, status iamsvc.KeyStatus) iamsvc.AccessKey {
	s.t.Helper()
	for _, k := range s.keys(user) {
		if k.Status == status {
			return k
		}
	}
	s.t.Fatalf("%s has no %s key", user, status)
	return iamsvc.AccessKey{}
}

func (s *site) statusOf(user, keyID string) iamsvc.KeyStatus {
	s.t.Helper()
	for _, k := range s.keys(user) {
		if k.ID == keyID {
			return k.Status
		}
	}
	return "deleted"
}

func TestLifeOfAKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	key := s.keyWith(oneOfEach, iamsvc.KeyActive)

	user := b.get(userURLs + oneOfEach)
	after := b.submit(user, keyURL(oneOfEach, key.ID, "deactivate"), url.Values{"reason": {"TICKET-42"}}).
		wantStatus(t, http.StatusOK).wantText(t, "Access key deactivated", key.ID+" can no longer be used to sign requests.")
	if after.URL.Path != userURLs+oneOfEach || after.URL.Fragment != key.ID {
		t.Errorf("deactivating leads to %s", after.URL)
	}
	if got := s.statusOf(oneOfEach, key.ID); got != iamsvc.KeyInactive {
		t.Fatalf("the key is %s", got)
	}
	after = b.submit(after, keyURL(oneOfEach, key.ID, "activate"), nil).wantStatus(t, http.StatusOK).wantText(t, "Access key activated")
	if got := s.statusOf(oneOfEach, key.ID); got != iamsvc.KeyActive {
		t.Fatalf("the key is %s", got)
	}
	after = b.submit(after, keyURL(oneOfEach, key.ID, "description"), url.Values{"description": {"Billing: nightly"}}).
		wantStatus(t, http.StatusOK).wantText(t, "Description saved", "Billing: nightly")
	after = b.submit(after, keyURL(oneOfEach, key.ID, "deactivate"), nil).wantStatus(t, http.StatusOK)
	after = b.submit(after, keyURL(oneOfEach, key.ID, "delete"), url.Values{"typed_access_key_id": {" " + key.ID + " "}}).
		wantStatus(t, http.StatusOK).wantText(t, "Access key deleted")
	if got := s.statusOf(oneOfEach, key.ID); got != "deleted" {
		t.Errorf("the key is %s", got)
	}
	if strings.Contains(after.Body, `id="`+key.ID+`"`) {
		t.Error("the deleted key still has a card")
	}
	b.get(userURLs+oneOfEach+"/activity").wantText(t, "TICKET-42", "UpdateAccessKey", "DeleteAccessKey", "TagUser", key.ID)
	s.wantCalls(map[string]int{"UpdateAccessKey": 3, "DeleteAccessKey": 1, "TagUser": 1, "UntagUser": 1})
}

// TestQuestionsAsPages follows the links of the menu as a browser without
// JavaScript does: each leads to a page.
func TestQuestionsAsPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	active, inactive := s.keyWith(oneOfEach, iamsvc.KeyActive), s.keyWith(oneOfEach, iamsvc.KeyInactive)

	b.get(keyURL(oneOfEach, active.ID, "deactivate")).wantStatus(t, http.StatusOK).
		wantText(t, "Deactivate "+active.ID+"?", "This key was used 30 days ago", "It called s3 in us-east-1.", "Reason or ticket")
	b.get(keyURL(oneOfEach, active.ID, "delete")).wantStatus(t, http.StatusOK).
		wantText(t, "before deleting it", "Only an inactive access key can be deleted", `action="`+keyURL(oneOfEach, active.ID, "deactivate")+`"`)
	b.get(keyURL(oneOfEach, inactive.ID, "delete")).wantStatus(t, http.StatusOK).
		wantText(t, "Delete "+inactive.ID+"?", "To confirm deletion, enter the access key ID", "Last used 365 days ago with ce")
	b.get(keyURL(oneOfEach, inactive.ID, "description")).wantStatus(t, http.StatusOK).wantText(t, "Description tag value", "Save changes", "Cancel")
	page := b.get(keyURL(oneOfEach, inactive.ID, "activate")).wantStatus(t, http.StatusOK)
	b.submit(page, keyURL(oneOfEach, inactive.ID, "activate"), nil).wantStatus(t, http.StatusOK).wantText(t, "Access key activated")
	b.get(userKeysURL(oneOfEach)+"/ABCDEFGH/deactivate").wantStatus(t, http.StatusNotFound).wantText(t, "No such access key", "Access keys of "+oneOfEach)
	b.get(keyURL("nobody-here", active.ID, "deactivate")).wantStatus(t, http.StatusNotFound).wantText(t, "No such user")
}

func TestDeleteWantsAnInactiveKeyAndItsIDTyped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	active, inactive := s.keyWith(oneOfEach, iamsvc.KeyActive), s.keyWith(oneOfEach, iamsvc.KeyInactive)

	page := b.get(keyURL(oneOfEach, inactive.ID, "delete"))
	for _, typed := range []string{"", "AKIA", strings.ToLower(inactive.ID), active.ID} {
		b.submit(page, keyURL(oneOfEach, inactive.ID, "delete"), url.Values{"typed_access_key_id": {typed}, "reason": {"keep me"}}).
			wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "This is not the ID of the access key", `value="keep me"`, `aria-invalid="true"`)
	}
	form, _ := b.get(keyURL(oneOfEach, active.ID, "deactivate")).form(t, keyURL(oneOfEach, active.ID, "deactivate"))
	form.Set("typed_access_key_id", active.ID)
	b.post(keyURL(oneOfEach, active.ID, "delete"), form).wantStatus(t, http.StatusConflict).wantText(t, "The access key is active")
	s.wantCalls(nil)
}

func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one, other := s.signedIn("admin"), s.signedIn("admin")
	key := s.keyWith(oneOfEach, iamsvc.KeyInactive)
	deletion := one.get(keyURL(oneOfEach, key.ID, "delete"))
	other.submit(other.get(userURLs+oneOfEach), keyURL(oneOfEach, key.ID, "activate"), nil).wantStatus(t, http.StatusOK)
	one.submit(deletion, keyURL(oneOfEach, key.ID, "delete"), url.Values{"typed_access_key_id": {key.ID}}).
		wantStatus(t, http.StatusConflict).wantText(t, "Changed meanwhile", key.ID+" is Active now", "Show the current state")
	if got := s.statusOf(oneOfEach, key.ID); got != iamsvc.KeyActive {
		t.Errorf("the key is %s", got)
	}
}

func TestFormOfOneKeyWorksForNoOther(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	keys := s.keys(fullOne)
	form, _ := b.get(userURLs+fullOne).form(t, keyURL(fullOne, keys[0].ID, "deactivate"))

	b.post(keyURL(fullOne, keys[1].ID, "deactivate"), form).wantStatus(t, http.StatusNotFound)
	forged := url.Values{"token": form["token"], "status": {"Active"}, "access_key_id": {keys[1].ID}}
	b.post(keyURL(fullOne, keys[1].ID, "deactivate"), forged).wantStatus(t, http.StatusConflict).wantText(t, "This form was already used")
	b.post(keyURL(fullOne, keys[0].ID, "activate"), url.Values{"status": {"Active"}, "access_key_id": {keys[0].ID}}).wantStatus(t, http.StatusConflict)
	s.wantCalls(nil)

	b.post(keyURL(fullOne, keys[0].ID, "deactivate"), form).wantStatus(t, http.StatusOK)
	form.Set("status", "Inactive")
	b.post(keyURL(fullOne, keys[0].ID, "deactivate"), form).wantStatus(t, http.StatusConflict).wantText(t, "This form was already used")
	s.wantCalls(map[string]int{"UpdateAccessKey": 1})
}

func TestDescriptionAndReasonAreChecked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	key := s.keyWith(oneOfEach, iamsvc.KeyActive)
	user := b.get(userURLs + oneOfEach)
	for _, bad := range []string{"it's", "a & b", "<script>alert(1)</script>", strings.Repeat("x", 257)} {
		p := b.submit(user, keyURL(oneOfEach, key.ID, "description"), url.Values{"description": {bad}}).
			wantStatus(t, http.StatusUnprocessableEntity).wantText(t, `aria-invalid="true"`)
		if strings.Contains(p.Body, "<script>alert") {
			t.Error("the page runs what was typed")
		}
	}
	b.submit(user, keyURL(oneOfEach, key.ID, "deactivate"), url.Values{"reason": {strings.Repeat("x", 257)}}).
		wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "at most 256 characters")
	s.wantCalls(nil)
	b.submit(user, keyURL(oneOfEach, key.ID, "description"), url.Values{"description": {""}}).wantStatus(t, http.StatusOK)
	s.wantCalls(map[string]int{"UntagUser": 1})
}

func TestHelpDeskAndAuditorsChangeNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.keyWith(oneOfEach, iamsvc.KeyActive)
	admin := s.signedIn("admin")
	form, _ := admin.get(userURLs+oneOfEach).form(t, keyURL(oneOfEach, key.ID, "deactivate"))
	form.Set("typed_access_key_id", key.ID)
	before := s.Local.Calls()
	for _, name := range []string{"helen", "ada"} {
		b := s.signedIn(name)
		for _, path := range []string{
			createURL(oneOfEach), userKeysURL(oneOfEach), userKeysURL(oneOfEach) + "/done",
			keyURL(oneOfEach, key.ID, "activate"), keyURL(oneOfEach, key.ID, "deactivate"),
			keyURL(oneOfEach, key.ID, "delete"), keyURL(oneOfEach, key.ID, "description"),
			accountURL + "/my-security-credentials/" + key.ID[len(key.ID)-8:] + "/deactivate",
		} {
			b.post(path, form).wantStatus(t, http.StatusForbidden).wantText(t, "You may not do this")
		}
		b.get(keyURL(oneOfEach, key.ID, "deactivate")).wantStatus(t, http.StatusForbidden)
		b.get(createURL(oneOfEach)).wantStatus(t, http.StatusForbidden)
	}
	for action, n := range s.Local.Calls() {
		if n != before[action] {
			t.Errorf("refused requests called %s %d times", action, n-before[action])
		}
	}
	if got := s.statusOf(oneOfEach, key.ID); got != iamsvc.KeyActive {
		t.Errorf("the key is %s", got)
	}
}

func TestChangeThatCouldNotBeRecordedSaysSo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	key := s.keyWith(oneOfEach, iamsvc.KeyActive)
	user := b.get(userURLs + oneOfEach)
	s.breakJournal("outcome", "UpdateAccessKey")
	b.submit(user, keyURL(oneOfEach, key.ID, "deactivate"), nil).wantStatus(t, http.StatusServiceUnavailable).
		wantText(t, "Changed, but not recorded", "Do not repeat the change", "Access keys of "+oneOfEach)
	s.breakJournalAttempts()
	other := b.get(userURLs + fullOne)
	id := s.keys(fullOne)[0].ID
	b.submit(other, keyURL(fullOne, id, "deactivate"), nil).wantStatus(t, http.StatusServiceUnavailable).wantText(t, "Nothing was changed")
	s.wantCalls(map[string]int{"UpdateAccessKey": 1})
}

func (s *site) breakJournalAttempts() {
	s.t.Helper()
	_, err := s.DB.Exec(s.t.Context(), `CREATE TRIGGER no_attempts BEFORE INSERT ON journal
		WHEN NEW.phase = 'attempt' BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestReplyLostAfterDeactivating(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	key := s.keyWith(oneOfEach, iamsvc.KeyActive)
	user := b.get(userURLs + oneOfEach)
	s.Local.Trouble().Set("UpdateAccessKey", func(r *localaccount.Rules) { r.LoseReply = 1 })
	b.submit(user, keyURL(oneOfEach, key.ID, "deactivate"), nil).wantStatus(t, http.StatusOK).wantText(t, "Access key deactivated")
	if got := s.outcomes(oneOfEach); got[0] != audit.OutcomeOK {
		t.Errorf("journalled %v", got)
	}
}
