package paste

import (
	"regexp"
	"strings"
)

// An end of four characters is what leak notices give; of a start the first
// four are the same for every key. Of an end, the last eleven characters are
// enough, and too few for a secret.
const (
	shortestEnd   = 4
	longestEnd    = shortestLeak - 1
	shortestStart = 8
)

// says reports whether enough is left to look for.
func (p Part) says() bool {
	return len(p.End) >= shortestEnd || len(p.Start) >= shortestStart || len(p.Start) >= 4 && len(p.End) >= 2
}

const (
	// The signs that people write over letters. One of the first is enough, of
	// the others several.
	strongSigns = `*•●…∗⁎✱✳■▪◾◼█▓▒⬛⚫○◦·∙⋅×¤`
	weakSigns   = `#xX_?~.–—-`
	hidden      = `[<\[({](?i:redacted|hidden|masked|removed|secret|snip|omitted|filtered|truncated|sanitized|private|sensitive|hide|xxx+|\.\.\.)[>\])}]`
	mask        = ` ?(?:[` + strongSigns + `]|[` + weakSigns + `]{2}|` + hidden + `)(?:[` + strongSigns + `#_?~.–—-]|` + hidden + `|[\[\](){}<>]|[xX]{2,})* ?`
)

var (
	maskedX = regexp.MustCompile(`X{5,}`)
	// After the start of an ID: what masks the rest, and what is left at its end.
	maskAfter = regexp.MustCompile(`^` + mask + `([A-Za-z0-9]*)`)
)

// readMasked reads an ID of which some is left: its start, and after a mask
// perhaps its end.
func (s *scan) readMasked(at, end int) bool {
	start := strings.ToUpper(s.text[at:end])
	if maskedX.MatchString(start) && len(start) <= 2*LengthOfKeyID {
		x := maskedX.FindStringIndex(start)
		return s.addMasked(at, Part{Start: start[:x[0]], End: strings.TrimLeft(start[x[1]:], "X")})
	}
	isWord := strings.TrimSpace(s.text) == s.text[at:end]
	if m := maskAfter.FindStringSubmatch(s.after(end, longestLabel)); m != nil && isOneCase(s.text[at:end]) {
		tail := m[1]
		if isOneCase(s.text[at:end]+tail) || isUpper(tail) && len(tail) >= 2 {
			return s.addMasked(at, Part{Start: start, End: strings.ToUpper(tail)})
		}
		return s.addMasked(at, Part{Start: start}) // a sentence that goes on
	}
	cutOffHere := isUpper(s.text[at:end]) && strings.ContainsAny(start+" ", digits) || start[:4] == "AKIA" && isUpper(s.text[at:end])
	if len(start) >= shortestStart && len(start) < LengthOfKeyID && (isWord || cutOffHere) && (start[:4] == "AKIA" || strings.ContainsAny(start, digits)) {
		return s.addMasked(at, Part{Start: start})
	}
	if start[:4] == "AKIA" && len(start) > 4 {
		s.notUnderstood++
	}
	return false
}

func (s *scan) addMasked(at int, p Part) bool {
	p.Kind = MaskedKeyID
	p.End = p.End[max(0, len(p.End)-longestEnd):]
	if !p.says() {
		s.notUnderstood++
		return false
	}
	s.add(at, p)
	return true
}
