package handlers_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"keydesk/iamsvc"
	"keydesk/iamsvc/iamtest"
	"keydesk/web"
)

// oddUsers have names and key IDs that AWS would never give.
func oddUsers() []*iamtest.User {
	names := []string{
		".", "..", "...", "a b", " lead", "trail ", "a/b", "../up", `back\slash`, "tenant$svc", "100%", "%2E%2E", "what?", "no#1", "müller", "a;b=c&d",
		`"q'uote"`, "<b>bold</b>", "~tilde~2F", "x+y,z", strings.Repeat("long/ü", 33) + "xx", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYQQ", "Ann", "ann",
	}
	var users []*iamtest.User
	for i, name := range names {
		users = append(users, &iamtest.User{Name: name, Keys: []*iamtest.Key{
			{ID: fmt.Sprintf("k%d", i), Status: "Active", Used: time.Now().Add(-time.Hour)},
			{ID: fmt.Sprintf("Mixed/case %%2F?#%d+(x)", i), Status: "Active"},
			{ID: fmt.Sprintf("%s-%d", strings.Repeat("x", 150), i), Status: "Active"},
		}})
	}
	return append(users, &iamtest.User{Name: "twins", Keys: []*iamtest.Key{
		{ID: "svc-prod-00000001", Status: "Active"}, {ID: "svc-test-00000001", Status: "Active"},
	}})
}

// newSiteAt is newSite at a server that is not AWS.
func newSiteAt(t *testing.T, endpoint string, change ...func(*iamsvc.Config)) *site {
	t.Helper()
	s := newSiteIn(t, peopledDir(t), 1)
	c := iamsvc.Config{
		AWS:         aws.Config{Credentials: credentials.NewStaticCredentialsProvider("ops key/1", "opssecret", "")},
		IAMEndpoint: endpoint, Journal: web.Journal{Audit: s.Journal, Now: time.Now, Version: "test"}, Logger: s.Options.Log,
	}
	for _, f := range change {
		f(&c)
	}
	account, err := iamsvc.Open(t.Context(), c)
	if err == nil {
		err = account.Refresh(t.Context())
	}
	if err != nil && !errors.Is(err, iamsvc.ErrTooMuch) {
		t.Fatal(err)
	}
	s.Account, s.Options.Accounts, s.Options.Embedded = account, iamsvc.NewAccounts(account), false
	s.Server.Close()
	s.Server = httptest.NewServer(web.New(s.Options))
	t.Cleanup(s.Server.Close)
	return s
}

// linkTo is the address behind the link with exactly this text.
func (p page) linkTo(t *testing.T, text string) string {
	t.Helper()
	end := ">" + html.EscapeString(text) + "</a>"
	body := strings.NewReplacer("&#34;", `"`, "&#39;", "'").Replace(p.Body)
	end = strings.NewReplacer("&#34;", `"`, "&#39;", "'").Replace(end)
	before, _, found := strings.Cut(body, end)
	at := strings.LastIndex(before, `href="`)
	if !found || at < 0 {
		t.Fatalf("no link %q on %s\n%s", text, p.URL, p.Body)
	}
	address, _, _ := strings.Cut(before[at+len(`href="`):], `"`)
	return html.UnescapeString(address)
}

// allPages is every page of a list, as one.
func (b *browser) allPages(t *testing.T, address string) page {
	t.Helper()
	all := b.get(address).wantStatus(t, http.StatusOK)
	for n := 2; ; n++ {
		p := b.get(fmt.Sprint(address, "?page=", n)).wantStatus(t, http.StatusOK)
		if strings.Contains(all.Body, p.Body[strings.Index(p.Body, "<tbody"):]) || n > 20 {
			return all
		}
		all.Body += p.Body
	}
}

// Every user and key that a server lists can be opened, searched and changed.
func TestEverythingAnotherServerLists(t *testing.T) {
	t.Parallel()
	server := iamtest.Start(t, oddUsers()...)
	s := newSiteAt(t, server.URL)
	admin := s.signedIn("admin")
	base := "/accounts/" + s.Account.ID()
	users, keys := admin.allPages(t, base+"/users"), admin.allPages(t, base+"/access-keys")

	for _, u := range oddUsers() {
		t.Run(u.Name, func(t *testing.T) {
			home := users.linkTo(t, u.Name)
			p := admin.get(home).wantStatus(t, http.StatusOK)
			for _, tab := range []string{"/permissions", "/groups", "/tags", "/activity"} {
				admin.get(home+tab).wantStatus(t, http.StatusOK)
			}
			admin.search(u.Name).wantStatus(t, http.StatusOK)
			for _, k := range u.Keys {
				if !strings.Contains(p.Body, html.EscapeString(k.ID)) || !strings.Contains(keys.Body, html.EscapeString(k.ID)) {
					t.Errorf("the key %s is not shown", k.ID)
				}
			}
			for i := range u.Keys {
				admin.changeKey(t, server, home, u, i)
			}
		})
	}
	if blank := server.Blank(); len(blank) > 0 {
		t.Errorf("calls about nobody: %v", blank)
	}
}

