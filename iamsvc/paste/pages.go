package paste

import (
	"regexp"
	"strings"
)

// A name that goes on in other letters is none of IAM.
const (
	nameThere = `([A-Za-z0-9_+=,.@-]+)(?:$|[^\pL\pN%_+=,.@-])`
	nameLast  = `([A-Za-z0-9_+=,.@-]+)(?:$|[^\pL\pN%_+=,.@/-])`
	home      = `^/iam(?:v2)?/home(?:\?[^#]*)?#/?`
)

var (
	// With several sessions in one browser, the host of the console names the
	// account.
	accountOfHost = regexp.MustCompile(`(?:^|[^A-Za-z0-9])([0-9]{12})-[a-z0-9]+\.[a-z0-9.-]+$`)
	keydeskPage   = regexp.MustCompile(`^/accounts/([A-Za-z0-9-]+)/users/` + nameThere)
	consolePages  = []struct {
		anchor  string
		kind    Kind
		pattern *regexp.Regexp
	}{
		{"users/", UserName, regexp.MustCompile(home + `users/(?:details/` + nameThere + `|` + nameLast + `)`)}, // the second is of before
		{"roles/", RoleName, regexp.MustCompile(home + `roles/(?:details/)?` + nameThere)},
		{"groups/", GroupName, regexp.MustCompile(home + `(?:user_)?groups/(?:details/)?` + nameThere)},
	}
)

// How much of an address stands before its anchor, and after it.
const longestAddress, longestName = 600, 140

// findPages finds the users, roles and groups whose page in the AWS console or
// in Keydesk has its address in the text.
func (s *scan) findPages() {
	for _, page := range consolePages {
		for at := range all(s.low, page.anchor) {
			s.readPage(at, "/iam", page.pattern, page.kind)
		}
	}
	for at := range all(s.low, "/users/") {
		s.readPage(at, "/accounts/", keydeskPage, UserName)
	}
}

// readPage reads the address that has its last part there, from where its path
// begins.
func (s *scan) readPage(at int, path string, pattern *regexp.Regexp, kind Kind) {
	window := s.before(at, longestAddress)
	window = window[strings.LastIndexAny(window, " \t\r\n\"'<>")+1:]
	start := strings.LastIndex(window, path)
	if start < 0 {
		return
	}
	start += at - len(window)
	m := pattern.FindStringSubmatch(s.text[start:min(len(s.text), at+longestName)])
	if m == nil {
		return
	}
	p := Part{Kind: kind, Text: strings.TrimRight(strings.Join(m[1:], ""), ".,")}
	switch host := accountOfHost.FindStringSubmatch(s.before(start, longestName)); {
	case pattern == keydeskPage:
		p.Account, p.Text = m[1], strings.TrimRight(m[2], ".,")
	case host != nil:
		p.Account = host[1]
	}
	s.add(start, p)
}
