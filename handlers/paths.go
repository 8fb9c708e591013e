package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"keydesk/iamsvc"
)

// param is a part of the URL, unescaped: chi leaves it escaped when the path
// held escapes, and IAM names hold plus signs, commas and at signs.
func param(r *http.Request, name string) (string, error) {
	raw := chi.URLParam(r, name)
	value, err := url.PathUnescape(raw)
	if err != nil || value == "" || !printable(value) {
		return "", ErrNotFound
	}
	return value, nil
}

// userParam is the IAM user the URL names. A name IAM could not have is no
// user, and is refused before anything is asked.
func userParam(r *http.Request) (string, error) {
	name, err := param(r, "user")
	if err != nil {
		return "", err
	}
	if err := iamsvc.ValidateExistingUserName(name); err != nil {
		return "", ErrNotFound
	}
	return name, nil
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\uFFFD' }) < 0
}

// path joins escaped segments: the one place that builds a URL path from names
// that other people chose.
func path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(escapeSegment(s))
	}
	return b.String()
}

// escapeSegment also escapes a name of dots only, which browsers would resolve
// as "this folder" or "the folder above".
func escapeSegment(s string) string {
	if s == "." || s == ".." {
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return url.PathEscape(s)
}

func usersPath(account string) string      { return path("accounts", account, "users") }
func userPath(account, user string) string { return path("accounts", account, "users", user) }
func keysPath(account, user string) string { return userPath(account, user) + "/access-keys" }

// keyPath addresses a key by its last characters: whole key IDs stay out of
// URLs, because URLs end up in proxies' logs. The form posts the whole ID.
func keyPath(account, user, keyID, action string) string {
	return keysPath(account, user) + path(keySuffix(keyID), action)
}

// keySuffixLength is long enough that two keys of one user do not share it.
const keySuffixLength = 8

func keySuffix(keyID string) string {
	if len(keyID) <= keySuffixLength {
		return keyID
	}
	return keyID[len(keyID)-keySuffixLength:]
}
