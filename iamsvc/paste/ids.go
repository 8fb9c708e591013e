package paste

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
)

// The lengths of access key IDs by the IAM API, and of those AWS makes.
const (
	minKeyID      = 16
	maxKeyID      = 128
	LengthOfKeyID = 20
)

var wordOfID = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// IsTemporary reports whether a key ID is one of temporary credentials.
func IsTemporary(keyID string) bool { return strings.HasPrefix(keyID, "ASIA") }

// KindOfID says what an ID with that prefix is the ID of ("a role"), by the
// table of unique identifiers in the IAM User Guide; "" for none of them.
func KindOfID(word string) string {
	if len(word) < 4 || !wordOfID.MatchString(word) {
		return ""
	}
	return prefixes[strings.ToUpper(word[:4])]
}

var prefixes = map[string]string{
	"ABIA": "an STS service bearer token",
	"ACCA": "a service-specific credential",
	"AGPA": "a user group",
	"AIDA": "an IAM user",
	"AIPA": "an EC2 instance profile",
	"AKIA": "an access key",
	"ANPA": "a managed policy",
	"ANVA": "a version of a managed policy",
	"APKA": "a public key",
	"AROA": "a role",
	"ASCA": "a certificate",
	"ASIA": "a temporary access key",
}

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
