package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/sessions"
)

const (
	sessionCookie = "keydesk_session"
	waitingCookie = "keydesk_sign_in"
	deviceCookie  = "keydesk_device"
	idBytes       = 32
)

type secureKey struct{}

// WithSecure marks a request that came over TLS to a proxy in front, which
// talks to us in plain.
func WithSecure(ctx context.Context) context.Context {
	return context.WithValue(ctx, secureKey{}, true)
}

// Secure reports whether the request was marked by WithSecure.
func Secure(ctx context.Context) bool {
	forwarded, _ := ctx.Value(secureKey{}).(bool)
	return forwarded
}

func (s *Store) secureFor(r *http.Request) bool { return s.secure || Secure(r.Context()) }

// cookieName has the prefix that no sibling host can set, where browsers allow it.
func (s *Store) cookieName(r *http.Request, name string) string {
	if s.secureFor(r) {
		return "__Host-" + name
	}
	return name
}

// newID returns what the cookie holds: 256 random bits.
func newID() string {
	b := make([]byte, idBytes)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

func newHandle() string { return rand.Text() }

// digest is what the database holds of an ID or token: who reads it, or a backup
// of it, can present neither. The values are random, so no salt is needed.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// decodeID accepts exactly what newID makes, in its one spelling.
func decodeID(value string) (string, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(b) != idBytes || strings.ContainsAny(value, "\r\n") {
		return "", false
	}
	return value, true
}

func cookieID(r *http.Request, name string) (string, bool) {
	c, err := r.Cookie(name)
	if err != nil {
		return "", false
	}
	return decodeID(c.Value)
}

// setCookie has no expiry of its own: the browser drops the cookie when it closes,
// and the database decides before that.
func (s *Store) setCookie(w http.ResponseWriter, g *sessions.Session) {
	http.SetCookie(w, sessions.NewCookie(g.Name(), g.ID, g.Options))
}

// Device returns what the browser's device cookie holds, "" without one. It proves
// nothing by itself: the caller knows whose devices there are.
func (s *Store) Device(r *http.Request) string {
	value, _ := cookieID(r, s.cookieName(r, deviceCookie))
	return value
}

// SetDevice gives the browser its device cookie, which outlives the session and
// the browser's closing.
func (s *Store) SetDevice(w http.ResponseWriter, r *http.Request, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name:     s.cookieName(r, deviceCookie),
		Value:    value,
		Path:     "/",
		MaxAge:   int(life / time.Second),
		HttpOnly: true,
		Secure:   s.secureFor(r),
		SameSite: http.SameSiteLaxMode,
	})
}

// adopt makes g the session with the ID for the rest of the request.
func adopt(g *sessions.Session, id string, row Session) {
	g.ID, g.IsNew = id, false
	g.Values[rowKey{}] = row
}

func clientHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

const maxUserAgent = 256

func clip(userAgent string) string {
	if len(userAgent) > maxUserAgent {
		userAgent = userAgent[:maxUserAgent]
	}
	return strings.ToValidUTF8(userAgent, "\uFFFD")
}
