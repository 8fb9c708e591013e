package paste

import (
	"strings"
)

const (
	// MaxBytes is how much of a text is read.
	MaxBytes = 8 << 20

	longestWord = maxKeyID
)

// Parse recognizes what it can in text. known may be nil; it is asked about
// each word, so it should look into a map.
func Parse(text string, known Known) Text {
	t := Text{Searched: min(len(text), MaxBytes), Cut: len(text) > MaxBytes}
	text = strings.ToValidUTF8(text[:t.Searched], " ")
	secrets := &secrets{known: known}
	budget := len(text) + mostDecompressed
	r := reading{known: known, secrets: secrets, budget: &budget}

	s := r.read(text, 0)
	t.Parts, t.NotUnderstood = s.parts(), s.notUnderstood
	t.Word = word(text, s.text, secrets, known)
	if s.onlyWords {
		t.Parts = s.wordParts(t, secrets)
	}
	var dropped int
	t.Parts, dropped = secrets.withoutSecrets(t.Parts)
	t.NotUnderstood += dropped
	t.Secrets = secrets.forms
	return t
}

// reading is what one call of Parse shares between the texts in the text.
type reading struct {
	known   Known
	secrets *secrets
	budget  *int
}

// read scans a text and the texts that are encoded in it.
func (r reading) read(text string, depth int) *scan {
	r.secrets.see(text)
	raw := newScan(text, r.known)
	raw.findDomainNames()

	s := newScan(decode(text, r.secrets.see), r.known)
	for _, f := range raw.found {
		s.add(f.at, f.Part)
	}
	s.findAll()
	if depth < deepest {
		for _, e := range embeddedTexts(s.text, r.budget) {
			r.readEmbedded(s, e, depth)
		}
	}
	s.markActors()
	return s
}

func (s *scan) findAll() {
	s.findKeyIDs()
	s.findSpelledKeyIDs()
	s.findMaskedEnds()
	s.findNamedEnds()
	s.findARNs()
	s.findPages()
	s.findNames()
	s.findOtherIDs()
	s.findContacts()
	s.onlyWords = len(s.found) == 0
	s.findKnownWords()
}

func (r reading) readEmbedded(s *scan, e embedded, depth int) {
	if user, ok := bedrockUser(e.text); ok {
		r.secrets.add(BedrockAPIKey, e.run)
		s.add(e.at, user)
		return
	}
	inner := r.read(e.text, depth+1)
	for _, f := range inner.found {
		s.add(e.at, f.Part)
	}
	if name := strings.TrimSpace(e.text); s.known(name) == UserName {
		s.add(e.at, Part{Kind: UserName, Text: name})
	}
}
