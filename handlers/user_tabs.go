package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
)

// Permissions shows which policies apply to the user. Keydesk changes none.
func (u Users) Permissions(w http.ResponseWriter, r *http.Request) error {
	return u.tables(w, r, tabPermissions, "Read-only: Keydesk manages access keys, not permissions.", permissionTables)
}

// Groups shows the user's groups.
func (u Users) Groups(w http.ResponseWriter, r *http.Request) error {
	return u.tables(w, r, tabGroups, "", func(v userView) []views.ReadOnlyTable {
		return []views.ReadOnlyTable{groupsTable(v)}
	})
}

// Tags shows the user's tags, key descriptions among them.
func (u Users) Tags(w http.ResponseWriter, r *http.Request) error {
	return u.tables(w, r, tabTags, "", func(v userView) []views.ReadOnlyTable {
		return []views.ReadOnlyTable{tagsTable(v)}
	})
}

func (u Users) tables(w http.ResponseWriter, r *http.Request, tab, intro string, tables func(userView) []views.ReadOnlyTable) error {
	v, shell, err := u.view(w, r)
	if err != nil {
		return err
	}
	shell.Title += ": " + tab
	return render(w, r, http.StatusOK, views.UserTables(views.UserTablesPage{
		Shell: shell, User: newUserHeader(v, tab), Intro: intro, Tables: tables(v),
	}))
}

func permissionTables(v userView) []views.ReadOnlyTable {
	d := v.details
	attached := readOnly("attached-policies", "Permissions policies", "No managed policy is attached to this user directly.", d.AttachedPolicies, func(p iamsvc.AttachedPolicy) []views.TableCell {
		return []views.TableCell{{Text: p.Name}, {Text: orNone(p.ARN)}}
	}, "Policy name", "ARN")
	inline := readOnly("inline-policies", "Inline policies", "This user has no inline policies.", d.InlinePolicies, func(name string) []views.TableCell {
		return []views.TableCell{{Text: name}}
	}, "Policy name")
	boundary := views.ReadOnlyTable{Heading: views.Heading{ID: "boundary", Title: "Permissions boundary"},
		Unread: unreadPart(d.UserErr), Empty: "No permissions boundary is set."}
	if d.User.PermissionsBoundary != "" {
		boundary.Columns, boundary.Rows = []string{"ARN"}, [][]views.TableCell{{{Text: d.User.PermissionsBoundary}}}
	}
	return []views.ReadOnlyTable{attached, inline, groupsTable(v), boundary}
}

func groupsTable(v userView) views.ReadOnlyTable {
	t := readOnly("groups", "Groups", "This user belongs to no groups.", v.details.Groups, func(g iamsvc.Group) []views.TableCell {
		return []views.TableCell{{Text: g.Name}, {Text: orNone(g.Path)}, {Time: stamp(v.now, g.Created)}}
	}, "Group name", "Path", "Created")
	t.Note = "The policies of a group apply to its users too."
	return t
}

func tagsTable(v userView) views.ReadOnlyTable {
	part := iamsvc.Part[[]iamsvc.Tag]{Value: v.details.User.Tags, Err: v.details.UserErr}
	return readOnly("tags", "Tags", "This user has no tags.", part, func(t iamsvc.Tag) []views.TableCell {
		use := none
		for _, k := range v.details.Keys.Value {
			if strings.EqualFold(k.ID, t.Key) {
				use = "Description of the access key"
			}
		}
		return []views.TableCell{{Text: t.Key}, {Text: orNone(t.Value)}, {Text: use}}
	}, "Key", "Value", "Use")
}

// readOnly makes the table of one part of a user. A part that could be read in
// pieces only shows them and says so.
func readOnly[T any](id, title, empty string, part iamsvc.Part[[]T], row func(T) []views.TableCell, columns ...string) views.ReadOnlyTable {
	t := views.ReadOnlyTable{
		Heading: views.Heading{ID: id, Title: title, Count: partCount(len(part.Value), part.Err)},
		Unread:  unreadPart(part.Err), Columns: columns, Empty: empty,
	}
	for _, item := range part.Value {
		t.Rows = append(t.Rows, row(item))
	}
	return t
}

