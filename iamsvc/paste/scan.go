package paste

import (
	"iter"
	"slices"
	"strings"
)

// scan is one reading of a decoded text. Each find function looks for its
// anchors with strings.Index and reads a bounded stretch around them, so that a
// hostile text costs no more than another one of its length.
type scan struct {
	text  string
	low   string // text with small ASCII letters, of the same length
	known Known

	headers       []header
	found         []finding
	onlyWords     bool // all that was found are words that the caller knows
	notUnderstood int
}

// finding is a part and where it begins.
type finding struct {
	at int
	Part
}

func newScan(text string, known Known) *scan {
	if known == nil {
		known = func(string) Kind { return "" }
	}
	return &scan{text: text, low: lower(text), known: known}
}

func (s *scan) add(at int, p Part) { s.found = append(s.found, finding{at, p}) }

// parts are the findings in the order of the text, each once. One that stands
// there also as something else than the actor is no actor.
func (s *scan) parts() []Part {
	slices.SortStableFunc(s.found, func(a, b finding) int { return a.at - b.at })
	seen := map[Part]int{}
	var parts []Part
	for _, f := range s.found {
		same := f.Part
		same.Actor = false
		if at, ok := seen[same]; ok {
			parts[at].Actor = parts[at].Actor && f.Actor
			continue
		}
		seen[same] = len(parts)
		parts = append(parts, f.Part)
	}
	return withoutExplained(withAccounts(parts))
}

// withAccounts drops the names that stand in the text with an account too.
func withAccounts(parts []Part) []Part {
	withAccount := map[Part]int{}
	for at, p := range parts {
		if p.Account != "" {
			withAccount[Part{Kind: p.Kind, Text: p.Text}] = at
		}
	}
	return deleteParts(parts, func(p Part) bool {
		at, ok := withAccount[Part{Kind: p.Kind, Text: p.Text}]
		if ok && p.Account == "" {
			parts[at].Actor = parts[at].Actor && p.Actor
			return true
		}
		return false
	})
}

// withoutExplained drops masked IDs that stand whole, or with more of them, in
// the text too. Their number is bounded for the sake of the time that takes.
func withoutExplained(parts []Part) []Part {
	var whole []string
	longer := map[string]bool{}
	for _, p := range parts {
		if p.Kind == KeyID || p.Kind == TemporaryKeyID {
			whole = append(whole, p.Text)
		}
		if p.Kind == MaskedKeyID && p.Start != "" {
			longer[p.End] = true
		}
	}
	whole = whole[:min(len(whole), mostExplaining)]
	return deleteParts(parts, func(p Part) bool {
		explains := func(id string) bool { return id == p.Start || p.Matches(id) }
		return p.Kind == MaskedKeyID && (p.Start == "" && longer[p.End] || slices.ContainsFunc(whole, explains))
	})
}

const mostExplaining = 100

// deleteParts does not move the parts while drop looks at them.
func deleteParts(parts []Part, drop func(Part) bool) (left []Part) {
	for _, p := range parts {
		if !drop(p) {
			left = append(left, p)
		}
	}
	return left
}

// all yields where word stands in text. One may begin in another: akiAKIA.
func all(text, word string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := 0; ; at++ {
			next := strings.Index(text[at:], word)
			if next < 0 {
				return
			}
			at += next
			if !yield(at) {
				return
			}
		}
	}
}

// lower has the small letters of ASCII and leaves all else, so that positions
// stay the same.
func lower(text string) string {
	b := []byte(text)
	for at, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[at] = c + ('a' - 'A')
		}
	}
	return string(b)
}

// before and after are the text there, at most n bytes of it.
func (s *scan) before(at, n int) string { return s.text[max(0, at-n):at] }
func (s *scan) after(at, n int) string  { return s.text[at:min(len(s.text), at+n)] }

// wordAt is where the letters and digits end that begin there.
func (s *scan) endOfWord(at int) int {
	end := at
	for end < len(s.text) && end-at <= maxKeyID && isAlphanumeric(s.text[end]) {
		end++
	}
	return end
}

// startsWord reports whether no letter or digit stands before.
func (s *scan) startsWord(at int) bool { return at == 0 || !isAlphanumeric(s.text[at-1]) }
