package paste

import (
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// mostRounds is how many escapes may stand around each other: JSON in JSON in a
// query string. What is escaped more often stays as it is.
const mostRounds = 6

// decode undoes what logs, programs, browsers, mail and terminals do to text.
// Each text on the way is shown to see: a secret may stand in any of them.
func decode(text string, see func(string)) string {
	mail := false
	for range mostRounds {
		next := text
		if !mail && isQuotedPrintable(text) {
			mail, next = true, decodeQuotedPrintable(text)
		}
		next = plainLetters(decodeEscapes(next))
		if next == text {
			break
		}
		text = next
		see(text)
	}
	return text
}

// decodeEscapes undoes one layer of escapes.
func decodeEscapes(text string) string {
	out := make([]byte, 0, len(text))
	for at := 0; at < len(text); {
		c := text[at]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == ' ' || c >= utf8.RuneSelf {
			out = append(out, c)
			at++
			continue
		}
		if decoded, width := escapeAt(text, at); width > 0 {
			out = append(out, decoded...)
			at += width
			continue
		}
		out = append(out, c)
		at++
	}
	return string(out)
}

// escapeAt decodes the escape that begins there. Its width is 0 when there is
// none.
func escapeAt(text string, at int) (decoded string, width int) {
	rest := text[at:]
	switch c := rest[0]; c {
	case '\\':
		return backslash(rest)
	case '%':
		return percent(rest)
	case '&':
		return entity(rest)
	case '#':
		if at > 0 && text[at-1] == '#' {
			return "", 0 // a mask, not what syslog makes of a control character
		}
		return syslogEscape(rest)
	case '^':
		return caret(rest)
	case '<':
		return angleBrackets(rest)
	case '[':
		return "", bareColor(rest)
	case '=':
		return encodedWord(rest)
	case 0x1b:
		return "", ansi(rest)
	case '\n', '\t', '\r':
		return "", 0
	default:
		if c == 0 {
			return "", 1 // between the letters of UTF-16
		}
		if c < ' ' || c == 0x7f {
			return " ", 1
		}
	}
	return "", 0
}

var controls = map[byte]string{'n': "\n", 'r': "\r", 't': "\t", 'b': " ", 'f': "\n", 'v': "\n", 'e': "\x1b", '\r': "", '\n': ""}

// backslash decodes the escapes of JSON, JavaScript, Go, shells and Markdown.
func backslash(s string) (decoded string, width int) {
	if len(s) < 2 {
		return "", 0
	}
	switch c := s[1]; {
	case c == 'u' || c == 'U' || c == 'x':
		return numbered(s)
	case c >= '0' && c <= '3' && len(s) >= 4 && isOctal(s[2]) && isOctal(s[3]):
		n, _ := strconv.ParseUint(s[1:4], 8, 8)
		return string([]byte{byte(n)}), 4
	case c == '\r' && len(s) > 2 && s[2] == '\n':
		return "", 3
	case controls[c] != "" || c == '\n' || c == '\r':
		return controls[c], 2
	case c > ' ' && c < utf8.RuneSelf && !isAlphanumeric(c):
		return s[1:2], 2
	}
	return "", 0
}

// numbered decodes \u003e, \u{3e}, \x3e, \x{3e} and \U0000003e.
func numbered(s string) (decoded string, width int) {
	digits, end := "", 0
	switch n := map[byte]int{'u': 6, 'x': 4, 'U': 10}[s[1]]; {
	case len(s) > 2 && s[2] == '{':
		closing := strings.IndexByte(s[:min(len(s), 12)], '}')
		if closing < 0 {
			return "", 0
		}
		digits, end = s[3:closing], closing+1
	case len(s) >= n:
		digits, end = s[2:n], n
	}
	code, err := strconv.ParseUint(digits, 16, 32)
	if err != nil {
		return "", 0
	}
	if s[1] == 'x' && code < 0x100 {
		return string([]byte{byte(code)}), end // nginx writes the bytes of UTF-8 so
	}
	if r := rune(code); utf16.IsSurrogate(r) && len(s) >= 12 && s[6] == '\\' {
		if low, err := strconv.ParseUint(s[8:12], 16, 32); err == nil {
			return string(utf16.DecodeRune(r, rune(low))), 12
		}
	}
	return string(rune(code)), end
}

// percent decodes the bytes of one or more characters. What is no UTF-8 is no
// escape.
func percent(s string) (decoded string, width int) {
	if len(s) >= 6 && s[1] == 'u' {
		if code, err := strconv.ParseUint(s[2:6], 16, 32); err == nil {
			return string(rune(code)), 6
		}
	}
	var bytes []byte
	for width+3 <= len(s) && s[width] == '%' && len(bytes) < utf8.UTFMax {
		b, err := strconv.ParseUint(s[width+1:width+3], 16, 8)
		if err != nil {
			break
		}
		bytes, width = append(bytes, byte(b)), width+3
		if utf8.FullRune(bytes) {
			break
		}
	}
	if width == 0 || !utf8.Valid(bytes) {
		return "", 0
	}
	return string(bytes), width
}

const longestEntity = 12

func entity(s string) (decoded string, width int) {
	end := strings.IndexByte(s[:min(len(s), longestEntity)], ';')
	if end < 2 {
		return "", 0
	}
	decoded = html.UnescapeString(s[:end+1])
	if strings.HasPrefix(decoded, "&") && len(decoded) > 1 {
		return "", 0
	}
	return decoded, end + 1
}

// plainLetters turns full-width and other styled letters into plain ones, and
// drops what does not show: it hides an ID from a search, not from a reader.
func plainLetters(text string) string {
	if isASCII(text) {
		return text
	}
	text = norm.NFKC.String(strings.ToValidUTF8(text, " "))
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case r == '\u2424' || r == '\u21b5' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			return '\n'
		case r == '\u241b':
			return 0x1b
		case r < 0xa0:
			return ' '
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) || strings.ContainsRune("\u034f\u115f\u1160\u3164", r):
			return -1
		}
		return r
	}, text)
}

func isASCII(text string) bool {
	for at := range len(text) {
		if text[at] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
