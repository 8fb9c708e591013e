package handlers

import (
	"net/url"
	"strings"
)

// localPath is where to go after signing in: the path that was asked for, if it
// stays on this site, else the start page. A link with somebody else's address
// in it must not send a person who has just typed a password to a look-alike.
//
// Browsers read "\" as "/", drop tabs and line ends, and take "//host" for
// another site, so that anything but plain characters is refused.
func localPath(next string) string {
	const home = "/"
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") {
		return home
	}
	if strings.ContainsFunc(next, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '\\' }) {
		return home
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return home
	}
	// Behind these lies nothing to come back to.
	if u.Path == "/sign-in" || strings.HasPrefix(u.Path, "/sign-in/") || u.Path == "/sign-out" || strings.HasPrefix(u.Path, "/first-run/") {
		return home
	}
	return next
}
