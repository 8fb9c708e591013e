package auth

import (
	"net/url"
	"testing"
	"time"
)

// TestCodeVectors are those of RFC 6238, appendix B (SHA-1), cut to six digits.
func TestCodeVectors(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for seconds, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := code(secret, stepAt(time.Unix(seconds, 0))); got != want {
			t.Errorf("at %d: %s, want %s", seconds, got, want)
		}
	}
}

func TestMatchStepAllowsOneStepOfSkew(t *testing.T) {
	t.Parallel()
	secret := newCodeSecret()
	now := time.Unix(1_700_000_010, 0)
	for offset := int64(-3); offset <= 3; offset++ {
		step, ok := matchStep(secret, code(secret, stepAt(now)+offset), now)
		near := offset >= -1 && offset <= 1
		if ok != near || near && step != stepAt(now)+offset {
			t.Errorf("a code %d steps away: %v", offset, ok)
		}
	}
	for _, typed := range []string{"", "000", "12345678", "abcdef", code(newCodeSecret(), stepAt(now))} {
		if _, ok := matchStep(secret, typed, now); ok {
			t.Errorf("%q is a code", typed)
		}
	}
}

func TestCodeURI(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(CodeURI("ann+x@example.com", "ABC"))
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Keydesk:ann+x@example.com" || u.Query().Get("secret") != "ABC" || u.Query().Get("issuer") != "Keydesk" {
		t.Errorf("%v %v", u, err)
	}
}
