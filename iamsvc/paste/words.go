package paste

import (
	"regexp"
	"strings"
)

const around = " \u00a0\t\r\n\"'`“”‘’<>()[]{},;:"

// word is the text when it is one word, or a name that the caller knows.
func word(raw, text string, secrets *secrets, known Known) string {
	for _, w := range []string{strings.TrimSpace(raw), strings.Trim(raw, around), strings.Trim(text, around)} {
		if known != nil && len(w) <= longestWord && known(w) != "" {
			return w
		}
	}
	w := strings.Trim(text, around)
	switch {
	case len(secrets.runs) > 0 || len(w) > longestWord || strings.ContainsAny(w, " \t\r\n\"'<>"):
		return ""
	case holds(lower(w), secretWords) && strings.ContainsAny(w, "=:"):
		return "" // password=...
	case decodeRun(strings.TrimRight(w, "=")) != "":
		return ""
	}
	for _, run := range longRun.FindAllString(w, -1) {
		if len(run) > longestRun && !hexOnly.MatchString(run) {
			return ""
		}
	}
	return w
}

// wordParts are the parts of a text that is nothing but words: none when it is
// one, which Word has, and those of a list.
func (s *scan) wordParts(t Text, secrets *secrets) []Part {
	if t.Word != "" && len(t.Parts) == 1 && t.Parts[0].Text == t.Word {
		return nil
	}
	if t.Word != "" {
		return t.Parts
	}
	if words := s.listed(secrets); len(words) > len(t.Parts) {
		return words
	}
	return t.Parts
}

var (
	separators = regexp.MustCompile(`\s*[,;|\t\r\n]\s*`)
	blanks     = regexp.MustCompile(`\s+`)
)

// mostListed bounds a list of words.
const mostListed = 10_000

// listed are the words of a text that is nothing but a list of them. Separated
// by spaces, they are a sentence unless the caller knows each, or one that is
// no word of a language.
func (s *scan) listed(secrets *secrets) (parts []Part) {
	text := strings.Trim(s.text, around)
	if len(text) > MaxBytes/8 || text == "" {
		return nil
	}
	items := separators.Split(text, -1)
	if len(items) == 1 {
		return s.knownWords(text)
	}
	if len(items) > mostListed || isRandom(strings.Join(items, "")) || len(secrets.runs) > 0 {
		return s.knownWords(text)
	}
	for _, item := range items {
		item = strings.Trim(item, around)
		switch {
		case item == "":
		case s.known(item) != "":
			parts = append(parts, Part{Kind: s.known(item), Text: item})
		case strings.ContainsAny(item, " "):
			return s.knownWords(text)
		case MayBeUserName(item):
			parts = append(parts, Part{Kind: Word, Text: item})
		default:
			s.notUnderstood++
		}
	}
	return parts
}

// knownWords are the words that the caller knows, when they look like names or
// there is nothing else.
func (s *scan) knownWords(text string) (parts []Part) {
	words := blanks.Split(text, -1)
	if len(words) > mostListed {
		return nil
	}
	unknown := 0
	for _, w := range words {
		w = strings.Trim(w, around+".!?*_")
		kind := s.known(w)
		switch {
		case kind == "":
			unknown++
		case strings.ContainsAny(w, digits+"._@-+="):
			parts = append(parts, Part{Kind: kind, Text: w})
		}
	}
	if unknown == 0 {
		parts = nil
		for _, w := range words {
			w = strings.Trim(w, around+".!?*_")
			parts = append(parts, Part{Kind: s.known(w), Text: w})
		}
	}
	return parts
}
