package handlers_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keydesk/iamsvc"
	"keydesk/iamsvc/localaccount"
)

func TestUserPageShowsEveryCredential(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	b.get(userURLs+noKeys).wantStatus(t, http.StatusOK).wantText(t,
		"<title>"+noKeys+" | Keydesk</title>", "arn:aws:iam::123456789012:user/apps/"+noKeys, "Last console sign-in",
		"Console sign-in", "Multi-factor authentication (MFA)", "No access keys", "Create access key",
		"SSH public keys for AWS CodeCommit", "HTTPS Git credentials for AWS CodeCommit", noKeys+"-at-123456789012",
		"Credentials for Amazon Keyspaces (for Apache Cassandra)", "X.509 Signing certificates")
	b.get(userURLs+"terraform-runner").wantText(t, "This user has 3 access keys", "Access key 3", `aria-disabled="true" aria-describedby="create-reason"`)
	b.get(userURLs+"dev-sandbox-bot").wantText(t, "AWS has quarantined this user", "Deactivate the exposed key now", "Found in a public repository")
	b.get(userURLs+"dev-sandbox-bot/permissions").wantText(t, "AWSCompromisedKeyQuarantineV3", "Inline policies", "Permissions boundary")
	b.get(userURLs+"dev-sandbox-bot/groups").wantText(t, "Developers", "<title>dev-sandbox-bot: groups | Keydesk</title>",
		`href="/accounts/123456789012/dashboard">IAM</a>`, `href="/accounts/123456789012/users">IAM users</a>`)
	b.get(userURLs+"dev-sandbox-bot/tags").wantText(t, "Owner", "Développement", "Description of the access key")
	b.get(userURLs+"dev-sandbox-bot/activity").wantText(t, "Nothing was done to this user with Keydesk.")
	name := "svc+deploy=prod,eu.west@corp_1-x"
	b.get(userURLs+url.PathEscape(name)).wantStatus(t, http.StatusOK).wantText(t, name)
	for _, tab := range []string{"", "/permissions", "/groups", "/tags", "/activity"} {
		b.get(userURLs+"nobody-here"+tab).wantStatus(t, http.StatusNotFound).wantText(t, "No such user", "IAM users")
	}
}

func TestHelpDeskSeesNoActions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.keyWith(oneOfEach, iamsvc.KeyActive)
	p := s.signedIn("helen").get(userURLs+oneOfEach).wantStatus(t, http.StatusOK).wantText(t, key.ID, "Copy for ticket", "AWS account: keydesk-demo")
	for _, absent := range []string{"Create access key", "popovertarget=\"actions-", "<dialog id=\"de", `name="token"`, "/deactivate"} {
		if strings.Contains(p.Body, absent) {
			t.Errorf("help desk is shown %s", absent)
		}
	}
}

func TestPartsThatCannotBeReadSaySo(t *testing.T) {
	t.Parallel()
	for action, want := range map[string][]string{
		"ListMFADevices":                 {"Not allowed to see: the identity Keydesk runs as lacks an IAM permission, iam:ListMFADevices, which an administrator of the AWS account can grant."},
		"ListAccessKeys":                 {"Not allowed to see", "Access keys", "iam:ListAccessKeys"},
		"GetAccessKeyLastUsed":           {"Not allowed to see", "Last use not known.", "It is not known when this key was last used"},
		"GetLoginProfile":                {"Not allowed to see"},
		"ListServiceSpecificCredentials": {"Not allowed to see"},
		"GetUser":                        {"The user could not be read"},
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			b := s.signedIn("admin")
			s.Local.Trouble().Set(action, func(r *localaccount.Rules) { r.Deny = true })
			p := b.get(userURLs+oneOfEach).wantStatus(t, http.StatusOK).wantText(t, append(want, "X.509 Signing certificates")...)
			if action == "ListAccessKeys" && strings.Contains(p.Body, "No access keys") {
				t.Error("keys that may not be seen are called none")
			}
			if strings.Contains(p.Body, "Never used.") {
				t.Error("an answer that is missing is taken for never")
			}
		})
	}
}

func TestUserPageWhenIAMIsDown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	s.Local.Trouble().Set("", func(r *localaccount.Rules) { r.Deny = true })
	b.get(userURLs+oneOfEach).wantStatus(t, http.StatusOK).wantText(t, "The user could not be read", "Not allowed to see")
}

func TestOwnCredentials(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.signedIn("admin")
	own := accountURL + "/my-security-credentials"
	inUse := s.Account.Identity().AccessKeyID
	verb := func(id, verb string) string { return own + "/" + id[len(id)-8:] + "/" + verb }

	p := admin.get(own).wantStatus(t, http.StatusOK).wantText(t, "My security credentials", "the identity Keydesk itself runs as",
		"arn:aws:iam::123456789012:user/keydesk", inUse, "Keydesk itself uses this key.")
	if strings.Contains(p.Body, verb(inUse, "deactivate")) || strings.Contains(p.Body, verb(inUse, "delete")) {
		t.Error("the key in use can be switched off from its card")
	}
	forged, _ := admin.get(verb(inUse, "deactivate")).form(t, verb(inUse, "deactivate"))
	admin.post(verb(inUse, "deactivate"), forged).wantStatus(t, http.StatusConflict).wantText(t, "Keydesk itself uses this access key")
	asUser := admin.get(keyURL("keydesk", inUse, "deactivate"))
	admin.submit(asUser, keyURL("keydesk", inUse, "deactivate"), nil).wantStatus(t, http.StatusConflict)
	s.wantCalls(nil)

	id, _ := admin.createKey("keydesk", "").newKey(t)
	question := admin.get(verb(id, "deactivate")).wantStatus(t, http.StatusOK)
	after := admin.submit(question, verb(id, "deactivate"), nil).wantStatus(t, http.StatusOK).wantText(t, "Access key deactivated")
	if after.URL.Path != own {
		t.Errorf("deactivating an own key leads to %s", after.URL)
	}
	after = admin.submit(after, verb(id, "activate"), nil).wantStatus(t, http.StatusOK).wantText(t, "Access key activated")
	after = admin.submit(after, verb(id, "deactivate"), nil).wantStatus(t, http.StatusOK)
	admin.submit(after, verb(id, "delete"), url.Values{"typed_access_key_id": {id}}).wantStatus(t, http.StatusOK).wantText(t, "Access key deleted")
	if got := s.statusOf("keydesk", id); got != "deleted" {
		t.Errorf("the key is %s", got)
	}

	seen := s.signedIn("ada").get(own).wantStatus(t, http.StatusOK).wantText(t, inUse)
	if strings.Contains(seen.Body, `name="token"`) {
		t.Error("an auditor is offered to change Keydesk's own keys")
	}
	s.signedIn("helen").get(own).wantStatus(t, http.StatusForbidden)
}
