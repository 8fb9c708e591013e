package iamsvc

import (
	"regexp"
	"slices"
	"strings"
)

// Fragment is what is left of a masked or cut-off key ID, in upper case. One
// of the two may be empty.
type Fragment struct{ Start, End string }

// An end of four characters is what leak notices give; of a start the first
// four are the same for every key.
const (
	shortestEnd   = 4
	shortestStart = 8
)

// mostFragments bounds the work: each is compared with every key there is.
const mostFragments = 200

// matches reports whether the whole ID could be the one that was masked.
func (f Fragment) matches(keyID string) bool {
	id := strings.ToUpper(keyID)
	return len(id) > len(f.Start)+len(f.End) && strings.HasPrefix(id, f.Start) && strings.HasSuffix(id, f.End)
}

// says reports whether enough is left to look for.
func (f Fragment) says() bool {
	return len(f.End) >= shortestEnd || len(f.Start) >= shortestStart || len(f.Start) >= 4 && len(f.End) >= 2
}

const (
	// A run of stars, dots or the like with hyphens and brackets in it.
	mask = `[-\[(]*(?:[*•●…]|\.\.)[-*•●….\[\]()]*`
	// Sentences go on after an ID; only capitals and digits are part of one.
	endOfID = `([A-Z0-9]{4,16})(?:[^A-Za-z0-9*]|$)`
)

var (
	maskedID   = regexp.MustCompile(`(?:^|[^A-Za-z0-9])([Aa][Kk][Ii][Aa][A-Za-z0-9]{0,15})` + mask + `([A-Za-z0-9]{0,16})`)
	maskedEnd  = regexp.MustCompile(`(?:^|[\s"'(:=])` + mask + endOfID)
	namedEnd   = regexp.MustCompile(`(?i:\bend(?:s|ing)?\s+(?:in|with)|\blast\s+(?:four|4)\s+(?:characters?|chars?|digits?|letters?)(?:\s+(?:is|are))?)[\s:="'“*.…-]+` + endOfID)
	cutOffID   = regexp.MustCompile(`(?:^|[^A-Za-z0-9])(AKIA[A-Z0-9]{4,11})(?:[^A-Za-z0-9*•●….]|\.?$|\.\s)`)
	maskedX    = regexp.MustCompile(`X{6,}`)
	maskBefore = regexp.MustCompile(`^(?:[-*•●….]|[xX]{3,})+`)
	wordOfID   = regexp.MustCompile(`^[A-Za-z0-9]+$`)
)

// unmask takes apart an ID whose middle was written over with x's.
func unmask(keyID string) (Fragment, bool) {
	at := maskedX.FindStringIndex(keyID)
	if at == nil {
		return Fragment{}, false
	}
	return Fragment{keyID[:at[0]], keyID[at[1]:]}, true
}

func (p *Paste) findFragments(text string) {
	defer p.dropExplained()
	for _, m := range maskedID.FindAllStringSubmatch(text, -1) {
		f := Fragment{Start: strings.ToUpper(m[1]), End: strings.ToUpper(m[2])}
		if oneCase(m[2]) && oneCase(m[1]+m[2]) {
			p.addFragment(f)
		} else {
			p.addFragment(Fragment{Start: f.Start}) // a sentence that goes on
		}
	}
	for _, m := range cutOffID.FindAllStringSubmatch(text, -1) {
		f, masked := unmask(m[1])
		if !masked {
			f = Fragment{Start: m[1]}
		}
		p.addFragment(f)
	}
	if p.Secret || len(p.KeyIDs)+len(p.Temporary) > 0 {
		return // an end may be the secret's: masked, it stands beside the ID
	}
	for _, ends := range []*regexp.Regexp{maskedEnd, namedEnd} {
		for _, m := range ends.FindAllStringSubmatch(text, -1) {
			if strings.Trim(m[1], "0123456789") != "" && !strings.HasPrefix(m[1], "AKIA") { // else of a masked account number
				p.addFragment(Fragment{End: m[1]})
			}
		}
	}
	p.addWord()
}

// addWord reads a text of one word as the end or the beginning of an ID, in
// any case.
func (p *Paste) addWord() {
	word := strings.ToUpper(maskBefore.ReplaceAllString(p.Word, ""))
	trimmed := len(word) < len(p.Word)
	switch {
	case !wordOfID.MatchString(word) || len(word) >= minAccessKeyID:
	case strings.HasPrefix(word, "AKIA"):
		if f, masked := unmask(word); masked {
			p.addFragment(f)
		} else {
			p.addFragment(Fragment{Start: word})
		}
	case trimmed:
		p.addFragment(Fragment{End: word})
	}
}

func (p *Paste) addFragment(f Fragment) {
	switch {
	case !f.says() || slices.Contains(p.Fragments, f):
	case len(p.Fragments) == mostFragments:
		p.MoreFragments++
	default:
		p.Fragments = append(p.Fragments, f)
	}
}

// dropExplained leaves out fragments of the whole IDs in the text.
func (p *Paste) dropExplained() {
	p.Fragments = slices.DeleteFunc(p.Fragments, func(f Fragment) bool {
		explains := func(id string) bool { return id == f.Start || f.matches(id) }
		return slices.ContainsFunc(p.KeyIDs, explains) || slices.ContainsFunc(p.Temporary, explains)
	})
	if len(p.Fragments) == 0 {
		p.Fragments = nil
	}
}
