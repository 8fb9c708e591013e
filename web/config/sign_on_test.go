package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sound has single sign-on set up as it should be.
func sound(t *testing.T) Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Config{Listen: "127.0.0.1:0", Data: "x", IAM: IAMLocal, LocalUsers: 150, SweepHours: 6, MaxUsers: 20000, FreshSignIn: 15, LogFormat: "text",
		PublicURL: "https://keydesk.example.com", OIDCIssuer: "https://id.example.com/realms/x", OIDCClientID: "keydesk",
		OIDCClientSecretFile: file, OIDCRoles: "a=auditor", OIDCGroupsClaim: "groups"}
}

func TestSingleSignOnSettings(t *testing.T) {
	t.Parallel()
	if err := sound(t).Validate(); err != nil {
		t.Error(err)
	}
	for flag, spoil := range map[string]func(*Config){
		"-oidc-issuer":             func(c *Config) { c.OIDCIssuer = "" },
		"-oidc-client-id":          func(c *Config) { c.OIDCClientID = "" },
		"-oidc-client-secret-file": func(c *Config) { c.OIDCClientSecretFile = "" },
		"-oidc-roles":              func(c *Config) { c.OIDCRoles = "" },
		"-public-url":              func(c *Config) { c.PublicURL = "" },
		"-oidc-groups-claim":       func(c *Config) { c.OIDCGroupsClaim = "" },
		"-oidc-issuer http":        func(c *Config) { c.OIDCIssuer = "http://id.example.com" },
		"-public-url http":         func(c *Config) { c.PublicURL = "http://keydesk.example.com" },
		"must not have a path":     func(c *Config) { c.PublicURL = "https://keydesk.example.com/x" },
		`-public-url "keydesk`:     func(c *Config) { c.PublicURL = "keydesk.example.com" },
		"everyone":                 func(c *Config) { c.OIDCClientSecretFile = readable(t) },
	} {
		c := sound(t)
		spoil(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s: %v", flag, err)
		}
	}
	c := sound(t)
	c.OIDCIssuer, c.PublicURL = "http://127.0.0.1:9000", "http://localhost:8080"
	if err := c.Validate(); err != nil {
		t.Errorf("on this machine: %v", err)
	}
}

func readable(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("x"), 0o604); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	c := Config{Listen: "10.0.0.5:8080", Data: "x", IAM: IAMLocal, LocalUsers: 150, SweepHours: 6, MaxUsers: 20000, FreshSignIn: 15, LogFormat: "text", TrustedProxy: "10.0.0.1, 192.0.2.7/24,2001:db8::/64"}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	list, err := c.TrustedProxies()
	if err != nil || len(list) != 3 || list[0].String() != "10.0.0.1/32" || list[1].String() != "192.0.2.0/24" || list[2].String() != "2001:db8::/64" {
		t.Errorf("%v %v", list, err)
	}
	if !c.ProxyOnly() {
		t.Error("reachable in plain by everybody")
	}
	for _, bad := range []string{"0.0.0.0/0", "::/0", "10.0.0.1,0.0.0.0/0", "proxy.example.com", "10.0.0.0/33", ","} {
		c.TrustedProxy = bad
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "-trusted-proxy") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	c.TrustedProxy, c.Listen = "", "127.0.0.1:8080"
	if c.ProxyOnly() {
		t.Error("a loopback address is refused to nobody")
	}
}
