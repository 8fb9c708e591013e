package handlers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/net/html"

	"keydesk/iamsvc"
	"keydesk/iamsvc/localaccount"
	"keydesk/web"
	"keydesk/web/auth"
)

// textForms are the forms of the route table into which people type, by the pattern
// they post to: how the administrator opens the page, and the path of the form.
var textForms = map[string]func(s *site, b *browser) (page, string){
	"/accounts/{account}/create-user": func(s *site, b *browser) (page, string) {
		return openForm(b, "/accounts/"+s.Account.ID()+"/create-user", "")
	},
	"/accounts/{account}/users/{user}/access-keys": func(_ *site, b *browser) (page, string) {
		return b.stepTwo(noKeys), userKeysURL(noKeys)
	},
	"/accounts/{account}/users/{user}/access-keys/{key}/activate":    keyForm(iamsvc.KeyInactive, "activate"),
	"/accounts/{account}/users/{user}/access-keys/{key}/deactivate":  keyForm(iamsvc.KeyActive, "deactivate"),
	"/accounts/{account}/users/{user}/access-keys/{key}/delete":      keyForm(iamsvc.KeyInactive, "delete"),
	"/accounts/{account}/users/{user}/access-keys/{key}/description": keyForm(iamsvc.KeyActive, "description"),
	"/accounts/{account}/my-security-credentials/{key}/activate":     ownKeyForm(types.StatusTypeInactive, "activate"),
	"/accounts/{account}/my-security-credentials/{key}/deactivate":   ownKeyForm(types.StatusTypeActive, "deactivate"),
	"/accounts/{account}/my-security-credentials/{key}/delete":       ownKeyForm(types.StatusTypeInactive, "delete"),
	"/local-accounts":                       func(_ *site, b *browser) (page, string) { return openForm(b, "/local-accounts", "") },
	"/local-accounts/{id}/role":             personForm("/role"),
	"/local-accounts/{id}/disabled":         personForm("/disabled"),
	"/local-accounts/{id}/password":         personForm("/password"),
	"/local-accounts/{id}/end-sessions":     personForm("/end-sessions"),
	"/local-accounts/{id}/codes":            personForm("/codes"),
	"/federated-accounts/{id}/disabled":     federatedForm("/disabled"),
	"/federated-accounts/{id}/end-sessions": federatedForm("/end-sessions"),
}

// noTextForms are those in which nothing is typed, or nothing that may come back: a
// password, a code, or what was pasted into Search.
var noTextForms = []string{
	"/search", "/search.csv", "/accounts/{account}/users/refresh", "/accounts/{account}/inventory/read-again", "/accounts/{account}/users/preferences",
	"/accounts/{account}/inventory/pause", "/accounts/{account}/inventory/resume", "/accounts/{account}/credential-report",
	"/accounts/{account}/users/{user}/access-keys/create", "/accounts/{account}/users/{user}/access-keys/done",
	"/settings", "/settings/password", "/settings/codes", "/settings/codes/confirm", "/settings/codes/off", "/my-sessions/end",
}

func openForm(b *browser, path, under string) (page, string) {
	b.t.Helper()
	return b.get(path).wantStatus(b.t, http.StatusOK), path + under
}

func keyForm(status iamsvc.KeyStatus, verb string) func(*site, *browser) (page, string) {
	return func(s *site, b *browser) (page, string) {
		return openForm(b, keyURL(oneOfEach, s.keyWith(oneOfEach, status).ID, verb), "")
	}
}

// ownKeyForm is about a second key of Keydesk's own identity.
func ownKeyForm(status types.StatusType, verb string) func(*site, *browser) (page, string) {
	return func(s *site, b *browser) (page, string) {
		client := s.outside(b.t.(*testing.T))
		keys, err := client.ListAccessKeys(b.t.Context(), &iam.ListAccessKeysInput{})
		s.must(err)
		inUse, _ := s.Local.Credentials()
		var id *string
		for _, k := range keys.AccessKeyMetadata {
			if *k.AccessKeyId != inUse {
				id = k.AccessKeyId
			}
		}
		if id == nil {
			made, err := client.CreateAccessKey(b.t.Context(), &iam.CreateAccessKeyInput{})
			s.must(err)
			id = made.AccessKey.AccessKeyId
		}
		_, err = client.UpdateAccessKey(b.t.Context(), &iam.UpdateAccessKeyInput{AccessKeyId: id, Status: status})
		s.must(err)
		return openForm(b, "/accounts/"+s.Account.ID()+"/my-security-credentials/"+(*id)[len(*id)-8:]+"/"+verb, "")
	}
}

