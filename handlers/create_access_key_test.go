package handlers_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"keydesk/iamsvc"
	"keydesk/iamsvc/localaccount"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

const (
	accountURL = "/accounts/123456789012"
	userURLs   = accountURL + "/users/"

	noKeys  = "svc-git-mirror" // seeded without access keys
	fullOne = "ci-deploy-prod" // seeded with two active ones
)

func createURL(user string) string   { return userURLs + user + "/access-keys/create" }
func userKeysURL(user string) string { return userURLs + user + "/access-keys" }

// stepTwo goes through step 1 of the wizard and returns step 2.
func (b *browser) stepTwo(user string) page {
	b.t.Helper()
	first := b.get(createURL(user)).wantStatus(b.t, http.StatusOK)
	return b.submit(first, createURL(user), url.Values{"use_case": {"other"}}).wantStatus(b.t, http.StatusOK)
}

// createKey goes through the whole wizard and returns the page with the secret.
func (b *browser) createKey(user, description string) page {
	b.t.Helper()
	return b.submit(b.stepTwo(user), userKeysURL(user), url.Values{"description": {description}}).wantStatus(b.t, http.StatusOK)
}

// textOf is the text of the element with that id, "" when there is none.
func (p page) textOf(t *testing.T, id string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && attribute(n, "id") == id {
			var text strings.Builder
			for d := range n.Descendants() {
				if d.Type == html.TextNode {
					text.WriteString(d.Data)
				}
			}
			return text.String()
		}
	}
	return ""
}

// newKey is the key ID and secret on a "Retrieve access keys" page.
func (p page) newKey(t *testing.T) (id, secret string) {
	t.Helper()
	id, secret = p.textOf(t, "access-key-id"), p.textOf(t, "secret-access-key")
	if !strings.HasPrefix(id, "AKIA") || len(secret) != 40 {
		t.Fatalf("no new key on the page: ID %q, secret of %d characters\n%s", id, len(secret), p.Body)
	}
	return id, secret
}

func (s *site) keys(user string) []iamsvc.AccessKey {
	s.t.Helper()
	keys, err := s.Account.ListAccessKeys(s.t.Context(), user)
	if err != nil {
		s.t.Fatal(err)
	}
	return keys
}

// wantCalls checks how often IAM has been called with a change, reads aside.
func (s *site) wantCalls(want map[string]int) {
	s.t.Helper()
	calls := s.Local.Calls()
	for _, action := range []string{"CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey", "TagUser", "UntagUser", "CreateUser"} {
		if calls[action] != want[action] {
			s.t.Errorf("IAM was called with %s %d times, want %d", action, calls[action], want[action])
		}
	}
}

