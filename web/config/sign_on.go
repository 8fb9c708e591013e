package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// TrustedProxies are the networks of TrustedProxy; a single address counts as a
// network of one.
func (c Config) TrustedProxies() ([]netip.Prefix, error) {
	if c.TrustedProxy == "" {
		return nil, nil
	}
	var list []netip.Prefix
	for part := range strings.SplitSeq(c.TrustedProxy, ",") {
		part = strings.TrimSpace(part)
		if ip, err := netip.ParseAddr(part); err == nil {
			list = append(list, netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("-trusted-proxy: %q is not a network such as 10.0.0.0/24", part)
		}
		list = append(list, network.Masked())
	}
	return list, nil
}

// PublicHost is the host of PublicURL, without its port; "" where that is not given.
func (c Config) PublicHost() string {
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// ProxyOnly says that Keydesk can be reached from other machines without TLS of its
// own, so that pages must come through a proxy that has it.
func (c Config) ProxyOnly() bool {
	host, err := splitAddress("listen", c.Listen)
	return err == nil && !loopback(host) && c.TLSCert == ""
}

// validateProxy refuses a network that holds everybody: then any client could say
// what its address is, and that it came over TLS.
func (c Config) validateProxy() error {
	networks, err := c.TrustedProxies()
	if err != nil {
		return err
	}
	for _, n := range networks {
		if n.Bits() == 0 {
			return fmt.Errorf("-trusted-proxy %s trusts every address: name the proxy's own", n)
		}
	}
	if c.PublicURL == "" {
		return nil
	}
	if u, err := safeURL("public-url", c.PublicURL); err != nil {
		return err
	} else if strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("-public-url %s must not have a path", c.PublicURL)
	}
	return nil
}

func (c Config) validateOIDC() error {
	needed := []struct{ flag, value string }{
		{"oidc-issuer", c.OIDCIssuer}, {"oidc-client-id", c.OIDCClientID},
		{"oidc-client-secret-file", c.OIDCClientSecretFile}, {"oidc-roles", c.OIDCRoles},
	}
	var missing []string
	for _, n := range needed {
		if n.value == "" {
			missing = append(missing, "-"+n.flag)
		}
	}
	if len(missing) == len(needed) {
		return nil // no single sign-on
	}
	var faults []error
	if c.PublicURL == "" {
		missing = append(missing, "-public-url")
	}
	if len(missing) > 0 {
		faults = append(faults, errors.New("single sign-on also needs "+strings.Join(missing, " and ")))
	}
	if c.OIDCIssuer != "" {
		_, err := safeURL("oidc-issuer", c.OIDCIssuer)
		faults = append(faults, err)
	}
	faults = append(faults, notEmpty("oidc-groups-claim", c.OIDCGroupsClaim), privateFile("oidc-client-secret-file", c.OIDCClientSecretFile))
	return errors.Join(faults...)
}

// safeURL wants https, or a server of this machine: sign-ins travel there.
func safeURL(flag, value string) (*url.URL, error) {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("-%s %q is not a URL such as https://keydesk.example.com", flag, value)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, fmt.Errorf("-%s %s must begin with https://, but for this machine's own address", flag, value)
	}
	return u, nil
}
