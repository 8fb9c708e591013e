package views

import (
	"context"
	"net/url"
	"slices"
	"strconv"
)

// Forms is what the forms of one answer need beyond their pages. It travels in the
// context, so that no page can forget to keep what was typed or to ask for the
// password again.
type Forms struct {
	// Person is the ID of the signed-in person, posted along: what one person typed is
	// never given back to another.
	Person string
	// Reauthenticate says what the form that posts to the action asks of a person whose
	// sign-in is too old for it; false when it needs nothing.
	Reauthenticate func(action string) (Reauthentication, bool)
	// Entered is a form that was sent and not done, to be filled in again.
	Entered Entered
	// Refused says why it was not done.
	Refused Refused

	asked int // fields for the password on this page
}

// Entered is what was typed into the form that posts to Action. It holds no password
// and nothing that looks like a secret.
type Entered struct {
	Action string
	Values url.Values
	form   bool            // it is on the page
	shown  map[string]bool // by field
}

// Refused says above the page why a form was not done. Without a Title there is
// nothing to say.
type Refused struct {
	Title, Text string
	Links       []Link
	RequestID   string
}

// Reauthentication is how a person confirms their sign-in within a form: with their
// password, or at the identity provider.
type Reauthentication struct {
	UserName      string
	AsksCode      bool // the account has verification codes
	SingleSignOn  bool
	ProviderDown  bool // it does not answer
	Asked         bool // the form was sent without, so the field takes the focus
	PasswordError string
	CodeError     string
	ProviderError string
}

// The names of the fields by which a form carries the confirmation.
const (
	FieldPerson       = "person"
	FieldPassword     = "sign_in_password"
	FieldCode         = "sign_in_code"
	FieldSingleSignOn = "confirm_with"
)

// Form is a form that changes something.
type Form struct {
	Action, Token string
	Class         string
	Again         bool // may be sent twice
}

// EnteredField is one value of a form whose page cannot be shown.
type EnteredField struct {
	Field
	Lines bool // more than one
}

// EnteredForm is what was typed into a form whose page cannot be shown.
type EnteredForm struct {
	Form   Form
	Hidden []KV
	Fields []EnteredField
	Retry  bool // sending it again is safe, and may work
}

type formsKey struct{}

// WithForms returns a context for the forms of one answer.
func WithForms(ctx context.Context, f *Forms) context.Context {
	return context.WithValue(ctx, formsKey{}, f)
}

// FormsFrom is nil where a page has no forms that keep anything.
func FormsFrom(ctx context.Context) *Forms {
	f, _ := ctx.Value(formsKey{}).(*Forms)
	return f
}

// EnteredAt reports whether the form that posts to the action is to be filled in again.
func EnteredAt(ctx context.Context, action string) bool {
	f := FormsFrom(ctx)
	return f != nil && action != "" && f.Entered.Action == action
}

// Shown reports whether the form is on the page, with the values of these names.
func (e *Entered) Shown(names []string) bool {
	return e.form && !slices.ContainsFunc(names, func(name string) bool { return !e.shown[name] })
}

type actionKey struct{}

// inForm marks what is rendered as part of the form that posts to the action.
func inForm(ctx context.Context, action string) context.Context {
	if EnteredAt(ctx, action) {
		FormsFrom(ctx).Entered.form = true
	}
	return context.WithValue(ctx, actionKey{}, action)
}

// entered is what was typed into the field of that name of the form being rendered.
func entered(ctx context.Context, name string) (values []string, found bool) {
	action, _ := ctx.Value(actionKey{}).(string)
	if !EnteredAt(ctx, action) {
		return nil, false
	}
	e := &FormsFrom(ctx).Entered
	values, found = e.Values[name]
	if found {
		if e.shown == nil {
			e.shown = map[string]bool{}
		}
		e.shown[name] = true
	}
	return values, found
}

// filled is the field with what was typed into it before. A password is typed again.
func filled(ctx context.Context, f Field) Field {
	if f.Type == "password" {
		return f
	}
	if values, found := entered(ctx, f.Name); found && len(values) > 0 {
		f.Value, f.Autofocus = values[0], false
	}
	return f
}

func chosen(ctx context.Context, name string, options []Option) []Option {
	values, found := entered(ctx, name)
	if !found {
		return options
	}
	again := slices.Clone(options)
	for i := range again {
		again[i].Selected = slices.Contains(values, again[i].Value)
	}
	return again
}

func ticked(ctx context.Context, c Check) Check {
	if values, found := entered(ctx, c.Name); found {
		c.Checked = slices.Contains(values, c.Value)
	}
	return c
}

// person is whose form it is, "" for nobody's.
func person(ctx context.Context) string {
	if f := FormsFrom(ctx); f != nil {
		return f.Person
	}
	return ""
}

func wasEntered(ctx context.Context) bool {
	action, _ := ctx.Value(actionKey{}).(string)
	return EnteredAt(ctx, action)
}

// reauthentication is what the form being rendered asks, with the prefix of its
// fields' IDs, since a page can hold several such forms.
func reauthentication(ctx context.Context) (r Reauthentication, prefix string, needed bool) {
	f := FormsFrom(ctx)
	action, _ := ctx.Value(actionKey{}).(string)
	if f == nil || f.Reauthenticate == nil || action == "" {
		return r, "", false
	}
	if r, needed = f.Reauthenticate(action); !needed {
		return r, "", false
	}
	if f.asked++; f.asked > 1 {
		prefix = strconv.Itoa(f.asked) + "-"
	}
	return r, prefix, true
}

func refused(ctx context.Context) Refused {
	if f := FormsFrom(ctx); f != nil {
		return f.Refused
	}
	return Refused{}
}

func passwordField(r Reauthentication, prefix string) Field {
	return Field{ID: prefix + FieldPassword, Name: FieldPassword, Label: "Password", Type: "password", Autocomplete: "current-password",
		Required: true, Autofocus: r.Asked, Error: r.PasswordError}
}

func confirmCodeField(r Reauthentication, prefix string) Field {
	f := codeField("")
	f.ID, f.Name, f.Error = prefix+FieldCode, FieldCode, r.CodeError
	return f
}
