package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"keydesk/iamsvc"
	"keydesk/iamsvc/localaccount"
	"keydesk/web/audit"
)

const (
	exampleKey    = "AKIAIOSFODNN7EXAMPLE"
	exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	foreignKey    = "AKIAY34FZKBOKMUTVV7A" // of account 609629065308
)

func (b *browser) search(text string) page {
	b.t.Helper()
	return b.post("/search", url.Values{"q": {text}})
}

// owner is who has a key, from the inventory.
func (s *site) owner(keyID string) iamsvc.InventoryUser {
	s.t.Helper()
	u, _, ok := s.Account.Inventory().Key(keyID)
	if !ok {
		s.t.Fatalf("no key %s in the embedded account", keyID)
	}
	return u
}

// TestSearchJumpsToTheOwner: two IAM calls, then the user's page at the key.
func TestSearchJumpsToTheOwner(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	want := "/accounts/" + s.Account.ID() + "/users/" + s.owner(exampleKey).Name + "#" + exampleKey
	for _, name := range []string{"admin", "ada"} {
		b := s.signedIn(name).noRedirects()
		for _, text := range []string{exampleKey, " " + strings.ToLower(exampleKey) + "\n", `{"accessKeyId":"` + exampleKey + `"}`} {
			before := s.Local.Calls()
			p := b.search(text)
			if p.Status != http.StatusSeeOther || p.Header.Get("Location") != want {
				t.Errorf("%s, %q: %d to %q", name, text, p.Status, p.Header.Get("Location"))
			}
			if n := calls(s.Local.Calls()) - calls(before); n != 2 {
				t.Errorf("%q: %d calls", text, n)
			}
		}
	}
	rows := s.events("LookUp")
	if len(rows) != 6 || rows[0].AccessKeyID != exampleKey || rows[0].User != s.owner(exampleKey).Name || rows[0].Actor.Name != "ada" {
		t.Errorf("journal: %+v", rows)
	}
}

func calls(by map[string]int) (n int) {
	for _, c := range by {
		n += c
	}
	return n
}

func TestSearchAnswersTheHelpDeskWithACard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	helen := s.signedIn("helen")
	if p := helen.get("/"); p.URL.Path != "/search" {
		t.Errorf("the help desk lands at %s", p.URL)
	}
	owner := s.owner(exampleKey)
	p := helen.search(exampleKey).wantStatus(t, http.StatusOK).
		wantText(t, "<title>Search: Owner found | Keydesk</title>", owner.Name, "Active", "Laptop - command line", "What to do next", "Copy for ticket", "Other access keys of this user",
			"Access key ID: "+exampleKey, "/users/"+owner.Name+"#"+exampleKey, "every 15 minutes", "up to four hours late", "April 22, 2015", "asked just now")
	if strings.Contains(p.Body, "Create access key") {
		t.Error("the card offers a change")
	}
}

func TestSearchFindsUsers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin").noRedirects()
	name := s.victim()
	for _, text := range []string{name, strings.ToUpper(name), "arn:aws:iam::" + s.Account.ID() + ":user/" + name} {
		p := admin.search(text)
		if want := "/accounts/" + s.Account.ID() + "/users/" + name; p.Status != http.StatusSeeOther || p.Header.Get("Location") != want {
			t.Errorf("%q: %d to %q", text, p.Status, p.Header.Get("Location"))
		}
	}
	admin.search("****7EXAMPLE").wantStatus(t, http.StatusOK).wantText(t, exampleKey, s.owner(exampleKey).Name, "Look up")
	admin.search("no-such-user-anywhere").wantStatus(t, http.StatusOK).wantText(t, "Nothing found")
	for _, row := range s.events("LookUp") {
		if strings.Contains(fmt.Sprint(row), "no-such-user-anywhere") {
			t.Errorf("what was typed is in the journal: %+v", row)
		}
	}
}

