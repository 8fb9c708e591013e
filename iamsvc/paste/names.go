package paste

import (
	"regexp"
	"strings"
)

// The parts of the addresses. With several sessions in one browser, the host of
// the console names the account. A name that goes on in other letters is none
// of IAM.
const (
	console   = `(?:\b([0-9]{12})-[a-z0-9]+\.[a-z0-9.-]+)?/iam(?:v2)?/home(?:\?[^\s"'<>#]*)?#/?users/`
	keydesk   = `/accounts/([A-Za-z0-9-]+)/users/`
	nameThere = `([A-Za-z0-9_+=,.@-]+)(?:$|[^\pL\pN%_+=,.@-])`
	nameLast  = `([A-Za-z0-9_+=,.@-]+)(?:$|[^\pL\pN%_+=,.@/-])`
)

var (
	userPages = []*regexp.Regexp{
		regexp.MustCompile(console + `details/` + nameThere),
		regexp.MustCompile(console + nameLast), // the console of before
		regexp.MustCompile(keydesk + nameThere),
	}
	beforeName = regexp.MustCompile(`#/?users/(?:details/)?|` + keydesk + `|:user/`)
)

// findPage finds the user whose page in the AWS console or in Keydesk has its
// address in the text.
func (t *Text) findPage(text string) {
	for _, page := range userPages {
		if m := page.FindStringSubmatch(text); m != nil {
			t.add(Part{Kind: UserName, Text: strings.TrimRight(m[2], ".,"), Account: m[1]})
			return
		}
	}
}

// apart separates the names of users from what is before them, so that a
// secret in such a place is as long as a secret, and no address is.
func apart(text string) string { return beforeName.ReplaceAllString(text, " $1 ") }

var nameOfIAM = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{1,128}$`)

// The longest run of characters in a name that is shown and put into a link
// although it looks random, and at all: a secret access key has 40.
const (
	longestRandom = 19
	longestRun    = 39
)

// MayBeUserName reports whether the name may be shown although nobody here
// bears it. Tokens and passwords made by programs, or parts of them, may not.
func MayBeUserName(name string) bool {
	if !nameOfIAM.MatchString(name) || KindOfID(name) != "" || !strings.ContainsAny(name, lowerCase+upperCase) {
		return false
	}
	for _, run := range longRun.FindAllString(name, -1) {
		random := strings.ContainsAny(run, upperCase) && strings.ContainsAny(run, lowerCase) && strings.ContainsAny(run, digits)
		if len(run) > longestRun || random && len(run) > longestRandom {
			return false
		}
	}
	return true
}
