package paste

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

const (
	lengthOfSecret       = 40 // of a secret access key, in base64 without padding
	lengthOfSMTPPassword = 44
	shortestToken        = 100
	// The longest part of a secret that a name may have in common with it.
	shortestLeak = 12
)

// secrets are what a text holds of them, in all its decoded forms.
type secrets struct {
	forms []SecretForm
	runs  []string // the secrets, and what is as random as one
	known Known
}

func (s *secrets) add(form SecretForm, run string) {
	if form != "" && !slices.Contains(s.forms, form) {
		s.forms = append(s.forms, form)
	}
	s.runs = append(s.runs, run)
}

// see finds the secrets in one form of the text.
func (s *secrets) see(text string) {
	for at := 0; at < len(text); {
		if !isBase64(text[at]) {
			at++
			continue
		}
		start := at
		for at < len(text) && isBase64(text[at]) {
			at++
		}
		if at-start >= lengthOfSecret {
			s.seeRun(text[start:at])
		}
	}
	s.seeLabeled(text)
}

func isBase64(c byte) bool { return isAlphanumeric(c) || c == '+' || c == '/' }

// beforeSecret are what stands right before a secret in a run of base64: its
// key ID, the address of a user's page, the type of a user's ARN.
var beforeSecret = regexp.MustCompile(`^(?:[Aa][KkSs][Ii][Aa][A-Za-z0-9]{16}[/+]?|/?accounts/[A-Za-z0-9]+/users/|/?users/(?:details/)?|user/|u00[0-9a-fA-F]{2}|x[0-9a-fA-F]{2}|[nrt])`)

func (s *secrets) seeRun(run string) {
	for _, tail := range []string{run, strings.TrimPrefix(run, beforeSecret.FindString(run)), strings.TrimRight(run, "/")} {
		if len(tail) == lengthOfSecret && isSecretKey(tail) {
			s.addUnlessKnown(SecretAccessKey, tail)
			return
		}
	}
	switch {
	case isSMTPPassword(run):
		s.add(SMTPPassword, run)
	case strings.HasPrefix(run, bedrockPrefix) && len(run) >= shortestToken/2:
		s.add(BedrockAPIKey, run)
	case len(run) >= shortestToken && isSessionToken(run):
		s.add(SessionToken, run)
	case holdsKeyIDAndSecret(run):
		s.add(SecretAccessKey, run)
	case isRandom(run):
		s.add("", run)
	}
}

func (s *secrets) addUnlessKnown(form SecretForm, run string) {
	if s.known == nil || s.known(run) == "" {
		s.add(form, run)
	}
}

var hexOnly = regexp.MustCompile(`^[0-9a-fA-F]+$`)

const upperCase, lowerCase, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"

// isSecretKey: secret access keys are 40 characters of base64. A random one
// without a capital, without a small letter or without a digit hardly exists
// (the rarest, no digit, once in a thousand), a Git commit is hexadecimal, and
// the address of a file has few changes from one sort of character to another.
func isSecretKey(run string) bool {
	if hexOnly.MatchString(run) || changes(run) < fewestChanges {
		return false
	}
	return strings.ContainsAny(run, upperCase) && strings.ContainsAny(run, lowerCase) && strings.ContainsAny(run, digits+"/+")
}

// fewestChanges is how often the sort of character changes at least within 40
// random ones of base64: 25 times on average, less than 12 times in one of
// 200,000. In words that are written together it changes with each word.
const fewestChanges = 12

func changes(run string) (n int) {
	for at := 1; at < len(run); at++ {
		if sortOf(run[at]) != sortOf(run[at-1]) {
			n++
		}
	}
	return n
}

func sortOf(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return 1
	case c >= 'A' && c <= 'Z':
		return 2
	case c >= '0' && c <= '9':
		return 3
	}
	return 4
}

// isRandom reports whether 40 characters in a row may be a secret.
func isRandom(run string) bool {
	if len(run) < lengthOfSecret {
		return false
	}
	n := changes(run[:lengthOfSecret])
	for at := lengthOfSecret; ; at++ {
		if window := run[at-lengthOfSecret : at]; n >= fewestChanges && !hexOnly.MatchString(window) {
			return true
		}
		if at == len(run) {
			return false
		}
		if sortOf(run[at]) != sortOf(run[at-1]) {
			n++
		}
		if first := at - lengthOfSecret; sortOf(run[first+1]) != sortOf(run[first]) {
			n--
		}
	}
}

