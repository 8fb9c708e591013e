package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

// The tabs of a user's page: the last segment of each one's path. Security
// credentials are the page itself, since access keys are what people come for.
const (
	tabPermissions = "permissions"
	tabGroups      = "groups"
	tabTags        = "tags"
	tabCredentials = ""
	tabActivity    = "activity"
)

// keysPerUser is IAM's quota of access keys of one user (IAM User Guide,
// quotas). It cannot be raised, but creating several at once can exceed it. Other
// servers have quotas of their own, which show when they refuse.
const keysPerUser = 2

// fullAt reports whether AWS would refuse the user another key. Any other server is
// asked.
func (h keyHome) fullAt(keys int) bool { return keys >= keysPerUser && h.onAWS() }

func (h keyHome) onAWS() bool { return h.account == nil || h.account.OnAWS() }

// userView is what every tab of a user's page is made from.
type userView struct {
	home      keyHome
	identity  iamsvc.Identity
	details   iamsvc.UserDetails
	may       auth.User // who looks
	now       time.Time
	console   bool                   // the account has AWS's console
	unsaved   map[string]audit.Event // by key ID: keys nobody has said to have the secret of
	strict    bool                   // every change needs a reason
	protected string                 // the rule that protects the user; "" for none
}

// view reads the user the URL names and makes the frame of the page.
func (u Users) view(w http.ResponseWriter, r *http.Request) (userView, views.Shell, error) {
	account, name, err := u.owner(r)
	if err != nil {
		return userView{}, views.Shell{}, err
	}
	home := keyHome{account: account, id: account.ID(), user: name}
	details, err := account.UserDetails(r.Context(), name)
	if err != nil {
		return userView{}, views.Shell{}, home.fail(err)
	}
	shell, err := u.Shell(w, r, Page{Title: name, Current: usersPath(account.ID()), Crumbs: []views.Crumb{
		{Text: "IAM users", URL: usersPath(account.ID())}, {Text: name},
	}})
	v := userView{home: home, identity: account.Identity(), details: details, may: u.user(r), now: u.Now(), console: account.OnAWS() && !u.Embedded,
		strict: u.RequireReason, protected: account.ProtectedBy(details.User)}
	return v, shell, err
}

func (v userView) account() string { return v.home.id }
func (v userView) name() string    { return v.home.user }
func (v userView) path() string    { return v.home.page() }

// newUserHeader is what stands above every tab.
func newUserHeader(v userView, tab string) views.UserHeader {
	user := v.details.User
	return views.UserHeader{
		Name: user.Name, ARN: user.ARN, Created: stamp(v.now, user.Created),
		ConsoleAccess: consoleAccess(v.details), LastSignIn: lastSignIn(v.now, v.details),
		Keys: keySummaries(v), Notices: userNotices(v), Tabs: userTabs(v, tab),
	}
}

func consoleAccess(d iamsvc.UserDetails) views.Status {
	switch {
	case d.LoginProfile.Err != nil:
		return unread(d.LoginProfile.Err)
	case !d.LoginProfile.Value.Exists:
		return views.Status{Text: "Disabled"}
	case d.MFADevices.Err != nil:
		return views.Status{Kind: "info", Text: "Enabled, MFA " + strings.ToLower(unread(d.MFADevices.Err).Text)}
	case len(d.MFADevices.Value) == 0:
		return views.Status{Kind: "warning", Text: "Enabled without MFA"}
	}
	return views.Status{Kind: "success", Text: "Enabled with MFA"}
}

func lastSignIn(now time.Time, d iamsvc.UserDetails) views.Time {
	if d.UserErr != nil && d.User.PasswordLastUsed.IsZero() {
		return views.Time{Text: unread(d.UserErr).Text}
	}
	return stamp(now, d.User.PasswordLastUsed)
}

// unread says why something is not shown. It never looks like "none".
func unread(err error) views.Status {
	if err == nil {
		return views.Status{}
	}
	l := unreadLine(err)
	return views.Status{Kind: l.Kind, Text: l.Text}
}

// unreadPart is unread with the reason, for a container of its own.
func unreadPart(err error) views.Status {
	s := unread(err)
	if err != nil {
		s.Text += ": " + unreadBecause(err) + "."
	}
	return s
}

// keySummaries are "Access key 1" and "Access key 2", and more where a user
// has more. Only the first free one offers to create a key, as in the console.
func keySummaries(v userView) []views.KeySummary {
	keys := v.details.Keys
	if keys.Err != nil && len(keys.Value) == 0 {
		return []views.KeySummary{{Term: "Access keys", Status: unread(keys.Err)}}
	}
	var list []views.KeySummary
	for i, k := range keys.Value {
		list = append(list, views.KeySummary{
			Term: fmt.Sprintf("Access key %d", i+1), ID: k.ID, Status: accessKeyStatus(k.Status, v.details.Quarantined),
			Use: keyUse(v.now, k), URL: keyOn(v.path(), k.ID),
		})
	}
	if keys.Err == nil && !v.home.fullAt(len(list)) {
		free := views.KeySummary{Term: fmt.Sprintf("Access key %d", len(list)+1)}
		if v.may.Can(auth.CreateAccessKeys) && v.protected == "" {
			free.CreateURL = keysPath(v.account(), v.name()) + "/create"
		}
		list = append(list, free)
	}
	return list
}

