package auth

import (
	"math"
	"strings"
	"time"
	"unicode"
)

// Identity is what an identity provider says of a person.
type Identity struct {
	// Issuer and Subject together name the person for ever; Name is for display and
	// can change, or be somebody else's tomorrow.
	Issuer, Subject, Name string
	// Groups are as the provider names them.
	Groups []string
	// AuthTime is when the person last proved who they are to the provider, UTC;
	// zero when it did not say, or said something impossible.
	AuthTime time.Time
	// SessionID is the provider's name of its own session, "" when there is none.
	SessionID string
}

const maxName = 128 // characters

// identity reads the claims of an ID token. They are signed, but what they hold is
// whatever people put into a directory.
func identity(claims map[string]any, groupsClaim string, now time.Time) Identity {
	who := Identity{Groups: groupsIn(claims[groupsClaim]), AuthTime: authTime(claims["auth_time"], now)}
	who.Issuer, _ = claims["iss"].(string)
	who.Subject, _ = claims["sub"].(string)
	who.SessionID, _ = claims["sid"].(string)
	for _, c := range []string{"preferred_username", "email", "name", "sub"} {
		text, _ := claims[c].(string)
		if who.Name = plainName(text); who.Name != "" {
			break
		}
	}
	if who.Name == "" {
		who.Name = "unnamed"
	}
	return who
}

// groupsIn takes a list of names, or a single name. Anything else is no group.
func groupsIn(claim any) []string {
	switch c := claim.(type) {
	case string:
		return []string{c}
	case []any:
		var groups []string
		for _, g := range c {
			if name, ok := g.(string); ok {
				groups = append(groups, name)
			}
		}
		return groups
	}
	return nil
}

// clockSkew is by how much a provider's clock may be ahead of ours.
const clockSkew = time.Minute

// authTime is zero for what cannot be: some providers send 0, and a time to come
// would stay fresh for ever.
func authTime(claim any, now time.Time) time.Time {
	seconds, ok := claim.(float64)
	if !ok || math.IsNaN(seconds) || seconds < 1 || seconds > float64(now.Add(clockSkew).Unix()) {
		return time.Time{}
	}
	at := time.Unix(int64(seconds), 0).UTC()
	if at.After(now) {
		return now
	}
	return at
}

// plainName keeps a name on one line and readable: directories hold line ends and
// characters that turn the text after them around.
func plainName(s string) string {
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) || c == unicode.ReplacementChar {
			return -1
		}
		return c
	}, s)
	if runes := []rune(s); len(runes) > maxName {
		s = string(runes[:maxName])
	}
	return strings.TrimSpace(s)
}