func personForm(under string) func(*site, *browser) (page, string) {
	return func(s *site, b *browser) (page, string) {
		on, err := s.Codes.Enabled(b.t.Context(), s.person("helen").ID)
		s.must(err)
		switch {
		case under == "/codes" && !on:
			s.signedIn("helen").setUpCodes()
		case under == "/end-sessions" && len(s.sessionsOf("helen")) == 0:
			s.signedIn("helen")
		}
		return openForm(b, s.personPath("helen"), under)
	}
}

func federatedForm(under string) func(*site, *browser) (page, string) {
	return func(s *site, b *browser) (page, string) {
		user, _, err := s.Options.OIDC.Accounts.SignIn(b.t.Context(), auth.Identity{Issuer: "https://id.example.com", Subject: "7", Name: "alice", Groups: []string{"admins"}})
		s.must(err)
		r, err := http.NewRequest(http.MethodGet, "/", nil)
		s.must(err)
		s.must(s.Options.Sessions.Begin(httptest.NewRecorder(), r, user.ID))
		return openForm(b, "/federated-accounts/"+user.ID, under)
	}
}

// typedInto is something right for each field of the form, so that nothing but what the
// test arranges is wrong with it.
func typedInto(t *testing.T, p page, action string) url.Values {
	t.Helper()
	typed := url.Values{}
	for _, n := range p.controls(t, action) {
		name, kind := attribute(n, "name"), attribute(n, "type")
		_, hidden := attributeOf(n, "hidden")
		if hidden || n.Data == "input" && kind != "text" && kind != "password" {
			continue
		}
		switch {
		case kind == "password":
			typed.Set(name, "no page shows this 8472")
		case name == "typed_access_key_id":
			typed.Set(name, attribute(n, "placeholder"))
		case name == "path":
			typed.Set(name, "/typed/here/")
		case name == "policy_document":
			typed.Set(name, "{\"Version\": \"2012-10-17\",\n\"Statement\": []}")
		default:
			typed.Set(name, "typed-"+name)
		}
	}
	return typed
}

// controls are the fields of the form that posts to the action.
func (p page) controls(t testing.TB, action string) (list []*html.Node) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		t.Fatal(err)
	}
	for form := range root.Descendants() {
		if form.Data != "form" || attribute(form, "method") != "post" || action != "" && attribute(form, "action") != action {
			continue
		}
		for n := range form.Descendants() {
			if n.Type == html.ElementNode && (n.Data == "input" || n.Data == "textarea") && attribute(n, "name") != "" {
				list = append(list, n)
			}
		}
	}
	return list
}

// valueOf is what a field holds.
func valueOf(n *html.Node) string {
	if n.Data == "input" {
		return attribute(n, "value")
	}
	var text strings.Builder
	for c := range n.Descendants() {
		text.WriteString(c.Data)
	}
	return text.String()
}

// wantTyped checks that the answer holds all that was typed in fields of the same names:
// in the form, or else on the page of an error; and no password.
func (p page) wantTyped(t *testing.T, action string, typed url.Values) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		t.Fatal(err)
	}
	held := map[string][]string{}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && (n.Data == "input" || n.Data == "textarea") {
			held[attribute(n, "name")] = append(held[attribute(n, "name")], valueOf(n))
		}
	}
	for name, values := range typed {
		shown := slices.Contains(held[name], values[0])
		if secret := strings.HasSuffix(name, "password"); shown == secret {
			t.Errorf("%s at %s (%d): %q is shown: %v\n%s", action, p.URL, p.Status, name, shown, p.Body)
		}
	}
}

