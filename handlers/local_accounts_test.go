package handlers_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keydesk/web/audit"
	"keydesk/web/auth"
)

// person is a local account by name.
func (s *site) person(name string) auth.LocalAccount {
	s.t.Helper()
	people, err := s.People.List(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range people {
		if p.Name == name {
			return p
		}
	}
	s.t.Fatalf("no local account %s", name)
	return auth.LocalAccount{}
}

func (s *site) personPath(name string) string { return "/local-accounts/" + s.person(name).ID }

func TestCreateLocalAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	list := admin.get("/local-accounts").wantStatus(t, http.StatusOK).wantText(t, "helen", "Help desk", "Delete inactive access keys")
	form := url.Values{"user_name": {"zoe"}, "role": {"auditor"}, "password": {"another long password"}}
	admin.submit(list, "/local-accounts", form).wantStatus(t, http.StatusOK).wantText(t, "Local account created", "zoe")
	if p := s.person("zoe"); p.Role != auth.RoleAuditor {
		t.Errorf("role %s", p.Role)
	}
	admin.submit(list, "/local-accounts", form).wantStatus(t, http.StatusConflict).wantText(t, "This form was already used")

	for name, c := range map[string]struct {
		form url.Values
		want string
	}{
		"taken":    {url.Values{"user_name": {"HELEN"}, "role": {"auditor"}, "password": {"another long password"}}, "A local account of this name exists already."},
		"name":     {url.Values{"user_name": {"<script>"}, "role": {"auditor"}, "password": {"another long password"}}, "Use 1 to 64 letters"},
		"password": {url.Values{"user_name": {"yan"}, "role": {"auditor"}, "password": {"tiny4711"}}, "Use at least 12 characters."},
		"role":     {url.Values{"user_name": {"yan"}, "role": {"root"}, "password": {"another long password"}}, "Choose one of the roles."},
	} {
		p := admin.submit(admin.get("/local-accounts"), "/local-accounts", c.form).wantStatus(t, http.StatusUnprocessableEntity).wantText(t, c.want)
		if strings.Contains(p.Body, c.form.Get("password")) || strings.Contains(p.Body, "<script>") {
			t.Errorf("%s: the page repeats what it should not", name)
		}
	}
	if people, _ := s.People.List(t.Context()); len(people) != 4 {
		t.Errorf("%d accounts", len(people))
	}
	if strings.Contains(s.Log.String(), "another long password") {
		t.Error("a password is in the log")
	}
}

func TestLocalAccountChangesEndSessions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		action string
		form   url.Values
		event  string
	}{
		"role":     {"/role", url.Values{"role": {"auditor"}}, "SetLocalAccountRole"},
		"disable":  {"/disabled", nil, "DisableLocalAccount"},
		"password": {"/password", url.Values{"password": {"a brand new password"}}, "ResetLocalAccountPassword"},
		"sessions": {"/end-sessions", nil, "EndLocalAccountSessions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			admin, helen := s.signedIn("admin"), s.signedIn("helen")
			path := s.personPath("helen")
			admin.submit(admin.get(path), path+c.action, c.form).wantStatus(t, http.StatusOK)
			if p := helen.get("/search"); p.URL.Path != "/sign-in" {
				t.Errorf("helen is still at %s", p.URL)
			}
			rows := s.events(c.event)
			if len(rows) != 2 || rows[0].Phase != audit.PhaseOutcome || rows[0].Outcome != audit.OutcomeOK || rows[0].Attempt != rows[1].Seq ||
				rows[1].User != "local/helen" || rows[1].Actor.Name != "admin" {
				t.Errorf("journal: %+v", rows)
			}
		})
	}
}

// TestDisabledAccountIsOutAtOnce changes the account behind the session's back.
func TestDisabledAccountIsOutAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	helen := s.signedIn("helen")
	helen.get("/search").wantStatus(t, http.StatusOK)
	if err := s.People.SetDisabled(t.Context(), s.person("helen").ID, true); err != nil {
		t.Fatal(err)
	}
	if p := helen.get("/search"); p.URL.Path != "/sign-in" {
		t.Errorf("a disabled account is at %s", p.URL)
	}
	ada := s.signedIn("ada")
	ada.get("/audit-log").wantStatus(t, http.StatusOK)
	if err := s.People.SetRole(t.Context(), s.person("ada").ID, auth.RoleHelpDesk); err != nil {
		t.Fatal(err)
	}
	ada.get("/audit-log").wantStatus(t, http.StatusForbidden)
}

func TestNobodyLocksThemselvesOut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	own := s.personPath("admin")
	page := admin.get(own).wantStatus(t, http.StatusOK).wantText(t, "This is your own account.")
	for _, action := range []string{"/role", "/disabled", "/password"} {
		if _, offered := page.form(t, own+action); offered {
			t.Errorf("%s is offered for the own account", action)
		}
		admin.post(own+action, url.Values{"role": {"auditor"}, "disabled": {"yes"}, "password": {"a brand new password"}}).
			wantStatus(t, http.StatusConflict).wantText(t, "This is your own account")
	}
	if p := s.person("admin"); p.Role != auth.RoleAdministrator || p.Disabled {
		t.Errorf("the account was changed: %+v", p)
	}
}

