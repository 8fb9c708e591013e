package iamsvc

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Paste is what was recognised in a text somebody pasted: a key ID, a log
// line, a CloudTrail event, a credentials file, a leak notice. It never holds a
// secret, nor any of the text when that may have held one.
type Paste struct {
	KeyIDs        []string   // long-term key IDs (AKIA), upper case, in order, each once
	Temporary     []string   // key IDs of temporary credentials (ASIA), likewise
	Fragments     []Fragment // of masked and cut-off key IDs, but for those of the IDs above
	MoreFragments int        // beyond those
	Secret        bool       // a secret access key or session token was in the text
	UserName      string     // from the first user ARN, or without key IDs from the address of a user's page
	UserAccount   string     // the account number there; "" when an address has none
	Session       string     // role and session name from the first ARN of an assumed role
	Word          string     // the text, when it is one short word without quotes; else ""
}

const longestWord = maxAccessKeyID

var (
	// People retype key IDs in lower case, so only the prefix and the length
	// decide. The left side must not be part of a longer word, but the escapes of
	// a JSON string end there too; on the right the run is taken whole.
	keyIDInText = regexp.MustCompile(`(?:^|[^A-Za-z0-9]|\\[nrt])([Aa][KkSs][Ii][Aa][A-Za-z0-9]{12,})`)
	userARN     = regexp.MustCompile(`arn:[a-z0-9-]+:iam:[a-z0-9-]*:([A-Za-z0-9]*):user/(?:[^\s"'\\]*/)?([A-Za-z0-9_+=,.@-]+)`)
	roleARN     = regexp.MustCompile(`arn:[a-z0-9-]+:sts:[a-z0-9-]*:[A-Za-z0-9]*:assumed-role/([A-Za-z0-9_+=,.@-]+/[A-Za-z0-9_+=,.@-]+)`)
	// A name that says secret or token, an assignment in any notation, a value
	// longer than a key ID.
	labelledSecret = regexp.MustCompile(`(?i)(?:secret[_-]?\s?(?:access)?[_-]?\s?key|session[_-]?\s?token)[^a-z0-9/+]{1,8}[a-z0-9/+=]{21,}`)
	longRun        = regexp.MustCompile(`[A-Za-z0-9/+]+`)
	hexOnly        = regexp.MustCompile(`^[0-9a-fA-F]+$`)
)

// ParsePaste recognises what it can in text.
func ParsePaste(text string) Paste {
	text = plain(text)
	p := Paste{Secret: holdsSecret(text)}
	text = mended(text)
	for _, m := range keyIDInText.FindAllStringSubmatch(text, -1) {
		p.add(strings.ToUpper(m[1]))
	}
	if m := userARN.FindStringSubmatch(text); m != nil {
		p.UserAccount, p.UserName = m[1], strings.TrimRight(m[2], ".,")
	}
	if p.UserName == "" && len(p.KeyIDs)+len(p.Temporary) == 0 {
		p.findPage(text)
	}
	if m := roleARN.FindStringSubmatch(text); m != nil {
		p.Session = strings.TrimRight(m[1], ".,")
	}
	word := strings.Trim(text, " \u00a0\t\r\n\"'`“”‘’<>()[]{},;:")
	if !p.Secret && len(word) <= longestWord && !strings.ContainsAny(word, " \t\r\n\"'") {
		p.Word = word
	}
	p.findFragments(text)
	return p
}

func (p *Paste) add(keyID string) {
	if len(keyID) > maxAccessKeyID {
		return
	}
	if f, masked := unmask(keyID); masked {
		p.addFragment(f)
		return
	}
	list := &p.KeyIDs
	if isTemporary(keyID) {
		list = &p.Temporary
	}
	if !slices.Contains(*list, keyID) {
		*list = append(*list, keyID)
	}
}

func isTemporary(keyID string) bool { return strings.HasPrefix(keyID, "ASIA") }

var (
	percent = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	// What chats and mail put between letters without showing it.
	invisible = strings.NewReplacer("\u00ad", "", "\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "")
)

// plain undoes what URLs do to text, twice where an URL stands in another one.
func plain(text string) string {
	for range 3 {
		decoded := percent.ReplaceAllStringFunc(text, func(escape string) string {
			if c, err := url.PathUnescape(escape); err == nil {
				return c
			}
			return escape
		})
		if decoded == text {
			break
		}
		text = decoded
	}
	return invisible.Replace(text)
}

var (
	quoted  = regexp.MustCompile("[\"'`“‘][^\"'`“”‘’]{20,64}[\"'`”’]")
	wholeID = regexp.MustCompile(`^[Aa][KkSs][Ii][Aa][A-Za-z0-9]{16}$`)
	breaks  = strings.NewReplacer(" ", "", "\u00a0", "", "\t", "", "\r", "", "\n", "", "-", "", `\n`, "", `\r`, "", "\"", "", "'", "", "`", "", "“", "", "”", "", "‘", "", "’", "")
)

// mended puts together key IDs that are broken by spaces, hyphens or line
// ends: within quotes, or when there is nothing else in the text.
func mended(text string) string {
	if id := breaks.Replace(text); wholeID.MatchString(id) && oneCase(id) {
		return id
	}
	return quoted.ReplaceAllStringFunc(text, func(part string) string {
		if id := breaks.Replace(part); wholeID.MatchString(id) && oneCase(id) {
			return `"` + id + `"`
		}
		return part
	})
}

// oneCase keeps the words after an ID from being taken for its end.
func oneCase(s string) bool { return s == strings.ToUpper(s) || s == strings.ToLower(s) }

func holdsSecret(text string) bool {
	if labelledSecret.MatchString(text) {
		return true
	}
	return slices.ContainsFunc(longRun.FindAllString(apart(text), -1), looksLikeSecret)
}

// looksLikeSecret: secret access keys are 40 characters of base64. A random one
// without a capital, without a small letter or without a digit hardly exists
// (the rarest, no digit, once in a thousand), a Git commit is hexadecimal.
func looksLikeSecret(run string) bool {
	if len(run) != 40 || hexOnly.MatchString(run) {
		return false
	}
	return strings.ContainsAny(run, upperCase) && strings.ContainsAny(run, lowerCase) && strings.ContainsAny(run, digits+"/+")
}

const upperCase, lowerCase, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"

// AccountOfKey decodes the account number that AWS puts into key IDs since
// about 2019, without asking anyone. It has no check digit: a mistyped ID
// decodes too. ok is false for older IDs (fifth character I or J) and for those
// of other servers.
func AccountOfKey(keyID string) (account string, ok bool) {
	if len(keyID) != 20 || keyID[4] == 'I' || keyID[4] == 'J' {
		return "", false
	}
	raw, err := base32.StdEncoding.DecodeString(keyID[4:])
	if err != nil {
		return "", false
	}
	var b [8]byte
	copy(b[2:], raw[:6])
	number := (binary.BigEndian.Uint64(b[:]) & 0x7fffffffff80) >> 7
	if number > 999999999999 {
		return "", false
	}
	return fmt.Sprintf("%012d", number), true
}
