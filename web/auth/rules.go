package auth

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// FieldError says what is wrong with one field of a form.
type FieldError struct {
	// Field is "name", "password" or "role".
	Field string
	// Message is a sentence for the person who filled the form.
	Message string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Message }

// Local accounts are named by the rule for IAM user names (IAM User Guide, IAM
// identifiers), so that one person can have the same name in both.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{1,64}$`)

// Lengths of a password, in characters. There is no rule about digits or capitals:
// length is what helps (NIST SP 800-63B, 5.1.1.2).
const (
	MinPassword = 12
	MaxPassword = 128
)

// The passwords of twelve and more characters that are guessed first.
var obvious = []string{
	"123456789012", "1234567890123456", "password1234", "passwordpassword",
	"qwertyuiop123", "qwertyuiopasdf", "administrator", "changeme1234",
	"letmein12345", "welcome12345", "correcthorsebatterystaple", "keydeskkeydesk",
}

// CheckAccount reports, as *FieldError, what would keep Create from accepting the
// name and password. A caller that must burn something before Create asks first.
func CheckAccount(name, password string) error {
	if !namePattern.MatchString(name) {
		return &FieldError{"name", "Use 1 to 64 letters, digits or the characters + = , . @ _ -"}
	}
	return checkPassword(name, password)
}

func checkPassword(name, password string) error {
	n := utf8.RuneCountInString(password)
	folded := strings.ToLower(password)
	switch {
	case !utf8.ValidString(password):
		return &FieldError{"password", "The password is not valid text."}
	case n < MinPassword:
		return &FieldError{"password", fmt.Sprintf("Use at least %d characters.", MinPassword)}
	case n > MaxPassword:
		return &FieldError{"password", fmt.Sprintf("Use at most %d characters.", MaxPassword)}
	case strings.Contains(folded, fold(name)):
		return &FieldError{"password", "The password must not contain the user name."}
	case slices.Contains(obvious, folded), strings.Trim(folded, string([]rune(folded)[:1])) == "":
		return &FieldError{"password", "This password is among the first that are guessed."}
	}
	return nil
}

func checkRole(role Role) error {
	if !slices.Contains(Roles(), role) {
		return &FieldError{"role", "Choose one of the roles."}
	}
	return nil
}

// fold makes names that differ only in case the same name.
func fold(name string) string { return strings.ToLower(name) }
