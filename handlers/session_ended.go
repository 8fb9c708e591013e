package handlers

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"keydesk/iamsvc/paste"
	"keydesk/views"
	"keydesk/web/auth"
	"keydesk/web/session"
)

// FormParameter names, in the address of a page, the kept form that it shows filled in.
const FormParameter = "form"

// The fields by which the sign-in page carries a form that was being filled in.
const (
	carriedAction = "form_action"
	carriedPerson = "form_person"
	carriedPrefix = "form."
)

// maxCarried bounds what a stranger can have kept until a sign-in is finished.
const maxCarried = 16 << 10

// SessionEnded answers a form whose session has ended with the sign-in page, which
// leads back to the form's page and carries what was typed.
func (s SignIn) SessionEnded(w http.ResponseWriter, r *http.Request, page string, form session.Form) error {
	return s.page(w, r, http.StatusForbidden, views.SignInPage{Next: page, Carried: carriedFields(&form),
		Ended: "Nothing was created or changed. Sign in again: you come back to your form, and what you entered is still there. Nothing is sent until you send it."})
}

// endedText is for a page that was asked for in a session that has ended.
func endedText(r *http.Request) string {
	if !r.URL.Query().Has("session-ended") {
		return ""
	}
	return "Nothing was changed. Sign in again: you come back to the page you wanted to see."
}

// EnteredValues are the values of a form that may be given back: no password, no token,
// and nothing that looks like a secret.
func EnteredValues(form url.Values) url.Values {
	values := url.Values{}
	for name, list := range form {
		if isPrivate(name) || len(list) == 0 || list[0] == "" || paste.HasSecret(list[0]) {
			continue
		}
		values[name] = list
	}
	return values
}

// isPrivate are the fields that never come back. Search takes secrets by mistake, and
// shows nothing of what was pasted.
func isPrivate(name string) bool {
	switch name {
	case TokenField, "q", "code", views.FieldCode, views.FieldSingleSignOn, views.FieldPerson, "sign_in_name", "account":
		return true
	}
	return strings.HasSuffix(name, "password") || strings.HasPrefix(name, carriedPrefix)
}

// chosenFields are what a page sets by itself: pressed, ticked or hidden, not typed.
var chosenFields = []string{"access_key_id", "attempt", "confirm", "disabled", "from", "next", "role", "session", "status", "step", fieldUseCase}

// TypedFields are the names of the values that a person has typed.
func TypedFields(values url.Values) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(values)), func(name string) bool { return slices.Contains(chosenFields, name) })
}

// carriedFields are the hidden fields of the sign-in page.
func carriedFields(f *session.Form) []views.KV {
	if f == nil || f.Person == "" || len(f.Values) == 0 {
		return nil
	}
	fields := []views.KV{{Term: carriedAction, Text: f.Action}, {Term: carriedPerson, Text: f.Person}}
	for _, name := range slices.Sorted(maps.Keys(f.Values)) {
		fields = append(fields, views.KV{Term: carriedPrefix + name, Text: f.Values.Get(name)})
	}
	return fields
}

// carriedForm is the form that the sign-in page carried; nil for none.
func carriedForm(r *http.Request) *session.Form {
	values, size := url.Values{}, 0
	for name, list := range r.PostForm {
		if inner, found := strings.CutPrefix(name, carriedPrefix); found {
			values[inner] = list
			size += len(inner) + len(list[0])
		}
	}
	values = EnteredValues(values)
	person := r.PostFormValue(carriedPerson)
	if person == "" || len(values) == 0 || size > maxCarried {
		return nil
	}
	return &session.Form{Person: person, Action: r.PostFormValue(carriedAction), Values: values}
}

// back leads a person who has just signed in to where they were, and keeps the form
// that they were filling in. Somebody else's text is dropped.
func (s SignIn) back(w http.ResponseWriter, r *http.Request, user auth.User, next string, form *session.Form) error {
	if form == nil || form.Person != user.ID {
		return seeOther(w, r, next)
	}
	id, err := s.Sessions.KeepForm(r, *form)
	if err != nil {
		return err
	}
	address, _, _ := strings.Cut(next, "?")
	return seeOther(w, r, address+"?"+url.Values{FormParameter: {id}}.Encode())
}
