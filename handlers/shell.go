package handlers

import (
	"net/http"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/auth"
	"keydesk/web/db"
)

// Shell is the frame around a page for whoever is signed in, or for nobody. It
// takes the waiting messages, so it is called once per page.
func (b Base) Shell(w http.ResponseWriter, r *http.Request, p Page) (views.Shell, error) {
	s := views.Shell{
		Title:        p.Title,
		LocalAccount: b.Embedded,
		NavClosed:    navClosed(r),
	}
	u, ok := auth.UserFrom(r.Context())
	if !ok {
		return s, nil
	}
	account := b.currentAccount(r)
	identity := account.Identity()
	s.SignedIn = true
	s.UserName = u.Name
	s.RoleLabel = u.Role.Label()
	s.AccountID = identity.Account
	s.AccountLabel, s.AccountAlias = accountLabel(identity), identity.Alias
	s.Nav = sideOf(sideAsked{u.Role, identity.Account, p.Current, false})
	s.Crumbs = p.trail(identity.Account)
	if banner, found := auditBanner(b.Journal.LastReport()); found && u.Can(auth.ViewAuditLog) {
		s.Flashes = append(s.Flashes, banner)
	}
	if !b.Writable() {
		s.Flashes = append(s.Flashes, views.Flash{Kind: "warning", Title: "Changes are not possible at the moment",
			Text: "Keydesk can't write to its database. You can read, but sign-ins, look-ups and changes are refused until it can."})
	}
	if err := b.personalise(w, r, u, &s); err != nil || !u.Can(auth.ViewUsers) {
		return s, err
	}
	if p.unsaved == nil {
		keys, err := b.unsavedKeys(r.Context(), account)
		if err != nil {
			return s, err
		}
		p.unsaved = &keys
	}
	if len(*p.unsaved) > 0 {
		s.Nav = sideOf(sideAsked{u.Role, identity.Account, p.Current, true})
	}
	return s, nil
}

// trail is the breadcrumbs of the page, from "IAM" down.
func (p Page) trail(account string) []views.Crumb {
	home := views.Crumb{Text: "IAM", URL: dashboardPath(account)}
	if len(p.Crumbs) == 0 {
		return []views.Crumb{home, {Text: p.Title}}
	}
	return append([]views.Crumb{home}, p.Crumbs...)
}

// personalise adds what belongs to the person: preferences and messages.
func (b Base) personalise(w http.ResponseWriter, r *http.Request, u auth.User, s *views.Shell) error {
	prefs, err := b.Sessions.Preferences(r.Context(), u.ID)
	if err != nil {
		return err
	}
	s.Theme, s.Density, s.Shortcuts, s.UTC = prefs.Theme, prefs.Density, !prefs.ShortcutsOff, prefs.UTC
	flashes, err := b.Sessions.TakeFlashes(w, r)
	if err != nil && !db.Unavailable(err) { // they wait for a page that can take them
		return err
	}
	for _, f := range flashes {
		s.Flashes = append(s.Flashes, views.Flash{Kind: f.Kind, Title: f.Title, Text: f.Text})
	}
	return nil
}

// navClosed is a matter of one browser, not of the person, so the script keeps
// it in a cookie of its own.
func navClosed(r *http.Request) bool {
	c, err := r.Cookie("nav")
	return err == nil && c.Value == "closed"
}

// currentAccount is the account in the URL, else the first: pages outside any
// account still show where the navigation leads.
func (b Base) currentAccount(r *http.Request) *iamsvc.Account {
	if a, err := b.account(r); err == nil {
		return a
	}
	return b.Accounts.Default()
}

func accountLabel(i iamsvc.Identity) string {
	if i.Alias == "" {
		return i.Account
	}
	return i.Alias + " · " + i.Account
}

const groupManagement = "Access management"

// sideAsked is all that a side navigation depends on.
type sideAsked struct {
	role             auth.Role
	account, current string
	unsaved          bool // there are keys whose secret nobody has
}

var sides memo[sideAsked, []views.NavGroup]

// sideOf is shared by all pages that ask for the same: do not change it.
func sideOf(asked sideAsked) []views.NavGroup {
	return sides.get(asked, func() []views.NavGroup {
		nav := navigation(asked.role, asked.account, asked.current)
		if asked.unsaved {
			nav = withUnsaved(nav, unsavedPath(asked.account), asked.current)
		}
		return nav
	})
}

// navigation offers only what the role may open: a link to a refusal helps
// nobody. The permissions are those of the route table.
func navigation(role auth.Role, account, current string) []views.NavGroup {
	entries := []struct {
		group, text, url, key string
		needs                 auth.Permission
	}{
		{"", "Dashboard", path("accounts", account, "dashboard"), "", auth.ViewUsers},
		{"", "Search", "/search", "", auth.LookUpAccessKeys},
		{groupManagement, "IAM users", usersPath(account), "u", auth.ViewUsers},
		{groupManagement, "Access keys", path("accounts", account, "access-keys"), "k", auth.ViewUsers},
		{"Access reports", "Credential report", path("accounts", account, "credential-report"), "", auth.ViewCredentialReport},
		{"Access reports", "Audit log", "/audit-log", "a", auth.ViewAuditLog},
		{"This tool", "My security credentials", path("accounts", account, "my-security-credentials"), "", auth.ViewOwnCredentials},
		{"Administration", "Local accounts", "/local-accounts", "", auth.ManageLocalAccounts},
	}
	var groups []views.NavGroup
	for _, e := range entries {
		if !role.Can(e.needs) {
			continue
		}
		if len(groups) == 0 || groups[len(groups)-1].Title != e.group {
			groups = append(groups, views.NavGroup{Title: e.group})
		}
		last := &groups[len(groups)-1]
		last.Items = append(last.Items, views.NavItem{Text: e.text, URL: e.url, Key: e.key, Current: e.url == current})
	}
	return groups
}
