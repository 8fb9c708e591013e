package iamsvc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"keydesk/iamsvc/paste"
)

// The limits of the IAM API (API reference, common parameters and CreateUser,
// TagUser, PutUserPolicy). The SDK checks none of them.
const (
	maxNewUserName      = 64
	maxExistingUserName = 128
	maxPath             = 512
	minAccessKeyID      = 16
	maxAccessKeyID      = 128
	maxTags             = 50
	maxTagKey           = 128
	maxTagValue         = 256
	maxPolicyName       = 128
	maxPolicyDocument   = 131072
)

// maxListed is how long a name or key ID may be, in bytes, that a server has listed.
// AWS's are far shorter; a URL has to hold it three times over.
const maxListed = 1024

// MaxDescription is the longest description of an access key, in characters:
// it is stored as the value of a tag.
const MaxDescription = maxTagValue

var (
	namePattern     = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]+$`)
	pathPattern     = regexp.MustCompile(`^/([\x21-\x7e]+/)?$`)
	keyIDPattern    = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
	tagPattern      = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	documentPattern = regexp.MustCompile(`^[\t\n\r\x{20}-\x{ff}]*$`)
)

func invalid(field, format string, args ...any) error {
	return &Invalid{Field: field, Message: fmt.Sprintf(format, args...)}
}

// ValidateUserName checks the name of a user to be created on AWS.
func ValidateUserName(name string) error { return validateName("user name", name, maxNewUserName) }

// ValidateExistingUserName guards every call that takes a user name. A blank
// one has an error of its own: with it, the call would act on someone else. Any other
// that a server lists is right, whatever AWS would say to it.
func ValidateExistingUserName(name string) error {
	if strings.TrimSpace(name) == "" {
		return ErrEmptyUserName
	}
	return validateListed("user name", name)
}

// MayHaveUser reports whether a user of that name can be there: on AWS only by AWS's
// rules. It spares IAM the question.
func (a *Account) MayHaveUser(name string) bool {
	_, listed := a.Inventory().User(name)
	return listed || !a.OnAWS() || validateName("user name", name, maxExistingUserName) == nil
}

// validateListed is for what XML can bring: text without NUL.
func validateListed(field, text string) error {
	switch {
	case len(text) > maxListed:
		return invalid(field, "The %s has more than %d bytes.", field, maxListed)
	case !utf8.ValidString(text) || strings.Contains(text, "\x00"):
		return invalid(field, "The %s is not UTF-8 text.", field)
	}
	return nil
}

func validateName(field, name string, longest int) error {
	switch {
	case field == "user name" && strings.TrimSpace(name) == "":
		return ErrEmptyUserName
	case len(name) == 0 || len(name) > longest:
		return invalid(field, "The %s must have 1 to %d characters.", field, longest)
	case !namePattern.MatchString(name):
		return invalid(field, "The %s can have letters A-Z and a-z, digits and the characters + = , . @ _ - only.", field)
	}
	return nil
}

// ValidatePath checks the path of a user.
func ValidatePath(path string) error {
	switch {
	case path == "" || len(path) > maxPath:
		return invalid("path", "The path must have 1 to %d characters.", maxPath)
	case !pathPattern.MatchString(path):
		return invalid("path", "The path must begin and end with / and have printable ASCII characters without spaces between, such as /division/team/.")
	}
	return nil
}

// validateAccessKeyID guards every call that takes a key ID. A server's own list may
// have any but a blank one.
func validateAccessKeyID(id string) error {
	if strings.TrimSpace(id) == "" {
		return invalid("access key ID", "There is no access key ID.")
	}
	return validateListed("access key ID", id)
}

// mayBeKeyID: the word has the form that IAM's API asks of a key ID. It says nothing
// about keys that are listed.
func mayBeKeyID(word string) bool {
	return len(word) >= minAccessKeyID && len(word) <= maxAccessKeyID && keyIDPattern.MatchString(word)
}

func validateStatus(s KeyStatus) error {
	if s != KeyActive && s != KeyInactive {
		return invalid("status", "The status of an access key can be set to Active or Inactive only.")
	}
	return nil
}

// ValidateDescription checks the description of an access key. IAM stores it
// in a user tag, where everybody who may list tags reads it: what looks like a
// secret is refused.
func ValidateDescription(text string) error {
	if err := validateTagText("description", "description", text, 0, maxTagValue); err != nil {
		return err
	}
	if paste.HasSecret(text) {
		return invalid("description", "This looks like a secret access key. A description is readable by others and must not hold one.")
	}
	return nil
}

func validateTagText(field, noun, text string, shortest, longest int) error {
	n := utf8.RuneCountInString(text)
	switch {
	case !utf8.ValidString(text) || !tagPattern.MatchString(text):
		return invalid(field, "The %s can have letters, digits, spaces and the characters _ . : / = + - @ only.", noun)
	case n < shortest || n > longest:
		return invalid(field, "The %s must have %d to %d characters; this has %d.", noun, shortest, longest, n)
	}
	return nil
}

// ValidateTags checks the tags of a user to be created.
func ValidateTags(tags []Tag) error {
	if len(tags) > maxTags {
		return invalid("tag", "A user can have %d tags; these are %d.", maxTags, len(tags))
	}
	seen := map[string]bool{}
	for _, t := range tags {
		if err := validateTagText("tag", "tag key", t.Key, 1, maxTagKey); err != nil {
			return err
		}
		if err := validateTagText("tag", "tag value", t.Value, 0, maxTagValue); err != nil {
			return err
		}
		key := strings.ToLower(t.Key)
		if strings.HasPrefix(key, "aws:") {
			return invalid("tag", "Tag keys that begin with aws: are reserved for AWS.")
		}
		if seen[key] {
			return invalid("tag", "The tag key %s is there twice. Tag keys of users do not differ by case.", t.Key)
		}
		seen[key] = true
	}
	return nil
}

// ValidatePolicy checks name and document of an inline policy as far as IAM's
// grammar can be checked from outside: JSON with a Statement.
func ValidatePolicy(name, document string) error {
	if err := validateName("policy name", name, maxPolicyName); err != nil {
		return err
	}
	switch {
	case document == "" || len(document) > maxPolicyDocument:
		return invalid("policy document", "The policy document must have 1 to %d characters.", maxPolicyDocument)
	case !utf8.ValidString(document) || !documentPattern.MatchString(document):
		return invalid("policy document", "The policy document has a character IAM does not accept: tabs, line ends and the characters up to U+00FF only.")
	}
	return validatePolicyJSON(document)
}

func validatePolicyJSON(document string) error {
	d := json.NewDecoder(strings.NewReader(document))
	var policy map[string]json.RawMessage
	if err := d.Decode(&policy); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return invalid("policy document", "The policy document is not valid JSON: %v at character %d.", syntax, syntax.Offset)
		}
		return invalid("policy document", "The policy document is not a complete JSON object.")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalid("policy document", "The policy document has text after its end.")
	}
	if policy["Statement"] == nil {
		return invalid("policy document", "The policy document has no Statement.")
	}
	return nil
}
