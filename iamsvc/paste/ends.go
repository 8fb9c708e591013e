package paste

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// findMaskedEnds finds the ends of IDs whose start is written over: ****7VSH.
func (s *scan) findMaskedEnds() {
	s.findHeaders()
	for at := 0; at < len(s.text); {
		if isAlphanumeric(s.text[at]) && !s.startsWord(at) {
			at++
			continue
		}
		weight, end := s.maskAt(at)
		if end == at {
			at++
			continue
		}
		s.readMaskedEnd(at, end, weight)
		at = end
	}
	for _, word := range []string{"redacted", "hidden", "masked", "removed", "filtered", "omitted", "snip", "sanitized"} {
		for at := range all(s.low, word) {
			end := at + len(word)
			if at > 0 && end < len(s.text) && strings.Contains("<[({*", s.text[at-1:at]) && strings.Contains(">])}*", s.text[end:end+1]) {
				s.readMaskedEnd(at-1, end+1, 4)
			}
		}
	}
}

// maskAt reads the signs of a mask that begins there. Their weight says how
// sure it is that it is one.
func (s *scan) maskAt(at int) (weight, end int) {
	if c := s.text[at]; isAlphanumeric(c) && c != 'x' && c != 'X' || c == ' ' || c == '\n' {
		return 0, at
	}
	for end = at; end < len(s.text); {
		r, size := utf8.DecodeRuneInString(s.text[end:])
		switch {
		case strings.ContainsRune(strongSigns, r):
			weight += 2
		case r == '.':
			weight++
		case strings.ContainsRune(`#?_~–—-`, r):
			weight++
		case r == 'x' || r == 'X':
			n := s.lengthOfX(end)
			if n < fewestX {
				return weight, end
			}
			weight, size = weight+n, n
		case strings.ContainsRune(`[](){}<>`, r):
		default:
			return weight, end
		}
		end += size
	}
	return weight, end
}

// fewestX is how many x's in a row are no part of a word.
const fewestX = 4

func (s *scan) lengthOfX(at int) (n int) {
	for at+n < len(s.text) && s.text[at+n]|0x20 == 'x' {
		n++
	}
	return n
}

func (s *scan) readMaskedEnd(at, end, weight int) {
	spaced := weight >= 4 && strings.HasPrefix(s.text[end:], " ")
	if spaced {
		end++
	}
	tail := s.text[end:s.endOfWord(end)]
	if len(tail) < shortestEnd || len(tail) > LengthOfKeyID-2 || !isOneCase(tail) || !s.standsApart(at, end+len(tail)) {
		return
	}
	if strings.HasPrefix(strings.ToUpper(tail), "AKIA") || strings.HasPrefix(strings.ToUpper(tail), "ASIA") {
		return // a whole or cut-off ID after a line of signs
	}
	label := s.labelBefore(at)
	only := s.aloneOnLine(at, end+len(tail))
	switch hasDigit, hasLetter := strings.ContainsAny(tail, digits), strings.Trim(tail, digits) != ""; {
	case label == secretLabel:
		return
	case spaced && (!hasDigit || !isUpper(tail) || !only && label != keyLabel):
		return // a word after a line of signs
	case label == noLabel && s.besideKeyID(at):
		s.notUnderstood++ // most likely the end of its secret
		return
	case !hasLetter && (label != keyLabel || strings.Contains(s.low[s.lineStart(at):at], "account")):
		return // of an account number
	case weight < 2 && !only, weight < 4 && !hasDigit && !strings.ContainsAny(s.text[at:end], strongSigns+"."):
		return
	case !hasDigit && isDashes(s.text[at:end]) && !only && label != keyLabel:
		return
	case !isUpper(tail) && (weight < 3 || !hasDigit && !only && label != keyLabel):
		return
	}
	s.addMasked(at, Part{End: strings.ToUpper(tail)})
}

func isDashes(s string) bool { return strings.Trim(s, "-–—_#~") == "" }

var partOfPrefix = regexp.MustCompile(`(?i)(?:^|[^a-z0-9])(?:a|ak|aki|as|asi)$`)

// standsApart reports whether nothing goes on before and after.
func (s *scan) standsApart(at, end int) bool {
	if at > 0 && isAlphanumeric(s.text[at-1]) && !partOfPrefix.MatchString(s.before(at, 4)) {
		return false
	}
	if end == len(s.text) {
		return true
	}
	next, _ := utf8.DecodeRuneInString(s.text[end:])
	if next == '.' || next == '-' || next == '_' {
		return end+1 == len(s.text) || !isAlphanumeric(s.text[end+1])
	}
	return !isAlphanumeric(s.text[end]) && !strings.ContainsRune(strongSigns+"@", next)
}

// aloneOnLine reports whether the line, or the text, is only masks and ends.
func (s *scan) aloneOnLine(at, end int) bool {
	return s.text[s.lineStart(at):at] == "" && strings.Trim(s.text[end:s.lineEnd(end)], " \t\r.,;") == ""
}

// longestLine bounds how far a line is looked at.
const longestLine = 200

func (s *scan) lineStart(at int) int {
	from := max(0, at-longestLine)
	return from + strings.LastIndexByte(s.text[from:at], '\n') + 1
}

func (s *scan) lineEnd(at int) int {
	rest := s.after(at, longestLine)
	if n := strings.IndexByte(rest, '\n'); n >= 0 {
		return at + n
	}
	return at + len(rest)
}