// outcomes are the outcomes journalled about a user, the newest first.
func (s *site) outcomes(user string) []string {
	s.t.Helper()
	events, _, err := s.Journal.List(context.WithoutCancel(s.t.Context()), audit.Filter{User: user, WholeUser: true})
	if err != nil {
		s.t.Fatal(err)
	}
	var list []string
	for _, e := range events {
		if e.Phase == audit.PhaseOutcome {
			list = append(list, e.Outcome)
		}
	}
	return list
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			t.Fatal("never came true: " + what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestCreateAccessKeyStepByStep(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")

	first := b.get(createURL(noKeys)).wantStatus(t, http.StatusOK).wantText(t,
		"Access key best practices &amp; alternatives", "Command Line Interface (CLI)", "Use AWS CloudShell, a browser-based CLI, to run commands.",
		"Local code", "Application running on an AWS compute service", "Third-party service", "Application running outside AWS", "Other",
		"I understand the above recommendation and want to proceed to create an access key.", "Cancel", "Next")
	b.submit(first, createURL(noKeys), nil).wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "Choose a use case.")
	b.submit(first, createURL(noKeys), url.Values{"use_case": {"made-up"}}).wantStatus(t, http.StatusUnprocessableEntity)
	unconfirmed := b.submit(first, createURL(noKeys), url.Values{"use_case": {"cli"}}).
		wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "Tick the box")
	if form, _ := unconfirmed.form(t, createURL(noKeys)); form.Get("use_case") != "cli" {
		t.Error("the choice was lost with the refusal")
	}
	second := b.submit(unconfirmed, createURL(noKeys), url.Values{"confirm": {"yes"}}).
		wantStatus(t, http.StatusOK).wantText(t, "Set description tag", "Description tag value", "Maximum 256 characters", "Previous")

	back := b.post(createURL(noKeys), url.Values{"step": {"previous"}, "use_case": {"cli"}, "description": {"CI / deploy"}}).wantStatus(t, http.StatusOK)
	if form, _ := back.form(t, createURL(noKeys)); form.Get("use_case") != "cli" || form.Get("confirm") != "yes" {
		t.Errorf("Previous lost what was chosen: %v", form)
	}
	b.submit(back, createURL(noKeys), nil).wantStatus(t, http.StatusOK).wantText(t, `value="CI / deploy"`)

	b.submit(second, userKeysURL(noKeys), url.Values{"description": {"(no brackets)"}}).
		wantStatus(t, http.StatusUnprocessableEntity).wantText(t, `value="(no brackets)"`, "can have letters, digits, spaces")
	s.wantCalls(nil)

	third := b.submit(second, userKeysURL(noKeys), url.Values{"description": {"CI / deploy"}}).wantStatus(t, http.StatusOK).wantText(t,
		"Access key created", "This is the only time that the secret access key can be viewed or downloaded.",
		"Retrieve access keys", "Show", "Hide", "Download .csv file", `data-file="`+noKeys+`_accessKeys.csv"`, "Done",
		"aws_secret_access_key = ", "export AWS_SECRET_ACCESS_KEY=", "Never store your access key in plain text")
	if strings.Contains(third.Body, "Previous") {
		t.Error("there is no way back from the secret")
	}
	id, _ := third.newKey(t)
	done := b.submit(third, userKeysURL(noKeys)+"/done", nil).wantStatus(t, http.StatusOK).wantText(t, `id="`+id+`"`, "CI / deploy")
	if done.URL.Path != userURLs+noKeys || done.URL.Fragment != id {
		t.Errorf("Done leads to %s", done.URL)
	}
	// The description is a change of its own.
	if got := strings.Join(s.outcomes(noKeys), " "); got != "acknowledged delivered ok ok" {
		t.Errorf("journalled %q", got)
	}
	s.wantCalls(map[string]int{"CreateAccessKey": 1, "TagUser": 1})
}

func TestSecretPageIsNeitherCachedNorCompressed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	form, _ := b.stepTwo(noKeys).form(t, userKeysURL(noKeys))
	r, err := http.NewRequest(http.MethodPost, s.Server.URL+userKeysURL(noKeys), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept-Encoding", "gzip, br, zstd")
	p := b.do(r).wantStatus(t, http.StatusOK)
	p.newKey(t)
	for name, want := range map[string]string{"Cache-Control": "no-store", "Content-Encoding": "", "Location": "", "Set-Cookie": ""} {
		if got := p.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if strings.Contains(p.Body, "js/live.js") {
		t.Error("the script that replaces parts of pages is on the page with the secret")
	}
}

func TestReloadAfterSuccessMakesNoSecondKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	form, _ := b.stepTwo(noKeys).form(t, userKeysURL(noKeys))
	_, secret := b.post(userKeysURL(noKeys), form).wantStatus(t, http.StatusOK).newKey(t)

	again := b.post(userKeysURL(noKeys), form).wantStatus(t, http.StatusConflict).wantText(t, "This form was already used", "Nothing new was created", userURLs+noKeys)
	if strings.Contains(again.Body, secret) {
		t.Error("the reload shows the secret again")
	}
	s.wantCalls(map[string]int{"CreateAccessKey": 1})
}

func TestParallelPostsOfOneFormMakeOneKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	form, _ := b.stepTwo(noKeys).form(t, userKeysURL(noKeys))
	statuses := make(chan int, 20)
	var wg sync.WaitGroup
	for range cap(statuses) {
		wg.Go(func() { statuses <- b.post(userKeysURL(noKeys), form).Status })
	}
	wg.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	if count[http.StatusOK] != 1 || count[http.StatusConflict] != 19 {
		t.Errorf("answers by status: %v, want one 200 and 19 409", count)
	}
	s.wantCalls(map[string]int{"CreateAccessKey": 1})
	if n := len(s.keys(noKeys)); n != 1 {
		t.Errorf("the user has %d keys", n)
	}
}

func TestTwoTabsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	one, two, three := b.stepTwo(noKeys), b.stepTwo(noKeys), b.stepTwo(noKeys)
	first, _ := b.submit(one, userKeysURL(noKeys), nil).wantStatus(t, http.StatusOK).newKey(t)
	second, _ := b.submit(two, userKeysURL(noKeys), nil).wantStatus(t, http.StatusOK).newKey(t)
	b.submit(three, userKeysURL(noKeys), nil).wantStatus(t, http.StatusConflict).wantText(t, "LimitExceeded", first, second)
}

