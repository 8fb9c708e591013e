package paste

import (
	"regexp"
	"sort"
	"strings"
)

// label is what a value is called by what stands before it.
type label int

const (
	noLabel label = iota
	keyLabel
	secretLabel
)

// What labels say. Products and notices speak of secrets and mean key IDs too.
var (
	keyIDWords  = []string{"key id", "key_id", "key-id", "keyid", "client_id", "client id"}
	secretWords = []string{"secret", "token", "passw", "passphrase"}
	notSecret   = strings.NewReplacer("secret scanning", "", "secret_scanning", "", "secrets manager", "", "secret type", "", "secret_type", "",
		"secret detect", "", "secret found", "", "secret leak", "")
)

// labelBefore reads the label of the value at: in its field, on its line.
func (s *scan) labelBefore(at int) label {
	field := s.low[s.lineStart(at):at]
	field = field[strings.LastIndexAny(field, ",;{}|\t")+1:]
	if strings.Contains(field, "secret") {
		field = notSecret.Replace(field)
	}
	if last := lastIndex(secretWords, field); last >= 0 && last > lastIndex(keyIDWords, field) {
		return secretLabel
	}
	if strings.Contains(field, "key") || lastIndex(keyIDWords, field) >= 0 {
		return keyLabel
	}
	return s.labelOfColumn(at)
}

func lastIndex(words []string, text string) int {
	last := -1
	for _, word := range words {
		last = max(last, strings.LastIndex(text, word))
	}
	return last
}

func holds(text string, words []string) bool { return lastIndex(words, text) >= 0 }

var columns = regexp.MustCompile(`\s*[,;|\t]\s*|\s{2,}`)

// header is the first line of a table with a column for secrets.
type header struct {
	end   int
	names []string
}

// longestTable is how far below its header a row may stand.
const longestTable = 20_000

func (s *scan) findHeaders() {
	for at := range all(s.low, "secret") {
		end := s.lineEnd(at)
		line := s.low[s.lineStart(at):end]
		if n := len(s.headers); holds(line, keyIDWords) && columns.MatchString(line) && (n == 0 || s.headers[n-1].end != end) {
			s.headers = append(s.headers, header{end, columns.Split(strings.Trim(line, " |\r"), -1)})
		}
	}
}

// labelOfColumn reads the label of the column in a table.
func (s *scan) labelOfColumn(at int) label {
	n := sort.Search(len(s.headers), func(n int) bool { return s.headers[n].end > at }) - 1
	if n < 0 || at-s.headers[n].end > longestTable {
		return noLabel
	}
	row := strings.TrimLeft(s.text[s.lineStart(at):at], " |")
	column := len(columns.FindAllString(row, -1))
	if names := s.headers[n].names; column < len(names) && holds(names[column], secretWords) {
		return secretLabel
	}
	return keyLabel
}
