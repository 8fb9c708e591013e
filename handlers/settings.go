package handlers

import (
	"net/http"
	"net/url"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/auth"
	"keydesk/web/session"
)

// Settings are what a person chooses for themselves.
type Settings struct{ Base }

// themes are the values of the form; the first is stored as "".
var themes = []filterChoice{{"system", "System"}, {"light", "Light"}, {"dark", "Dark"}}

// Show is the page with the choices, and for local accounts a form to change
// the password.
func (s Settings) Show(w http.ResponseWriter, r *http.Request) error {
	person := s.user(r)
	prefs, err := s.Sessions.Preferences(r.Context(), person.ID)
	if err != nil {
		return err
	}
	page := newSettingsPage(prefs)
	if person.Issuer == auth.IssuerLocal {
		page.Password = newPasswordForm()
		if page.Password.Token, err = s.formToken(r, actionChangePassword, person.ID); err != nil {
			return err
		}
	}
	page.Shell, err = s.Shell(w, r, Page{Title: "Settings", Crumbs: []views.Crumb{{Text: "Settings"}}})
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, views.Settings(page))
}

func newSettingsPage(prefs session.Preferences) views.SettingsPage {
	return views.SettingsPage{
		Themes:    settingChecks("theme", themes, orElse(prefs.Theme, "system")),
		Densities: settingChecks("density", densities, prefs.Density),
		Shortcuts: views.Check{Name: "shortcuts", Value: "on", Checked: !prefs.ShortcutsOff, Label: "Use keyboard shortcuts",
			Hint: "/ goes to the search; g u, g k and g a to users, keys and the audit log; ? lists them."},
		UTC: views.Check{Name: "utc", Value: "on", Checked: prefs.UTC, Label: "Show times in UTC",
			Hint: "Otherwise times are shown in the time zone of your browser."},
	}
}

func newPasswordForm() views.PasswordForm {
	return views.PasswordForm{
		Current: views.Field{Name: "current_password", Label: "Current password", Type: "password", Autocomplete: "current-password", Required: true},
		New:     views.Field{Name: "new_password", Label: "New password", Type: "password", Autocomplete: "new-password", Required: true, Constraint: passwordRule()},
	}
}

func settingChecks(name string, choices []filterChoice, chosen string) []views.Check {
	var checks []views.Check
	for _, c := range choices {
		checks = append(checks, views.Check{Name: name, Value: c.value, Label: c.text, Checked: c.value == chosen})
	}
	return checks
}

// Save keeps the choices for this person. Like the lists' Preferences it needs
// no one-time token.
func (s Settings) Save(w http.ResponseWriter, r *http.Request) error {
	person := s.user(r).ID
	prefs, err := s.Sessions.Preferences(r.Context(), person)
	if err != nil {
		return err
	}
	if err := takeSettings(&prefs, r.PostForm); err != nil {
		return err
	}
	if err := s.Sessions.SavePreferences(r.Context(), person, prefs); err != nil {
		return err
	}
	if err := s.flash(w, r, "success", "Settings saved", ""); err != nil {
		return err
	}
	return seeOther(w, r, "/settings")
}

// takeSettings changes what the form is about and leaves the rest.
func takeSettings(prefs *session.Preferences, form url.Values) error {
	theme, density := form.Get("theme"), form.Get("density")
	if theme == "" || known(theme, themes) == "" {
		return &iamsvc.Invalid{Field: "theme", Message: "The theme must be system, light or dark."}
	}
	if known(density, densities) != density {
		return &iamsvc.Invalid{Field: "density", Message: "The density must be comfortable or compact."}
	}
	prefs.Theme, prefs.Density = theme, density
	if theme == "system" {
		prefs.Theme = ""
	}
	prefs.ShortcutsOff, prefs.UTC = form.Get("shortcuts") != "on", form.Get("utc") == "on"
	return nil
}
