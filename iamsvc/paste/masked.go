package paste

import (
	"regexp"
	"slices"
	"strings"
)

// An end of four characters is what leak notices give; of a start the first
// four are the same for every key.
const (
	shortestEnd   = 4
	shortestStart = 8
)

// says reports whether enough is left to look for.
func (p Part) says() bool {
	return len(p.End) >= shortestEnd || len(p.Start) >= shortestStart || len(p.Start) >= 4 && len(p.End) >= 2
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
)

// unmask takes apart an ID whose middle was written over with x's.
func unmask(keyID string) (Part, bool) {
	at := maskedX.FindStringIndex(keyID)
	if at == nil {
		return Part{}, false
	}
	return Part{Kind: MaskedKeyID, Start: keyID[:at[0]], End: keyID[at[1]:]}, true
}

func (t *Text) findMasked(text string) {
	defer t.dropExplained()
	for _, m := range maskedID.FindAllStringSubmatch(text, -1) {
		f := Part{Kind: MaskedKeyID, Start: strings.ToUpper(m[1]), End: strings.ToUpper(m[2])}
		if oneCase(m[2]) && oneCase(m[1]+m[2]) {
			t.addMasked(f)
		} else {
			t.addMasked(Part{Kind: MaskedKeyID, Start: f.Start}) // a sentence that goes on
		}
	}
	for _, m := range cutOffID.FindAllStringSubmatch(text, -1) {
		f, masked := unmask(m[1])
		if !masked {
			f = Part{Kind: MaskedKeyID, Start: m[1]}
		}
		t.addMasked(f)
	}
	if t.HasSecret() || len(t.Of(KeyID, TemporaryKeyID)) > 0 {
		return // an end may be the secret's: masked, it stands beside the ID
	}
	for _, ends := range []*regexp.Regexp{maskedEnd, namedEnd} {
		for _, m := range ends.FindAllStringSubmatch(text, -1) {
			if strings.Trim(m[1], "0123456789") != "" && !strings.HasPrefix(m[1], "AKIA") { // else of a masked account number
				t.addMasked(Part{Kind: MaskedKeyID, End: m[1]})
			}
		}
	}
	t.addWord()
}

// addWord reads a text of one word as the end or the beginning of an ID, in
// any case.
func (t *Text) addWord() {
	word := strings.ToUpper(maskBefore.ReplaceAllString(t.Word, ""))
	trimmed := len(word) < len(t.Word)
	switch {
	case !wordOfID.MatchString(word) || len(word) >= minKeyID:
	case strings.HasPrefix(word, "AKIA"):
		if f, masked := unmask(word); masked {
			t.addMasked(f)
		} else {
			t.addMasked(Part{Kind: MaskedKeyID, Start: word})
		}
	case trimmed:
		t.addMasked(Part{Kind: MaskedKeyID, End: word})
	}
}

func (t *Text) addMasked(p Part) {
	if p.says() {
		t.add(p)
	}
}

// dropExplained leaves out masked IDs that stand whole in the text too.
func (t *Text) dropExplained() {
	whole := t.Of(KeyID, TemporaryKeyID)
	t.Parts = slices.DeleteFunc(t.Parts, func(p Part) bool {
		explains := func(id Part) bool { return id.Text == p.Start || p.Matches(id.Text) }
		return p.Kind == MaskedKeyID && slices.ContainsFunc(whole, explains)
	})
}

// EndOfKeyID reads a word as the last characters of an access key ID: leak
// notices name a key by them.
func EndOfKeyID(word string) (p Part, ok bool) {
	if len(word) < shortestEnd || !wordOfID.MatchString(word) {
		return Part{}, false
	}
	return Part{Kind: MaskedKeyID, End: strings.ToUpper(word)}, true
}
