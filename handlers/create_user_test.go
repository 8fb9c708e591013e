package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keydesk/views"
	"keydesk/web/audit"
)

func TestCreateUser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	path := s.accountPath() + "/create-user"
	form := admin.get(path).wantStatus(t, http.StatusOK).wantText(t, "Create user", "User name", "s3:Get*")
	fields := url.Values{"user_name": {"New+User=1,@_-."}, "path": {"/it/desk/"}, "tag_key_1": {"Owner"}, "tag_value_1": {"desk@example.com"},
		"policy_name": {"S3ReadOnly"}, "policy_document": {views.S3ReadOnlyPolicy}}
	p := admin.submit(form, path, fields).wantStatus(t, http.StatusOK).wantText(t, "User New+User=1,@_-. created", "/it/desk/")
	if !strings.HasSuffix(p.URL.Path, "/users/New+User=1,@_-.") {
		t.Errorf("landed at %s", p.URL)
	}
	user, err := s.Account.User(t.Context(), "New+User=1,@_-.")
	if err != nil || user.Path != "/it/desk/" || len(user.Tags) != 1 {
		t.Fatalf("%+v, %v", user, err)
	}
	if document, err := s.Account.UserPolicy(t.Context(), user.Name, "S3ReadOnly"); err != nil || !strings.Contains(document, "s3:Get*") {
		t.Errorf("policy %q, %v", document, err)
	}
	if rows := s.events("CreateUser"); len(rows) != 2 || rows[0].Outcome != audit.OutcomeOK || rows[0].User != user.Name {
		t.Errorf("journal: %+v", rows)
	}
	admin.submit(form, path, fields).wantStatus(t, http.StatusConflict).wantText(t, "This form was already used")

	fields.Set("user_name", "NEW+user=1,@_-.")
	admin.submit(admin.get(path), path, fields).wantStatus(t, http.StatusConflict).
		wantText(t, "The user already exists", "arn:aws:iam::"+s.Account.ID()+":user/it/desk/New+User=1,@_-.", `href="/accounts/`)
}

func TestCreateUserFaults(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	path := s.accountPath() + "/create-user"
	before := s.Local.Calls()["CreateUser"]
	for name, c := range map[string]struct {
		fields url.Values
		want   string
	}{
		"no name":   {url.Values{"user_name": {"  "}}, "Give the user a name."},
		"hostile":   {url.Values{"user_name": {`"><script>alert(1)</script>`}}, "The user name can have letters"},
		"long":      {url.Values{"user_name": {strings.Repeat("a", 65)}}, "1 to 64 characters"},
		"path":      {url.Values{"user_name": {"bob"}, "path": {"it"}}, "The path must begin and end with /"},
		"tag":       {url.Values{"user_name": {"bob"}, "tag_key_1": {"Owner"}, "tag_value_1": {"a#b"}}, "The tag value can have"},
		"twice":     {url.Values{"user_name": {"bob"}, "tag_key_1": {"Owner"}, "tag_key_2": {"owner"}}, "is there twice"},
		"JSON":      {url.Values{"user_name": {"bob"}, "policy_name": {"p"}, "policy_document": {`{"a":`}}, "The policy document is not"},
		"no policy": {url.Values{"user_name": {"bob"}, "policy_name": {"p"}}, "The policy document must have"},
		"no title":  {url.Values{"user_name": {"bob"}, "policy_document": {views.S3ReadOnlyPolicy}}, "The policy name must have"},
	} {
		p := admin.submit(admin.get(path), path, c.fields).wantStatus(t, http.StatusUnprocessableEntity).wantText(t, c.want)
		if strings.Contains(p.Body, "<script>alert") {
			t.Errorf("%s: the name is not escaped", name)
		}
		if name == "path" {
			p.wantText(t, `value="bob"`, `value="it"`)
		}
	}
	admin.post(path, url.Values{"user_name": {strings.Repeat("a", 200<<10)}}).wantStatus(t, http.StatusRequestEntityTooLarge)
	for _, name := range []string{"helen", "ada"} {
		b := s.signedIn(name)
		b.get(path).wantStatus(t, http.StatusForbidden)
		b.post(path, url.Values{"user_name": {"mallory"}}).wantStatus(t, http.StatusForbidden)
	}
	if n := s.Local.Calls()["CreateUser"]; n != before {
		t.Errorf("IAM was asked to create %d users", n-before)
	}
}
