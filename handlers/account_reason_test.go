package handlers_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keydesk/web"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

// Changes of Keydesk's own accounts are asked for a reason like those to IAM.
func TestReasonOfAccountChanges(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.with(func(o *web.Options) { o.RequireReason = true })
	admin := s.signedIn("admin")
	helen := s.personPath("helen")
	s.signedIn("helen")
	for _, step := range []struct {
		page, action string
		form         url.Values
		event        string
	}{
		{"/local-accounts", "/local-accounts", url.Values{"user_name": {"zoe"}, "role": {"auditor"}, "password": {password}}, "CreateLocalAccount"},
		{helen, helen + "/end-sessions", nil, "EndLocalAccountSessions"},
		{helen, helen + "/role", url.Values{"role": {"auditor"}}, "SetLocalAccountRole"},
		{helen, helen + "/password", url.Values{"password": {"a brand new password"}}, "ResetLocalAccountPassword"},
		{helen, helen + "/disabled", nil, "DisableLocalAccount"},
		{helen, helen + "/disabled", nil, "EnableLocalAccount"},
	} {
		page := admin.submit(admin.get(step.page), step.action, step.form).wantStatus(t, http.StatusUnprocessableEntity).
			wantText(t, "Every change needs a reason or ticket")
		if n := strings.Count(page.Body, "Every change needs a reason"); n != 1 {
			t.Errorf("%s: %d forms are marked", step.event, n)
		}
		if rows := s.events(step.event); len(rows) != 0 {
			t.Errorf("%s without a reason: %+v", step.event, rows)
		}
		form := url.Values{"reason": {"TICKET-7"}}
		maps.Copy(form, step.form)
		admin.submit(admin.get(step.page), step.action, form).wantStatus(t, http.StatusOK)
		for _, e := range s.events(step.event) {
			if e.Reason != "TICKET-7" || e.Outcome != audit.OutcomeOK && e.Phase == audit.PhaseOutcome {
				t.Errorf("%s: %+v", step.event, e)
			}
		}
		if len(s.events(step.event)) != 2 {
			t.Errorf("%s: %d rows", step.event, len(s.events(step.event)))
		}
	}
	if p := s.person("helen"); p.Role != auth.RoleAuditor || p.Disabled {
		t.Errorf("helen is %+v", p)
	}
}
