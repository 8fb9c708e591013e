package handlers

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
	"keydesk/web/auth"
	"keydesk/web/session"
)

// Inventory is the reading of an account: how far it has come, pause, resume.
type Inventory struct {
	Base
	// Streams counts the browsers that are told of the progress.
	Streams *Streams
	// StillAllowed asks again, as a new request would, whether the person who
	// made this one is signed in and has the permission.
	StillAllowed func(*http.Request, auth.Permission) bool
	// Stopping is closed when the server stops; nil: it never does.
	Stopping func(context.Context) <-chan struct{}
}

// The journal's names. One token, bound to actionControlReading and the
// account, serves both buttons: either of them leads to a new page.
const (
	actionControlReading = "ControlReading"
	actionPauseReading   = "PauseReading"
	actionResumeReading  = "ResumeReading"
)

// textPaused is for people who asked for something that has to wait.
const textPaused = "The reading is paused"

func progressPath(account string) string { return path("accounts", account, "inventory", "progress") }
func pausePath(account string) string    { return path("accounts", account, "inventory", "pause") }
func resumePath(account string) string   { return path("accounts", account, "inventory", "resume") }

// Pause stops the reading in the background for everybody.
func (i Inventory) Pause(w http.ResponseWriter, r *http.Request) error {
	return i.control(w, r, actionPauseReading, (*iamsvc.Account).Pause)
}

// Resume goes on with it.
func (i Inventory) Resume(w http.ResponseWriter, r *http.Request) error {
	return i.control(w, r, actionResumeReading, (*iamsvc.Account).Resume)
}

// control journals who stopped or started the reading, and does it. Who has
// paused a reading comes back to the page later than a form's token lives;
// since nothing is lost by asking again, they get the page with a new one.
func (i Inventory) control(w http.ResponseWriter, r *http.Request, action string, do func(*iamsvc.Account)) error {
	account, err := i.account(r)
	if err != nil {
		return err
	}
	token, err := i.postedToken(r, actionControlReading, account.ID())
	if err != nil {
		return err
	}
	event := audit.Event{Action: action, Account: account.ID(), Outcome: audit.OutcomeOK}
	err = i.record(r, event, session.Spend(token, i.Now()))
	switch {
	case errors.Is(err, session.ErrTokenSpent):
		err = i.flash(w, r, "warning", "This page was too old", "Nothing was changed. This is how it is now: choose again.")
	case err == nil:
		do(account)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, listBack(r, account))
}

// reading is the bar above a list, with buttons for those who may use them.
// Where no script moves it, the page in the frame comes back by itself, sooner
// when something is missing on it.
// Its figures are those of the picture that the list was drawn from.
func (b Base) reading(r *http.Request, account *iamsvc.Account, shown *iamsvc.Inventory, list string, missing bool, frame *views.Shell) (bar views.Reading, err error) {
	p := account.ProgressIn(shown)
	bar = newReading(p, account.ID(), list)
	if bar.Text != "" {
		bar.Query = parseListQuery(r.URL.Query(), account.Inventory().Knows).encode()
	}
	frame.ComeBack = comeBackIn(p, missing)
	if bar.StreamURL != "" && b.user(r).Can(auth.GenerateCredentialReport) {
		bar.PauseURL, bar.ResumeURL = pausePath(account.ID()), resumePath(account.ID())
		bar.Token, err = b.formToken(r, actionControlReading, account.ID())
	}
	return bar, err
}

// comeBackIn is after how many seconds a page without JavaScript is worth
// another look.
func comeBackIn(p iamsvc.Progress, missing bool) string {
	switch {
	case !p.Reading || p.Paused:
		return ""
	case missing && keysMissing(p):
		return "10"
	default:
		return "60"
	}
}

