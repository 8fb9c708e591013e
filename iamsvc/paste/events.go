package paste

import (
	"regexp"
	"slices"
	"strings"
)

// section is a part of a CloudTrail event or of a record like it: who acted,
// or what was asked and answered.
type section struct {
	start, end int
	actor      bool
}

var sectionNames = []struct {
	name  string
	actor bool
}{
	{"useridentity", true},
	{"requestparameters", false},
	{"responseelements", false},
	{`resources"`, false},
	{`"actor"`, true},
	{`"target"`, false},
	{`"accesskeydetails"`, false},
}

// markActors marks the parts that stand in an event as the one who acted. The
// event may have been cut off anywhere, and stand in a string.
func (s *scan) markActors() {
	sections := s.sections()
	if len(sections) == 0 {
		return
	}
	named := false // something else than the actor
	in := make([]*section, len(s.found))
	for n := range s.found {
		in[n] = sectionAt(sections, s.found[n].at)
		if in[n] == nil {
			continue
		}
		s.found[n].Actor = in[n].actor
		named = named || !in[n].actor && s.found[n].Kind.isAsked()
	}
	for n := range s.found {
		if named && in[n] == nil && callerLabel.MatchString(s.low[max(0, s.found[n].at-longestLabel):s.found[n].at]) {
			s.found[n].Actor = true
		}
	}
}

// callerLabel is what the one who acted is called outside a section, where
// tools make an event flat.
var callerLabel = regexp.MustCompile(`(?:arn|userarn|user_arn|callerarn|caller|principal|principalid|actor|identity)["']?\s*[:=]\s*["']?$`)

// isAsked: of these kinds is what people search for.
func (k Kind) isAsked() bool {
	return slices.Contains([]Kind{KeyID, TemporaryKeyID, MaskedKeyID, UserName, UserID, OtherKeyID}, k)
}

func (s *scan) sections() (sections []section) {
	for _, named := range sectionNames {
		for at := range all(s.low, named.name) {
			sections = append(sections, section{start: at, end: len(s.text), actor: named.actor})
		}
	}
	slices.SortFunc(sections, func(a, b section) int { return a.start - b.start })
	for n := range sections {
		if n+1 < len(sections) {
			sections[n].end = sections[n+1].start
		}
		sections[n].end = s.endOfSection(sections[n].start, sections[n].end)
	}
	return sections
}

func sectionAt(sections []section, at int) *section {
	n, found := slices.BinarySearchFunc(sections, at, func(s section, at int) int { return s.start - at })
	if !found {
		n--
	}
	if n < 0 || at >= sections[n].end {
		return nil
	}
	return &sections[n]
}

// endOfSection is where the brackets of its value close, the indentation of
// YAML ends, or the field of a flat record.
func (s *scan) endOfSection(start, end int) int {
	value := start + strings.IndexAny(s.text[start:min(end, start+longestLabel)]+".", ":=.")
	if value >= end {
		return end
	}
	if s.text[value] == '.' {
		if n := strings.IndexAny(s.text[value:end], ",;\n\t"); n >= 0 {
			return value + n
		}
		return end
	}
	value++
	for value < end && (s.text[value] == ' ' || s.text[value] == '\\') {
		value++
	}
	switch {
	case value == end:
		return end
	case s.text[value] == '{' || s.text[value] == '[':
		return s.closing(value, end)
	case s.text[value] == '\n' || s.text[value] == '\r':
		return s.endOfIndented(start, end)
	}
	return s.lineEndWithin(value, end)
}

func (s *scan) closing(open, end int) int {
	depth := 0
	for at := open; at < end; at++ {
		switch s.text[at] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at
			}
		}
	}
	return end
}

func (s *scan) lineEndWithin(at, end int) int {
	if n := strings.IndexByte(s.text[at:end], '\n'); n >= 0 {
		return at + n
	}
	return end
}

func (s *scan) endOfIndented(start, end int) int {
	indent := start - s.lineStart(start)
	for at := s.lineEndWithin(start, end); at < end; {
		next := s.lineEndWithin(at+1, end)
		line := s.text[at+1 : next]
		if trimmed := strings.TrimLeft(line, " -"); trimmed != "" && len(line)-len(trimmed) <= indent {
			return at
		}
		at = next
	}
	return end
}
