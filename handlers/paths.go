package handlers

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/go-chi/chi/v5"

	"keydesk/iamsvc"
)

// param is a part of the URL as the name it stands for. Nothing but a user's name
// may hold signs that no person sees.
func param(r *http.Request, name string) (string, error) {
	value, err := segmentName(chi.URLParam(r, name))
	if err != nil || value == "" || !printable(value) {
		return "", ErrNotFound
	}
	return value, nil
}

// userParam is the IAM user the URL names. Whatever a server may list is a name;
// any other is no user, and is refused before anything is asked.
func userParam(r *http.Request) (string, error) {
	name, err := segmentName(chi.URLParam(r, "user"))
	if err != nil || iamsvc.ValidateExistingUserName(name) != nil {
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
		b.WriteString(segment(s))
	}
	return b.String()
}

// awsName is what AWS allows in names. There is no ~ among it.
var awsName = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]+$`)

// segment writes a name into a URL path. Names as AWS has them look as everywhere.
// In any other name, which only other servers have, ~ stands for the percent sign:
// browsers resolve %2E%2E as the folder above, proxies decode %2F and refuse %5C
// and %00, and Go tells %25 from % only sometimes. Nobody touches a ~.
func segment(name string) string {
	dots := name == "." || name == ".."
	if awsName.MatchString(name) && !dots {
		return url.PathEscape(name)
	}
	escaped := strings.ReplaceAll(url.PathEscape(name), "~", "%7E")
	if dots {
		escaped = strings.ReplaceAll(escaped, ".", "%2E")
	}
	return strings.ReplaceAll(escaped, "%", "~")
}

// segmentName is the name that segment has written. It also reads percent signs:
// chi leaves them in, and older links have them.
func segmentName(raw string) (string, error) {
	return url.PathUnescape(strings.ReplaceAll(raw, "~", "%"))
}

func usersPath(account string) string      { return path("accounts", account, "users") }
func userPath(account, user string) string { return path("accounts", account, "users", user) }
func keysPath(account, user string) string { return userPath(account, user) + "/access-keys" }

// fileName is a name for a file to be saved, made of names that other people chose:
// a quote would end the header's field, a slash name a folder.
func fileName(name string) string {
	return strings.Map(func(c rune) rune {
		if awsName.MatchString(string(c)) {
			return c
		}
		return '_'
	}, name)
}
