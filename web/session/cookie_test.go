package session

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzCookie: whatever a browser sends is refused, or is the one spelling of 256 bits.
// Two spellings would be two hashes of one ID, and a revocation that misses.
func FuzzCookie(f *testing.F) {
	f.Add(newID())
	f.Add(strings.Repeat("A", 43))
	f.Add(strings.Repeat("A", 42) + "B") // spare bits set
	f.Add(strings.Repeat("A", 20) + "\r\n" + strings.Repeat("A", 23))
	f.Add(strings.Repeat("A", 43) + "=")
	f.Add("")
	f.Fuzz(func(t *testing.T, value string) {
		id, ok := decodeID(value)
		if ok {
			b, err := base64.RawURLEncoding.DecodeString(id)
			if err != nil || len(b) != 32 || base64.RawURLEncoding.EncodeToString(b) != value || id != value {
				t.Errorf("%q was accepted", value)
			}
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", "keydesk_session="+value)
		if id, ok := cookieID(r, "keydesk_session"); ok && len(id) != 43 {
			t.Errorf("the cookie %q was accepted as %q", value, id)
		}
	})
}

func TestIDsAreRandom(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := newID()
		if got, ok := decodeID(id); !ok || got != id || seen[id] {
			t.Fatalf("ID %q: accepted %v, seen before %v", id, ok, seen[id])
		}
		seen[id] = true
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{"": 0, "Test/1.0": 8, strings.Repeat("x", 300): 256} {
		if got := clip(in); len(got) != want {
			t.Errorf("%d bytes became %d, want %d", len(in), len(got), want)
		}
	}
	if got := clip("x" + strings.Repeat("ü", 200)); !utf8.ValidString(got) || len(got) > 256+2 {
		t.Errorf("cut to %d bytes: %q", len(got), got)
	}
}

func TestClientHost(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"192.0.2.1:80": "192.0.2.1", "[2001:db8::1]:80": "2001:db8::1", "@": "@", "": ""} {
		if got := clientHost(&http.Request{RemoteAddr: in}); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