// holdsKeyIDAndSecret: an ID with a secret before it, or right after it with
// something at the end.
func holdsKeyIDAndSecret(run string) bool {
	if len(run) > lengthOfSecret+LengthOfKeyID+4 {
		return false
	}
	at := strings.Index(run, "AKIA")
	if at < 0 || len(run)-at < LengthOfKeyID {
		return false
	}
	rest := strings.Trim(run[:at]+run[at+LengthOfKeyID:], "/+")
	return isRandom(rest)
}

// isSMTPPassword: Amazon SES makes the password from a secret access key, as
// a byte for the version and an HMAC-SHA256 in base64.
func isSMTPPassword(run string) bool {
	if len(run) != lengthOfSMTPPassword {
		return false
	}
	b, err := base64.StdEncoding.DecodeString(run)
	return err == nil && (b[0] == 4 || b[0] == 2) && isRandom(run)
}

// isSessionToken: AWS changes how they begin every few years.
func isSessionToken(run string) bool {
	for _, prefix := range []string{"IQoJ", "FwoG", "FQoG", "FQoD", "AQoD", "AQoE"} {
		if strings.HasPrefix(run, prefix) {
			return true
		}
	}
	return false
}

// labeledSecret is a name that says secret, an assignment in any notation, and
// a value that is longer than a key ID or no word.
var (
	labeledSecret = regexp.MustCompile(`(?i)^secret(?:[_-]?\s?access)?(?:[_-]?\s?key)?(?:[_-]?[a-z]{1,5})?[^a-z0-9/+\n]{1,8}([a-z0-9/+=]{21,})`)
	labeledToken  = regexp.MustCompile(`(?i)^(?:session|security)[_-]?\s?token[^a-z0-9/+\n]{1,8}([a-z0-9/+=]{21,})`)
)

// longestLabel is how far from a label's beginning its value begins at most.
const longestLabel = 64

func (s *secrets) seeLabeled(text string) {
	low := lower(text)
	for _, label := range []struct {
		word    string
		pattern *regexp.Regexp
		form    SecretForm
	}{
		{"secret", labeledSecret, SecretAccessKey},
		{"session", labeledToken, SessionToken},
		{"security", labeledToken, SessionToken},
	} {
		for at := range all(low, label.word) {
			value := label.pattern.FindStringSubmatch(text[at:min(len(text), at+longestLabel+maxKeyID)])
			if value != nil && mayBeValue(value[1]) {
				s.addUnlessKnown(label.form, value[1])
			}
		}
	}
	if strings.Contains(low, "bedrock-api-key-") {
		s.add(BedrockAPIKey, "")
	}
}

// mayBeValue: words that are only small letters, and key IDs, are no secrets.
func mayBeValue(value string) bool {
	if strings.HasPrefix(value, "AKIA") && len(value) <= LengthOfKeyID {
		return false
	}
	return strings.ContainsAny(value, digits) || strings.ContainsAny(value, lowerCase) && strings.ContainsAny(value, upperCase)
}

// leaks finds out which texts have a part of a secret in them.
type leaks map[string]bool

// withoutSecrets drops the parts that have a part of a secret in them. IDs of
// AWS and what the caller knows have none.
func (s *secrets) withoutSecrets(parts []Part) (clean []Part, dropped int) {
	if len(s.runs) == 0 {
		return parts, 0
	}
	leaked := s.leaked(parts)
	for _, p := range parts {
		if s.mayLeak(p) && hasLeak(p, leaked) {
			dropped++
			continue
		}
		clean = append(clean, p)
	}
	return clean, dropped
}

func (s *secrets) mayLeak(p Part) bool {
	switch p.Kind {
	case KeyID, TemporaryKeyID, MaskedKeyID, RootUser:
		return false
	}
	return s.known == nil || s.known(p.Text) == ""
}

// leaked are the pieces of the parts that stand in a secret, in any case.
func (s *secrets) leaked(parts []Part) leaks {
	pieces := leaks{}
	for _, p := range parts {
		if s.mayLeak(p) {
			for piece := range piecesOf(p.Text) {
				pieces[piece] = false
			}
		}
	}
	if len(pieces) == 0 {
		return pieces
	}
	for _, run := range s.runs {
		for piece := range piecesOf(run) {
			if _, asked := pieces[piece]; asked {
				pieces[piece] = true
			}
		}
	}
	return pieces
}

func hasLeak(p Part, leaked leaks) bool {
	for piece := range piecesOf(p.Text) {
		if leaked[piece] {
			return true
		}
	}
	return false
}

func piecesOf(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		low := lower(text)
		for at := shortestLeak; at <= len(low); at++ {
			if !yield(low[at-shortestLeak : at]) {
				return
			}
		}
	}
}
