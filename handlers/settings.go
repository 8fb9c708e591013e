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

// Show is the page with the choices.
func (s Settings) Show(w http.ResponseWriter, r *http.Request) error {
	return s.settingsPage(w, r, http.StatusOK, views.PasswordForm{})
}

// settingsPage shows the settings; password says what was wrong with a change
// of password, in its Error and the fields' Errors.
func (b Base) settingsPage(w http.ResponseWriter, r *http.Request, status int, password views.PasswordForm) error {
	person := b.user(r)
	prefs, err := b.Sessions.Preferences(r.Context(), person.ID)
	if err != nil {
		return err
	}
	page := newSettingsPage(prefs, password)
	if page.Password.Offered = person.Issuer == auth.IssuerLocal; page.Password.Offered {
		page.Password.Token, err = b.formToken(r, "ChangePassword", person.ID)
		if err != nil {
			return err
		}
	}
	page.Shell, err = b.Shell(w, r, Page{Title: "Settings", Crumbs: []views.Crumb{{Text: "Settings"}}})
	if err != nil {
		return err
	}
	return render(w, r, status, views.Settings(page))
}

func newSettingsPage(prefs session.Preferences, password views.PasswordForm) views.SettingsPage {
	page := views.SettingsPage{
		Themes:    settingChecks("theme", themes, orElse(prefs.Theme, "system")),
		Densities: settingChecks("density", densities, prefs.Density),
		Shortcuts: views.Check{Name: "shortcuts", Value: "on", Checked: prefs.Shortcuts, Label: "Use keyboard shortcuts",
			Hint: "/ goes to the search; g u, g k and g a to users, keys and the audit log; ? lists them."},
		UTC: views.Check{Name: "utc", Value: "on", Checked: prefs.UTC, Label: "Show times in UTC",
			Hint: "Otherwise times are shown in the time zone of your browser."},
		Password: password,
	}
	page.Password.Current.Name, page.Password.Current.Label = "current_password", "Current password"
	page.Password.Current.Type, page.Password.Current.Autocomplete = "password", "current-password"
	page.Password.New.Name, page.Password.New.Label = "new_password", "New password"
	page.Password.New.Type, page.Password.New.Autocomplete = "password", "new-password"
	page.Password.New.Constraint = "12 to 128 characters, not your user name"
	page.Password.Current.Required, page.Password.New.Required = true, true
	return page
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
	prefs.Shortcuts, prefs.UTC = form.Get("shortcuts") == "on", form.Get("utc") == "on"
	return nil
}
