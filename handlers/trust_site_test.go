package handlers_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"keydesk/iamsvc"
	"keydesk/iamsvc/localaccount"
	"keydesk/web"
	"keydesk/web/audit"
)

const unsavedURL = accountURL + "/unsaved-keys"

func TestUnsavedKeyUntilSomebodySaysItIsSaved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	if p := b.get("/search"); strings.Contains(p.Body, "Unsaved access keys") {
		t.Error("the navigation offers an empty list")
	}
	id, _ := b.createKey(noKeys, "").newKey(t)

	b.get("/search").wantText(t, "Unsaved access keys")
	b.get(accountURL+"/dashboard").wantText(t, unsavedURL)
	s.signedIn("helen").get(unsavedURL).wantStatus(t, http.StatusOK).wantText(t, id, noKeys)
	user := b.get(userURLs+noKeys).wantText(t, "The secret of this key may never have been saved", "deactivate this key, then delete it")
	if _, offered := s.signedIn("helen").get(userURLs+noKeys).form(t, userKeysURL(noKeys)+"/done"); offered {
		t.Error("the help desk may say that a secret is saved")
	}

	list := b.get(unsavedURL)
	if p := b.submit(list, userKeysURL(noKeys)+"/done", nil); p.URL.Path != unsavedURL || strings.Contains(p.Body, id) {
		t.Errorf("after saying so: %s\n%s", p.URL, p.Body)
	}
	b.submit(user, userKeysURL(noKeys)+"/done", nil).wantStatus(t, http.StatusOK)
	if got := strings.Join(s.outcomes(noKeys), " "); got != "acknowledged acknowledged delivered ok" {
		t.Errorf("journalled %q", got)
	}
	for _, path := range []string{userURLs + noKeys, accountURL + "/dashboard"} {
		if p := b.get(path); strings.Contains(p.Body, "may never have been saved") || strings.Contains(p.Body, unsavedURL) {
			t.Errorf("%s still shows it", path)
		}
	}
}

// Who signs requests with a key has its secret; a key that is gone needs none.
func TestKeysInUseOrGoneAreNotUnsaved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Local.Trouble().SetLastUsedLag(1)
	b := s.signedIn("admin")
	id, secret := b.createKey(noKeys, "").newKey(t)
	_, err := iamsvc.Open(t.Context(), iamsvc.Config{Journal: web.Journal{}, AWS: aws.Config{HTTPClient: s.Local.Client(),
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")}})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the notice goes when the key is used", func() bool {
		return !strings.Contains(b.get(userURLs+noKeys).Body, "may never have been saved")
	})
	// That page asked when the key was last used, and the list is told of it.
	if p := b.get(unsavedURL); strings.Contains(p.Body, id) {
		t.Error("a key in use is still on the list")
	}

	other, _ := b.createKey(noKeys, "").newKey(t)
	b.get(unsavedURL).wantText(t, other)
	page := b.submit(b.get(userURLs+noKeys), keyURL(noKeys, other, "deactivate"), nil)
	b.submit(page, keyURL(noKeys, other, "delete"), url.Values{"typed_access_key_id": {other}}).wantText(t, "Access key deleted")
	if p := b.get(unsavedURL); strings.Contains(p.Body, other) {
		t.Error("a deleted key is still on the list")
	}
}

// with starts the site again over the same data with other settings.
func (s *site) with(change func(*web.Options)) {
	s.t.Helper()
	change(&s.Options)
	s.Server.Close()
	s.Server = httptest.NewServer(web.New(s.Options))
}

func TestRequiredReason(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.with(func(o *web.Options) { o.RequireReason = true })
	b := s.signedIn("admin")
	active := s.keyWith(oneOfEach, iamsvc.KeyActive)
	inactive := s.keyWith(oneOfEach, iamsvc.KeyInactive)
	user := b.get(userURLs + oneOfEach)
	forms := map[string]struct {
		page   page
		fields url.Values
	}{
		userKeysURL(noKeys):                         {b.stepTwo(noKeys), nil},
		keyURL(oneOfEach, active.ID, "deactivate"):  {user, nil},
		keyURL(oneOfEach, inactive.ID, "activate"):  {user, nil},
		keyURL(oneOfEach, inactive.ID, "delete"):    {user, url.Values{"typed_access_key_id": {inactive.ID}}},
		keyURL(oneOfEach, active.ID, "description"): {user, url.Values{"description": {"x"}}},
		accountURL + "/create-user":                 {b.get(accountURL + "/create-user"), url.Values{"user_name": {"new.user"}}},
	}
	for action, f := range forms {
		b.submit(f.page, action, f.fields).wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "Every change needs a reason or ticket")
	}
	s.wantCalls(nil)
	for action, f := range forms {
		if strings.HasSuffix(action, "/delete") {
			continue // the key is active by now
		}
		fields := url.Values{"reason": {"TICKET-7"}}
		for name, values := range f.fields {
			fields[name] = values
		}
		b.submit(f.page, action, fields).wantStatus(t, http.StatusOK)
	}
	for _, action := range []string{"CreateAccessKey", "UpdateAccessKey", "TagUser", "CreateUser"} {
		for _, e := range s.events(action) {
			if e.Phase == audit.PhaseAttempt && e.Reason != "TICKET-7" {
				t.Errorf("%s is journalled with reason %q", action, e.Reason)
			}
		}
	}
}

