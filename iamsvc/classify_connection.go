package iamsvc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
)

// proxyRefusal is a proxy's answer to CONNECT that is not 200. net/http would make
// an error of its text alone.
type proxyRefusal struct{ status int }

func (p *proxyRefusal) Error() string {
	return fmt.Sprintf("the proxy answered with status %d", p.status)
}

// refusedByProxy is for http.Transport.OnProxyConnectResponse.
func refusedByProxy(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyRefusal{answer.StatusCode}
}

// kindOfConnection is for calls without an answer. The host is the one that the
// error names, else the given one.
func kindOfConnection(err error, host string) error {
	var refusal *proxyRefusal
	if errors.As(err, &refusal) {
		return interposed(refusal.status)
	}
	why := reasonOfConnection(err)
	if why == nil {
		return ErrUnavailable
	}
	return &ConnectionError{Reason: why, Host: hostOf(err, host), Proxy: atProxy(err)}
}

func reasonOfConnection(err error) error {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var certificate x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var dns *net.DNSError
	var op *net.OpError
	var slow net.Error
	switch {
	case errors.As(err, &authority):
		return ErrUnknownAuthority
	case errors.As(err, &name):
		return ErrCertificateName
	case errors.As(err, &certificate) && certificate.Reason == x509.Expired:
		return ErrCertificateExpired
	case errors.As(err, &certificate):
		return ErrUnknownAuthority
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return ErrNotTLS
	case errors.As(err, &dns):
		return ErrUnknownHost
	case errors.Is(err, syscall.ECONNREFUSED):
		return ErrConnectionRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrConnectionLost
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return ErrTimeout
	case errors.As(err, &op):
		return ErrUnreachable
	}
	return nil
}

func atProxy(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "proxyconnect"
}

// hostOf is the name that was not found, the proxy's address, or the URL's host.
func hostOf(err error, otherwise string) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.Name
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "proxyconnect" {
		var dial *net.OpError
		if errors.As(op.Err, &dial) && dial.Addr != nil {
			return dial.Addr.String()
		}
		return ""
	}
	var request *url.Error
	if errors.As(err, &request) {
		if u, err := url.Parse(request.URL); err == nil && u.Host != "" {
			return u.Host
		}
	}
	return otherwise
}

// neverSent: there was no connection over which a call could have been sent.
func neverSent(err error) bool {
	var op *net.OpError
	var refusal *proxyRefusal
	if errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") || errors.As(err, &refusal) {
		return true
	}
	switch reasonOfConnection(err) {
	case ErrUnknownAuthority, ErrCertificateName, ErrCertificateExpired, ErrNotTLS:
		return true
	}
	return false
}

func interposed(status int) error {
	if status == http.StatusProxyAuthRequired {
		return &InterposedError{Reason: ErrProxyAuthentication, Status: status}
	}
	return &InterposedError{Reason: ErrInterposed, Status: status}
}