func TestOneCreationPerUserAtATime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	one, two := b.stepTwo(noKeys), b.stepTwo(noKeys)
	s.Local.Trouble().Set("CreateAccessKey", func(r *localaccount.Rules) { r.Latency = 500 * time.Millisecond })
	first := make(chan page, 1)
	go func() { first <- b.submit(one, userKeysURL(noKeys), nil) }()
	eventually(t, "the first creation is under way", func() bool { return s.Local.Calls()["CreateAccessKey"] == 1 })
	b.submit(two, userKeysURL(noKeys), nil).wantStatus(t, http.StatusConflict).wantText(t, "A key is being created for this user")
	(<-first).wantStatus(t, http.StatusOK).newKey(t)
	s.wantCalls(map[string]int{"CreateAccessKey": 1})
	// The second form was not used up: nothing was created with it.
	b.submit(two, userKeysURL(noKeys), nil).wantStatus(t, http.StatusOK).newKey(t)
}

func TestFormsOfOthersCreateNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if _, err := s.People.Create(t.Context(), "eve", auth.RoleAdministrator, password); err != nil {
		t.Fatal(err)
	}
	b, eve, again := s.signedIn("admin"), s.signedIn("eve"), s.signedIn("admin")
	form, _ := b.stepTwo(noKeys).form(t, userKeysURL(noKeys))

	eve.post(userKeysURL(noKeys), form).wantStatus(t, http.StatusConflict)
	again.post(userKeysURL(noKeys), form).wantStatus(t, http.StatusConflict)                   // another session of the same person
	b.post(userKeysURL("svc-legacy-ftp-bridge"), form).wantStatus(t, http.StatusConflict)      // another user
	b.post(userKeysURL(noKeys), url.Values{}).wantStatus(t, http.StatusConflict)               // none
	b.post(userKeysURL(noKeys), url.Values{"token": {"A"}}).wantStatus(t, http.StatusConflict) // made up
	if _, err := s.DB.Exec(t.Context(), `UPDATE one_time_tokens SET expires_at = 1 WHERE action = 'CreateAccessKey'`); err != nil {
		t.Fatal(err)
	}
	b.post(userKeysURL(noKeys), form).wantStatus(t, http.StatusConflict) // expired
	s.wantCalls(nil)
}

func TestQuotaNamesTheKeysThatFillIt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	keys := s.keys(fullOne)
	b.get(createURL(fullOne)).wantStatus(t, http.StatusConflict).wantText(t, "LimitExceeded", keys[0].ID, keys[1].ID)
	second := b.post(createURL(fullOne), url.Values{"use_case": {"other"}}).wantStatus(t, http.StatusOK)
	b.submit(second, userKeysURL(fullOne), nil).wantStatus(t, http.StatusConflict).
		wantText(t, "Cannot create another access key", keys[0].ID, keys[1].ID, userURLs+fullOne)
}

func TestDescriptionDeniedStillShowsTheSecret(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	s.Local.Trouble().Set("TagUser", func(r *localaccount.Rules) { r.Deny = true })
	b.createKey(noKeys, "CI").wantText(t, "The access key has no description", "iam:TagUser").newKey(t)
}

func TestReplyLostAfterTheKeyWasMade(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	second := b.stepTwo(noKeys)
	s.Local.Trouble().Set("CreateAccessKey", func(r *localaccount.Rules) { r.LoseReply = 1 })
	p := b.submit(second, userKeysURL(noKeys), nil).wantStatus(t, http.StatusBadGateway)
	keys := s.keys(noKeys)
	if len(keys) != 1 {
		t.Fatalf("the user has %d keys", len(keys))
	}
	p.wantText(t, "It is not known whether the key was created", keys[0].ID, "Deactivate and delete it", userURLs+noKeys)
	s.wantCalls(map[string]int{"CreateAccessKey": 1})
	if got := s.outcomes(noKeys); len(got) != 1 || got[0] != audit.OutcomeUnknown {
		t.Errorf("journalled %v", got)
	}
}

