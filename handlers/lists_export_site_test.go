package handlers_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"keydesk/iamsvc/localaccount"
	"keydesk/web/audit"
)

func TestDownloads(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	create := s.accountPath() + "/create-user"
	admin.submit(admin.get(create), create, url.Values{"user_name": {"=cmd"}}).wantStatus(t, http.StatusOK)
	b := s.signedIn("helen")
	b.get(usersURL+"?q=%3Dcmd").wantText(t, `href="`+usersURL+`.csv?q=%3Dcmd"`, "Download CSV", `href="`+usersURL+`.csv?q=%3Dcmd&amp;bom=1"`, "CSV for Excel", `href="`+usersURL+`.json?q=%3Dcmd"`, "Download JSON")

	p := b.get(usersURL+".csv?q=%3Dcmd").wantStatus(t, http.StatusOK)
	lines, err := csv.NewReader(strings.NewReader(p.Body)).ReadAll()
	if err != nil || len(lines) != 2 || lines[0][0] != "user_name" || lines[1][0] != "'=cmd" {
		t.Errorf("%v, %v", lines, err)
	}
	if excel := b.get(usersURL + ".csv?q=%3Dcmd&bom=1"); excel.Body != "\ufeff"+p.Body {
		t.Errorf("with a byte order mark: %q", excel.Body)
	}
	if got := p.Header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="iam-users_123456789012_20`) || !strings.HasSuffix(got, `.csv"`) {
		t.Errorf("file name %s", got)
	}

	p = b.get(accessKeysURL+".json?keys=active&page=7").wantStatus(t, http.StatusOK)
	var keys struct {
		Complete bool
		Rows     []struct {
			ID     string `json:"access_key_id"`
			Status string
		}
	}
	if err := json.Unmarshal([]byte(p.Body), &keys); err != nil || !keys.Complete {
		t.Fatal(err, keys)
	}
	for _, k := range keys.Rows {
		if _, _, known := s.Account.Inventory().Key(k.ID); !known || k.Status != "Active" {
			t.Errorf("%v", k)
		}
	}
	if want := b.get(accessKeysURL + "?keys=active").Body; !strings.Contains(want, ">"+strconv.Itoa(len(keys.Rows))+" of ") {
		t.Errorf("%d keys in the file, another number on the page", len(keys.Rows))
	}
	for action, want := range map[string]int{"ExportUsers": 2, "ExportAccessKeys": 1} {
		rows := s.events(action)
		if len(rows) != want || rows[0].Outcome != audit.OutcomeOK || rows[0].Actor.Name != "helen" || rows[0].Account != "123456789012" {
			t.Errorf("%s in the journal: %+v", action, rows)
		}
	}
}

// Nothing known is no empty file.
func TestDownloadBeforeAnythingWasRead(t *testing.T) {
	t.Parallel()
	s := newSiteIn(t, peopledDir(t), 40)
	b := s.signedIn("admin").noRedirects()
	for _, path := range []string{usersURL, accessKeysURL} {
		if p := b.get(path + ".csv"); p.Status != http.StatusSeeOther || p.Header.Get("Location") != path {
			t.Errorf("%s: %d to %s", path, p.Status, p.Header.Get("Location"))
		}
	}
}

// Where IAM does not allow the reading, another try is refused again: somebody
// has to grant the permission.
func TestRowsThatMayNotBeReadSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := newSiteIn(t, peopledDir(t), 40)
	b := s.signedIn("helen")
	s.Local.Trouble().Set("ListAccessKeys", func(r *localaccount.Rules) { r.Deny = true })
	if err := s.Account.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{usersURL, accessKeysURL, usersURL + "?keys=unread"} {
		p := b.get(list).wantText(t, "Missing iam:ListAccessKeys", "Ask an administrator of the AWS account to grant it",
			"0 of 40 users read; 40 could not be read: the identity Keydesk runs as lacks an IAM permission, iam:ListAccessKeys")
		if strings.Contains(p.Body, "Try again") {
			t.Errorf("%s offers another try", list)
		}
	}
}

func TestRowsThatCouldNotBeReadAreTriedAgain(t *testing.T) {
	t.Parallel()
	s := newSiteIn(t, peopledDir(t), 40)
	b := s.signedIn("helen")
	s.Local.Trouble().Set("ListAccessKeys", func(r *localaccount.Rules) {
		r.FailWith = localaccount.Failure{Times: -1, Status: http.StatusBadRequest, Code: "InvalidAction"}
	})
	if err := s.Account.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	const again = "/accounts/123456789012/inventory/read-again"
	name := ""
	for _, u := range s.Account.Inventory().Users {
		if u.KeysErr != nil {
			name = u.Name
		}
	}
	if name == "" {
		t.Fatal("every user was read")
	}
	page := b.get(usersURL+"?keys=unread&sort=-name").wantText(t, "Try again", `form="read-again"`, "users read")
	s.Local.Trouble().Reset()
	p := b.submit(page, again, url.Values{"user": {name, "nobody at all"}})
	if p.URL.RequestURI() != usersURL+"?keys=unread&sort=-name" {
		t.Errorf("came back to %s", p.URL)
	}
	p.wantText(t, "Reading again")
	if p := b.post(again, nil); strings.Contains(p.Body, "Reading again") {
		t.Error("nobody was asked for, and is said to be read")
	}
}
