package auth

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ProviderError is the identity provider's own word that it lets nobody in (OpenID
// Connect Core, 3.1.2.6; RFC 6749, 4.1.2.1). It is an ErrProviderAnswer.
type ProviderError struct {
	// Code is a word of these standards, or what the provider made up; "" when it is no
	// word at all. Description is its text for people. Both came through the browser.
	Code, Description string
}

var errorCode = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,40}$`)

// newProviderError cuts what came to what can be shown.
func newProviderError(code, description string) *ProviderError {
	if !errorCode.MatchString(code) {
		code = ""
	}
	return &ProviderError{code, shorten(plain(description), 300)}
}

func (e *ProviderError) Error() string {
	return fmt.Sprintf("%v: it says %q, %q", ErrProviderAnswer, e.Code, e.Description)
}

// Is makes it an ErrProviderAnswer.
func (e *ProviderError) Is(target error) bool { return target == ErrProviderAnswer }

// GroupsFault is why the provider's answer names no groups.
type GroupsFault string

// The faults.
const (
	GroupsMissing  GroupsFault = "the claim is missing"
	GroupsOverage  GroupsFault = "the groups are too many for the token; it names another place for them (_claim_names)"
	GroupsNotAList GroupsFault = "the claim is not a list of names"
)

// NoRoleError is ErrNoRole with what the provider sent. The names are hostile text, made
// printable and cut.
type NoRoleError struct {
	// Claim is the one that was looked for.
	Claim string
	// Fault is "" when Groups came; they may be none.
	Fault GroupsFault
	// Groups are the person's groups, and Claims the names of what came at all: 20 at
	// most of each, 64 characters at most. More says how many groups there were besides.
	Groups, Claims []string
	More           int
}

const (
	mostNames     = 20
	longestShown  = 64
	claimNamesKey = "_claim_names"
)

func newNoRoleError(who Identity) *NoRoleError {
	groups := shown(who.Groups)
	return &NoRoleError{
		Claim:  who.groupsClaim,
		Fault:  who.GroupsFault,
		Groups: groups,
		Claims: shown(who.claims),
		More:   len(who.Groups) - len(groups),
	}
}

func (e *NoRoleError) Error() string {
	text := fmt.Sprintf("%v: claim %q", ErrNoRole, e.Claim)
	if e.Fault != "" {
		text += ": " + string(e.Fault)
	}
	text += fmt.Sprintf("; groups %q", e.Groups)
	if e.More > 0 {
		text += " and " + strconv.Itoa(e.More) + " more"
	}
	return text + fmt.Sprintf("; claims %q", e.Claims)
}

// Is makes it an ErrNoRole.
func (e *NoRoleError) Is(target error) bool { return target == ErrNoRole }

func shown(names []string) []string {
	list := []string{}
	for _, n := range names[:min(len(names), mostNames)] {
		list = append(list, shorten(plain(n), longestShown))
	}
	return list
}

func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:most-1])) + "…"
}