// changeKey walks one key through all that can be done to it.
func (b *browser) changeKey(t *testing.T, server *iamtest.Server, home string, u *iamtest.User, n int) {
	t.Helper()
	id, others := u.Keys[n].ID, slices.Delete(slices.Clone(u.Keys), n, n+1)
	untouched := func() {
		t.Helper()
		now, _ := server.Find(u.Name)
		for _, k := range now.Keys {
			if k.ID != id && k.Status != "Active" && slices.ContainsFunc(others[n:], func(o *iamtest.Key) bool { return o.ID == k.ID }) {
				t.Errorf("%s is %s, nobody touched it", k.ID, k.Status)
			}
		}
	}
	found := b.search(id).wantStatus(t, http.StatusOK)
	if at, _, _ := strings.Cut(found.URL.RequestURI(), "#"); at != home && !strings.Contains(found.Body, "Owner found") {
		t.Errorf("the search for %s leads to %s", id, found.URL)
	}
	ask := func(verb string) string {
		links, _ := b.get(home).inspect(t)
		for _, l := range links {
			if strings.HasSuffix(l, "/"+verb) && strings.Contains(b.get(l).Body, `value="`+html.EscapeString(id)+`"`) {
				return l
			}
		}
		t.Fatalf("nothing leads to %s of %s", verb, id)
		return ""
	}
	state := func(want string) {
		t.Helper()
		now, _ := server.Find(u.Name)
		at := slices.IndexFunc(now.Keys, func(k *iamtest.Key) bool { return k.ID == id })
		if got := at >= 0; got != (want != "") || got && now.Keys[at].Status != want {
			t.Fatalf("the key %s of %q is not %q: %+v", id, u.Name, want, now.Keys)
		}
		untouched()
	}
	do := func(verb, want string, fields url.Values) {
		t.Helper()
		l := ask(verb)
		p := b.submit(b.get(l), l, fields).wantStatus(t, http.StatusOK)
		if p.URL.RequestURI() != home {
			t.Errorf("%s of %s ends at %s", verb, id, p.URL)
		}
		state(want)
	}
	do("description", "Active", url.Values{"description": {"CI " + fmt.Sprint(n)}})
	if now, _ := server.Find(u.Name); !slices.Contains(now.Tags, iamtest.Tag{Key: id, Value: "CI " + fmt.Sprint(n)}) {
		t.Errorf("the tags of %q: %+v", u.Name, now.Tags)
	}
	do("deactivate", "Inactive", nil)
	do("activate", "Active", nil)
	do("deactivate", "Inactive", nil)
	do("delete", "", url.Values{"typed_access_key_id": {id}})
}

func TestExportsOfAnotherServer(t *testing.T) {
	t.Parallel()
	server := iamtest.Start(t, oddUsers()...)
	s := newSiteAt(t, server.URL)
	admin := s.signedIn("admin")
	base := "/accounts/" + s.Account.ID()
	names, ids := map[string]bool{}, map[string]bool{}
	for _, file := range []string{"/users.csv", "/access-keys.csv"} {
		p := admin.get(base+file).wantStatus(t, http.StatusOK)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.Body, "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, cell := range row {
				names[strings.TrimPrefix(cell, "'")], ids[strings.TrimPrefix(cell, "'")] = true, true
			}
		}
	}
	for _, file := range []string{"/users.json", "/access-keys.json"} {
		p := admin.get(base+file).wantStatus(t, http.StatusOK)
		if !json.Valid([]byte(p.Body)) {
			t.Errorf("%s is not JSON", file)
		}
	}
	for _, u := range oddUsers() {
		if !names[u.Name] {
			t.Errorf("no user %q in the exports", u.Name)
		}
		for _, k := range u.Keys {
			if !ids[k.ID] {
				t.Errorf("no key %q in the exports", k.ID)
			}
		}
	}
}

// A server that allows more than two keys is asked, and its refusal is the answer.
func TestQuotaOfAnotherServer(t *testing.T) {
	t.Parallel()
	server := iamtest.Start(t, oddUsers()...)
	s := newSiteAt(t, server.URL)
	admin := s.signedIn("admin")
	home := "/accounts/" + s.Account.ID() + "/users/a~2Fb"
	admin.get(home).wantStatus(t, http.StatusOK).linkTo(t, "Create access key")
	create := func() page {
		p := admin.submit(admin.get(home+"/access-keys/create"), home+"/access-keys/create", url.Values{"use_case": {"other"}})
		return admin.submit(p, home+"/access-keys", url.Values{"description": {"fourth"}})
	}
	p := create().wantStatus(t, http.StatusOK).wantText(t, "Access key created", `a_b_accessKeys.csv`)
	if now, _ := server.Find("a/b"); len(now.Keys) != 4 {
		t.Errorf("%d keys after %s", len(now.Keys), p.URL)
	}
	create().wantStatus(t, http.StatusConflict).wantText(t, "Cannot exceed quota for AccessKeysPerUser: 4")
}

