package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// state is a page in one of its states: how it is called and how a person gets
// there. The states are walked in order by one tab that is signed in by the
// first ones.
type state struct {
	name string
	show func(*tab)
}

// walk shows every page and state, and visits each.
func walk(t *testing.T, width, height int64, visit func(b *tab, name string)) {
	t.Helper()
	a := start(t)
	b := a.tab()
	b.media("light")
	b.size(width, height)
	for _, part := range [][]state{signInStates, listStates, searchStates, userStates, wizardStates, keyStates, accountStates, errorStates, helpDeskStates} {
		for _, s := range part {
			s.show(b)
			b.until(`document.fonts.status === "loaded"`)
			visit(b, s.name)
		}
	}
}

// media chooses the colour scheme of the system, and no motion: what fades in
// has no colour yet.
func (b *tab) media(scheme string) {
	b.t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		b.t.Fatal(err)
	}
}

// at is a state that only has to be opened; the text tells that it is there.
func at(name, path, text string) state {
	return state{name, func(b *tab) {
		b.open(path)
		b.sees(text)
	}}
}

const (
	home  = "/accounts/" + account
	users = home + "/users"
)

var signInStates = []state{
	at("sign-in", "/sign-in", "Password"),
	{"sign-in-refused", func(b *tab) {
		b.open("/sign-in")
		b.fill("User name", "admin")
		b.fill("Password", "wrong\n")
		b.sees("You are not signed in")
	}},
	at("sign-in-needed", users, "Password"),
	at("error-first-run-link", "/first-run/none", "This link does not work"),
}

var listStates = []state{
	{"users", func(b *tab) {
		b.signIn("admin", password)
		b.awaitReading()
		b.sees("IAM users (150)")
	}},
	at("users-filtered", users+"?q=svc&keys=active&sort=-active_key_age", "Clear filters"),
	at("users-none", users+"?q=nobody-of-this-name", "Clear filters"),
	{"users-preferences", func(b *tab) {
		b.open(users)
		b.click("Preferences")
		b.until(`document.querySelector("dialog[open]") !== null`)
	}},
	{"users-ten-rows", func(b *tab) { // and so with every list from here on
		b.click("10 rows")
		b.click("Confirm")
		b.until(`document.querySelectorAll("tbody tr").length === 10`)
	}},
	at("preferences", users+"/preferences?list=keys", "Select visible columns"),
	at("keys", home+"/access-keys", "Every access key of every IAM user"),
	at("keys-none", home+"/access-keys?q=nobody-of-this-name", "Clear filters"),
	at("dashboard", home+"/dashboard", "Needs attention"),
	at("report", home+"/credential-report", "Credential report"),
	{"report-generated", func(b *tab) {
		b.open(home + "/credential-report")
		b.click("Generate report")
		b.sees("The report is ready", "Download .csv file", "password_enabled") // the page before has all but the first
	}},
	at("report-none", home+"/credential-report?q=nobody-of-this-name", "No rows"),
}

var searchStates = []state{
	at("search", "/search", "What it takes"),
	{"search-empty", func(b *tab) {
		b.fill("Access key ID, user name", "   \n")
		b.sees("Type or paste an access key ID or a user name.")
	}},
	answer("search-users", "svc", "svc-git-mirror"),
	answer("search-elsewhere", "AKIASP2TPHJSQH3FJRUX", "Ask whoever looks after that account"),
	answer("search-temporary", "ASIAIOSFODNN7EXAMPLE", "ASIA"),
	answer("search-nothing", "what is this", ""),
	answer("search-secret", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "secret access key"),
	answer("search-several", "AKIAIOSFODNN7EXAMPLE, AKIAI44QH8DHBEXAMPLE, AKIASP2TPHJSQH3FJRUX and AKIASP2TPHJSQH3FJRUY", "IAM was not asked"),
	answer("search-part", "AKIA...MPLE", "mateo.jackson"),
	answer("search-user-elsewhere", "User: arn:aws:iam::609629065308:user/mateo.jackson is not authorized", "A user of another account"),
	at("search-link-gone", "/search/links/none", "This link does not work any more"),
}

// answer is what the search says to a text.
func answer(name, text, says string) state {
	return state{name, func(b *tab) {
		b.open("/search")
		b.fill("Access key ID, user name", text+"\n")
		b.until(`document.querySelector(".answer") !== null`)
		b.sees(says)
	}}
}

var userStates = []state{
	user("user", "mateo.jackson", "", "AKIAIOSFODNN7EXAMPLE"),
	user("user-three-keys", "terraform-runner", "", "Access keys (3)"),
	user("user-quarantined", "dev-sandbox-bot", "", "quarantine"),
	user("user-other-credentials", "svc-git-mirror", "", "SSH public keys"),
	user("user-no-keys", "ana.carolina.silva", "", "No access keys"),
	user("user-long-name", "svc-data-warehouse-nightly-reconciliation-and-export-eu-west-1-a", "", "Access keys (1)"),
	user("user-permissions", "zoe.mueller", "/permissions", "OwnAccessKeys"),
	user("user-boundary", "Jorge.Souza", "/permissions", "PowerUserAccess"),
	user("user-groups", "ci-deploy-prod", "/groups", "Deployments"),
	user("user-tags", "billing-export", "/tags", "CostCenter"),
	user("user-activity-none", "wei.zhang", "/activity", "Activity"),
}

func user(name, user, tab, text string) state { return at(name, users+"/"+user+tab, text) }
