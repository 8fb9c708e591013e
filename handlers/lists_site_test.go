package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/net/html"

	"keydesk/iamsvc"
	"keydesk/iamsvc/localaccount"
	"keydesk/web/auth"
)

const (
	usersURL       = "/accounts/123456789012/users"
	accessKeysURL  = "/accounts/123456789012/access-keys"
	dashboardURL   = "/accounts/123456789012/dashboard"
	preferencesURL = usersURL + "/preferences"
	refreshURL     = usersURL + "/refresh"
)

// rows are the texts of the cells of the page's first table, row by row.
func (p page) rows(t *testing.T) [][]string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "tbody" {
			return rowsOf(n)
		}
	}
	return nil
}

func rowsOf(body *html.Node) [][]string {
	var rows [][]string
	for tr := range body.ChildNodes() {
		var cells []string
		for cell := range tr.ChildNodes() {
			if cell.Type == html.ElementNode {
				cells = append(cells, strings.Join(strings.Fields(textOf(cell)), " "))
			}
		}
		if cells != nil {
			rows = append(rows, cells)
		}
	}
	return rows
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return b.String()
}

// A list page is drawn from memory: whatever is asked of it, IAM is not.
func TestListPagesMakeNoIAMCall(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	before := totalCalls(s)
	for _, path := range []string{
		usersURL, usersURL + "?q=a&keys=active&age=91-&sort=-key-age,name&page=2", accessKeysURL, accessKeysURL + "?used=never",
		dashboardURL, preferencesURL, preferencesURL + "?list=keys", "/settings",
	} {
		b.get(path).wantStatus(t, http.StatusOK)
	}
	if after := totalCalls(s); after != before {
		t.Errorf("%d IAM calls were made", after-before)
	}
}

func totalCalls(s *site) int {
	n := 0
	for _, c := range s.Local.Calls() {
		n += c
	}
	return n
}

func TestUsersListSearchSortAndPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	all := s.Account.Inventory().Users
	first := b.get(usersURL).wantStatus(t, http.StatusOK).
		wantText(t, "<title>IAM users | Keydesk</title>", "IAM users", `aria-sort="ascending"`, `href="/accounts/123456789012/create-user"`, `aria-label="Refresh"`, `aria-label="Preferences"`)
	if rows := first.rows(t); len(rows) != 20 || rows[0][0] != all[0].Name {
		t.Fatalf("%d rows, the first of %s, want 20 from %s", len(rows), rows[0][0], all[0].Name)
	}
	rows := b.get(usersURL + "?sort=-name&page=2").rows(t)
	if want := all[len(all)-21].Name; rows[0][0] != want {
		t.Errorf("page 2 backwards begins with %s, want %s", rows[0][0], want)
	}
	last := all[len(all)-1]
	found := b.get(usersURL + "?" + url.Values{"q": {last.Name}}.Encode())
	if rows := found.rows(t); len(rows) == 0 || !strings.Contains(found.Body, `href="`+usersURL+"/"+url.PathEscape(last.Name)+`"`) {
		t.Errorf("%s is not found", last.Name)
	}
}

func TestUsersListFindsTheOwnerOfAKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("helen")
	owner, key, ok := s.Account.Inventory().Key("AKIAIOSFODNN7EXAMPLE")
	if !ok {
		t.Fatal("the documentation's key is not in the account")
	}
	for _, q := range []string{key.ID, strings.ToLower(key.ID), key.ID[12:]} {
		rows := b.get(usersURL + "?" + url.Values{"q": {q}}.Encode()).rows(t)
		if len(rows) != 1 || rows[0][0] != owner.Name || !strings.Contains(strings.Join(rows[0], " "), key.ID) {
			t.Errorf("%s: %v, want the row of %s", q, rows, owner.Name)
		}
	}
	p := b.get(usersURL + "?q=" + key.ID)
	if strings.Contains(p.Body, "?q="+key.ID) || strings.Contains(p.Body, "create-user") {
		t.Error("a link carries the whole key ID, or help desk is offered to create users")
	}
}

func TestUsersListNeverRepeatsASecret(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	for _, path := range []string{usersURL, accessKeysURL, preferencesURL} {
		q := url.Values{"q": {secret}, "query": {"q=" + url.QueryEscape(secret)}}
		p := s.signedIn("admin").get(path+"?"+q.Encode()).wantStatus(t, http.StatusOK)
		if strings.Contains(p.Body, secret) || strings.Contains(p.Body, url.QueryEscape(secret)) {
			t.Errorf("%s repeats the secret", path)
		}
	}
	if strings.Contains(s.Log.String(), secret[:20]) {
		t.Error("the log has the secret")
	}
}

