package web

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"keydesk/web/session"
)

var errUnknownHost = errors.New("the Host header names another site")

// withKnownHost refuses requests that name another site in their Host header. The
// attacker owns a domain, shows a page from it, then lets its name resolve to
// 127.0.0.1 (DNS rebinding): to the browser Keydesk is then part of that page's
// site, which may read every answer.
//
// Health checks ask by address, and learn nothing that has to be protected.
func (s *site) withKnownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isHealthCheck(r) || s.knowsHost(r) {
			next.ServeHTTP(w, r)
			return
		}
		s.Log.Warn("request for another host refused; see -public-url", "id", RequestID(r.Context()), "host", visibleHost(r.Host))
		s.fail(w, r, errUnknownHost)
	})
}

// knowsHost: names of this machine, and the host of -public-url. Without that
// setting any name will do over TLS: the browser has found it in the certificate,
// which an attacker's domain is not in.
//
// X-Forwarded-Host is not asked for: whoever can rebind a name can send it, too.
func (s *site) knowsHost(r *http.Request) bool {
	host := hostname(r.Host)
	if host == "localhost" || isThisMachine(host) {
		return true
	}
	if s.PublicHost != "" {
		return strings.EqualFold(host, s.PublicHost)
	}
	return host != "" && (s.Secure || session.Secure(r.Context()))
}

// isThisMachine: 0.0.0.0 and [::] are how the first start prints an address that
// is every address of the machine.
func isThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap().IsLoopback() || ip.IsUnspecified())
}

// hostname is the Host header without its port and the brackets of IPv6.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return strings.ToLower(name)
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// visibleHost keeps what strangers send short in the log.
func visibleHost(host string) string { return host[:min(len(host), 100)] }

// isHealthCheck: a supervisor or a proxy asks, often by address and in plain.
func isHealthCheck(r *http.Request) bool { return r.URL.Path == "/healthz" || r.URL.Path == "/readyz" }
