package paste

import (
	"regexp"
	"strings"
)

// findKeyIDs finds whole, wrapped, masked and cut-off IDs that begin with AKIA
// or ASIA.
func (s *scan) findKeyIDs() {
	for _, prefix := range []string{"akia", "asia"} {
		next := 0
		for at := range all(s.low, prefix) {
			if at >= next {
				next = s.readKeyID(at)
			}
		}
	}
}

// findSpelledKeyIDs finds IDs that are spelled out, letter by letter.
func (s *scan) findSpelledKeyIDs() {
	for _, start := range []string{"a k i a ", "a s i a ", "a-k-i-a-", "a-s-i-a-"} {
		for at := range all(s.low, start) {
			rest := s.after(at, longestWrapped)
			if !s.startsWord(at) || !spelled.MatchString(rest) {
				continue
			}
			if id := separates.Replace(rest[:2*LengthOfKeyID-1]); wordOfID.MatchString(id) && isOneCase(id) {
				s.addKeyID(at, id)
			}
		}
	}
}

// readKeyID reads what begins there, and returns where the next may begin.
func (s *scan) readKeyID(at int) (end int) {
	end = s.endOfWord(at)
	run := s.text[at:end]
	starts := s.startsWord(at)
	if !starts && !isUpper(run[:4]) {
		return at + 1
	}
	if kind := s.known(run); kind == KeyID {
		s.add(at, Part{Kind: KeyID, Text: run})
		return end
	}
	switch n := wholeID(run, starts); {
	case n > 0 && !s.insideSecret(at, end):
		s.addKeyID(at, run[:n])
		return at + n
	case len(run) > LengthOfKeyID && starts && isUpper(run):
		if s.readMasked(at, end) {
			return end
		}
		s.notUnderstood++
		return end
	case !starts:
		return at + 1
	}
	if id, n := s.wrapped(at, end); n > 0 {
		s.addKeyID(at, id)
		return n
	}
	if isShortID(run) && !s.insideSecret(at, end) && !maskAfter.MatchString(s.after(end, longestLabel)) {
		s.addKeyID(at, run)
		return end
	}
	s.readMasked(at, end)
	return end
}

func (s *scan) addKeyID(at int, id string) {
	id = strings.ToUpper(id)
	kind := KeyID
	if IsTemporary(id) {
		kind = TemporaryKeyID
	}
	s.add(at, Part{Kind: kind, Text: id})
}

// wholeID is the length of the ID that a run of letters and digits begins with,
// or 0. An ID of AWS has 20 characters. What follows without a separator is
// something else, such as its secret. People retype IDs in small letters, where
// a word may begin so too.
func wholeID(run string, starts bool) int {
	if len(run) < LengthOfKeyID {
		return 0
	}
	id := run[:LengthOfKeyID]
	switch {
	case maskedX.MatchString(strings.ToUpper(id)):
		return 0
	case isUpper(id):
		return LengthOfKeyID
	case !starts:
		return 0
	case strings.EqualFold(id[:4], "ASIA") && !strings.ContainsAny(id, digits):
		return 0
	case len(run) == LengthOfKeyID, isOneCase(id) && (len(run) >= LengthOfKeyID+lengthOfSecret || !isOneCase(run)):
		return LengthOfKeyID
	}
	return 0
}

// isShortID: the API takes IDs from 16 characters on, and other servers make
// such. One of AWS is cut off then.
func isShortID(run string) bool {
	if len(run) < minKeyID || len(run) >= LengthOfKeyID || !isOneCase(run) || maskedX.MatchString(strings.ToUpper(run)) {
		return false
	}
	return strings.EqualFold(run[:4], "AKIA") || isUpper(run) && strings.ContainsAny(run, digits)
}

// insideSecret: what stands in the middle of something as long as a secret and
// as random is a piece of it.
func (s *scan) insideSecret(at, end int) bool {
	run, start := s.runAround(at, end)
	return start < at && len(run) == lengthOfSecret && isSecretKey(run)
}

// runAround is the run of base64 around a word, as far as it matters.
func (s *scan) runAround(at, end int) (run string, start int) {
	start = at
	for start > 0 && at-start <= lengthOfSecret && isBase64(s.text[start-1]) {
		start--
	}
	for end < len(s.text) && end-start <= lengthOfSecret && isBase64(s.text[end]) {
		end++
	}
	return s.text[start:end], start
}

func isUpper(s string) bool { return s == strings.ToUpper(s) }

// isOneCase keeps the words after an ID from being taken for its end.
func isOneCase(s string) bool { return isUpper(s) || s == strings.ToLower(s) }

const (
	quote = "[\"'`“”‘’]"
	// What breaks an ID in two: the end of a line with what marks the next one
	// as quoted, or as the same string of a program.
	brokenBy = `(?:=?\r?\n[ \t>|#*"'+]*|` + quote + `\s*[+.&]?\s*` + quote + `)`
)

var (
	fours     = regexp.MustCompile(`^(?:[A-Za-z0-9]{4}[ \x{a0}\t-]){4}[A-Za-z0-9]{4}(?:[^A-Za-z0-9]|$)`)
	spelled   = regexp.MustCompile(`^(?:[A-Za-z0-9][ -]){19}[A-Za-z0-9](?:[^A-Za-z0-9]|$)`)
	atBreak   = regexp.MustCompile(`^[A-Za-z0-9]{4,19}` + brokenBy + `([A-Za-z0-9]{1,16})(?:[^A-Za-z0-9]|$)`)
	inQuotes  = regexp.MustCompile("^([^\"'`“”‘’]{20,60})" + quote)
	separates = strings.NewReplacer(" ", "", "\u00a0", "", "\t", "", "\r", "", "\n", "", "-", "", "=", "", "+", "", ".", "", "&", "", ">", "", "|", "", "#", "", "*", "",
		"\"", "", "'", "", "`", "", "“", "", "”", "", "‘", "", "’", "")
)

// longestWrapped is how far an ID of 20 characters may be stretched.
const longestWrapped = 80

// wrapped puts together an ID that is broken by spaces, hyphens or line ends:
// in groups of four, at the end of a line, within quotes, or when there is
// nothing else in the text.
func (s *scan) wrapped(at, end int) (id string, next int) {
	rest := s.after(at, longestWrapped)
	candidate := ""
	switch {
	case fours.MatchString(rest):
		candidate = rest[:len(rest)-len(strings.TrimLeft(rest, " "))+24]
	case atBreak.MatchString(rest):
		m := atBreak.FindStringSubmatchIndex(rest)
		candidate = rest[:m[3]]
		if strings.HasPrefix(strings.ToUpper(rest[m[2]:m[3]]), "AKIA") {
			return "", 0
		}
	case strings.Trim(s.text[:at], " \t\r\n\"'`") == "" && len(s.text) <= longestWrapped:
		candidate = s.text[at:]
	case at > 0 && inQuotes.MatchString(rest) && strings.ContainsAny(s.before(at, 3), "\"'`“”‘’"):
		candidate = inQuotes.FindStringSubmatch(rest)[1]
	}
	id = separates.Replace(candidate)
	if len(id) != LengthOfKeyID || !wordOfID.MatchString(id) || !isOneCase(id) || maskedX.MatchString(strings.ToUpper(id)) {
		return "", 0
	}
	return id, max(end, at+len(strings.TrimRight(candidate, " \t\r\n\"'`")))
}