// TestSearchTakesTheAddressOfAUsersPage: the AWS console's and Keydesk's own
// lead to the user's page, from every role; the address itself is not kept.
func TestSearchTakesTheAddressOfAUsersPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const name, hard = "li.juan", "svc+deploy=prod,eu.west@corp_1-x"
	account := "/accounts/" + s.Account.ID() + "/users/"
	for _, who := range []string{"admin", "helen", "ada"} {
		b := s.signedIn(who).noRedirects()
		for text, want := range map[string]string{
			"https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/users/details/" + name + "?section=security_credentials": name,
			" https://console.aws.amazon.com/iam/home#/users/" + strings.ToUpper(name) + "\n":                                             name,
			"<https://console.aws.amazon.com/iam/home#/users/details/" + url.PathEscape(hard) + ">":                                       hard,
			s.Server.URL + account + name + "/access-keys":                                                                                name,
			account + url.QueryEscape(hard): hard,
		} {
			before := calls(s.Local.Calls())
			p := b.search(text)
			if got, _ := url.PathUnescape(p.Header.Get("Location")); p.Status != http.StatusSeeOther || got != account+want {
				t.Errorf("%s, %q: %d to %q", who, text, p.Status, got)
			}
			if n := calls(s.Local.Calls()) - before; n != 0 {
				t.Errorf("%q: %d calls", text, n)
			}
		}
	}
	s.signedIn("admin").search("https://console.aws.amazon.com/iam/home#/users/details/"+s.owner(exampleKey).Name).wantText(t, exampleKey, "Access keys")
	s.signedIn("helen").search("https://609629065308-ab12cd34.us-east-1.console.aws.amazon.com/iam/home#/users/details/"+name).
		wantText(t, "A user of another account", "609629065308")
	for _, row := range s.events("LookUp") {
		if strings.Contains(fmt.Sprint(row), "console.aws") {
			t.Errorf("what was pasted is in the journal: %+v", row)
		}
	}
	if strings.Contains(s.Log.String(), "console.aws") {
		t.Error("what was pasted is in the log")
	}
}

// TestSearchOffersTheListForANameNobodyBears: only for what can be a name, and
// never for what may be a secret.
func TestSearchOffersTheListForANameNobodyBears(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	helen := s.signedIn("helen")
	list := "/accounts/" + s.Account.ID() + "/users"
	for text, name := range map[string]string{
		"nobody.there": "nobody.there",
		"https://console.aws.amazon.com/iam/home#/users/details/nobody.there?section=tags":          "nobody.there",
		"User: arn:aws:iam::" + s.Account.ID() + ":user/it/nobody.there is not authorized to do it": "nobody.there",
	} {
		p := helen.search(text).wantStatus(t, http.StatusOK).wantText(t, "<title>Search: Nothing found | Keydesk</title>",
			name, "No user of that name was found in this account", "Search IAM users", list+"?q="+url.QueryEscape(name))
		if p.URL.RequestURI() != "/search" {
			t.Errorf("%q: the answer is at %s", text, p.URL)
		}
		helen.get(list+"?q="+url.QueryEscape(name)).wantStatus(t, http.StatusOK)
	}
	helen.search("arn:aws:iam::"+s.Account.ID()+":user/juan").wantText(t, "No user of that name was found in this account, only similar ones.", "li.juan")
	whole := strings.ReplaceAll(exampleSecret, "/", "1")
	for _, text := range []string{
		"password=hunter2", "two words", "abcdefghijklmnopqrstuvwxyzabcdefghijklmn", exampleSecret, whole, "x-" + whole, exampleSecret[:39],
		"/accounts/" + s.Account.ID() + "/users/" + exampleSecret, "https://console.aws.amazon.com/iam/home#/users/details/" + exampleSecret,
		"https://console.aws.amazon.com/iam/home#/users/" + whole, "arn:aws:iam::" + s.Account.ID() + ":user/" + exampleSecret,
	} {
		p := helen.search(text).wantStatus(t, http.StatusOK)
		if strings.Contains(p.Body, "looks like a user name") || strings.Contains(p.Body, "?q=") || strings.Contains(p.Body, text) || strings.Contains(p.Body, exampleSecret[22:]) {
			t.Errorf("%q is shown or linked as a name", text)
		}
	}
}

