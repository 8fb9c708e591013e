package auth

import (
	"errors"
	"strings"
	"testing"
)

func TestHashFollowsOWASP(t *testing.T) {
	t.Parallel()
	h := newHasher(currentCost)
	one, err := h.hash(t.Context(), "a fine long sentence")
	if err != nil {
		t.Fatal(err)
	}
	two, err := h.hash(t.Context(), "a fine long sentence")
	if err != nil {
		t.Fatal(err)
	}
	const parameters = "$argon2id$v=19$m=19456,t=2,p=1$"
	for _, s := range []string{one, two, h.decoy} {
		if !strings.HasPrefix(s, parameters) {
			t.Errorf("hash %q does not begin with %s", s, parameters)
		}
	}
	if one == two {
		t.Error("two hashes of one password are the same: no salt")
	}
	for password, want := range map[string]bool{"a fine long sentence": true, "a fine long sentence ": false, "": false} {
		got, stale, err := h.matches(t.Context(), password, one, false)
		if err != nil || got != want || stale {
			t.Errorf("%q: match %v, stale %v, error %v", password, got, stale, err)
		}
	}
}

func TestDamagedHashIsAnError(t *testing.T) {
	t.Parallel()
	h := newHasher(cheap)
	good := h.decoy
	for name, stored := range map[string]string{
		"empty":         "",
		"other kind":    strings.Replace(good, "argon2id", "argon2i", 1),
		"other version": strings.Replace(good, "v=19", "v=16", 1),
		"no passes":     strings.Replace(good, "t=1", "t=0", 1),
		"no lanes":      strings.Replace(good, "p=1", "p=0", 1),
		"no hash":       good[:strings.LastIndex(good, "$")+1],
		"short hash":    good[:len(good)-8],
		"trailing":      good + "A",
		"extra part":    good + "$",
		"odd number":    strings.Replace(good, "t=1", "t=+1", 1),
	} {
		if match, _, err := h.matches(t.Context(), "x", stored, false); match || !errors.Is(err, errBadHash) {
			t.Errorf("%s: match %v, error %v", name, match, err)
		}
	}
}

func TestRulesForNamesAndPasswords(t *testing.T) {
	t.Parallel()
	const good = "a fine long sentence"
	for _, test := range []struct{ name, password, field string }{
		{"ann", good, ""},
		{strings.Repeat("a", 64), good, ""},
		{"A.b-c_d+e=f,g@h9", good, ""},
		{"", good, "name"},
		{strings.Repeat("a", 65), good, "name"},
		{"two words", good, "name"},
		{"änn", good, "name"},
		{"ann\n", good, "name"},
		{"ann/bob", good, "name"},
		{"ann", "twelve chars", ""},
		{"ann", "eleven char", "password"},
		{"ann", strings.Repeat("ü!", 6), ""},
		{"ann", strings.Repeat("ab", 64), ""},
		{"ann", strings.Repeat("ab", 64) + "c", "password"},
		{"ann", strings.Repeat("ü", 128) + "x", "password"},
		{"ann", "my name is ANN, hello", "password"},
		{"ann", "PasswordPassword", "password"},
		{"ann", "aaaaaaaaaaaaaaaa", "password"},
		{"ann", "üüüüüüüüüüüüüüüü", "password"},
		{"ann", "twelve chars\xff\xfe", "password"},
		{"ann", "", "password"},
	} {
		err := CheckAccount(test.name, test.password)
		var field *FieldError
		if errors.As(err, &field); (field == nil) != (test.field == "") || field != nil && field.Field != test.field {
			t.Errorf("%q %q: error %v, want one for %q", test.name, test.password, err, test.field)
		}
		if field != nil && test.password != "" && strings.Contains(err.Error(), test.password) {
			t.Errorf("the error repeats the password: %v", err)
		}
	}
}