// refusal is a way in which a form is not done.
type refusal struct {
	name   string
	status int
	fresh  bool                                  // only forms that need a fresh sign-in are refused
	before func(s *site, form url.Values)        // after the form was opened
	after  func(*testing.T, *browser, page) page // what the person does with the answer
	undo   func(s *site)
}

var refusals = []refusal{
	{name: "form used before", status: http.StatusConflict,
		before: func(_ *site, form url.Values) { form.Set("token", "spent") }},
	{name: "reason too long", status: http.StatusUnprocessableEntity,
		before: func(_ *site, form url.Values) { form.Set("reason", strings.Repeat("r", 257)) }},
	{name: "journal down", status: http.StatusServiceUnavailable,
		before: func(s *site, _ url.Values) { s.breakJournalAttempts() },
		undo:   func(s *site) { s.exec(`DROP TRIGGER no_attempts`) }},
	{name: "role lost", status: http.StatusForbidden,
		before: func(s *site, _ url.Values) { s.exec(`UPDATE local_accounts SET role = 'auditor' WHERE name = 'admin'`) },
		undo:   func(s *site) { s.exec(`UPDATE local_accounts SET role = 'administrator' WHERE name = 'admin'`) }},
	{name: "sign-in too old", status: http.StatusForbidden, fresh: true,
		before: func(s *site, _ url.Values) { s.age("admin", stale) }},
	{name: "wrong password", status: http.StatusUnprocessableEntity, fresh: true,
		before: func(s *site, form url.Values) {
			s.age("admin", stale)
			form.Set("sign_in_password", "no page shows this 8472")
		}},
	{name: "session unused for hours", status: http.StatusOK, after: signInAgain,
		before: func(s *site, _ url.Values) {
			s.exec(`UPDATE sessions SET seen_at = seen_at - ? WHERE user_id = ?`, (2 * time.Hour).Microseconds(), s.person("admin").ID)
		}},
	{name: "session ended elsewhere", status: http.StatusOK, after: signInAgain,
		before: func(s *site, _ url.Values) {
			_, err := s.Options.Sessions.EndAll(s.t.Context(), s.person("admin").ID, "")
			s.must(err)
		}},
}

func (s *site) exec(statement string, arguments ...any) {
	s.t.Helper()
	_, err := s.DB.Exec(s.t.Context(), statement, arguments...)
	s.must(err)
}

// iamRefusals are IAM's own, for forms about IAM.
var iamRefusals = map[string]localaccount.Rules{
	"denied":      {Deny: true},
	"unavailable": {FailWith: localaccount.Failure{Times: -1}},
	"throttled":   {FailWith: localaccount.Failure{Times: -1, Status: http.StatusBadRequest, Code: "Throttling"}},
	"busy":        {FailWith: localaccount.Failure{Times: -1, Status: http.StatusConflict, Code: "ConcurrentModification"}},
}

func signInAgain(t *testing.T, b *browser, p page) page {
	t.Helper()
	p.wantStatus(t, http.StatusForbidden).wantText(t, "Your session ended", "Nothing was created or changed")
	return b.submit(p, "/sign-in", url.Values{"user_name": {"admin"}, "password": {password}})
}

// TestNothingTypedIsLost makes every form with text of the route table be refused in
// every way, and looks for all that was typed in the answer.
func TestNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	for _, route := range web.Routes() {
		open, found := textForms[route.Pattern]
		if route.Method != http.MethodPost || route.Permission == "" {
			continue
		}
		if listed := slices.Contains(noTextForms, route.Pattern); found == listed {
			t.Errorf("POST %s: list it in textForms or in noTextForms", route.Pattern)
		}
		if !found {
			continue
		}
		t.Run(route.Pattern, func(t *testing.T) {
			t.Parallel()
			s, b := typedSite(t)
			for _, refusal := range refusals {
				if refusal.fresh && !route.Fresh {
					continue
				}
				t.Run(refusal.name, func(t *testing.T) { refuse(t, s, b, open, refusal) })
			}
			if !strings.HasPrefix(route.Pattern, "/accounts/") {
				return
			}
			for name, rules := range iamRefusals {
				if name == "throttled" && !strings.HasSuffix(route.Pattern, "/delete") {
					continue // Keydesk waits for its turn, and tries again
				}
				t.Run(name, func(t *testing.T) { refuseInIAM(t, s, b, open, rules) })
			}
		})
	}
}

