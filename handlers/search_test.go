package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

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

// TestSearchJumpsToTheOwner: one IAM call, then the user's page at the key.
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
			if n := calls(s.Local.Calls()) - calls(before); n != 1 {
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
			"Access key ID: "+exampleKey, "/users/"+owner.Name+"#"+exampleKey, "up to four hours late")
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

// TestSearchExplainsAMiss: a miss is an answer, not an error.
func TestSearchExplainsAMiss(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	helen := s.signedIn("helen")
	for text, want := range map[string][]string{
		foreignKey:                  {"Not in this account", "The ID names AWS account 609629065308."},
		"AKIAI44QH8DHBNOTHERE":      {"Not in this account", "does not say which account"},
		"ASIAY34FZKBOKMUTVV7A":      {"A temporary key", "AWS CloudTrail", "609629065308"},
		"AKIA123":                   {"Not an access key ID"},
		"AIDACKCEVSQ6C2EXAMPLE":     {"Not an access key ID"},
		"two words":                 {"Not an access key ID"},
		`<script>alert(1)</script>`: {"Nothing found"},
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

func TestSearchAnswersEachKeyOfAPaste(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	var text strings.Builder
	text.WriteString(exampleKey + " ")
	for i := range 14 {
		fmt.Fprintf(&text, "AKIAI44QH8DHBNOTHER%c\n", 'A'+i)
	}
	before := s.Local.Calls()["GetAccessKeyLastUsed"]
	p := admin.search(text.String()).wantStatus(t, http.StatusOK).wantText(t, "Owner found", "5 key IDs more in the text were not looked up")
	if n := strings.Count(p.Body, `class="answer"`); n != 10 {
		t.Errorf("%d answers", n)
	}
	if n := s.Local.Calls()["GetAccessKeyLastUsed"] - before; n != 10 {
		t.Errorf("%d calls", n)
	}
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