// A reading that stopped is never shown as whole.
func TestMoreUsersThanAreRead(t *testing.T) {
	t.Parallel()
	server := iamtest.Start(t, oddUsers()...)
	s := newSiteAt(t, server.URL, func(c *iamsvc.Config) { c.MaxUsers = 10 })
	admin := s.signedIn("admin")
	base := "/accounts/" + s.Account.ID()
	for _, list := range []string{"/users", "/access-keys"} {
		admin.get(base+list).wantStatus(t, http.StatusOK).wantText(t, "The list of users is not complete", "Reading stopped at 10 users (-max-users)")
		file := admin.get(base+list+".csv").wantStatus(t, http.StatusOK)
		if name := file.Header.Get("Content-Disposition"); !strings.Contains(name, "_partial") {
			t.Errorf("%s is saved as %s", list, name)
		}
	}
	admin.get(base+"/dashboard").wantText(t, "Reading stopped at 10 users")
	if p := admin.get(base + "/users?q=" + url.QueryEscape("100%")); strings.Contains(p.Body, ">100%</a>") {
		t.Error("an eleventh user was read")
	}
}

// The lists find every name and key that they show.
func TestListSearchOfAnotherServer(t *testing.T) {
	t.Parallel()
	server := iamtest.Start(t, oddUsers()...)
	s := newSiteAt(t, server.URL)
	admin := s.signedIn("admin")
	base := "/accounts/" + s.Account.ID()
	for _, u := range oddUsers() {
		found := admin.get(base+"/users?q="+url.QueryEscape(u.Name)).wantStatus(t, http.StatusOK)
		if len(u.Name) != 40 { // what looks like a secret is never searched by address
			found.linkTo(t, u.Name)
		}
		for _, k := range u.Keys {
			admin.get(base+"/access-keys?q="+url.QueryEscape(k.ID)).wantStatus(t, http.StatusOK).linkTo(t, k.ID)
		}
	}
}

// The names that a server allows are its own matter.
func TestUsersOfAnotherServerAreCreatedByItsRules(t *testing.T) {
	t.Parallel()
	server := iamtest.Start(t, oddUsers()...)
	s := newSiteAt(t, server.URL)
	admin := s.signedIn("admin")
	form := "/accounts/" + s.Account.ID() + "/create-user"
	create := func(name string) page {
		return admin.submit(admin.get(form), form, url.Values{"user_name": {name}})
	}
	for _, name := range []string{"new/user $1", "..."[:2] + "x/..", strings.Repeat("ü", 100)} {
		create(name).wantStatus(t, http.StatusOK).wantText(t, "User "+html.EscapeString(name)+" created")
		if _, ok := server.Find(name); !ok {
			t.Errorf("%q was not created", name)
		}
	}
	create("hey!").wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "user names must not shout", `value="hey!"`)
	create(" ").wantStatus(t, http.StatusUnprocessableEntity).wantText(t, "Give the user a name.")
	create("ann").wantStatus(t, http.StatusConflict)
	if blank := server.Blank(); len(blank) > 0 {
		t.Errorf("calls about nobody: %v", blank)
	}
}

// The owner whom the server names is the owner, whatever AWS says to such a name.
func TestOwnerOfAnotherServer(t *testing.T) {
	t.Parallel()
	server := iamtest.Start(t, &iamtest.User{Name: "tenant$svc"})
	s := newSiteAt(t, server.URL)
	const id = "AKIAIOSFODNN7EXAMPLE"
	server.Give("tenant$svc", id) // since the account was read
	for _, name := range []string{"helen", "admin"} {
		p := s.signedIn(name).search(id).wantStatus(t, http.StatusOK).wantText(t, "tenant$svc")
		if strings.Contains(p.Body, "root") {
			t.Errorf("%s reads of root", name)
		}
	}
}

func TestKeysWithTheSameEnd(t *testing.T) {
	t.Parallel()
	server := iamtest.Start(t, oddUsers()...)
	s := newSiteAt(t, server.URL)
	admin := s.signedIn("admin")
	home := "/accounts/" + s.Account.ID() + "/users/twins"
	admin.get(home+"/access-keys/00000001/deactivate").wantStatus(t, http.StatusConflict).wantText(t, "fits two keys", home)
	user, _ := server.Find("twins")
	for i := range user.Keys {
		admin.changeKey(t, server, home, &user, i)
	}
	admin.get(home+"/activity").wantText(t, "svc-prod-00000001", "svc-test-00000001")
	activity := admin.get(admin.get(home+"/activity").linkTo(t, "svc-prod-00000001"))
	activity.wantText(t, "Activity of the access key svc-prod-00000001")
	if strings.Contains(activity.Body, "svc-test-00000001") {
		t.Error("the other key's activity is among it")
	}
	admin.get("/audit-log?user="+url.QueryEscape("twins")).wantText(t, "svc-prod-00000001", "svc-test-00000001")
}
