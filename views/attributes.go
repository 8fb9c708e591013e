package views

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

func colorScheme(theme string) string {
	if theme == "" {
		return "light dark"
	}
	return theme
}

func statusIcon(kind string) string {
	switch kind {
	case "success":
		return "status-positive"
	case "warning":
		return "status-warning"
	case "error":
		return "status-negative"
	case "inactive":
		return "status-stopped"
	case "progress":
		return "status-in-progress"
	default:
		return "status-info"
	}
}

func sortIcon(sort string) string {
	switch sort {
	case "ascending":
		return "caret-up-filled"
	case "descending":
		return "caret-down-filled"
	default:
		return "caret-down"
	}
}

func titleID(h Heading) string {
	if h.ID == "" {
		return ""
	}
	return h.ID + "-title"
}

func currentStep(steps []Step) int {
	for i, s := range steps {
		if s.State == "current" {
			return i + 1
		}
	}
	return len(steps)
}

func fieldID(f Field) string {
	if f.ID != "" {
		return f.ID
	}
	return f.Name
}

func inputType(f Field) string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func idAttribute(id string) templ.OrderedAttributes {
	if id == "" {
		return nil
	}
	return templ.OrderedAttributes{{Key: "id", Value: id}}
}

// fieldAttributes ties the field to its hint and error, so that a screen
// reader reads them with it.
func fieldAttributes(f Field) templ.OrderedAttributes {
	a := templ.OrderedAttributes{
		{Key: "id", Value: fieldID(f)},
		{Key: "name", Value: f.Name},
		{Key: "required", Value: f.Required},
		{Key: "data-autofocus", Value: f.Autofocus},
		{Key: "autocomplete", Value: orOff(f.Autocomplete)},
	}
	set := func(key, value string) {
		if value != "" {
			a = append(a, templ.KeyValue[string, any]{Key: key, Value: value})
		}
	}
	set("placeholder", f.Placeholder)
	if f.Pattern != "" {
		set("pattern", f.Pattern)
		set("title", f.Label) // browsers add it to "Please match the requested format"
	}
	set("aria-describedby", describedBy(f))
	if f.MaxLength > 0 {
		set("maxlength", strconv.Itoa(f.MaxLength))
	}
	if f.Error != "" {
		set("aria-invalid", "true")
	}
	return a
}

func describedBy(f Field) string {
	var ids []string
	for _, part := range []struct{ suffix, text string }{{"-error", f.Error}, {"-hint", f.Hint}, {"-constraint", f.Constraint}} {
		if part.text != "" {
			ids = append(ids, fieldID(f)+part.suffix)
		}
	}
	return strings.Join(ids, " ")
}

func orOff(autocomplete string) string {
	if autocomplete == "" {
		return "off"
	}
	return autocomplete
}