var beginsLikeID = regexp.MustCompile(`(?i)(?:^|[^a-z0-9])a[ks]ia[a-z0-9*•.…]`)

// besideKeyID reports whether a key ID stands before on the same line.
func (s *scan) besideKeyID(at int) bool {
	return beginsLikeID.MatchString(s.text[s.lineStart(at):at])
}

// findNamedEnds finds the ends and starts of IDs that are named in words.
func (s *scan) findNamedEnds() {
	for _, named := range []struct {
		anchor  string
		pattern *regexp.Regexp
		strict  bool // it says by itself that characters follow
	}{
		{"end", endsWith, false},
		{"last", lastFour, true},
		{"suffix", suffix, true},
		{"termin", endsElsewhere, false},
	} {
		for at := range all(s.low, named.anchor) {
			if s.startsWord(at) {
				s.readNamedEnds(at, named.pattern, named.strict)
			}
		}
	}
	for _, anchor := range []string{"start", "begin", "prefix", "first"} {
		for at := range all(s.low, anchor) {
			if m := startsWith.FindStringSubmatch(s.after(at, longestLabel)); m != nil && s.labelBefore(at) != secretLabel {
				s.addMasked(at, Part{Start: strings.ToUpper(m[1])})
			}
		}
	}
}

const (
	between = `[\s:="'“”‘’` + "`" + `(\[{<*•●.…#–—_?~-]+`
	code    = `([A-Za-z0-9]{4,16})(?:[^A-Za-z0-9*]|$)`
)

var (
	endsWith      = regexp.MustCompile(`^(?i:end(?:s|ing|ed|et|end)?(?:\s+(?:in|with|auf|is|are))?(?:\s+the\s+(?:characters|letters|digits))?)` + between + code)
	lastFour      = regexp.MustCompile(`^(?i:last[\s_-]*(?:four|4|five|5|six|6|eight|8)?[\s_-]*(?:characters?|chars?|digits?|letters?|symbols?)?(?:\s+(?:of\s+(?:the\s+|its\s+|your\s+)?(?:access\s+)?key(?:\s+id)?))?(?:\s+(?:is|are|was|were))?)` + between + code)
	suffix        = regexp.MustCompile(`^(?i:suffix(?:es|ed)?(?:\s+(?:is|are|with|by))?)` + between + code)
	endsElsewhere = regexp.MustCompile(`^(?i:termin(?:a|ada|ado|ant|ent|e|é|ée)(?:\s+(?:en|em|par|con|in|with))?)` + between + code)
	startsWith    = regexp.MustCompile(`^(?i:start(?:s|ing|ed)?|begin(?:s|ning)?|prefix(?:ed)?|first\s+(?:\w+\s+)?(?:characters?|chars?|letters?))(?i:\s+(?:in|with|by|is|are))?` + between + `((?i:AKIA)[A-Za-z0-9]{4,15})(?:[^A-Za-z0-9]|$)`)
	nextEnd       = regexp.MustCompile(`^["'”’\])}*.]*\s*(?:,\s*(?:and|or)?|and|or|und|oder|et|ou|y|&|/|;|\+)\s*(?:in\s+|with\s+)?[:="'“”‘’(\[*•●.…#-]*` + code)
)

// readNamedEnds reads one end and those that are counted up after it.
func (s *scan) readNamedEnds(at int, pattern *regexp.Regexp, strict bool) {
	m := pattern.FindStringSubmatchIndex(s.after(at, 2*longestLabel))
	if m == nil {
		return
	}
	words := s.after(at, m[2])
	assigned := strict && strings.ContainsAny(words, ":=\"'`“‘*•")
	if !isEnd(s.after(at+m[2], m[3]-m[2]), true, assigned) {
		return
	}
	label := s.labelBefore(at)
	if label == secretLabel || label == noLabel && s.besideKeyID(at) && holds(s.low[s.lineStart(at):at], secretWords) {
		return
	}
	for first := true; ; first = false {
		end := s.after(at+m[2], m[3]-m[2])
		if !isEnd(end, label == keyLabel || !first, assigned) {
			return
		}
		s.addMasked(at+m[2], Part{End: strings.ToUpper(end)})
		at += m[3]
		if m = nextEnd.FindStringSubmatchIndex(s.after(at, longestLabel)); m == nil {
			return
		}
	}
}

// isEnd tells the end of an ID from the word of a sentence. In small letters
// without a digit it is one only where nothing else can stand.
func isEnd(end string, ofKey, assigned bool) bool {
	hasDigit, hasLetter := strings.ContainsAny(end, digits), strings.Trim(end, digits) != ""
	switch {
	case !isOneCase(end) || strings.HasPrefix(strings.ToUpper(end), "AKIA"):
		return false
	case !hasLetter:
		return ofKey && assigned
	case isUpper(end):
		return true
	}
	return hasDigit || assigned && len(end) == shortestEnd
}

// EndOfKeyID reads a word as the last characters of an access key ID: leak
// notices name a key by them.
func EndOfKeyID(word string) (p Part, ok bool) {
	if len(word) < shortestEnd || !wordOfID.MatchString(word) {
		return Part{}, false
	}
	return Part{Kind: MaskedKeyID, End: strings.ToUpper(word)}, true
}
