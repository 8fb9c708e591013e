package paste

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	shortestEncoded = 16
	deepest         = 4 // base64 in JSON in base64 ...
	shortestWrapped = 60
)

// embedded is a text that stands in another one in base64: a Kubernetes secret,
// the Authorization of a request, the body of a mail, a CloudWatch Logs record.
type embedded struct {
	at   int
	run  string
	text string
}

// embeddedTexts decodes what is base64 of text, as long as budget bytes last.
func embeddedTexts(text string, budget *int) (found []embedded) {
	for at := 0; at < len(text) && *budget > 0; {
		if !isEncoded(text[at]) {
			at++
			continue
		}
		run, end := encodedRun(text, at)
		if decoded := decodeRun(run); decoded != "" {
			*budget -= len(decoded)
			found = append(found, embedded{at: at, run: run, text: decoded})
		}
		at = end
	}
	return found
}

func isEncoded(c byte) bool { return isBase64(c) || c == '-' || c == '_' }

// encodedRun reads a run of base64 and, where lines of the same length follow
// each other, all of them.
func encodedRun(text string, start int) (run string, end int) {
	end = endOfEncoded(text, start)
	first := end - start
	if first < shortestWrapped || first%4 != 0 {
		return text[start:end], end
	}
	lines := []string{text[start:end]}
	for {
		next := end + len(lineBreak(text[end:]))
		if next == end {
			break
		}
		for next < len(text) && (text[next] == ' ' || text[next] == '\t') {
			next++ // YAML indents its blocks
		}
		to := endOfEncoded(text, next)
		if to-next > first || to-next < 2 || to < len(text) && !strings.ContainsRune("=\r\n\"'", rune(text[to])) {
			break
		}
		lines, end = append(lines, text[next:to]), to
		if to-next < first {
			break
		}
	}
	return strings.Join(lines, ""), end
}

func endOfEncoded(text string, at int) int {
	for at < len(text) && isEncoded(text[at]) {
		at++
	}
	return at
}

func lineBreak(s string) string {
	for _, b := range []string{"\r\n", "\n"} {
		if strings.HasPrefix(s, b) {
			return b
		}
	}
	return ""
}

// decodeRun decodes a run, or what follows the last part of a path in it.
func decodeRun(run string) string {
	run = strings.TrimPrefix(run, bedrockPrefix)
	run = strings.TrimPrefix(run, "bedrock-api-key-")
	if text := decodeBase64(run); text != "" {
		return text
	}
	for _, start := range []string{"QUtJQ", "QVNJQ"} { // AKIA, ASIA
		if at := strings.Index(run, start); at > 0 {
			if text := decodeBase64(run[at:]); text != "" {
				return text
			}
		}
	}
	return ""
}

func decodeBase64(run string) string {
	if len(run) < shortestEncoded {
		return ""
	}
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(run, "-_") {
		encoding = base64.RawURLEncoding
	}
	if len(run)%4 == 1 {
		run = run[:len(run)-1] // cut off
	}
	if strings.HasPrefix(run, "H4sI") {
		if b, err := encoding.DecodeString(run); err == nil {
			return decompress(b)
		}
		return ""
	}
	if head, err := encoding.DecodeString(run[:min(len(run), 64)&^3]); err != nil || textOf(head) == "" {
		return "" // most words are no base64 of text
	}
	b, err := encoding.DecodeString(run)
	if err != nil {
		return ""
	}
	return textOf(b)
}

// textOf is b when that is text, in UTF-8 or as PowerShell encodes it.
func textOf(b []byte) string {
	if len(b) >= 8 && bytes.Count(b, []byte{0})*3 >= len(b) {
		b = bytes.ReplaceAll(b, []byte{0}, nil)
	}
	for n := 0; n < utf8.UTFMax && !utf8.Valid(b) && len(b) > 0; n++ {
		b = b[:len(b)-1] // a character may be cut in two at the end
	}
	if !utf8.Valid(b) {
		return ""
	}
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != 0x1b && c != 0 || c == 0x7f {
			return ""
		}
	}
	return string(b)
}

const mostDecompressed = 4 << 20

func decompress(b []byte) string {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return ""
	}
	text, err := io.ReadAll(io.LimitReader(r, mostDecompressed))
	if err != nil && len(text) == 0 {
		return ""
	}
	return textOf(text)
}