// TestSearchExplainsAMiss: a miss is an answer, not an error.
func TestSearchExplainsAMiss(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	helen := s.signedIn("helen")
	for text, want := range map[string][]string{
		foreignKey:              {"Not in this account", "The ID names AWS account 609629065308. Ask whoever looks after that account. This is decoded from the ID, not confirmed: the server is not AWS."},
		"AKIAI44QH8DHBNOTHERE":  {"Not in this account", "does not say which account"},
		"ASIAY34FZKBOKMUTVV7A":  {"A temporary key", "AWS CloudTrail", "609629065308"},
		"AKIA123":               {"Not an access key ID", "too short for one"},
		"AKIA1234":              {"Nothing found", "No access key ID begins with AKIA1234."},
		"AKIAI44QH8DHBNOTHER":   {"Nothing found", "No access key ID begins with AKIAI44QH8DHBNOTHER.", "this one has 19"},
		"AROACKCEVSQ6C2EXAMPLE": {"Not an access key ID", "the ID of a role"},
		"arn:aws:iam::609629065308:user/mateo.jackson": {"A user of another account", "609629065308"},
		"AIDACKCEVSQ6C2EXAMPLE":                        {"No user with this ID was found in this account."},
		"two words":                                    {"Not an access key ID"},
		`<script>alert(1)</script>`:                    {"Not an access key ID"},
	} {
		p := helen.search(text).wantStatus(t, http.StatusOK).wantText(t, want...)
		if strings.Contains(p.Body, "<script>alert") {
			t.Error("the text came back as markup")
		}
	}
	helen.search(" \n").wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "Type or paste")
	rows := s.events("LookUp")
	for _, row := range rows {
		if row.ErrorCode == "NotInThisAccount" && row.AccessKeyID == foreignKey && row.Actor.Name == "helen" {
			return
		}
	}
	t.Errorf("the miss is not in the journal: %+v", rows)
}

func TestSearchListsEveryKeyOfAPaste(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, name := range []string{"admin", "helen"} {
		b := s.signedIn(name)
		text := exampleKey + "\n" + foreignKey + "\nASIAY34FZKBOKMUTVV7A and AKIAI44QH8DHBEXAMPLE"
		before := calls(s.Local.Calls())
		p := b.search(text).wantStatus(t, http.StatusOK).wantText(t, "2 of 4 access key IDs found", "2 found", "1 not found", "1 temporary", "IAM was not asked",
			s.owner(exampleKey).Name, "The ID names AWS account 609629065308", "Temporary", "Look up "+foreignKey, "Download CSV")
		if n := strings.Count(p.Body, `<form method="post" action="/search" data-again>`); n != 4 {
			t.Errorf("%d of 4 keys can be looked up", n)
		}
		if strings.Index(p.Body, foreignKey+"</th>") > strings.Index(p.Body, exampleKey+"</th>") {
			t.Error("what was not found does not come first")
		}
		if n := calls(s.Local.Calls()) - before; n != 0 {
			t.Errorf("%d calls", n)
		}
		var many strings.Builder
		for i := range 60 {
			fmt.Fprintf(&many, "AKIAI44QH8DHBNOTHE%c%c\n", 'A'+i/26, 'A'+i%26)
		}
		p = b.search(many.String()).wantText(t, "0 of 60 access key IDs found")
		if n := strings.Count(p.Body, `<form method="post" action="/search" data-again>`); n != 60 {
			t.Errorf("%d of 60 rows", n)
		}
	}
	asked := map[string]bool{}
	for _, row := range s.events("LookUp") {
		asked[row.AccessKeyID] = true
	}
	if len(asked) != 64 || !asked[foreignKey] {
		t.Errorf("%d keys in the journal", len(asked))
	}
}