// keyStatus shows a status Keydesk does not know as the server said it.
func keyStatus(s iamsvc.KeyStatus) views.Status {
	switch {
	case isStatus(s, iamsvc.KeyActive):
		return views.Status{Kind: "success", Text: string(s)}
	case isStatus(s, iamsvc.KeyInactive):
		return views.Status{Kind: "inactive", Text: string(s)}
	case s == "":
		return views.Status{Kind: "inactive", Text: textNotKnown}
	}
	return views.Status{Kind: "warning", Text: string(s)}
}

// textQuarantined is what AWS has done to a user, wherever it is said in brief.
const textQuarantined = "Quarantined by AWS"

// accessKeyStatus never looks good where AWS has quarantined the key's owner:
// it does so when it found a key in public, which works on until it is deactivated.
func accessKeyStatus(s iamsvc.KeyStatus, quarantined bool) views.Status {
	status := keyStatus(s)
	if quarantined && !isStatus(s, iamsvc.KeyInactive) {
		return views.Status{Kind: "error", Text: status.Text + " - quarantined by AWS"}
	}
	return status
}

// isStatus ignores case, in which servers other than AWS differ.
func isStatus(s, other iamsvc.KeyStatus) bool { return strings.EqualFold(string(s), string(other)) }

// keyUse is the console's "Used today. 12 days old."
func keyUse(now time.Time, k iamsvc.AccessKey) string {
	return lastUseSentence(now, k.LastUsed) + " " + ageSentence(now, k.Created)
}

func lastUseSentence(now time.Time, u iamsvc.LastUsed) string {
	switch {
	case u.Never(now):
		return "Never used."
	case u.At.IsZero():
		return "Last use not known."
	case days(now, u.At) == 0:
		return "Used today."
	}
	return "Used " + ago(days(now, u.At), "day") + "."
}

func ageSentence(now, created time.Time) string {
	age := now.Sub(created)
	switch {
	case created.IsZero():
		return "Age not known."
	case age < time.Hour:
		return "Created today."
	case age < day:
		return count(int(age/time.Hour), "hour") + " old."
	}
	return count(days(now, created), "day") + " old."
}

// userNotices is what needs attention, and what to do about it.
func userNotices(v userView) []views.UserNotice {
	d := v.details
	var list []views.UserNotice
	if v.protected != "" {
		list = append(list, views.UserNotice{Kind: "info", Title: "This user is protected", Text: protectedText(v.protected) + " Access keys that exist can be deactivated and deleted."})
	}
	if d.Quarantined {
		list = append(list, views.UserNotice{Kind: "error", Title: "AWS has quarantined this user",
			Text: "AWS found an access key of this user in public and attached the policy AWSCompromisedKeyQuarantine to the user or a group. The policy limits what the key may do; it does not disable the key. Deactivate the exposed key now, find out in CloudTrail what it was used for, create another one for the workload, then delete the exposed key. Leave the policy where it is until AWS Support has closed the case."})
	}
	if d.QuarantineErr != nil && v.home.onAWS() {
		list = append(list, views.UserNotice{Kind: "info", Title: "Quarantine by AWS not known",
			Text: "Not all policies of this user and its groups could be read: " + notKnownBecause(d.QuarantineErr) + "."})
	}
	if n := len(d.Keys.Value); n > keysPerUser && v.home.onAWS() {
		list = append(list, views.UserNotice{Kind: "warning", Title: fmt.Sprintf("This user has %d access keys", n),
			Text: "IAM allows two, but keys created at the same moment can exceed that. Delete the ones nobody uses."})
	}
	if d.UserErr != nil {
		list = append(list, views.UserNotice{Kind: "warning", Title: "The user could not be read",
			Text: "What is known of the user comes from an earlier reading, without tags: " + unreadBecause(d.UserErr) + "."})
	}
	return list
}

func userTabs(v userView, current string) []views.Tab {
	d := v.details
	list := []views.Tab{
		{Text: "Permissions", URL: tabPermissions},
		{Text: "Groups", URL: tabGroups, Count: partCount(len(d.Groups.Value), d.Groups.Err)},
		{Text: "Tags", URL: tabTags, Count: partCount(len(d.User.Tags), d.UserErr)},
		{Text: "Security credentials", URL: tabCredentials},
		{Text: "Activity", URL: tabActivity},
	}
	for i := range list {
		list[i].Current = list[i].URL == current
		list[i].URL = strings.TrimSuffix(v.path()+"/"+list[i].URL, "/")
	}
	return list
}

// partCount is no count at all where it would be a guess.
func partCount(n int, err error) string {
	if err != nil {
		return ""
	}
	return fmt.Sprint(n)
}