// protect rules that nobody gets keys for users like that.
func (s *site) protect(rules ...string) {
	s.t.Helper()
	protection, err := iamsvc.ParseProtection(rules)
	if err != nil {
		s.t.Fatal(err)
	}
	id, secret := s.Local.Credentials()
	s.Account, err = iamsvc.Open(s.t.Context(), iamsvc.Config{
		AWS:     aws.Config{HTTPClient: s.Local.Client(), Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")},
		Journal: web.Journal{Audit: s.Journal, Now: time.Now, Version: "test"}, Protection: protection,
	})
	if err == nil {
		err = s.Account.Refresh(s.t.Context())
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.with(func(o *web.Options) { o.Accounts = iamsvc.NewAccounts(s.Account) })
}

func TestProtectedUsers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	prepared := b.stepTwo(noKeys)
	inactive := s.keyWith(oneOfEach, iamsvc.KeyInactive)
	activate, ok := b.get(userURLs+oneOfEach).form(t, keyURL(oneOfEach, inactive.ID, "activate"))
	if !ok {
		t.Fatal("no form to activate")
	}
	s.protect("user:"+noKeys, "user:"+oneOfEach)
	b = &browser{t: t, site: s, http: b.http}

	b.submit(prepared, userKeysURL(noKeys), nil).wantStatus(t, http.StatusForbidden).
		wantText(t, "This user is protected", "by the user name "+noKeys)
	b.post(keyURL(oneOfEach, inactive.ID, "activate"), activate).wantStatus(t, http.StatusForbidden).wantText(t, "This user is protected")
	b.get(createURL(noKeys)).wantStatus(t, http.StatusForbidden).wantText(t, "This user is protected")
	s.wantCalls(nil)
	if got := s.outcomes(noKeys); len(got) != 1 || got[0] != audit.OutcomeRefused {
		t.Errorf("journalled %v", got)
	}

	p := b.get(userURLs+noKeys).wantText(t, "This user is protected", "the user is protected by the user name "+noKeys)
	if strings.Contains(p.Body, `href="`+createURL(noKeys)+`"`) {
		t.Error("the page offers to create a key")
	}
	if _, offered := b.get(userURLs+oneOfEach).form(t, keyURL(oneOfEach, inactive.ID, "activate")); offered {
		t.Error("the page offers to activate a key")
	}
	b.get(accountURL+"/users?q="+noKeys).wantText(t, "Protected")
	b.get(accountURL+"/access-keys?q="+oneOfEach).wantText(t, "Protected")
	active := s.keyWith(oneOfEach, iamsvc.KeyActive)
	b.submit(b.get(userURLs+oneOfEach), keyURL(oneOfEach, active.ID, "deactivate"), nil).wantStatus(t, http.StatusOK)
}

// reconcile looks at what is unfinished as if minutes had gone by.
func (s *site) reconcile() {
	s.t.Helper()
	r := web.Reconciler{Accounts: s.Options.Accounts, Journal: s.Journal, Log: s.Options.Log, Version: "test",
		Now: func() time.Time { return time.Now().Add(10 * time.Minute) }}
	if err := r.Once(s.t.Context(), time.Time{}); err != nil {
		s.t.Fatal(err)
	}
}

func TestReconcilerSaysWhatBecameOfALostReply(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	for _, when := range []string{"lost after", "lost before"} {
		p := b.stepTwo(noKeys)
		s.Local.Trouble().Set("CreateAccessKey", func(r *localaccount.Rules) {
			r.LoseReply, r.FailWith = 1, localaccount.Failure{}
			if when == "lost before" {
				r.LoseReply, r.FailWith.Times = 0, 1
			}
		})
		b.submit(p, userKeysURL(noKeys), nil).wantStatus(t, http.StatusBadGateway)
	}
	s.reconcile()
	s.reconcile()
	keys := s.keys(noKeys)
	rows, _, err := s.Journal.List(t.Context(), audit.Filter{User: noKeys, Outcome: audit.OutcomeReconciled})
	if err != nil || len(rows) != 2 || len(keys) != 1 {
		t.Fatalf("%d rows, %v, %d keys", len(rows), err, len(keys))
	}
	after, before := rows[1], rows[0]
	if after.AccessKeyID != keys[0].ID || after.Actor.Name != "reconciler" || after.Actor.Issuer != "keydesk" {
		t.Errorf("the key that was made: %+v", after)
	}
	if before.AccessKeyID != "" || !strings.Contains(before.Reason, "Nothing was created") {
		t.Errorf("the key that was not: %+v", before)
	}
	b.get(userURLs+noKeys).wantText(t, "The secret of this key may never have been saved", "answer with the secret was lost")
	b.get(unsavedURL).wantText(t, keys[0].ID)
}

// What is being done right now is nobody else's business.
func TestReconcilerLeavesRecentAttemptsAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.journal(audit.Event{Phase: audit.PhaseAttempt, Action: "CreateAccessKey", User: noKeys, Account: s.Account.ID()})
	r := web.Reconciler{Accounts: s.Options.Accounts, Journal: s.Journal, Log: s.Options.Log, Now: time.Now}
	if err := r.Once(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := s.outcomes(noKeys); len(got) != 0 {
		t.Errorf("journalled %v", got)
	}
	s.reconcile()
	if got := s.outcomes(noKeys); len(got) != 1 {
		t.Errorf("journalled %v minutes later", got)
	}
}

func TestReconcilerLooksAtUsersToo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for action, want := range map[string]string{"CreateUser": "created at another time", "TagUser": "no description, as was asked for"} {
		s.journal(audit.Event{Phase: audit.PhaseAttempt, Action: action, User: noKeys, Account: s.Account.ID(), NewState: "not described"})
		s.reconcile()
		rows := s.events(action)
		if len(rows) != 2 || rows[0].Outcome != audit.OutcomeReconciled || !strings.Contains(rows[0].Reason, want) {
			t.Errorf("%s: %+v", action, rows)
		}
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.journal(audit.Event{Action: "SignIn", User: "long.ago", Time: time.Now().AddDate(0, 0, -31)})
	s.journal(audit.Event{Action: "SignIn", User: "yesterday", Time: time.Now().AddDate(0, 0, -1)})
	held := func(user string) int {
		_, total, err := s.Journal.List(t.Context(), audit.Filter{User: user})
		if err != nil {
			t.Fatal(err)
		}
		return total
	}
	r := web.Retention{Journal: s.Journal, Log: s.Options.Log, Now: time.Now}
	r.Run(t.Context()) // for ever: returns at once
	if held("long.ago") != 1 {
		t.Error("a row is gone although rows are kept for ever")
	}
	r.Keep = 30 * 24 * time.Hour
	go r.Run(t.Context())
	eventually(t, "the old row goes", func() bool { return held("long.ago") == 0 })
	if held("yesterday") != 1 {
		t.Error("a new row is gone too")
	}
	s.signedIn("ada").get("/audit-log?verify").wantText(t, "Verified: all", audit.ActionCut)
}

func TestTimelineOfOneKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	first, _ := b.createKey(noKeys, "").newKey(t)
	second, _ := b.createKey(noKeys, "").newKey(t)
	link := userURLs + noKeys + "/activity?key=" + first[len(first)-8:]
	b.get(userURLs+noKeys).wantText(t, link)
	p := b.get(link).wantStatus(t, http.StatusOK).wantText(t, "Activity of the access key that ends with "+first[len(first)-8:], first)
	if table := p.Body[strings.Index(p.Body, "Activity of the access key"):]; strings.Contains(table, second) {
		t.Error("it tells of another key")
	}
}

func TestAuditLogAsJSONLines(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.signedIn("ada")
	s.journal(audit.Event{Action: "Refused", User: "a\"b"})
	ada.get("/audit-log").wantText(t, "/audit-log.jsonl")
	p := ada.get("/audit-log.jsonl?action=Refused").wantStatus(t, http.StatusOK)
	var row struct{ EventName, UserName string }
	if err := json.Unmarshal([]byte(p.Body), &row); err != nil || row.EventName != "Refused" || row.UserName != `a"b` {
		t.Errorf("%q: %+v %v", p.Body, row, err)
	}
	if !strings.HasSuffix(p.Header.Get("Content-Disposition"), `.jsonl"`) || len(s.events("ExportAuditLog")) != 1 {
		t.Errorf("headers %v, %d exports journalled", p.Header, len(s.events("ExportAuditLog")))
	}
	s.signedIn("helen").get("/audit-log.jsonl").wantStatus(t, http.StatusForbidden)
}