func TestSearchByAPartOfAKeyID(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	helen := s.signedIn("helen")
	before := calls(s.Local.Calls())
	for _, text := range []string{"MPLE", "****MPLE", "AKIA****MPLE", "AKIAIOSFODNN", "Your key AKIA...MPLE was found on GitHub"} {
		helen.search(text).wantStatus(t, http.StatusOK).wantText(t, exampleKey, s.owner(exampleKey).Name, "Look up "+exampleKey, "IAM was not asked")
	}
	if n := calls(s.Local.Calls()) - before; n != 0 {
		t.Errorf("%d calls", n)
	}
	for _, row := range s.events("LookUp") {
		if row.AccessKeyID != "" {
			t.Errorf("a part of an ID is journalled as a whole one: %+v", row)
		}
	}
}

// TestSearchCard: what the answer says of the key now, beside what was read
// before, and what each person may do about it.
func TestSearchCard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner := s.owner(exampleKey)
	outside := s.outside(t)
	if _, err := outside.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: &owner.Name, AccessKeyId: aws.String(exampleKey), Status: "Inactive"}); err != nil {
		t.Fatal(err)
	}
	before := calls(s.Local.Calls())
	p := s.signedIn("helen").search(exampleKey).wantText(t, "Inactive", "The key was Active when Keydesk read the account", "It is Inactive now")
	if strings.Contains(p.Body, "/activate") {
		t.Error("the help desk is offered a change")
	}
	if n := calls(s.Local.Calls()) - before; n != 2 {
		t.Errorf("%d calls", n)
	}
	link := p.linkToAnswer(t)
	s.signedIn("admin").get(link).wantStatus(t, http.StatusOK).wantText(t, "Owner found", ">Activate<", ">Delete<", ">Copy link<")

	leaked, _ := s.Account.Inventory().User("dev-sandbox-bot")
	s.signedIn("helen").search(leaked.Keys[0].ID).wantText(t, "AWS has quarantined this user", "Team", "have an administrator deactivate it now")
}

// TestLinkToAnAnswer: whoever may look keys up opens it, hit or miss, and gets
// today's answer; nobody else does, and no key ID is in the address.
func TestLinkToAnAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	helen := s.signedIn("helen")
	for text, want := range map[string]string{
		exampleKey: "Owner found", foreignKey: "Not in this account", "ASIAY34FZKBOKMUTVV7A": "A temporary key",
		exampleKey + "," + foreignKey: "Look up " + foreignKey, "{\"accessKeyId\": \"" + exampleKey + "\"}": "Owner found",
	} {
		p := helen.search(text).wantStatus(t, http.StatusOK)
		link := p.linkToAnswer(t)
		if strings.Contains(strings.ToUpper(link), "AKIA") || strings.Contains(link, "?") {
			t.Errorf("the link is %s", link)
		}
		for _, name := range []string{"helen", "ada", "admin"} {
			again := s.signedIn(name).get(link).wantStatus(t, http.StatusOK).wantText(t, want)
			if again.URL.Path != link || again.linkToAnswer(t) != link {
				t.Errorf("%s: the link leads to %s", name, again.URL)
			}
		}
		if p := s.browser().noRedirects().get(link); p.Status != http.StatusSeeOther || strings.Contains(p.Body, "AKIA") {
			t.Errorf("without signing in: %d", p.Status)
		}
	}
	for _, path := range []string{"/search/links/aaaaaaaaaaaaaaaa", "/search/links/'"} {
		helen.get(path).wantStatus(t, http.StatusNotFound).wantText(t, "This link does not work any more")
	}
	for _, text := range []string{exampleSecret, "nobody.of.that.name", "MPLE"} {
		if p := helen.search(text); strings.Contains(p.Body, "/search/links/") {
			t.Errorf("%q: a link to what cannot be asked again", text)
		}
	}
	// The ID of a request that was no look-up leads nowhere.
	row := s.events("SignIn")[0]
	helen.get("/search/links/"+row.RequestID).wantStatus(t, http.StatusNotFound)
}