func TestListsEscapeHostileText(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	const hostile = `"><script>alert(1)</script>`
	for _, name := range []string{"q", "keys", "age", "used", "sort", "page", "mfa", "console", "query", "list"} {
		for _, path := range []string{usersURL, accessKeysURL, preferencesURL} {
			p := b.get(path+"?"+url.Values{name: {hostile}}.Encode()).wantStatus(t, http.StatusOK)
			if strings.Contains(p.Body, "<script>alert") {
				t.Errorf("%s?%s puts it into the page as it is", path, name)
			}
		}
	}
}

func TestPreferencesAreKeptPerPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	form := admin.get(preferencesURL+"?query=keys%3Dactive").wantStatus(t, http.StatusOK).
		wantText(t, "Select visible columns", "Page size", "Confirm", "Cancel")
	p := admin.submit(form, preferencesURL, url.Values{"page_size": {"10"}, "density": {"compact"}, "column": {"arn", "certs"}})
	if p.URL.RequestURI() != usersURL+"?keys=active" {
		t.Errorf("came back to %s", p.URL.RequestURI())
	}
	p.wantText(t, `data-density="compact"`, "Signing certs")
	if rows := p.rows(t); len(rows) != 10 || len(rows[0]) != 3 {
		t.Errorf("%d rows of %d cells, want 10 of 3", len(rows), len(rows[0]))
	}
	keys := admin.submit(admin.get(preferencesURL+"?list=keys"), preferencesURL, url.Values{"column": {"region"}})
	if keys.URL.Path != accessKeysURL || len(keys.rows(t)[0]) != 2 {
		t.Errorf("at %s with %v", keys.URL, keys.rows(t)[0])
	}
	if rows := s.signedIn("ada").get(usersURL).rows(t); len(rows) != 20 || len(rows[0]) != 7 {
		t.Errorf("another person has %d rows of %d cells", len(rows), len(rows[0]))
	}
	admin.post(preferencesURL, url.Values{"page_size": {"1000000"}}).wantStatus(t, http.StatusUnprocessableEntity)
}

func TestRefreshReadsAgainAndComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("helen")
	read := s.Account.Inventory().AsOf
	list := b.get(usersURL + "?keys=active&sort=-name")
	p := b.submit(list, refreshURL, url.Values{"query": {"keys=active&sort=-name"}})
	if p.Status != http.StatusOK || p.URL.RequestURI() != usersURL+"?keys=active&sort=-name" {
		t.Errorf("%d at %s", p.Status, p.URL.RequestURI())
	}
	if now := s.Account.Inventory().AsOf; !now.After(read) {
		t.Errorf("the inventory is still of %s", now)
	}
	for form, want := range map[string]string{
		"list=keys&query=age%3D91-":                     accessKeysURL + "?age=91-",
		"list=dashboard":                                dashboardURL,
		"list=https%3A%2F%2Fevil.example&query=%2F%2Fx": usersURL,
		"query=%25zz":                                   usersURL,
	} {
		values, err := url.ParseQuery(form)
		if err != nil {
			t.Fatal(err)
		}
		if p := b.post(refreshURL, values); p.URL.RequestURI() != want {
			t.Errorf("%s: came back to %s, want %s", form, p.URL.RequestURI(), want)
		}
	}
}

// What somebody else did to a key on the page is on it after Refresh, although IAM
// makes no new report so soon: also for whoever searched, sorted or turned the page.
func TestRefreshReadsTheRowsOfItsPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("helen")
	id, secret := s.Local.Credentials()
	console := iam.New(iam.Options{Region: "us-east-1", HTTPClient: s.Local.Client(), Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")})
	for _, list := range []string{usersURL, usersURL + "?keys=active&sort=-name&page=2", accessKeysURL + "?keys=active&sort=-key-age"} {
		page := b.get(list)
		key := activeKeyOn(t, s, page, id)
		_, err := console.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: &key.UserName, AccessKeyId: &key.ID, Status: types.StatusTypeInactive})
		if err != nil {
			t.Fatal(err)
		}
		before := s.Local.Calls()["ListAccessKeys"]
		b.submit(page, refreshURL, url.Values{"query": {page.URL.RawQuery}}).wantStatus(t, http.StatusOK)
		if _, now, _ := s.Account.Inventory().Key(key.ID); now.Status != iamsvc.KeyInactive {
			t.Errorf("%s: after Refresh %s of %s is %s", list, key.ID, key.UserName, now.Status)
		}
		if n := s.Local.Calls()["ListAccessKeys"] - before; n == 0 || n > 20 {
			t.Errorf("%s: %d users were read again, of 20 rows", list, n)
		}
	}
}

// activeKeyOn is a key on the page, but not Keydesk's own.
func activeKeyOn(t *testing.T, s *site, p page, own string) iamsvc.AccessKey {
	t.Helper()
	for _, u := range s.Account.Inventory().Users {
		for _, k := range u.Keys {
			if k.Status == iamsvc.KeyActive && strings.Contains(p.Body, k.ID) && k.ID != own {
				return k
			}
		}
	}
	t.Fatalf("no active key on %s", p.URL)
	return iamsvc.AccessKey{}
}

