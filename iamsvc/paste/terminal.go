package paste

import "strings"

// syslogEscape decodes #011 and #033, which syslog daemons write for control
// characters.
func syslogEscape(s string) (decoded string, width int) {
	if len(s) < 4 || s[1] != '0' || !isOctal(s[2]) || !isOctal(s[3]) || s[2] > '3' {
		return "", 0
	}
	return string([]byte{(s[2]-'0')<<3 | (s[3] - '0')}), 4
}

// caret decodes ^[ of a color and drops ^M at the end of a line.
func caret(s string) (decoded string, width int) {
	switch {
	case strings.HasPrefix(s, "^[["):
		return "\x1b", 2
	case s == "^M" || strings.HasPrefix(s, "^M\n") || strings.HasPrefix(s, "^M\r"):
		return "", 2
	}
	return "", 0
}

// angleBrackets decodes <esc>, and drops the places where a browser may break
// a word.
func angleBrackets(s string) (decoded string, width int) {
	for _, tag := range []struct{ name, decoded string }{
		{"<esc>", "\x1b"}, {"<0x1b>", "\x1b"}, {"<u+001b>", "\x1b"}, {"<1b>", "\x1b"}, {"<wbr>", ""}, {"<wbr/>", ""}, {"<wbr />", ""},
	} {
		if len(s) >= len(tag.name) && strings.EqualFold(s[:len(tag.name)], tag.name) {
			return tag.decoded, len(tag.name)
		}
	}
	return "", 0
}

const longestANSI = 40

// ansi is the width of a control sequence of a terminal.
func ansi(s string) (width int) {
	if len(s) < 2 {
		return 1
	}
	at := 1
	switch s[1] {
	case '[':
		at = 2
		for at < len(s) && at < longestANSI && s[at] >= '0' && s[at] <= '?' {
			at++
		}
		if at < len(s) && s[at] >= '@' && s[at] <= '~' && !isKeyPrefix(s[at:]) {
			at++
		}
	case '(', ')':
		at = 2
		if len(s) > at && (s[at] == 'B' || s[at] == '0') {
			at++
		}
	case ']':
		at = 2
		for at < len(s) && at < longestANSI && (s[at] >= '0' && s[at] <= '9' || s[at] == ';') {
			at++
		}
	}
	return at
}

// isKeyPrefix: the letter after ESC [ may be the first of an ID.
func isKeyPrefix(s string) bool {
	return len(s) >= 4 && (strings.EqualFold(s[:4], "AKIA") || strings.EqualFold(s[:4], "ASIA"))
}

// bareColor is the width of a color whose escape character was lost on the way.
func bareColor(s string) (width int) {
	at := 1
	for at < len(s) && at < longestANSI && (s[at] >= '0' && s[at] <= '9' || s[at] == ';') {
		at++
	}
	if at == 1 || at == len(s) || s[at] != 'm' {
		return 0
	}
	at++
	if strings.HasPrefix(s[at:], "[K") {
		at += len("[K") // grep writes it after each color
	}
	return at
}
