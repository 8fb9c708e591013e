package handlers

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func before(d time.Duration) time.Time { return noon.Add(-d) }

// testView is alice's page as an administrator sees it.
func testView() userView {
	return userView{
		home:     keyHome{id: "123456789012", user: "alice"},
		identity: iamsvc.Identity{Account: "123456789012", Alias: "demo", Partition: "aws", AccessKeyID: "AKIAKEYDESKITSELF000"},
		details:  iamsvc.UserDetails{User: iamsvc.User{Name: "alice", ARN: "arn:aws:iam::123456789012:user/alice"}},
		may:      auth.User{Role: auth.RoleAdministrator},
		now:      noon,
	}
}

func testKey(end string, s iamsvc.KeyStatus) iamsvc.AccessKey {
	return iamsvc.AccessKey{ID: "AKIAIOSFODNN7EX" + end, Status: s, Created: before(12 * day), LastUsed: iamsvc.NeverUsed(noon)}
}

func TestKeyUse(t *testing.T) {
	t.Parallel()
	used := func(at time.Time) iamsvc.LastUsed {
		if at.IsZero() {
			return iamsvc.NeverUsed(noon)
		}
		return iamsvc.Used(at, "", "", noon)
	}
	for _, c := range []struct {
		created time.Time
		used    iamsvc.LastUsed
		want    string
	}{
		{before(10 * time.Minute), used(time.Time{}), "Never used. Created today."},
		{before(9 * time.Hour), used(before(time.Minute)), "Used today. 9 hours old."},
		{before(time.Hour), used(before(time.Minute)), "Used today. 1 hour old."},
		{before(12 * day), used(before(23 * time.Hour)), "Used today. 12 days old."},
		{before(day), used(before(day)), "Used 1 day ago. 1 day old."},
		{before(400 * day), used(before(198 * day)), "Used 198 days ago. 400 days old."},
		{time.Time{}, iamsvc.LastUsed{}, "Last use not known. Age not known."},
		{before(day), iamsvc.LastUsed{Err: iamsvc.ErrDenied}, "Last use not known. 1 day old."},
	} {
		if got := keyUse(noon, iamsvc.AccessKey{Created: c.created, LastUsed: c.used}); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestConsoleAccess(t *testing.T) {
	t.Parallel()
	denied := &iamsvc.Denied{Action: "iam:ListMFADevices"}
	for _, c := range []struct {
		profile  bool
		loginErr error
		devices  int
		mfaErr   error
		want     views.Status
	}{
		{want: views.Status{Text: "Disabled"}},
		{loginErr: denied, want: views.Status{Kind: "warning", Text: "Not allowed to see"}},
		{profile: true, want: views.Status{Kind: "warning", Text: "Enabled without MFA"}},
		{profile: true, devices: 1, want: views.Status{Kind: "success", Text: "Enabled with MFA"}},
		{profile: true, mfaErr: denied, want: views.Status{Kind: "info", Text: "Enabled, MFA not allowed to see"}},
	} {
		d := iamsvc.UserDetails{}
		d.LoginProfile = iamsvc.Part[iamsvc.LoginProfile]{Value: iamsvc.LoginProfile{Exists: c.profile}, Err: c.loginErr}
		d.MFADevices = iamsvc.Part[[]iamsvc.MFADevice]{Value: make([]iamsvc.MFADevice, c.devices), Err: c.mfaErr}
		if got := consoleAccess(d); got != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
}

func TestKeySummaries(t *testing.T) {
	t.Parallel()
	v := testView()
	if got := keySummaries(v); len(got) != 1 || got[0].Term != "Access key 1" || got[0].CreateURL == "" {
		t.Errorf("no key: %+v", got)
	}
	v.details.Keys.Value = []iamsvc.AccessKey{testKey("00001", iamsvc.KeyActive)}
	if got := keySummaries(v); len(got) != 2 || got[0].ID == "" || got[1].Term != "Access key 2" || got[1].CreateURL == "" {
		t.Errorf("one key: %+v", got)
	}
	v.may = auth.User{Role: auth.RoleHelpDesk}
	if got := keySummaries(v); got[1].CreateURL != "" {
		t.Error("help desk is offered to create a key")
	}
	v.details.Keys.Value = append(v.details.Keys.Value, testKey("00002", "Expired"), testKey("00003", iamsvc.KeyInactive))
	if got := keySummaries(v); len(got) != 3 || got[1].Status != (views.Status{Kind: "warning", Text: "Expired"}) {
		t.Errorf("three keys: %+v", got)
	}
	v.details.Keys = iamsvc.Part[[]iamsvc.AccessKey]{Err: iamsvc.ErrDenied}
	if got := keySummaries(v); len(got) != 1 || got[0].Status.Text != textNotAllowed {
		t.Errorf("keys that may not be seen: %+v", got)
	}
	if counted := accessKeysSection(v, nil); counted.Heading.Count != "" || counted.Unread.Text == "" {
		t.Errorf("keys that may not be seen are counted: %+v", counted)
	}
}

func TestKeyCardNeverTakesUnreadForNever(t *testing.T) {
	t.Parallel()
	v := testView()
	for _, c := range []struct {
		used iamsvc.LastUsed
		want string // last used, region, service
	}{
		{iamsvc.NeverUsed(noon), "None|N/A|N/A"},
		{iamsvc.Used(before(4*time.Minute), "eu-west-1", "s3", noon), "4 minutes ago|eu-west-1|s3"},
		{iamsvc.LastUsed{Err: &iamsvc.Denied{Action: "iam:GetAccessKeyLastUsed"}}, "Not allowed to see: the identity Keydesk runs as lacks an IAM permission, iam:GetAccessKeyLastUsed, which an administrator of the AWS account can grant.|Not allowed to see|Not allowed to see"},
		{iamsvc.LastUsed{Err: iamsvc.ErrThrottled}, "Could not be read: IAM is throttling requests.|Could not be read|Could not be read"},
		{iamsvc.LastUsed{}, "Not read yet|Not read yet|Not read yet"},
	} {
		k := testKey("AMPLE", iamsvc.KeyActive)
		k.LastUsed = c.used
		card := newKeyCard(v, k, keyForms{})
		if got := card.LastUsedUnread.Text + card.LastUsed.Text + "|" + card.Region + "|" + card.Service; got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// menuOf is the card's menu in short: text, and what choosing it does.
func menuOf(c views.KeyCard) string {
	var b strings.Builder
	for _, i := range c.Actions {
		b.WriteString(i.Text + ":")
		switch {
		case i.Disabled:
			b.WriteString(i.Reason)
		case i.Post:
			b.WriteString("posts")
		case i.Dialog != "":
			b.WriteString("dialog")
		default:
			b.WriteString("page")
		}
		b.WriteString("|")
	}
	return b.String()
}

func TestKeyActionsSayWhyTheyAreNotAvailable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		key  iamsvc.AccessKey
		role auth.Role
		want string
	}{
		{"active", testKey("AMPLE", iamsvc.KeyActive), auth.RoleAdministrator,
			"Activate:" + reasonActive + "|Deactivate:dialog|Edit description:dialog|Delete:page|"},
		{"inactive", testKey("AMPLE", iamsvc.KeyInactive), auth.RoleAdministrator,
			"Activate:posts|Deactivate:" + reasonInactive + "|Edit description:dialog|Delete:dialog|"},
		{"unknown status", testKey("AMPLE", "Expired"), auth.RoleAdministrator,
			"Activate:IAM calls the key Expired.|Deactivate:dialog|Edit description:dialog|Delete:page|"},
		{"own key", iamsvc.AccessKey{ID: "AKIAKEYDESKITSELF000", Status: iamsvc.KeyActive}, auth.RoleAdministrator,
			"Activate:" + reasonActive + "|Deactivate:" + reasonOwnKey + "|Edit description:dialog|Delete:" + reasonOwnKey + "|"},
		{"help desk", testKey("AMPLE", iamsvc.KeyActive), auth.RoleHelpDesk, ""},
		{"auditor", testKey("AMPLE", iamsvc.KeyActive), auth.RoleAuditor, ""},
	} {
		v := testView()
		v.may = auth.User{Role: c.role}
		card := newKeyCard(v, c.key, keyForms{})
		if got := menuOf(card); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if offered := card.Ticket != ""; offered != (c.want == "") {
			t.Errorf("%s: text for a ticket offered: %v", c.name, offered)
		}
		for _, item := range card.Actions {
			if item.Dialog != "" && !hasQuestion(card, item.Dialog) {
				t.Errorf("%s: no dialog %s", c.name, item.Dialog)
			}
		}
	}
}

func hasQuestion(c views.KeyCard, id string) bool {
	for _, q := range c.Questions {
		if q.Confirm.ID == id {
			return true
		}
	}
	return false
}

func TestRecentUseWarning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		used        iamsvc.LastUsed
		title, text string
	}{
		{iamsvc.Used(before(4*time.Minute), "eu-west-1", "s3", noon), "This key was used 4 minutes ago", "It called s3 in eu-west-1."},
		{iamsvc.Used(before(time.Second), "N/A", "s3", noon), "This key was used just now", "It called s3. "},
		{iamsvc.Used(before(90*day), "", "s3", noon), "This key was used 90 days ago", "It called s3"},
		{iamsvc.Used(before(91*day), "", "", noon), "", ""},
		{iamsvc.NeverUsed(noon), "", ""},
		{iamsvc.LastUsed{Err: iamsvc.ErrDenied}, "It is not known when this key was last used", "could not be read"},
	} {
		q := deactivateQuestion(keySubject{now: noon, key: iamsvc.AccessKey{ID: "AKIA", LastUsed: c.used}})
		if q.Warning.Text != c.title || !strings.Contains(q.WarningText, c.text) {
			t.Errorf("got %q %q, want %q %q", q.Warning.Text, q.WarningText, c.title, c.text)
		}
	}
}

func TestTicketText(t *testing.T) {
	t.Parallel()
	v := testView()
	v.may = auth.User{Role: auth.RoleHelpDesk}
	v.details.User.Tags = []iamsvc.Tag{{Key: "Owner", Value: "Payments"}, {Key: "CostCenter", Value: "42"}}
	k := testKey("AMPLE", iamsvc.KeyInactive)
	k.LastUsed = iamsvc.Used(before(2*day), "eu-west-1", "s3", noon)
	want := `Access key ID: AKIAIOSFODNN7EXAMPLE
IAM user: alice
ARN: arn:aws:iam::123456789012:user/alice
AWS account: demo · 123456789012
Status: Inactive
Description: -
Created: November 10, 2026, 12:00 (UTC). 12 days old.
Last used: November 20, 2026, 12:00 (UTC) (2 days ago), service s3, region eu-west-1
Owner (tag): Payments
As of: November 22, 2026, 12:00 (UTC)`
	if got := newKeyCard(v, k, keyForms{}).Ticket; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestConsoleSignInLink(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		partition, alias string
		console          bool
		want             string
	}{
		{"aws", "demo", true, "https://demo.signin.aws.amazon.com/console"},
		{"aws", "", true, "https://123456789012.signin.aws.amazon.com/console"},
		{"aws-cn", "demo", true, "https://demo.signin.amazonaws.cn/console"},
		{"aws-us-gov", "", true, "https://123456789012.signin.amazonaws-us-gov.com/console"},
		{"aws-iso", "demo", true, ""},
		{"aws", "demo", false, ""},
	} {
		v := testView()
		v.identity.Partition, v.identity.Alias, v.console = c.partition, c.alias, c.console
		if got := consoleSignIn(v).Link; got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestActivityShowsAttemptsOnlyWithoutOutcome(t *testing.T) {
	t.Parallel()
	events := []audit.Event{
		{Seq: 4, Phase: audit.PhaseAttempt, Action: "DeleteAccessKey"},
		{Seq: 3, Phase: audit.PhaseOutcome, Attempt: 2, Action: "UpdateAccessKey", Outcome: audit.OutcomeFailed, ErrorCode: "Throttling"},
		{Seq: 2, Phase: audit.PhaseAttempt, Action: "UpdateAccessKey"},
	}
	table := activityTable(testView(), events, 200)
	if len(table.Rows) != 2 || table.Rows[0][4].Status.Text != "Started, no outcome recorded" || table.Rows[1][4].Status.Text != "Failed (Throttling)" {
		t.Errorf("rows: %+v", table.Rows)
	}
	if table.Note == "" || table.Rows[0][1].URL != "/audit-log/4" {
		t.Errorf("note %q, link %q", table.Note, table.Rows[0][1].URL)
	}
}

// TestHostileTextStaysText renders every part of a user's page with text that
// would like to be markup.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>` + "\u202e{{evil}}'"
	v := testView()
	v.details.User = iamsvc.User{Name: evil, ARN: evil, PermissionsBoundary: evil, Tags: []iamsvc.Tag{{Key: evil, Value: evil}, {Key: "owner", Value: evil}}}
	key := iamsvc.AccessKey{ID: evil, Status: iamsvc.KeyStatus(evil), Description: evil, LastUsed: iamsvc.Used(noon, evil, evil, noon)}
	v.details.Keys.Value = []iamsvc.AccessKey{key, testKey("AMPLE", iamsvc.KeyInactive), testKey("00002", evil)}
	v.details.Groups.Value = []iamsvc.Group{{Name: evil, Path: evil}}
	v.details.AttachedPolicies.Value = []iamsvc.AttachedPolicy{{Name: evil, ARN: evil}}
	v.details.InlinePolicies.Value = []string{evil}
	v.details.MFADevices.Value = []iamsvc.MFADevice{{SerialNumber: evil, Kind: evil}}
	v.details.SSHPublicKeys.Value = []iamsvc.SSHPublicKey{{ID: evil, Status: evil}}
	v.details.ServiceSpecificCredentials.Value = []iamsvc.ServiceSpecificCredential{{ID: evil, Service: evil, UserName: evil, Status: evil}}
	for _, role := range auth.Roles() {
		v.may = auth.User{Role: role}
		var page bytes.Buffer
		credentials := newSecurityCredentialsPage(v, nil)
		tables := views.UserTablesPage{User: newUserHeader(v, tabPermissions), Tables: append(permissionTables(v), tagsTable(v),
			activityTable(v, []audit.Event{{Seq: 1, Action: evil, Reason: evil, Outcome: evil, AccessKeyID: evil}}, 1))}
		question := views.KeyQuestionPage{Question: describeQuestion(keySubject{now: noon, home: v.home, key: key})}
		err := errors.Join(views.SecurityCredentials(credentials).Render(t.Context(), &page),
			views.UserTables(tables).Render(t.Context(), &page), views.AskAboutKey(question).Render(t.Context(), &page))
		if err != nil {
			t.Fatal(err)
		}
		for _, markup := range []string{evil, "<script>alert", "<img"} {
			if strings.Contains(page.String(), markup) {
				t.Errorf("%s: %s is in the page", role, markup)
			}
		}
		if !strings.Contains(page.String(), "&lt;script&gt;alert(1)") {
			t.Errorf("%s: the text is not shown at all", role)
		}
	}
}

func TestOwnAccessKeysPage(t *testing.T) {
	t.Parallel()
	own := testView()
	own.home = keyHome{id: "123456789012", user: "keydesk", own: true}
	own.details.Keys.Value = []iamsvc.AccessKey{{ID: "AKIAKEYDESKITSELF000", Status: iamsvc.KeyActive}, testKey("AMPLE", iamsvc.KeyInactive)}
	own.identity.UserName = "keydesk"

	page := newOwnAccessKeysPage(own, nil)
	if len(page.Notices) != 0 || len(page.Keys.Cards) != 2 || page.Keys.MayCreate {
		t.Errorf("an IAM user: %+v", page)
	}
	if got, want := menuOf(page.Keys.Cards[0]), "Activate:"+reasonActive+"|Deactivate:"+reasonOwnKey+"|Delete:"+reasonOwnKey+"|"; got != want {
		t.Errorf("key in use: %s", got)
	}
	if got, want := page.Keys.Cards[1].Actions[0].URL, "/accounts/123456789012/my-security-credentials/"+keyHash("AKIAIOSFODNN7EXAMPLE")+"/activate"; got != want {
		t.Errorf("an own key is activated at %s, want %s", got, want)
	}

	own.identity.IsRoot, own.identity.UserName = true, ""
	if page := newOwnAccessKeysPage(own, nil); len(page.Notices) != 1 || page.Notices[0].Kind != "error" || len(page.Keys.Cards) != 2 {
		t.Errorf("the root user: %+v", page)
	}
	own.identity.IsRoot, own.identity.ARN = false, "arn:aws:sts::123456789012:assumed-role/ops/keydesk"
	if page := newOwnAccessKeysPage(own, nil); len(page.Notices) != 1 || page.Notices[0].Kind != "info" || len(page.Keys.Cards) != 0 || page.Keys.Heading.Title != "" {
		t.Errorf("a role: %+v", page)
	}
}
