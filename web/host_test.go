package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"keydesk/web/session"
)

func TestKnownHosts(t *testing.T) {
	t.Parallel()
	plain, public, tls := Options{}, Options{PublicHost: "keydesk.example.com"}, Options{Secure: true}
	for name, test := range map[string]struct {
		site  Options
		host  string
		known bool
	}{
		"localhost":                       {plain, "localhost:8080", true},
		"localhost in capitals":           {plain, "LOCALHOST", true},
		"loopback":                        {plain, "127.0.0.1:8080", true},
		"another loopback address":        {plain, "127.3.2.1", true},
		"IPv6 loopback":                   {plain, "[::1]:8080", true},
		"IPv6 loopback without a port":    {plain, "[::1]", true},
		"mapped loopback":                 {plain, "[::ffff:127.0.0.1]:8080", true},
		"every address":                   {plain, "[::]:8080", true},
		"no host":                         {plain, "", false},
		"another name":                    {plain, "evil.example:8080", false},
		"begins like localhost":           {plain, "localhost.evil.example", false},
		"begins like loopback":            {plain, "127.0.0.1.evil.example", false},
		"other spelling of loopback":      {plain, "2130706433", false},
		"another address":                 {plain, "10.0.0.5:8080", false},
		"user before the host":            {plain, "localhost@evil.example", false},
		"public URL's host":               {public, "keydesk.example.com", true},
		"with a port, in capitals":        {public, "Keydesk.Example.com:8443", true},
		"loopback beside the public URL":  {public, "127.0.0.1:8080", true},
		"another name beside it":          {public, "evil.example", false},
		"a name below it":                 {public, "a.keydesk.example.com", false},
		"a name that ends like it":        {public, "evilkeydesk.example.com", false},
		"over TLS the certificate counts": {tls, "keydesk.example.com", true},
		"over TLS beside a public URL":    {Options{Secure: true, PublicHost: "keydesk.example.com"}, "evil.example", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = test.host
		if known := (&site{Options: test.site}).knowsHost(r); known != test.known {
			t.Errorf("%s: Host %q known: %v", name, test.host, known)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = "keydesk.example.com"
	if !(&site{}).knowsHost(r.WithContext(session.WithSecure(r.Context()))) {
		t.Error("over a proxy's TLS the certificate does not count")
	}
}

// A forwarded host is the client's word: whoever rebinds a name can send it.
func TestForwardedHostIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := &site{Options: Options{TrustedProxies: networks(t, "127.0.0.0/8"), PublicHost: "keydesk.example.com", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}}
	r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
	r.RemoteAddr, r.Host = "127.0.0.1:5", "evil.example"
	r.Header.Set("X-Forwarded-Host", "keydesk.example.com")
	known := true
	s.withForwarded(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { known = s.knowsHost(r) })).ServeHTTP(httptest.NewRecorder(), r)
	if known {
		t.Error("X-Forwarded-Host is believed")
	}
}
