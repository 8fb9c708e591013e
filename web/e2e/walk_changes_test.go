package e2e

import "fmt"

// The states that one gets to by forms, menus and dialogs.

const nobody = users + "/li.juan" // has no keys at first

var wizardStates = []state{
	at("unsaved-keys-none", home+"/unsaved-keys", "No unsaved access keys"),
	at("wizard-1", nobody+"/access-keys/create", "Access key best practices & alternatives"),
	{"wizard-1-alternatives", func(b *tab) {
		b.open(nobody + "/access-keys/create")
		b.click("Command Line Interface (CLI)")
		b.sees("Alternatives recommended")
	}},
	{"wizard-1-refused", func(b *tab) {
		b.click("Next")
		b.sees("The access key cannot be created yet")
	}},
	{"wizard-2", func(b *tab) {
		b.click("I understand the above recommendation")
		b.click("Next")
		b.sees("Description tag value") // the step's name is on the page before too
	}},
	{"wizard-2-refused", func(b *tab) {
		b.fill("Description tag value", "not <allowed>\n")
		b.until(`document.activeElement.getAttribute("aria-invalid") === "true"`)
	}},
	{"retrieve", func(b *tab) {
		b.fill("Description tag value", "Laptop - command line\n")
		b.sees("If you lose or forget your secret access key")
	}},
	{"retrieve-shown", func(b *tab) {
		b.click("Show")
		b.click("For ~/.aws/credentials")
		b.click("As environment variables")
		b.sees("Hide", "export AWS_ACCESS_KEY_ID")
	}},
	{"error-form-used", func(b *tab) {
		b.reload()
		b.sees("This form was already used")
	}},
	at("unsaved-keys", home+"/unsaved-keys", "li.juan"),
	user("user-unsaved-key", "li.juan", "", "Access keys (1)"),
}

var keyStates = []state{
	menu("menu", "mateo.jackson", "Edit description"),
	dialog("dialog-deactivate", "mateo.jackson", "Deactivate"),
	dialog("dialog-description", "mateo.jackson", "Edit description"),
	dialog("dialog-delete", "nikki.wolf", "Delete"),
	menu("menu-inactive", "nikki.wolf", "The key is inactive already."),
	at("page-deactivate", users+"/mateo.jackson/access-keys/7EXAMPLE/deactivate", "Deactivate AKIAIOSFODNN7EXAMPLE?"),
	at("page-delete-active", users+"/mateo.jackson/access-keys/7EXAMPLE/delete", "before deleting it"),
	at("page-delete", users+"/nikki.wolf/access-keys/BEXAMPLE/delete", "can't be recovered"),
	at("page-description", users+"/mateo.jackson/access-keys/7EXAMPLE/description", "Edit description"),
	at("page-activate", users+"/nikki.wolf/access-keys/BEXAMPLE/activate", "Activate AKIAI44QH8DHBEXAMPLE?"),
	{"user-changed", func(b *tab) {
		b.openMenu("nikki.wolf")
		b.click("Activate")
		b.sees("Access key activated")
	}},
	at("user-activity", users+"/nikki.wolf/activity", "UpdateAccessKey"),
	at("error-quota", users+"/billing-export/access-keys/create", "Cannot create another access key"),
	at("user-quota", users+"/billing-export", "Delete one first."),
	at("own-keys", home+"/my-security-credentials", "Keydesk itself uses this key"),
	{"own-keys-menu", func(b *tab) {
		b.click("Actions")
		b.until(`document.querySelector(":popover-open") !== null`)
	}},
}

// openMenu opens the Actions menu of a user's first key.
func (b *tab) openMenu(user string) {
	b.t.Helper()
	b.open(users + "/" + user)
	b.click("Actions")
	b.until(`document.querySelector(":popover-open") !== null`)
}

func menu(name, user, text string) state {
	return state{name, func(b *tab) {
		b.openMenu(user)
		b.sees(text)
	}}
}

func dialog(name, user, action string) state {
	return state{name, func(b *tab) {
		b.openMenu(user)
		b.click(action)
		b.until(`document.querySelector("dialog[open]") !== null`)
	}}
}

var accountStates = []state{
	at("create-user", home+"/create-user", "User details"),
	{"create-user-refused", func(b *tab) {
		b.fill("User name", "two words\n")
		b.sees("The user was not created")
	}},
	{"create-user-exists", func(b *tab) {
		b.fill("User name", "li.juan\n")
		b.sees("The user already exists")
	}},
	at("audit-log", "/audit-log", "SignIn"),
	at("audit-log-verified", "/audit-log?verify=1", "Verified:"),
	at("audit-log-none", "/audit-log?actor=nobody", "No events"),
	{"audit-event", func(b *tab) {
		b.open("/audit-log?action=UpdateAccessKey")
		b.click("Event")
		b.sees("Row hash")
	}},
	at("local-accounts", "/local-accounts", "What each role may do"),
	{"local-accounts-refused", func(b *tab) {
		b.fill("User name", "hana")
		b.fill("Password", "short\n")
		b.until(`document.activeElement.getAttribute("aria-invalid") === "true"`)
	}},
	{"local-accounts-created", func(b *tab) {
		b.open("/local-accounts")
		b.createHelpDesk("hana")
	}},
	{"local-account", func(b *tab) {
		b.click("hana")
		b.sees("Reset password")
	}},
	at("settings", "/settings", "Keyboard shortcuts"),
	at("codes", "/settings/codes", "Set up verification codes"),
	{"codes-set-up", func(b *tab) {
		b.click("Set up")
		b.sees("2. Enter the code it shows")
	}},
	{"codes-refused", func(b *tab) {
		b.click("Turn on")
		b.press("000000\n")
		b.sees("Verification codes are not on yet")
	}},
	at("my-sessions", "/my-sessions", "This session"),
	{"user-menu", func(b *tab) {
		b.click("admin")
		b.sees("Sign out")
	}},
	{"shortcuts", func(b *tab) {
		b.open("/settings")
		b.press("?")
		b.sees("This list")
	}},
}

var errorStates = []state{
	at("error-page", "/no-such-page", "Page not found"),
	at("error-account", "/accounts/000000000000/users", "No such account"),
	at("error-user", users+"/no.such.user", "No such user"),
	at("error-event", "/audit-log/999999", "not"),
}

var helpDeskStates = []state{
	{"signed-out", func(b *tab) {
		b.open("/settings")
		b.click("admin")
		b.click("Sign out")
		b.sees("You have signed out")
	}},
	{"help-desk", func(b *tab) {
		b.signIn("hana", password)
		b.sees("What it takes")
	}},
	answer("help-desk-answer", "AKIAIOSFODNN7EXAMPLE", "What to do next"),
	{"help-desk-ticket", func(b *tab) {
		b.click("Text for a ticket")
		b.until(fmt.Sprintf("document.querySelector(%q).checkVisibility()", "pre.code"))
	}},
	user("help-desk-user", "mateo.jackson", "", "AKIAIOSFODNN7EXAMPLE"),
	at("error-forbidden", "/audit-log", "You may not do this"),
	{"navigation", func(b *tab) {
		b.open("/search")
		b.click("Navigation") // a drawer on small screens, else it is put away
	}},
}