// readingParts are the parts of a page that a newer picture changes.
var readingParts = map[string]string{
	listUsers:     "#users-notices,#iam-users-title,#users-count,#users-pages,#users-table",
	listKeys:      "#keys-notices,#access-keys-title,#keys-count,#keys-pages,#keys-table",
	listDashboard: "#dashboard-notices,#dashboard-body",
}

// newReading draws nothing when nothing goes on and all is read: the list says
// how old it is, and that is all there is to know.
func newReading(p iamsvc.Progress, account, list string) views.Reading {
	going := p.Reading || p.Paused
	if !going && p.UsersFailed == 0 {
		return views.Reading{}
	}
	value, most := readingShare(p)
	bar := views.Reading{
		Text: readingText(p), Value: value, Max: most, Paused: p.Paused, Failed: p.UsersFailed > 0,
		FailedURL: listQuery{Keys: "unread"}.at(usersPath(account)), List: list,
	}
	if p.UsersFailed > p.UsersDenied {
		bar.RefreshURL = usersPath(account) + "/refresh"
	}
	if going {
		bar.StreamURL, bar.Parts = progressPath(account), readingParts[list]
	}
	return bar
}

// keysMissing: the keys of some users were not asked for yet.
func keysMissing(p iamsvc.Progress) bool { return p.UsersRead+p.UsersFailed < p.Users }

// keysKnown is a reading that goes on though the keys of all users are known; its
// size is in calls. Who could not be read is tried again in every reading.
func keysKnown(p iamsvc.Progress) bool {
	return p.Reading && !p.Paused && p.UsersRead == p.Users && p.Users > 0
}

// readingShare is the length of the bar.
func readingShare(p iamsvc.Progress) (value, most int) {
	if keysKnown(p) {
		return p.Done, p.Total
	}
	return p.UsersRead, p.Users
}

// readingText is the bar in words.
func readingText(p iamsvc.Progress) string {
	users := thousands(p.UsersRead) + " of " + thousands(p.Users) + " users"
	speed := callRate(p.Rate) + timeLeft(p.Remaining)
	text := users + " read"
	switch {
	case p.Paused && p.Users == 0:
		text = "Paused"
	case p.Paused:
		text = "Paused: " + text
	case p.Reading && p.Users == 0:
		text = "Reading the account"
	case keysKnown(p):
		text = "Reading groups and last use"
		if p.Again {
			text = "Looking for changes"
		}
		if p.Total > 0 {
			text += ": " + thousands(p.Done) + " of " + thousands(p.Total) + " calls" + speed
		}
	case p.Reading:
		text = "Reading access keys: " + users + speed
	}
	return text + failures(p)
}

// failures says how many users could not be read, and what that takes where
// trying again does not help.
func failures(p iamsvc.Progress) string {
	text := "; " + thousands(p.UsersFailed) + " could not be read"
	switch {
	case p.UsersFailed == 0:
		return ""
	case p.UsersDenied == 0:
		return text
	case p.UsersDenied < p.UsersFailed:
		text += ", " + thousands(p.UsersDenied) + " of them because"
	default:
		text += ":"
	}
	return text + " " + unreadBecause(&iamsvc.Denied{Action: "iam:ListAccessKeys"})
}

func callRate(perSecond float64) string {
	switch {
	case perSecond < 0.1:
		return ""
	case perSecond < 100:
		return ", " + strconv.FormatFloat(perSecond, 'f', 1, 64) + " calls per second"
	default:
		return ", " + thousands(int(math.Round(perSecond))) + " calls per second"
	}
}

// timeLeft is as coarse as a guess should be.
func timeLeft(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < 10*time.Second:
		return ", a few seconds left"
	case d < 55*time.Second:
		return ", about " + count(int(d.Round(10*time.Second).Seconds()), "second") + " left"
	case d < 90*time.Minute:
		return ", about " + count(int(d.Round(time.Minute).Minutes()), "minute") + " left"
	default:
		return ", about " + count(int(d.Round(time.Hour).Hours()), "hour") + " left"
	}
}
