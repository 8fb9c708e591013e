package handlers

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/session"
)

// MySessions lets people see where they are signed in, and end it.
type MySessions struct{ Base }

// actionEndSession is also what the form tokens of the page are bound to, with
// the person's ID as target: one token serves every button, since any of them
// leads to a new page.
const actionEndSession = "EndSession"

// allOthers stands for every session but the one that asks.
const allOthers = "others"

// List shows the person's sessions.
func (m MySessions) List(w http.ResponseWriter, r *http.Request) error {
	current, err := m.Sessions.Current(r)
	if err != nil {
		return err
	}
	sessions, err := m.Sessions.List(r.Context(), current.UserID)
	if err != nil {
		return err
	}
	page := views.MySessionsPage{Rows: sessionRows(sessions, current.Handle, m.Now()), Others: len(sessions) > 1}
	if page.Token, err = m.formToken(r, actionEndSession, current.UserID); err != nil {
		return err
	}
	page.Shell, err = m.Shell(w, r, Page{Title: "My sessions", Crumbs: []views.Crumb{{Text: "My sessions"}}})
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, views.MySessions(page))
}

// End ends one session of the person, or all but this one. A handle of somebody
// else's session is no session.
func (m MySessions) End(w http.ResponseWriter, r *http.Request) error {
	current, err := m.Sessions.Current(r)
	if err != nil {
		return err
	}
	which := r.PostFormValue("session")
	sessions, err := m.Sessions.List(r.Context(), current.UserID)
	if err != nil {
		return err
	}
	own := slices.ContainsFunc(sessions, func(s session.Session) bool { return s.Handle == which })
	if !own && which != allOthers {
		return &Changed{What: "That session has ended already.", Path: "/my-sessions"}
	}
	event := audit.Event{Action: actionEndSession, User: personName(m.user(r))}
	err = m.change(r, event, current.UserID, func(ctx context.Context) error {
		if which == allOthers {
			_, err := m.Sessions.EndAll(ctx, current.UserID, current.Handle)
			return err
		}
		return m.Sessions.EndByHandle(ctx, which)
	})
	if err != nil {
		return err
	}
	if which == current.Handle {
		return seeOther(w, r, "/sign-in")
	}
	if err := m.flash(w, r, "success", "Session ended", "That browser is signed out."); err != nil {
		return err
	}
	return seeOther(w, r, "/my-sessions")
}

func sessionRows(sessions []session.Session, current string, now time.Time) []views.SessionRow {
	rows := make([]views.SessionRow, 0, len(sessions))
	for _, s := range sessions {
		rows = append(rows, views.SessionRow{
			Handle: s.Handle, Browser: browserName(s.UserAgent), Address: s.RemoteAddr,
			SignedIn: since(now, s.SignedInAt, none), LastSeen: since(now, s.LastSeen, none),
			Current: s.Handle == current,
		})
	}
	return rows
}

// browserName shortens a User-Agent header to what a person recognises. The
// order matters: every browser claims to be the ones before it.
func browserName(userAgent string) string {
	name := firstIn(userAgent, [][2]string{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	})
	system := firstIn(userAgent, [][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	})
	switch {
	case name == "" && userAgent == "":
		return "Unknown browser"
	case name == "":
		return userAgent
	case system == "":
		return name
	}
	return name + " on " + system
}

func firstIn(text string, marks [][2]string) string {
	for _, m := range marks {
		if strings.Contains(text, m[0]) {
			return m[1]
		}
	}
	return ""
}