func refuse(t *testing.T, s *site, b *browser, open func(*site, *browser) (page, string), refusal refusal) {
	p, action := open(s, b)
	typed := typedInto(t, p, action)
	if !typed.Has("reason") {
		t.Fatal("no reason is asked for")
	}
	refusal.before(s, typed)
	before := s.changes()
	answer := b.submit(p, action, typed)
	if refusal.after != nil {
		answer = refusal.after(t, b, answer)
	}
	if refusal.undo != nil {
		refusal.undo(s)
	}
	if answer.Status != refusal.status {
		t.Errorf("status %d, want %d\n%s", answer.Status, refusal.status, answer.Body)
	}
	if s.changes() != before {
		t.Error("something was changed")
	}
	typed.Del("token")
	answer.wantTyped(t, action, typed)
}

func refuseInIAM(t *testing.T, s *site, b *browser, open func(*site, *browser) (page, string), rules localaccount.Rules) {
	p, action := open(s, b)
	typed := typedInto(t, p, action)
	s.Local.Trouble().Set("", func(r *localaccount.Rules) { *r = rules })
	defer s.Local.Trouble().Reset()
	answer := b.submit(p, action, typed)
	if answer.Status < http.StatusBadRequest {
		t.Errorf("status %d", answer.Status)
	}
	answer.wantTyped(t, action, typed)
}

// typedSite is a site with every kind of form, and the administrator's browser.
func typedSite(t *testing.T) (*site, *browser) {
	t.Helper()
	s := newSite(t)
	s.with(func(o *web.Options) {
		o.OIDC = auth.NewOIDC(s.DB, auth.OIDCSettings{Issuer: "https://id.example.com", Roles: auth.RoleMap{"admins": auth.RoleAdministrator}})
	})
	return s, s.signedIn("admin")
}

// TestFormsOfEveryPageAreListed looks for forms with text on the pages, so that one
// cannot be listed as being without.
func TestFormsOfEveryPageAreListed(t *testing.T) {
	t.Parallel()
	s, b := typedSite(t)
	seen := 0
	patterns := map[string]*regexp.Regexp{}
	for _, route := range web.Routes() {
		patterns[route.Pattern] = regexp.MustCompile("^" + regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(route.Pattern), "[^/]+") + "$")
	}
	pages := []string{}
	for _, open := range textForms {
		p, _ := open(typedSite(t))
		pages = append(pages, p.Body)
	}
	for _, route := range web.Routes() {
		if route.Method == http.MethodGet && route.Permission != "" && !strings.Contains(route.Pattern, "progress") {
			pages = append(pages, b.get(s.fill(route.Pattern)).Body)
		}
	}
	for _, body := range pages {
		p := page{Body: body}
		root, err := html.Parse(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for n := range root.Descendants() {
			action := attribute(n, "action")
			if n.Data != "form" || attribute(n, "method") != "post" || action == "/search" {
				continue
			}
			for _, noText := range noTextForms {
				if patterns[noText].MatchString(action) && textForms[noText] == nil && len(textNames(p.controls(t, action))) > 0 {
					t.Errorf("%s is listed as being without text, and has %v", action, textNames(p.controls(t, action)))
				}
			}
			seen++
		}
	}
	if seen == 0 {
		t.Error("no form on any page")
	}
}

func textNames(controls []*html.Node) (names []string) {
	for _, n := range controls {
		_, hidden := attributeOf(n, "hidden")
		if name := attribute(n, "name"); !hidden && name != "code" && (n.Data == "textarea" || attribute(n, "type") == "text") {
			names = append(names, name)
		}
	}
	return names
}