func TestIAMErrorsWhileCreatingHaveTheirOwnPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		rules localaccount.Rules
		want  int
		text  string
	}{
		{"denied", localaccount.Rules{Deny: true}, http.StatusBadGateway, "iam:CreateAccessKey"},
		{"throttled", localaccount.Rules{Throttle: -1}, http.StatusServiceUnavailable, "Throttling"},
		{"service failure", localaccount.Rules{FailWith: localaccount.Failure{Times: -1}}, http.StatusBadGateway, "not known"},
		{"busy", localaccount.Rules{FailWith: localaccount.Failure{Times: -1, Status: 409, Code: "ConcurrentModification"}}, http.StatusConflict, "Try again"},
		{"gone", localaccount.Rules{FailWith: localaccount.Failure{Times: -1, Status: 404, Code: "NoSuchEntity", Message: "The user with name x cannot be found."}}, http.StatusNotFound, "No such user"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			b := s.signedIn("admin")
			second := b.stepTwo(noKeys)
			s.Local.Trouble().Set("CreateAccessKey", func(r *localaccount.Rules) { *r = c.rules })
			p := b.submit(second, userKeysURL(noKeys), nil).wantStatus(t, c.want).wantText(t, c.text)
			if strings.Contains(p.Body, "data-secret") {
				t.Error("an error page made room for a secret")
			}
		})
	}
}

// breakJournal makes rows of a phase impossible to write.
func (s *site) breakJournal(phase, action string) {
	s.t.Helper()
	_, err := s.DB.Exec(s.t.Context(), `CREATE TRIGGER broken BEFORE INSERT ON journal
		WHEN NEW.phase = '`+phase+`' AND NEW.action = '`+action+`' BEGIN SELECT RAISE(ABORT, 'disk full'); END`)
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestJournalDownBeforeTheCall(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	second := b.stepTwo(noKeys)
	s.breakJournal("attempt", "CreateAccessKey")
	b.submit(second, userKeysURL(noKeys), nil).wantStatus(t, http.StatusServiceUnavailable).wantText(t, "The audit log is unavailable", "Nothing was changed")
	s.wantCalls(nil)
}

func TestJournalDownAfterTheCallWithdrawsTheKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	second := b.stepTwo(noKeys)
	s.breakJournal("outcome", "CreateAccessKey")
	p := b.submit(second, userKeysURL(noKeys), nil).wantStatus(t, http.StatusServiceUnavailable).wantText(t, "it was deleted again at once")
	if strings.Contains(p.Body, "data-secret") {
		t.Error("the secret of a withdrawn key is shown")
	}
	s.wantCalls(map[string]int{"CreateAccessKey": 1, "DeleteAccessKey": 1})
	if keys := s.keys(noKeys); len(keys) != 0 {
		t.Errorf("the user is left with %v", keys)
	}
}

func TestClientGoneBeforeTheReply(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	form, _ := b.stepTwo(noKeys).form(t, userKeysURL(noKeys))
	s.Local.Trouble().Set("CreateAccessKey", func(r *localaccount.Rules) { r.Latency = 300 * time.Millisecond })
	ctx, hangUp := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Server.URL+userKeysURL(noKeys), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if response, err := b.http.Do(r); err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	}()
	eventually(t, "IAM is asked", func() bool { return s.Local.Calls()["CreateAccessKey"] == 1 })
	hangUp()
	<-ended
	eventually(t, "the journal knows that nobody got the secret", func() bool {
		return strings.Join(s.outcomes(noKeys), " ") == "undelivered ok"
	})
}

func TestDoneBelongsToTheKeyThatWasCreated(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	form, _ := b.createKey(noKeys, "").form(t, userKeysURL(noKeys)+"/done")
	forged := url.Values{"token": form["token"], "attempt": form["attempt"], "access_key_id": {s.keys(fullOne)[0].ID}}
	b.post(userKeysURL(noKeys)+"/done", forged)
	b.post(userKeysURL(noKeys)+"/done", url.Values{"attempt": {"-1"}}).wantStatus(t, http.StatusConflict)
	if got := s.outcomes(noKeys)[0]; got != audit.OutcomeDelivered {
		t.Errorf("a forged form is journalled as %s", got)
	}
	b.post(userKeysURL(noKeys)+"/done", form).wantStatus(t, http.StatusOK)
	b.post(userKeysURL(noKeys)+"/done", form).wantStatus(t, http.StatusOK)
	if got := strings.Join(s.outcomes(noKeys), " "); got != "acknowledged delivered ok" {
		t.Errorf("journalled %q", got)
	}
}

func TestNoUserNoWizard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	b.get(createURL("nobody-here")).wantStatus(t, http.StatusNotFound).wantText(t, "No such user")
	b.get(userURLs+"%20/access-keys/create").wantStatus(t, http.StatusNotFound)
	for _, name := range []string{"", "%20", "%00", "a~00", "%FF"} {
		b.post(userURLs+name+"/access-keys", url.Values{"token": {"x"}}).wantStatus(t, http.StatusNotFound)
	}
	s.wantCalls(nil)
}
