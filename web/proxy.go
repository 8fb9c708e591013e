package web

import (
	"net/http"
	"net/netip"
	"strings"

	"keydesk/web/session"
)

// withForwarded is outermost: what a trusted proxy says of the client replaces what
// the connection says, before anyone reads either. Nobody else is believed, since
// anyone can send the headers.
func (s *site) withForwarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !contains(s.TrustedProxies, peer.Addr()) {
			next.ServeHTTP(w, r)
			return
		}
		r = r.Clone(r.Context())
		client := clientAddress(peer.Addr(), r.Header.Values("X-Forwarded-For"), s.TrustedProxies)
		r.RemoteAddr = netip.AddrPortFrom(client, 0).String()
		if strings.EqualFold(lastOf(r.Header.Values("X-Forwarded-Proto")), "https") {
			r = r.WithContext(session.WithSecure(r.Context()))
		}
		next.ServeHTTP(w, r)
	})
}

// clientAddress walks from the proxy that connected towards the client and stops at
// the first address that is not a proxy's: what stands left of it in the header is
// what that client has chosen to say.
func clientAddress(peer netip.Addr, header []string, trusted []netip.Prefix) netip.Addr {
	client := peer.Unmap()
	hops := strings.Split(strings.Join(header, ","), ",")
	for i := len(hops) - 1; i >= 0 && contains(trusted, client); i-- {
		hop, ok := hopAddress(strings.TrimSpace(hops[i]))
		if !ok {
			break
		}
		client = hop
	}
	return client
}

// hopAddress reads one entry; some proxies add the port.
func hopAddress(text string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddrPort(text)
	return a.Addr().Unmap().WithZone(""), err == nil
}

func contains(networks []netip.Prefix, a netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// lastOf is what the nearest proxy wrote, if those before it wrote something too.
func lastOf(values []string) string {
	all := strings.Split(strings.Join(values, ","), ",")
	return strings.TrimSpace(all[len(all)-1])
}

// withProxyOnly refuses pages in plain HTTP to other machines, when Keydesk listens
// for a proxy that does the TLS: whoever finds the way around the proxy would send
// a password in the clear. Health checks come from the proxy itself, in plain.
func (s *site) withProxyOnly(next http.Handler) http.Handler {
	if !s.ProxyOnly {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, err := netip.ParseAddr(clientIP(r))
		local := err == nil && client.IsLoopback()
		if session.Secure(r.Context()) || local || isHealthCheck(r) {
			next.ServeHTTP(w, r)
			return
		}
		s.fail(w, r, errPlain)
	})
}
