package paste

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// isQuotedPrintable tells mail from other text with = in it: by an escaped =,
// an escaped space or quote, or the end of a long line.
func isQuotedPrintable(text string) bool {
	if !strings.Contains(text, "=") {
		return false
	}
	for _, sign := range []string{"=3D", "=20\n", "=20\r\n", "=C2=A0", "=E2=80=", "quoted-printable", "Quoted-Printable", "QUOTED-PRINTABLE"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return hasSoftBreak(text)
}

// The longest line of such mail has 76 characters. Short ones that end with =
// are something else: base64, an empty setting.
const shortestBrokenLine = 60

func hasSoftBreak(text string) bool {
	start := 0
	for line := range strings.Lines(text) {
		body := strings.TrimRight(line, "\r\n")
		start += len(line)
		broken := len(body) >= shortestBrokenLine && len(body) <= 76 && len(body) < len(line) && strings.HasSuffix(body, "=")
		if broken && start < len(text) && isAlphanumeric(body[len(body)-2]) && strings.Contains(body, " ") {
			return true
		}
	}
	return false
}

// decodeQuotedPrintable decodes the body of a mail (RFC 2045).
func decodeQuotedPrintable(text string) string {
	out := make([]byte, 0, len(text))
	for at := 0; at < len(text); at++ {
		rest := text[at:]
		switch {
		case rest[0] != '=':
			out = append(out, rest[0])
		case strings.HasPrefix(rest, "=\r\n"):
			at += len("\r\n")
		case strings.HasPrefix(rest, "=\n"):
			at += len("\n")
		default:
			b, ok := hexByte(rest)
			if !ok {
				out = append(out, '=')
				continue
			}
			out = append(out, b)
			at += 2
		}
	}
	return string(out)
}

// hexByte reads =3D.
func hexByte(s string) (byte, bool) {
	if len(s) < 3 || strings.ToUpper(s[1:3]) != s[1:3] {
		return 0, false
	}
	b, err := strconv.ParseUint(s[1:3], 16, 8)
	return byte(b), err == nil
}

const longestEncodedWord = 400

var encodedWords = regexp.MustCompile(`^=\?([A-Za-z0-9_-]+)(?:\*[A-Za-z-]+)?\?([BbQq])\?([^?\s]*)\?=(?:\s+=\?)?`)

// encodedWord decodes =?utf-8?B?...?= of a mail's header (RFC 2047). What is
// between two of them does not count.
func encodedWord(s string) (decoded string, width int) {
	if len(s) < 2 || s[1] != '?' {
		return "", 0
	}
	m := encodedWords.FindStringSubmatch(s[:min(len(s), longestEncodedWord)])
	if m == nil {
		return "", 0
	}
	width = len(m[0])
	if strings.HasSuffix(m[0], "=?") {
		width -= len("=?")
	}
	if strings.EqualFold(m[2], "B") {
		b, err := base64.StdEncoding.DecodeString(m[3])
		if err != nil {
			return "", 0
		}
		return printable(string(b)), width
	}
	var out []byte
	for at := 0; at < len(m[3]); at++ {
		b, ok := hexByte(m[3][at:])
		switch {
		case m[3][at] == '_':
			out = append(out, ' ')
		case m[3][at] == '=' && ok:
			out = append(out, b)
			at += 2
		default:
			out = append(out, m[3][at])
		}
	}
	return printable(string(out)), width
}

func printable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, " ")
}