func TestRefreshThatFailsKeepsTheList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	s.Local.Trouble().Set("ListUsers", func(r *localaccount.Rules) { r.Deny = true })
	p := b.post(refreshURL, nil).wantStatus(t, http.StatusOK).
		wantText(t, "The account could not be read again", "lacks an IAM permission, iam:ListUsers, which an administrator of the AWS account can grant", "The list of users could not be read again")
	if len(p.rows(t)) != 20 {
		t.Errorf("%d rows are left", len(p.rows(t)))
	}
}

func TestUsersListBeforeAnythingWasRead(t *testing.T) {
	t.Parallel()
	s := newEmptySite(t)
	if _, err := s.People.Create(t.Context(), "admin", auth.RoleAdministrator, password); err != nil {
		t.Fatal(err)
	}
	b := s.signedIn("admin")
	for _, path := range []string{usersURL, accessKeysURL, dashboardURL} {
		p := b.get(path).wantStatus(t, http.StatusOK).wantText(t, "Reading the account")
		if p.Header.Get("Refresh") == "" || strings.Contains(p.Body, "No resources to display") || strings.Contains(p.Body, "Nothing needs attention") {
			t.Errorf("%s: refresh %q; an account that was not read must not look empty\n%s", path, p.Header.Get("Refresh"), p.Body)
		}
	}
	if err := s.Account.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p := b.get(usersURL); p.Header.Get("Refresh") != "" || len(p.rows(t)) != 20 {
		t.Errorf("after the reading: refresh %q, %d rows", p.Header.Get("Refresh"), len(p.rows(t)))
	}
}

func TestAccessKeysListShowsEveryKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("ada")
	listed := map[string]bool{}
	for path := accessKeysURL; path != ""; {
		p := b.get(path).wantStatus(t, http.StatusOK)
		for _, row := range p.rows(t) {
			listed[row[0]] = true
		}
		path = nextPage(t, p)
	}
	for _, u := range s.Account.Inventory().Users {
		for _, k := range u.Keys {
			if mark := k.ID; !listed[mark] && !listed[mark+" Quarantined by AWS"] {
				t.Errorf("%s of %s is not listed", k.ID, u.Name)
			}
		}
	}
}

// nextPage is where the page's arrow to the right leads, "" on the last page.
func nextPage(t *testing.T, p page) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "a" && attribute(n, "aria-label") == "Next page" {
			return attribute(n, "href")
		}
	}
	return ""
}

func TestDashboardCountsTheAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	active := 0
	for _, u := range s.Account.Inventory().Users {
		for _, k := range u.Keys {
			if k.Status == iamsvc.KeyActive {
				active++
			}
		}
	}
	b := s.signedIn("helen")
	b.get(dashboardURL).wantStatus(t, http.StatusOK).wantText(t, "IAM access key dashboard", "Key age", "Last use", "Needs attention", "Show as table")
	if rows := b.get(accessKeysURL + "?keys=active").rows(t); active > 20 && len(rows) != 20 {
		t.Errorf("%d rows of %d active keys", len(rows), active)
	}
}

func TestSettingsAreSaved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("helen")
	page := b.get("/settings").wantStatus(t, http.StatusOK).
		wantText(t, "System", "Light", "Dark", "Comfortable", "Compact", `href="/my-sessions"`, `action="/settings/password"`, `name="current_password"`, `name="new_password"`)
	p := b.submit(page, "/settings", url.Values{"theme": {"dark"}, "density": {"compact"}, "shortcuts": {"on"}, "utc": {"on"}})
	p.wantStatus(t, http.StatusOK).wantText(t, "Settings saved", `data-theme="dark"`, `data-density="compact"`, `data-zone="utc"`)
	b.get("/search").wantText(t, `data-theme="dark"`)
	b.post("/settings", url.Values{"theme": {"pink"}}).wantStatus(t, http.StatusUnprocessableEntity)
	b.get("/settings").wantText(t, `data-theme="dark"`)
	if p := s.signedIn("ada").get("/settings"); strings.Contains(p.Body, `data-theme=`) {
		t.Error("somebody else's theme changed too")
	}
}

func TestListsRefuseStrangersAndOtherAccounts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{usersURL, accessKeysURL, dashboardURL, preferencesURL, "/settings"} {
		if p := s.browser().get(path); p.URL.Path != "/sign-in" {
			t.Errorf("%s shows %s to a stranger", path, p.URL)
		}
	}
	b := s.signedIn("admin")
	for _, path := range []string{"/users", "/access-keys", "/dashboard", "/users/preferences"} {
		b.get("/accounts/999999999999"+path).wantStatus(t, http.StatusNotFound)
	}
}
