package paste

import (
	"regexp"
	"strings"
)

var nameOfIAM = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{1,128}$`)

// The longest run of characters in a name that is shown and put into a link
// although it looks random, and at all: a secret access key has 40.
const (
	longestRandom = 19
	longestRun    = lengthOfSecret - 1
)

var longRun = regexp.MustCompile(`[A-Za-z0-9/+]+`)

// MayBeUserName reports whether the name may be shown although no user has it.
// Tokens and passwords made by programs, or parts of them, may not.
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

var (
	// A label with its value: "userName":"x", user_name=x, <UserName>x, User: x.
	userLabel = regexp.MustCompile(`^(?i:user[ _-]?name|username|iam[ _-]?user(?:[ _-]?name)?|user|usr)["'` + "`" + `]?\s{0,3}(?:[:=]>?|>)\s{0,3}(?:["'` + "`" + `“]([^"'` + "`" + `”\r\n<]{1,128})["'` + "`" + `”]|([A-Za-z0-9_+=,.@-]{1,128}))`)
	// Other servers have names with spaces.
	userAndLine = regexp.MustCompile(`^(?i:user[ _-]?(?:name)?)\s{0,3}[:=]([^\r\n,;"'<>|]{1,128})`)
	// Prose: IAM user x, user named x, User x has.
	userInProse = regexp.MustCompile(`^(?i:(iam )?user)(?i:s?\s+(?:(named|called|name)\s+)?)(?:["'` + "`" + `“‘]([A-Za-z0-9_+=,.@-]{1,128})["'` + "`" + `”’]|([A-Za-z0-9_+=,.@-]{1,128}))((?:'s|’s)?\s+(?:has|had|is|was|does|did|can|can't|cannot|could|will|with|whose|owns|created|deleted|used|called|made|on|in|from|of|at|needs|performed|invoked)\b)?`)
	keyIDLabel  = regexp.MustCompile(`^(?i:access_?key(?:_?id)?)["'` + "`" + `]?\s{0,3}[:=>]\s{0,3}["'` + "`" + `]?([A-Za-z0-9_]{16,39})(?:[^A-Za-z0-9_/+]|$)`)
)

// notNames stand where a name may stand.
var notNames = map[string]bool{
	"agent": true, "account": true, "accounts": true, "data": true, "id": true, "identity": true, "input": true, "name": true, "names": true, "null": true, "nil": true,
	"none": true, "not": true, "pool": true, "role": true, "the": true, "this": true, "that": true, "to": true, "a": true, "an": true, "and": true, "or": true, "is": true, "has": true,
	"was": true, "who": true, "whose": true, "with": true, "in": true, "of": true, "for": true, "on": true, "at": true, "by": true, "from": true, "access": true, "key": true,
	"keys": true, "policy": true, "group": true, "true": true, "false": true, "unknown": true, "undefined": true, "user": true, "arn": true, "guide": true, "interface": true,
	"hidden_due_to_security_reasons": true, "n/a": true, "-": true, "does": true, "did": true, "can": true, "cannot": true, "will": true, "we": true, "you": true, "it": true,
}

// findNames finds users by what stands around their names.
func (s *scan) findNames() {
	for _, anchor := range []string{"user", "usr"} {
		for at := range all(s.low, anchor) {
			s.readUserName(at)
		}
	}
	for at := range all(s.low, "access") {
		s.readOtherKeyID(at)
	}
}

// findKnownWords finds what the caller knows and what is no word of a language.
// ARNs and addresses are read elsewhere.
func (s *scan) findKnownWords() {
	for at := 0; at < len(s.text); {
		if !isNameLetter(s.text[at]) {
			at++
			continue
		}
		start := at
		for at < len(s.text) && isNameLetter(s.text[at]) {
			at++
		}
		word := strings.TrimRight(s.text[start:at], ".,")
		if len(word) < shortestEnd || len(word) > maxKeyID || !strings.ContainsAny(word, digits+"._@-+=") {
			continue
		}
		if start > 0 && strings.IndexByte(`/:\`, s.text[start-1]) >= 0 {
			continue
		}
		if kind := s.known(word); kind != "" {
			s.add(start, Part{Kind: kind, Text: word})
		}
	}
}

func isNameLetter(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("_+=.@-", c) >= 0
}

func (s *scan) readUserName(at int) {
	if at > 0 && (isAlphanumeric(s.text[at-1]) && !strings.HasSuffix(s.low[:at], "iam") || s.text[at-1] == '/') {
		return
	}
	rest := s.after(at, longestLine)
	if m := userAndLine.FindStringSubmatch(rest); m != nil && s.known(strings.TrimSpace(m[1])) == UserName {
		s.add(at, Part{Kind: UserName, Text: strings.TrimSpace(m[1])})
		return
	}
	if m := userLabel.FindStringSubmatch(rest); m != nil {
		name := strings.TrimRight(m[1]+m[2], ".,")
		s.addUserName(at, name, s.known(name) == UserName)
		return
	}
	m := userInProse.FindStringSubmatch(rest)
	if m == nil {
		return
	}
	name, isIAM := m[3]+strings.TrimRight(m[4], ".,"), strings.HasSuffix(s.low[:at], "iam ")
	if s.known(name) == UserName || isIAM || m[2] != "" || m[3] != "" || m[5] != "" {
		s.addUserName(at, name, s.known(name) == UserName)
	}
}

var slackUser = regexp.MustCompile(`^[UW][A-Z0-9]{8,10}$`)

func (s *scan) addUserName(at int, name string, known bool) {
	switch {
	case known:
	case slackUser.MatchString(name) || strings.HasPrefix(lower(name), "arn:") || notNames[lower(name)] || !strings.ContainsAny(name, lowerCase+upperCase):
		return
	case !MayBeUserName(name):
		if nameOfIAM.MatchString(name) && KindOfID(name) == "" {
			s.notUnderstood++
		}
		return
	}
	s.add(at, Part{Kind: UserName, Text: name})
}

// readOtherKeyID reads a key ID of another server, which does not begin as
// those of AWS do, by its label.
func (s *scan) readOtherKeyID(at int) {
	m := keyIDLabel.FindStringSubmatch(s.after(at, longestLabel+longestRun))
	if m == nil || KindOfID(m[1]) != "" || strings.HasSuffix(strings.TrimRight(s.low[max(0, at-8):at], "_- "), "secret") {
		return
	}
	if s.known(m[1]) == KeyID {
		s.add(at, Part{Kind: KeyID, Text: m[1]})
		return
	}
	if strings.ContainsAny(m[1], digits) && decodeRun(m[1]) == "" {
		s.add(at, Part{Kind: OtherKeyID, Text: m[1]})
	}
}

var otherID = regexp.MustCompile(`^[A-Z0-9]{16,32}`)

// findOtherIDs finds the unique IDs of users, roles and the like.
func (s *scan) findOtherIDs() {
	for prefix := range prefixes {
		if prefix == "AKIA" || prefix == "ASIA" {
			continue
		}
		for at := range all(s.text, prefix) {
			id := otherID.FindString(s.after(at, maxKeyID))
			if id == "" || !s.startsWord(at) || s.endOfWord(at) != at+len(id) {
				continue
			}
			if run, _ := s.runAround(at, at+len(id)); len(run) == lengthOfSecret {
				continue // a secret in capitals
			}
			kind := OtherID
			if prefix == "AIDA" {
				kind = UserID
			}
			s.add(at, Part{Kind: kind, Text: id})
		}
	}
}

var (
	mailbox = regexp.MustCompile(`([A-Za-z0-9_][A-Za-z0-9._+-]{0,63})$`)
	domain  = regexp.MustCompile(`^@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24})`)
)

// findContacts finds e-mail addresses. What is before the @ of other addresses
// may be a password.
func (s *scan) findContacts() {
	for at := range all(s.text, "@") {
		local := mailbox.FindString(s.before(at, 64))
		d := domain.FindStringSubmatch(s.after(at, 255))
		if local == "" || d == nil {
			continue
		}
		before := s.before(at-len(local), longestLine)
		if strings.HasSuffix(before, ":") && !strings.HasSuffix(before, "mailto:") || strings.HasSuffix(before, "/") || strings.HasSuffix(before, "%") {
			continue
		}
		s.add(at-len(local), Part{Kind: Contact, Text: local + "@" + d[1]})
	}
	for at := range all(s.low, "contact") {
		if m := contactTag.FindStringSubmatch(s.after(at, longestLine)); m != nil && !strings.HasPrefix(s.text[at+len(m[0]):], "@") && MayBeUserName(strings.ReplaceAll(m[1], " ", ".")) {
			s.add(at, Part{Kind: Contact, Text: strings.TrimRight(m[1], " .,")})
		}
	}
}

var contactTag = regexp.MustCompile(`^(?i:contact)["']?\s{0,3}(?:[:=]|,\s*["']?value["']?\s*:)\s{0,3}["']?([A-Za-z][A-Za-z0-9 ._+-]{1,63})`)

// findDomainNames finds users by DOMAIN\name, before the text is decoded: \a is
// no escape. Of those that are, only the names that the caller knows are taken.
func (s *scan) findDomainNames() {
	for at := range all(s.text, `\`) {
		m := nameInDomain.FindStringSubmatch(s.after(at, maxKeyID))
		if m == nil || !domainBefore.MatchString(s.before(at, 24)) {
			continue
		}
		name := strings.TrimRight(m[1], ".")
		if s.known(name) == UserName {
			s.add(at, Part{Kind: UserName, Text: name})
			continue
		}
		if !strings.ContainsRune("nrtbfvuxUe0123", rune(name[0])) && MayBeUserName(name) {
			s.add(at, Part{Kind: UserName, Text: name})
		}
	}
}

var (
	nameInDomain = regexp.MustCompile(`^\\{1,4}([A-Za-z0-9][A-Za-z0-9._-]{1,63})(?:[^A-Za-z0-9._@\\-]|$)`)
	domainBefore = regexp.MustCompile(`(?:^|[\s"'=:,(\[])[A-Z][A-Z0-9.-]{1,19}$`)
)
