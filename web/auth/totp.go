package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

// RFC 6238 with the values every authenticator app understands; some ignore what an
// otpauth URI says about them.
const (
	codePeriod  = 30 * time.Second
	codeDigits  = 6
	secretBytes = 20 // RFC 4226, R6: 160 bits
)

var base32Secret = base32.StdEncoding.WithPadding(base32.NoPadding)

func newCodeSecret() []byte {
	b := make([]byte, secretBytes)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}

func stepAt(t time.Time) int64 { return t.Unix() / int64(codePeriod/time.Second) }

// code is the HOTP value (RFC 4226, 5.3) of the secret at a step.
func code(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	value := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", codeDigits, value%1_000_000)
}

// matchStep returns the step whose code was typed: the current one, or the one
// before or after it, for clocks that differ a little. Every candidate is compared,
// so that the time taken tells nothing.
func matchStep(secret []byte, typed string, now time.Time) (step int64, ok bool) {
	for s := stepAt(now) - 1; s <= stepAt(now)+1; s++ {
		if subtle.ConstantTimeCompare([]byte(typed), []byte(code(secret, s))) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// CodeURI is the secret as authenticator apps take it.
func CodeURI(name, secret string) string {
	q := url.Values{"secret": {secret}, "issuer": {"Keydesk"}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/Keydesk:" + url.PathEscape(name) + "?" + q.Encode()
}