func TestLinkToAnAnswerExpires(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for age, want := range map[time.Duration]int{29 * 24 * time.Hour: http.StatusOK, 31 * 24 * time.Hour: http.StatusNotFound} {
		id := fmt.Sprintf("request%d", age)
		_, err := s.Journal.Append(t.Context(), audit.Event{Action: "LookUp", Account: s.Account.ID(), AccessKeyID: exampleKey, RequestID: id, Time: time.Now().Add(-age)})
		if err != nil {
			t.Fatal(err)
		}
		s.signedIn("helen").get("/search/links/"+id).wantStatus(t, want)
	}
}

// linkToAnswer is the address of the answer on the page.
func (p page) linkToAnswer(t *testing.T) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.Body, `id="answer-link" href="`)
	link, _, _ := strings.Cut(rest, `"`)
	if !ok || !strings.HasPrefix(link, "/search/links/") {
		t.Fatalf("%s: no link to the answer\n%s", p.URL, p.Body)
	}
	return link
}

// outside is somebody who changes the account without Keydesk.
func (s *site) outside(t *testing.T) *iam.Client {
	t.Helper()
	id, secret := s.Local.Credentials()
	return iam.New(iam.Options{Region: "us-east-1", HTTPClient: s.Local.Client(), Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")})
}

// TestSearchKnowsWhatWasDeletedHere: the journal tells a deleted key from one
// that never was here, to whoever may see it with the event.
func TestSearchKnowsWhatWasDeletedHere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, helen := s.signedIn("admin"), s.signedIn("helen")
	owner := s.owner("AKIAI44QH8DHBEXAMPLE") // inactive already
	path := admin.get("/accounts/"+s.Account.ID()+"/users/"+owner.Name).link(t, "/delete")
	p := admin.get(path).wantStatus(t, http.StatusOK)
	admin.submit(p, path, url.Values{"typed_access_key_id": {"AKIAI44QH8DHBEXAMPLE"}}).wantStatus(t, http.StatusOK)

	asHelen := helen.search("AKIAI44QH8DHBEXAMPLE").wantStatus(t, http.StatusOK).wantText(t, "Deleted in this account", "admin deleted this key of the user "+owner.Name)
	if strings.Contains(asHelen.Body, "/audit-log/") {
		t.Error("the help desk is sent to the audit log")
	}
	for _, name := range []string{"admin", "ada"} {
		b := s.signedIn(name)
		_, rest, ok := strings.Cut(b.search("akiai44qh8dhbexample").wantText(t, "Deleted in this account").Body, `href="/audit-log/`)
		seq, _, _ := strings.Cut(rest, `"`)
		if !ok {
			t.Fatalf("%s: no link to the event", name)
		}
		b.get("/audit-log/"+seq).wantStatus(t, http.StatusOK).wantText(t, "DeleteAccessKey", "AKIAI44QH8DHBEXAMPLE")
	}
}

// TestSearchKnowsWhatElseBecameOfAKey: withdrawn, lost, made here and deleted
// elsewhere, or deleted elsewhere since the last reading.
func TestSearchKnowsWhatElseBecameOfAKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	helen := s.signedIn("helen")
	for i, c := range []struct{ action, outcome, want string }{
		{"CreateAccessKey", audit.OutcomeOK, "Gone from this account"},
		{"CreateAccessKey", audit.OutcomeWithdrawn, "Withdrawn in this account"},
		{"DeleteAccessKey", audit.OutcomeUnknown, "answer was lost, and the key is gone"},
		{"DeleteAccessKey", audit.OutcomeFailed, "Not in this account"},
		{"UpdateAccessKey", audit.OutcomeOK, "Not in this account"},
	} {
		id := fmt.Sprintf("AKIAI44QH8DHBNOTHER%d", i)
		_, err := s.Journal.Append(t.Context(), audit.Event{Phase: audit.PhaseOutcome, Attempt: 1, Action: c.action, Outcome: c.outcome,
			Account: s.Account.ID(), User: "somebody", AccessKeyID: id, Actor: audit.Actor{Name: "admin"}})
		if err != nil {
			t.Fatal(err)
		}
		helen.search(id).wantStatus(t, http.StatusOK).wantText(t, c.want)
	}
	owner := s.owner("AKIAI44QH8DHBEXAMPLE")
	if _, err := s.outside(t).DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: &owner.Name, AccessKeyId: aws.String("AKIAI44QH8DHBEXAMPLE")}); err != nil {
		t.Fatal(err)
	}
	helen.search("AKIAI44QH8DHBEXAMPLE").wantText(t, "Not in this account", "as a key of the user "+owner.Name+": it has been deleted since")
}

