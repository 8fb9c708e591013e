package iamsvc

import (
	"errors"
	"strings"
	"testing"
)

func TestValidation(t *testing.T) {
	t.Parallel()
	tag := func(k, v string) error { return ValidateTags([]Tag{{k, v}}) }
	const document = `{"Version":"2012-10-17","Statement":[]}`
	many := make([]Tag, 51)
	for i := range many {
		many[i].Key = strings.Repeat("k", i+1)
	}
	tests := []struct {
		name string
		err  error
		says string // "" = accepted
	}{
		{"every legal sign", ValidateUserName("svc+deploy=prod,eu.west@corp_1-x"), ""},
		{"64 characters", ValidateUserName(strings.Repeat("a", 64)), ""},
		{"65 characters", ValidateUserName(strings.Repeat("a", 65)), "1 to 64"},
		{"existing, 128", ValidateExistingUserName(strings.Repeat("a", 128)), ""},
		{"existing, of another server", ValidateExistingUserName(" ../tenant$müller?#%; \n"), ""},
		{"existing, 1025", ValidateExistingUserName(strings.Repeat("a", 1025)), "1024 bytes"},
		{"existing, not text", ValidateExistingUserName("a\xff"), "UTF-8"},
		{"existing, NUL", ValidateExistingUserName("a\x00"), "UTF-8"},
		{"slash", ValidateUserName("a/b"), "letters"},
		{"umlaut", ValidateUserName("müller"), "letters"},
		{"line end", ValidateUserName("a\n"), "letters"},
		{"root path", ValidatePath("/"), ""},
		{"path", ValidatePath("/R&D/a//b/"), ""},
		{"empty segment alone", ValidatePath("//"), "begin and end"},
		{"open path", ValidatePath("/a"), "begin and end"},
		{"path with space", ValidatePath("/a b/"), "begin and end"},
		{"no path", ValidatePath(""), "1 to 512"},
		{"long path", ValidatePath("/" + strings.Repeat("a", 511) + "/"), "1 to 512"},
		{"key ID", validateAccessKeyID("AKIAIOSFODNN7EXAMPLE"), ""},
		{"21 mixed characters", validateAccessKeyID("aBcDeFgHiJkLmNoPqRsTu"), ""},
		{"short key ID of another server", validateAccessKeyID("a"), ""},
		{"key ID with slash", validateAccessKeyID("svc/prod key"), ""},
		{"blank key ID", validateAccessKeyID(" "), "no access key ID"},
		{"long key ID", validateAccessKeyID(strings.Repeat("a", 1025)), "1024 bytes"},
		{"status", validateStatus(KeyInactive), ""},
		{"Expired is never sent", validateStatus(KeyExpired), "Active or Inactive"},
		{"description", ValidateDescription("CI deploy - eu-west-1: key_2 @ops / Größe = 3.5+"), ""},
		{"no description", ValidateDescription(""), ""},
		{"256 letters", ValidateDescription(strings.Repeat("é", 256)), ""},
		{"257 letters", ValidateDescription(strings.Repeat("é", 257)), "this has 257"},
		{"comma", ValidateDescription("a, b"), "_ . : /"},
		{"secret", ValidateDescription(sentinel), "secret access key"},
		{"tag", tag("Owner", ""), ""},
		{"tag without key", tag("", "x"), "1 to 128"},
		{"reserved tag", tag("AWS:x", ""), "reserved"},
		{"tag value", tag("k", "<"), "_ . : /"},
		{"twice", ValidateTags([]Tag{{"Owner", "a"}, {"owner", "b"}}), "twice"},
		{"51 tags", ValidateTags(many), "50 tags"},
		{"policy", ValidatePolicy("S3-ReadOnly", document), ""},
		{"no name", ValidatePolicy("", document), "1 to 128"},
		{"no document", ValidatePolicy("p", ""), "131072"},
		{"cut off", ValidatePolicy("p", document[:20]), "not a complete JSON"},
		{"syntax", ValidatePolicy("p", `{"Statement":[,]}`), "at character"},
		{"array", ValidatePolicy("p", `[]`), "JSON object"},
		{"no statement", ValidatePolicy("p", `{"Version":"2012-10-17"}`), "no Statement"},
		{"two documents", ValidatePolicy("p", document+document), "after its end"},
		{"beyond Latin-1", ValidatePolicy("p", `{"Statement":"…"}`), "U+00FF"},
	}
	for _, tt := range tests {
		switch {
		case tt.says == "" && tt.err != nil:
			t.Errorf("%s: refused: %v", tt.name, tt.err)
		case tt.says != "" && (!errors.Is(tt.err, ErrInvalid) || !strings.Contains(tt.err.Error(), tt.says)):
			t.Errorf("%s: %v does not say %q", tt.name, tt.err, tt.says)
		}
	}
}

func TestBlankUserNameHasItsOwnError(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", " ", "\t\n", "\u00a0"} {
		wantIs(t, ValidateUserName(name), ErrEmptyUserName)
		wantIs(t, ValidateExistingUserName(name), ErrEmptyUserName)
	}
}