// TestLastAdministrator: of two administrators one may demote the other, and
// is then the last.
func TestLastAdministrator(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if _, err := s.People.Create(t.Context(), "second", auth.RoleAdministrator, password); err != nil {
		t.Fatal(err)
	}
	second := s.signedIn("second")
	path := s.personPath("admin")
	second.submit(second.get(path), path+"/role", url.Values{"role": {"auditor"}}).wantStatus(t, http.StatusOK).wantText(t, "Role changed")
	if err := s.People.SetRole(t.Context(), s.person("second").ID, auth.RoleAuditor); !errors.Is(err, auth.ErrLastAdministrator) {
		t.Fatalf("the last administrator was demoted (%v)", err)
	}
}

func TestHelpDeskManagesNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := s.personPath("ada")
	for _, name := range []string{"helen", "ada"} {
		b := s.signedIn(name)
		b.get("/local-accounts").wantStatus(t, http.StatusForbidden)
		for action, form := range map[string]url.Values{
			"/role": {"role": {"administrator"}}, "/disabled": {"disabled": {"yes"}}, "/password": {"password": {"a brand new password"}}, "/end-sessions": nil,
		} {
			b.post(path+action, form).wantStatus(t, http.StatusForbidden)
		}
		b.post("/local-accounts", url.Values{"user_name": {"mallory"}, "role": {"administrator"}, "password": {password}}).wantStatus(t, http.StatusForbidden)
	}
	if p := s.person("ada"); p.Role != auth.RoleAuditor || p.Disabled {
		t.Errorf("changed: %+v", p)
	}
}

// TestLocalAccountFormsAreBound: a token works for its own action and person.
func TestLocalAccountFormsAreBound(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	helen, ada := s.personPath("helen"), s.personPath("ada")
	token, ok := admin.get(helen).form(t, helen+"/role")
	if !ok {
		t.Fatal("no form")
	}
	token.Set("role", "administrator")
	admin.post(ada+"/role", token).wantStatus(t, http.StatusConflict)
	token.Set("disabled", "yes")
	admin.post(helen+"/disabled", token).wantStatus(t, http.StatusConflict)
	admin.post(helen+"/role", url.Values{"role": {"administrator"}}).wantStatus(t, http.StatusConflict)
	if s.person("ada").Role != auth.RoleAuditor || s.person("helen").Disabled || s.person("helen").Role != auth.RoleHelpDesk {
		t.Error("a foreign token changed something")
	}
	admin.get("/local-accounts/nobody").wantStatus(t, http.StatusNotFound)
}

func TestChangeOwnPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	here, elsewhere := s.signedIn("helen"), s.signedIn("helen")
	const fresh = "an entirely new password"
	change := func(current, wanted string) page {
		return here.submit(here.get("/settings"), "/settings/password", url.Values{"current_password": {current}, "new_password": {wanted}})
	}
	change("not my password", fresh).wantText(t, "The current password is not right.")
	change(password, "short").wantText(t, "Use at least 12 characters.")
	elsewhere.get("/search").wantStatus(t, http.StatusOK)
	change(password, fresh).wantStatus(t, http.StatusOK).wantText(t, "Password changed")
	if p := elsewhere.get("/search"); p.URL.Path != "/sign-in" {
		t.Error("the other session goes on")
	}
	if p := here.get("/search"); p.URL.Path != "/search" {
		t.Error("the own session ended")
	}
	s.browser().post("/sign-in", url.Values{"user_name": {"helen"}, "password": {password}}).wantStatus(t, http.StatusUnprocessableEntity)
	if strings.Contains(s.Log.String(), fresh) {
		t.Error("the password is in the log")
	}
}

func TestMySessions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	here, there, third := s.signedIn("helen"), s.signedIn("helen"), s.signedIn("helen")
	ada := s.signedIn("ada")
	list := here.get("/my-sessions").wantStatus(t, http.StatusOK).wantText(t, "This session", "127.0.0.1", "(3)")

	// Somebody else's session cannot be ended, even by its handle.
	sessions := s.sessionsOf("ada")
	form, ok := list.form(t, "/my-sessions/end")
	if !ok {
		t.Fatal("no form")
	}
	form.Set("session", sessions[0])
	here.post("/my-sessions/end", form).wantStatus(t, http.StatusConflict)
	if p := ada.get("/search"); p.URL.Path != "/search" {
		t.Fatal("ended somebody else's session")
	}

	form.Set("session", "others")
	here.post("/my-sessions/end", form).wantStatus(t, http.StatusOK).wantText(t, "Session ended", "(1)")
	for _, b := range []*browser{there, third} {
		if p := b.get("/search"); p.URL.Path != "/sign-in" {
			t.Error("another session goes on")
		}
	}
	if rows := s.events("EndSession"); len(rows) != 2 || rows[0].Outcome != audit.OutcomeOK {
		t.Errorf("journal: %+v", rows)
	}
}

// sessionsOf are the handles of a person's sessions.
func (s *site) sessionsOf(name string) (handles []string) {
	s.t.Helper()
	rows, err := s.DB.Query(s.t.Context(), `SELECT handle FROM sessions WHERE user_id = ?`, s.person(name).ID)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var h string
		if err := rows.Scan(&h); err != nil {
			s.t.Fatal(err)
		}
		handles = append(handles, h)
	}
	return handles
}
