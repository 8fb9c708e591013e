package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"keydesk/handlers"
	"keydesk/web/session"
)

func networks(t *testing.T, list ...string) (n []netip.Prefix) {
	t.Helper()
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		n = append(n, p)
	}
	return n
}

func TestForwardedAddress(t *testing.T) {
	t.Parallel()
	s := &site{Options: Options{TrustedProxies: networks(t, "10.0.0.0/8", "2001:db8::/32")}}
	for name, test := range map[string]struct {
		peer    string
		headers []string
		want    string
	}{
		"not a proxy":          {"192.0.2.1:5", []string{"198.51.100.7"}, "192.0.2.1"},
		"one proxy":            {"10.0.0.1:5", []string{"198.51.100.7"}, "198.51.100.7"},
		"client's own header":  {"10.0.0.1:5", []string{"127.0.0.1, 198.51.100.7"}, "198.51.100.7"},
		"two lines":            {"10.0.0.1:5", []string{"127.0.0.1", "198.51.100.7"}, "198.51.100.7"},
		"two proxies":          {"10.0.0.1:5", []string{"127.0.0.1, 198.51.100.7, 10.0.0.2"}, "198.51.100.7"},
		"port":                 {"10.0.0.1:5", []string{"198.51.100.7:4711"}, "198.51.100.7"},
		"IPv6":                 {"[2001:db8::1]:5", []string{"[2001:dead::1]:4711"}, "2001:dead::1"},
		"IPv6 without port":    {"[2001:db8::1]:5", []string{"2001:dead::1"}, "2001:dead::1"},
		"mapped peer":          {"[::ffff:10.0.0.1]:5", []string{"198.51.100.7"}, "198.51.100.7"},
		"no header":            {"10.0.0.1:5", nil, "10.0.0.1"},
		"nonsense":             {"10.0.0.1:5", []string{"127.0.0.1, unknown"}, "10.0.0.1"},
		"nonsense behind":      {"10.0.0.1:5", []string{"unknown, 10.0.0.2"}, "10.0.0.2"},
		"only proxies":         {"10.0.0.1:5", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"peer without a port":  {"10.0.0.1", []string{"198.51.100.7"}, "10.0.0.1"},
		"a name is no address": {"10.0.0.1:5", []string{"localhost"}, "10.0.0.1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.peer
		r.Header["X-Forwarded-For"] = test.headers
		got := ""
		s.withForwarded(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = clientIP(r) })).ServeHTTP(httptest.NewRecorder(), r)
		if got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestForwardedProto(t *testing.T) {
	t.Parallel()
	s := &site{Options: Options{TrustedProxies: networks(t, "10.0.0.0/8")}}
	for name, test := range map[string]struct {
		peer, proto string
		want        bool
	}{
		"proxy":         {"10.0.0.1:5", "https", true},
		"capitals":      {"10.0.0.1:5", "HTTPS", true},
		"nearest":       {"10.0.0.1:5", "https, http", false},
		"plain":         {"10.0.0.1:5", "http", false},
		"nothing":       {"10.0.0.1:5", "", false},
		"not the proxy": {"192.0.2.1:5", "https", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = test.peer
		r.Header.Set("X-Forwarded-Proto", test.proto)
		got, w := false, httptest.NewRecorder()
		s.withForwarded(s.withSecurityHeaders(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = session.Secure(r.Context()) }))).ServeHTTP(w, r)
		if got != test.want || (w.Header().Get("Strict-Transport-Security") != "") != test.want {
			t.Errorf("%s: secure %v, headers %v", name, got, w.Header())
		}
	}
}

// TestProxyOnly: without TLS of its own Keydesk answers other machines only through
// the proxy that has it.
func TestProxyOnly(t *testing.T) {
	t.Parallel()
	s := &site{Options: Options{TrustedProxies: networks(t, "10.0.0.0/8"), ProxyOnly: true, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}}
	s.base = handlers.Base{}
	h := s.withForwarded(s.withProxyOnly(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })))
	for name, test := range map[string]struct {
		peer, client, proto, path string
		want                      int
	}{
		"proxy over TLS":          {"10.0.0.1:5", "198.51.100.7", "https", "/sign-in", http.StatusTeapot},
		"proxy in plain":          {"10.0.0.1:5", "198.51.100.7", "http", "/sign-in", http.StatusForbidden},
		"around the proxy":        {"192.0.2.1:5", "198.51.100.7", "https", "/sign-in", http.StatusForbidden},
		"lying about its address": {"192.0.2.1:5", "127.0.0.1", "https", "/sign-in", http.StatusForbidden},
		"this machine":            {"127.0.0.1:5", "", "", "/sign-in", http.StatusTeapot},
		"health check":            {"10.0.0.1:5", "", "", "/readyz", http.StatusTeapot},
	} {
		r := httptest.NewRequest(http.MethodGet, test.path, nil)
		r.RemoteAddr = test.peer
		r.Header.Set("X-Forwarded-For", test.client)
		r.Header.Set("X-Forwarded-Proto", test.proto)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != test.want || w.Code == http.StatusForbidden && !strings.Contains(w.Body.String(), "This connection is not secure") {
			t.Errorf("%s: %d\n%s", name, w.Code, w.Body)
		}
	}
}
