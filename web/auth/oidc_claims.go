package auth

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Identity is what an identity provider says of a person.
type Identity struct {
	// Issuer and Subject together name the person for ever; Name is for display and
	// can change, or be somebody else's tomorrow.
	Issuer, Subject, Name string
	// Groups are as the provider names them; GroupsFault is why there are none, "" when
	// the provider says so.
	Groups      []string
	GroupsFault GroupsFault
	// AuthTime is when the person last proved who they are to the provider, UTC;
	// zero when it did not say, or said something impossible.
	AuthTime time.Time
	// SessionID is the provider's name of its own session, "" when there is none.
	SessionID string

	groupsClaim string   // that was looked for
	claims      []string // the names of all that came, sorted
}

const maxName = 128 // characters

// identity reads the claims of an ID token. They are signed, but what they hold is
// whatever people put into a directory. The user info is not signed: it adds groups and
// names that the token does not have, and nothing else.
func identity(claims, info map[string]any, groupsClaim string, now time.Time) Identity {
	who := Identity{AuthTime: authTime(claims["auth_time"], now), groupsClaim: groupsClaim}
	who.Issuer, _ = claims["iss"].(string)
	who.Subject, _ = claims["sub"].(string)
	who.SessionID, _ = claims["sid"].(string)
	who.Groups, who.GroupsFault = groupsOf(claims, info, groupsClaim)
	all := maps.Clone(info)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, claims)
	who.claims = slices.Sorted(maps.Keys(all))

	for _, c := range []string{"preferred_username", "email", "name", "sub"} {
		text, _ := all[c].(string)
		if who.Name = plainName(text); who.Name != "" {
			break
		}
	}
	if who.Name == "" {
		who.Name = "unnamed"
	}
	return who
}

// groupsOf finds the groups, or says what is there in place of them.
func groupsOf(claims, info map[string]any, path string) ([]string, GroupsFault) {
	for _, source := range []map[string]any{claims, info} {
		if claim := claimAt(source, path); claim != nil {
			return groupsIn(claim)
		}
	}
	for _, source := range []map[string]any{claims, info} {
		elsewhere, _ := source[claimNamesKey].(map[string]any)
		if _, ok := elsewhere[path]; ok || source["hasgroups"] == true {
			return nil, GroupsOverage
		}
	}
	return nil, GroupsMissing
}

// claimAt is the claim with the name, or the one that the path leads to: names of
// objects, with dots between them. Names hold dots themselves, as URLs do, so every
// dot is tried. It is nil when there is none.
func claimAt(claims map[string]any, path string) any {
	if claim, ok := claims[path]; ok {
		return claim
	}
	for i, c := range path {
		if c != '.' {
			continue
		}
		if inner, ok := claims[path[:i]].(map[string]any); ok {
			if claim := claimAt(inner, path[i+1:]); claim != nil {
				return claim
			}
		}
	}
	return nil
}

// groupsIn takes a list of names, or a single name. In a list, what is no name is no
// group.
func groupsIn(claim any) ([]string, GroupsFault) {
	switch c := claim.(type) {
	case string:
		return []string{c}, ""
	case []any:
		var groups []string
		for _, g := range c {
			if name, ok := g.(string); ok {
				groups = append(groups, name)
			}
		}
		if len(groups) == 0 && len(c) > 0 {
			return nil, GroupsNotAList
		}
		return groups, ""
	}
	return nil, GroupsNotAList
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

// plainName is plain, cut to the length of a name.
func plainName(s string) string {
	s = plain(s)
	if runes := []rune(s); len(runes) > maxName {
		s = string(runes[:maxName])
	}
	return strings.TrimSpace(s)
}

// plain keeps a text on one line and readable: directories hold line ends and
// characters that turn the text after them around.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) || c == unicode.ReplacementChar {
			return -1
		}
		return c
	}, s)
}
