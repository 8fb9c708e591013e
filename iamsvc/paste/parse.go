package paste

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// MaxBytes is how much of a text is read.
const MaxBytes = 8 << 20

const longestWord = maxKeyID

var (
	// People retype key IDs in lower case, so only the prefix and the length
	// decide. The left side must not be part of a longer word, but the escapes of
	// a JSON string end there too; on the right the run is taken whole.
	keyIDInText = regexp.MustCompile(`(?:^|[^A-Za-z0-9]|\\[nrt])([Aa][KkSs][Ii][Aa][A-Za-z0-9]{12,})`)
	userARN     = regexp.MustCompile(`arn:[a-z0-9-]+:iam:[a-z0-9-]*:([A-Za-z0-9]*):user/(?:[^\s"'\\]*/)?([A-Za-z0-9_+=,.@-]+)`)
	roleARN     = regexp.MustCompile(`arn:[a-z0-9-]+:sts:[a-z0-9-]*:([A-Za-z0-9]*):assumed-role/([A-Za-z0-9_+=,.@-]+/[A-Za-z0-9_+=,.@-]+)`)
	// A name that says secret or token, an assignment in any notation, a value
	// longer than a key ID.
	labelledSecret = regexp.MustCompile(`(?i)(?:secret[_-]?\s?(?:access)?[_-]?\s?key|session[_-]?\s?token)[^a-z0-9/+]{1,8}[a-z0-9/+=]{21,}`)
	longRun        = regexp.MustCompile(`[A-Za-z0-9/+]+`)
	hexOnly        = regexp.MustCompile(`^[0-9a-fA-F]+$`)
)

// Parse recognizes what it can in text. known may be nil.
func Parse(text string, known Known) Text {
	t := Text{Searched: min(len(text), MaxBytes), Cut: len(text) > MaxBytes}
	text = plain(text[:t.Searched])
	if holdsSecret(text) {
		t.Secrets = []SecretForm{SecretAccessKey}
	}
	text = mended(text)
	for _, m := range keyIDInText.FindAllStringSubmatch(text, -1) {
		t.addID(strings.ToUpper(m[1]))
	}
	if m := userARN.FindStringSubmatch(text); m != nil {
		t.add(Part{Kind: UserName, Text: strings.TrimRight(m[2], ".,"), Account: m[1]})
	}
	if len(t.Of(UserName, KeyID, TemporaryKeyID)) == 0 {
		t.findPage(text)
	}
	if m := roleARN.FindStringSubmatch(text); m != nil {
		t.add(Part{Kind: RoleSession, Text: strings.TrimRight(m[2], ".,"), Account: m[1]})
	}
	word := strings.Trim(text, " \u00a0\t\r\n\"'`“”‘’<>()[]{},;:")
	if !t.HasSecret() && len(word) <= longestWord && !strings.ContainsAny(word, " \t\r\n\"'") {
		t.Word = word
	}
	t.findMasked(text)
	return t
}

func (t *Text) add(p Part) {
	if !slices.Contains(t.Parts, p) {
		t.Parts = append(t.Parts, p)
	}
}

func (t *Text) addID(keyID string) {
	if len(keyID) > maxKeyID {
		return
	}
	if p, masked := unmask(keyID); masked {
		t.addMasked(p)
		return
	}
	kind := KeyID
	if IsTemporary(keyID) {
		kind = TemporaryKeyID
	}
	t.add(Part{Kind: kind, Text: keyID})
}

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