// shownActivity is how many events the tab shows; the audit log has them all.
const shownActivity = 100

// Activity shows what was done here to the user and the user's keys.
func (u Users) Activity(w http.ResponseWriter, r *http.Request) error {
	v, shell, err := u.view(w, r)
	if err != nil {
		return err
	}
	shell.Title += ": " + tabActivity
	filter, of, err := u.activityFilter(r.Context(), v, auditText(r.URL.Query().Get("key")))
	if err != nil {
		return err
	}
	events, total, err := u.Journal.List(r.Context(), filter)
	if err != nil {
		return err
	}
	table := activityTable(v, events, total)
	if of != "" {
		table.Heading.Title = "Activity of the access key " + of
		table.Empty = "Nothing was done to such a key of this user with Keydesk."
	}
	return render(w, r, http.StatusOK, views.UserTables(views.UserTablesPage{
		Shell: shell, User: newUserHeader(v, tabActivity),
		Intro:  "What was done with Keydesk to this user and the user's access keys. Changes made elsewhere are in AWS CloudTrail.",
		Tables: []views.ReadOnlyTable{table},
	}))
}

// activityFilter is about one key where the URL has its address or its end, and says
// which.
func (u Users) activityFilter(ctx context.Context, v userView, address string) (f audit.Filter, of string, err error) {
	f = audit.Filter{Account: v.account(), User: v.name(), WholeUser: true, Limit: shownActivity}
	if utf8.RuneCountInString(address) <= keySuffixLength {
		if f.AccessKeyIDEnd = address; address != "" {
			of = "that ends with " + address
		}
		return f, of, nil
	}
	for e, err := range u.Journal.Each(ctx, f) {
		if err != nil {
			return f, "", err
		}
		if e.AccessKeyID != "" && keyHash(e.AccessKeyID) == address {
			f.AccessKeyID = e.AccessKeyID
			return f, e.AccessKeyID, nil
		}
	}
	f.AccessKeyIDEnd = address // that of no key: nothing was done to it
	return f, "at this address", nil
}

// activityPath shows what was done to one key.
func activityPath(h keyHome, keyID string) string {
	return h.page() + "/" + tabActivity + "?" + url.Values{"key": {keyAddress(h.id, keyID)}}.Encode()
}

func activityTable(v userView, events []audit.Event, total int) views.ReadOnlyTable {
	t := views.ReadOnlyTable{
		Heading: views.Heading{ID: "activity", Title: "Activity"},
		Columns: []string{"Time", "Action", "Access key ID", "Person", "Result", "Reason"},
		Empty:   "Nothing was done to this user with Keydesk.",
	}
	ended := map[int64]bool{}
	for _, e := range events {
		ended[e.Attempt] = true
		if e.Phase == audit.PhaseAttempt && ended[e.Seq] {
			continue // its outcome is shown, and says the same and more
		}
		t.Rows = append(t.Rows, activityRow(v, e))
	}
	if total > len(events) {
		t.Note = "These are the newest events; the audit log has all of them."
	}
	return t
}

func activityRow(v userView, e audit.Event) []views.TableCell {
	action, result := views.TableCell{Text: auditAction(e)}, auditResult(e)
	if v.may.Can(auth.ViewAuditLog) {
		action.URL = auditEventPath(e.Seq)
	}
	if e.Phase == audit.PhaseAttempt {
		result = views.Status{Kind: "warning", Text: "Started, no outcome recorded"}
	}
	key := views.TableCell{Text: orNone(e.AccessKeyID)}
	if e.AccessKeyID != "" {
		key.URL = activityPath(v.home, e.AccessKeyID)
	}
	return []views.TableCell{
		{Time: stamp(v.now, e.Time)}, action, key, {Text: orNone(e.Actor.Name)},
		{Status: result}, {Text: orNone(e.Reason)},
	}
}