// TestKeyChangedWhileTyping: the form of a key that is no longer as it was shown gives
// back what was typed.
func TestKeyChangedWhileTyping(t *testing.T) {
	t.Parallel()
	for verb, status := range map[string]iamsvc.KeyStatus{"delete": iamsvc.KeyInactive, "deactivate": iamsvc.KeyActive, "activate": iamsvc.KeyInactive} {
		s, b := typedSite(t)
		p, action := keyForm(status, verb)(s, b)
		key := s.keyWith(oneOfEach, status)
		typed := typedInto(t, p, action)
		now := types.StatusTypeActive
		if status == iamsvc.KeyActive {
			now = types.StatusTypeInactive
		}
		user := oneOfEach
		_, err := s.outside(t).UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: &user, AccessKeyId: &key.ID, Status: now})
		s.must(err)
		answer := b.submit(p, action, typed).wantStatus(t, http.StatusConflict).wantText(t, fmt.Sprintf("is %s now", now))
		answer.wantTyped(t, action, typed)
	}
}

// TestProtectedWhileTyping: so does that of a user who has been protected meanwhile.
func TestProtectedWhileTyping(t *testing.T) {
	t.Parallel()
	s, b := typedSite(t)
	p, action := b.stepTwo(noKeys), userKeysURL(noKeys)
	typed := typedInto(t, p, action)
	s.protect("user:" + noKeys)
	b.submit(p, action, typed).wantStatus(t, http.StatusForbidden).wantTyped(t, action, typed)
}

// TestFormGoneAfterSigningIn: what was typed is given back although there is no form for
// it any more.
func TestFormGoneAfterSigningIn(t *testing.T) {
	t.Parallel()
	s, b := typedSite(t)
	p, action := personForm("/end-sessions")(s, b)
	s.exec(`DELETE FROM sessions`)
	typed := url.Values{"reason": {"OPS-7"}}
	signInAgain(t, b, b.submit(p, action, typed)).wantStatus(t, http.StatusConflict).wantTyped(t, action, typed)
}

// TestSecretsDoNotComeBack: what looks like a secret is not shown again, whatever the
// form is refused for.
func TestSecretsDoNotComeBack(t *testing.T) {
	t.Parallel()
	s, b := typedSite(t)
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	p, action := b.stepTwo(noKeys), userKeysURL(noKeys)
	typed := url.Values{"description": {"key " + secret}, "reason": {"OPS-7"}}
	s.age("admin", stale)
	if p := b.submit(p, action, typed).wantText(t, "OPS-7"); strings.Contains(p.Body, secret) {
		t.Error("the secret is on the page")
	}
	s.exec(`DELETE FROM sessions`)
	if p := b.submit(p, action, typed).wantText(t, "OPS-7"); strings.Contains(p.Body, secret) {
		t.Error("the secret is on the sign-in page")
	}
}

// TestSomebodyElseSignsIn: what one person typed is not shown to another.
func TestSomebodyElseSignsIn(t *testing.T) {
	t.Parallel()
	s, b := typedSite(t)
	p, action := keyForm(iamsvc.KeyActive, "description")(s, b)
	s.exec(`DELETE FROM sessions`)
	asked := b.submit(p, action, url.Values{"reason": {"between us"}}).wantText(t, "between us")
	if p := b.submit(asked, "/sign-in", url.Values{"user_name": {"helen"}, "password": {password}}); strings.Contains(p.Body, "between us") {
		t.Error("helen sees what admin typed")
	}
}

// TestAFormIsNoSignIn: the ID of a kept form, sent as the cookie of a sign-in that has a
// right password, opens nothing.
func TestAFormIsNoSignIn(t *testing.T) {
	t.Parallel()
	s, b := typedSite(t)
	p, action := keyForm(iamsvc.KeyActive, "description")(s, b)
	s.exec(`DELETE FROM sessions`)
	back := signInAgain(t, b, b.submit(p, action, url.Values{"reason": {"OPS-7"}}))
	id := back.URL.Query().Get("form")
	if id == "" {
		t.Fatalf("at %s", back.URL)
	}
	r, err := http.NewRequest(http.MethodGet, s.Server.URL+"/sign-in/code", nil)
	s.must(err)
	r.AddCookie(&http.Cookie{Name: "keydesk_sign_in", Value: id})
	s.browser().do(r).wantStatus(t, http.StatusForbidden)
}
