package config

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := Parse(nil, environment(nil), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{Listen: "127.0.0.1:8080", Data: "./keydesk-data", IAM: IAMLocal, LocalUsers: 150, SweepHours: 6, MaxUsers: 20000, FreshSignIn: 15, LogFormat: "text", Format: "jsonl", OIDCGroupsClaim: "groups"}
	if c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestFlagWinsOverEnvironment(t *testing.T) {
	t.Parallel()
	env := environment(map[string]string{"KEYDESK_LISTEN": "127.0.0.1:1", "KEYDESK_LOCAL_USERS": "20", "KEYDESK_CHECK": "true"})
	c, err := Parse([]string{"-listen", "127.0.0.1:2"}, env, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:2" || c.LocalUsers != 20 || !c.Check {
		t.Errorf("got %+v", c)
	}
}

func TestEndpointImpliesAWS(t *testing.T) {
	t.Parallel()
	c, err := Parse([]string{"-iam-endpoint", "http://127.0.0.1:9"}, environment(nil), io.Discard)
	if err != nil || c.IAM != IAMAWS || c.Validate() != nil {
		t.Errorf("got %+v, %v, %v", c, err, c.Validate())
	}
}

func TestUnreadableSettings(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-no-such-flag"}, {"extra"}, {"-local-users", "many"}} {
		if _, err := Parse(args, environment(nil), io.Discard); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
	_, err := Parse(nil, environment(map[string]string{"KEYDESK_LOCAL_USERS": "many", "KEYDESK_CHECK": "perhaps"}), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "KEYDESK_LOCAL_USERS") || !strings.Contains(err.Error(), "KEYDESK_CHECK") {
		t.Errorf("both faults should be named: %v", err)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c, err := Parse([]string{"-h"}, environment(nil), &out)
	if !errors.Is(err, ErrHelp) {
		t.Fatal(err)
	}
	for _, s := range c.settings() {
		if !strings.Contains(out.String(), "-"+s.name) || !strings.Contains(out.String(), s.help) {
			t.Errorf("-%s is not explained", s.name)
		}
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if len(line) > 110 {
			t.Errorf("too wide for a terminal: %q", line)
		}
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	c := Config{Listen: "here", Data: "", IAM: "gcp", IAMEndpoint: "nowhere", Region: "Mars", LocalUsers: 3, IAMRateCeiling: -1,
		LocalEndpoint: "0.0.0.0:1", LogFormat: "xml", AdminPasswordFile: filepath.Join(t.TempDir(), "none")}
	err := c.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, flag := range []string{"-listen", "-data", "-iam ", "-iam-endpoint", "-iam-rate-ceiling", "-sweep-hours", "-region", "-local-users", "-local-endpoint", "-log-format", "-admin-password-file"} {
		if !strings.Contains(err.Error(), flag) {
			t.Errorf("%s is not named in:\n%v", flag, err)
		}
	}
}

func TestListenOnOtherAddressesNeedsTLS(t *testing.T) {
	t.Parallel()
	base := Config{Data: "x", IAM: IAMLocal, LocalUsers: 150, SweepHours: 6, MaxUsers: 20000, FreshSignIn: 15, LogFormat: "text"}
	for address, plainAllowed := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:0": true, "[::1]:80": true, "127.8.9.1:80": true,
		":8080": false, "0.0.0.0:8080": false, "[::]:80": false, "10.1.2.3:80": false, "keydesk.example.com:80": false,
	} {
		c := base
		c.Listen = address
		if (c.Validate() == nil) != plainAllowed {
			t.Errorf("%s without TLS: %v", address, c.Validate())
		}
		c.TLSCert, c.TLSKey = "cert.pem", "key.pem"
		if err := c.Validate(); err != nil {
			t.Errorf("%s with TLS: %v", address, err)
		}
		c.TLSKey = ""
		if c.Validate() == nil {
			t.Errorf("%s with half of TLS was accepted", address)
		}
	}
}

func TestPasswordFileMustBePrivate(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := Config{Listen: "127.0.0.1:0", Data: "x", IAM: IAMLocal, LocalUsers: 150, SweepHours: 6, MaxUsers: 20000, FreshSignIn: 15, LogFormat: "text", AdminPasswordFile: file}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(file, 0o604); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "chmod") {
		t.Errorf("world-readable file: %v", err)
	}
	c.AdminPasswordFile = filepath.Dir(file)
	if c.Validate() == nil {
		t.Error("a folder was accepted")
	}
}