// TestSearchNeverRepeatsASecret looks for the secret wherever it could have
// been left: answers, headers, the log, and every file of the data folder.
func TestSearchNeverRepeatsASecret(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, name := range []string{"admin", "helen", "ada"} {
		b := s.signedIn(name)
		for text, want := range map[string]string{
			exampleSecret: "This looks like a secret access key",
			"[default]\naws_access_key_id = " + exampleKey + "\naws_secret_access_key = " + exampleSecret: "A secret access key was in this text",
			"secret_access_key: " + exampleSecret + " for " + foreignKey:                                  "A secret access key was in this text",
			"  " + exampleSecret + "\r\n": "Treat it as leaked",
		} {
			p := b.search(text).wantStatus(t, http.StatusOK).wantText(t, want)
			if strings.Contains(p.Body, exampleSecret) || strings.Contains(fmt.Sprint(p.Header, p.URL), exampleSecret) {
				t.Errorf("%s: the answer repeats the secret", name)
			}
		}
		if p := b.get("/search"); strings.Contains(p.Body, exampleSecret) {
			t.Error("a later page repeats the secret")
		}
	}
	if strings.Contains(s.Log.String(), exampleSecret) || strings.Contains(s.Log.String(), exampleKey) {
		t.Error("what was pasted is in the log")
	}
	err := filepath.WalkDir(s.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), exampleSecret) {
			t.Errorf("the secret is in %s", filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := s.events("LookUp")
	if len(rows) == 0 || rows[len(rows)-1].Actor.Name != "admin" {
		t.Errorf("journal: %+v", rows)
	}
}

func TestSearchSaysWhenKeydeskMayNotAsk(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Local.Trouble().Set("GetAccessKeyLastUsed", func(r *localaccount.Rules) { r.Deny = true })
	helen := s.signedIn("helen")
	p := helen.search(foreignKey).wantStatus(t, http.StatusOK).wantText(t, "Keydesk is not allowed to ask", "iam:GetAccessKeyLastUsed")
	if strings.Contains(p.Body, "Not in this account") {
		t.Error("a refusal passes for a miss")
	}
	helen.search(exampleKey).wantStatus(t, http.StatusOK).wantText(t, "lacks an IAM permission", s.owner(exampleKey).Name)
	if rows := s.events("LookUp"); len(rows) != 2 || rows[1].Outcome != audit.OutcomeFailed || rows[0].Outcome != audit.OutcomeFailed {
		t.Errorf("journal: %+v", rows)
	}
}

// TestSearchGoesOnWithoutIAM answers from the last reading, and says so.
func TestSearchGoesOnWithoutIAM(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Local.Trouble().Set("GetAccessKeyLastUsed", func(r *localaccount.Rules) { r.FailWith = localaccount.Failure{Times: 1000} })
	for _, name := range []string{"helen", "admin"} {
		b := s.signedIn(name)
		b.search(exampleKey).wantStatus(t, http.StatusOK).wantText(t, "IAM could not be asked just now", s.owner(exampleKey).Name)
		b.search(foreignKey).wantStatus(t, http.StatusServiceUnavailable)
	}
}

// TestSearchWhereKeysCannotBeListed: the user's page would not show the key.
func TestSearchWhereKeysCannotBeListed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Local.Trouble().Set("ListAccessKeys", func(r *localaccount.Rules) { r.Deny = true })
	s.signedIn("admin").search(exampleKey).wantStatus(t, http.StatusOK).wantText(t, "Owner found", s.owner(exampleKey).Name, exampleKey)
}
