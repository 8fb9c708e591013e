package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strconv"
)

// ErrSettings marks what the person who started Keydesk has to change.
var ErrSettings = errors.New("settings")

// Fault makes an error one of the settings: the message stays as it is.
func Fault(err error) error { return settingsFault{err} }

type settingsFault struct{ error }

func (settingsFault) Is(target error) bool { return target == ErrSettings }
func (f settingsFault) Unwrap() error      { return f.error }

var regionPattern = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$|^[a-z-]+-global$`)

// Validate reports every fault of the settings at once, so that a person mends
// them in one go. Each message names the flag and what would be right.
func (c Config) Validate() error {
	return errors.Join(
		c.validateListen(),
		c.validateProxy(),
		c.validateOIDC(),
		c.validateIAM(),
		c.validateLocal(),
		c.validateRules(),
		c.validateCommand(),
		oneOf("log-format", c.LogFormat, "text", "json"),
		notEmpty("data", c.Data),
		c.validateDatabase(),
		privateFile("admin-password-file", c.AdminPasswordFile),
		privateFile("password-file", c.PasswordFile),
	)
}

func (c Config) validateListen() error {
	host, err := splitAddress("listen", c.Listen)
	if err != nil {
		return err
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("-tls-cert and -tls-key belong together: give both or none")
	}
	// Plain HTTP off this machine would send sign-ins and new secrets in the clear.
	if !loopback(host) && c.TLSCert == "" && c.TrustedProxy == "" {
		return fmt.Errorf("-listen %s can be reached from other machines: give -tls-cert and -tls-key, listen on 127.0.0.1, or name the proxy in front that does TLS with -trusted-proxy", c.Listen)
	}
	return nil
}

func (c Config) validateIAM() error {
	faults := []error{oneOf("iam", c.IAM, IAMLocal, IAMAWS)}
	if c.Region != "" && !regionPattern.MatchString(c.Region) {
		faults = append(faults, fmt.Errorf("-region %q is not a region name such as us-east-1", c.Region))
	}
	if c.IAMRateCeiling < 0 {
		faults = append(faults, fmt.Errorf("-iam-rate-ceiling %d must not be negative; 0 is no ceiling", c.IAMRateCeiling))
	}
	if c.MaxUsers < 100 || c.MaxUsers > 1_000_000 {
		faults = append(faults, fmt.Errorf("-max-users %d is outside 100 to 1000000", c.MaxUsers))
	}
	if c.SweepHours < 1 || c.SweepHours > 7*24 {
		faults = append(faults, fmt.Errorf("-sweep-hours %d is outside 1 to 168", c.SweepHours))
	}
	endpoints := []struct{ flag, value string }{
		{"iam-endpoint", c.IAMEndpoint}, {"sts-endpoint", c.STSEndpoint},
	}
	for _, e := range endpoints {
		if e.value == "" {
			continue
		}
		if u, err := url.Parse(e.value); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			faults = append(faults, fmt.Errorf("-%s %q is not a URL such as https://iam.example.com", e.flag, e.value))
		}
		if c.IAM == IAMLocal {
			faults = append(faults, fmt.Errorf("-%s goes with -iam aws, not with the embedded account", e.flag))
		}
	}
	return errors.Join(faults...)
}

func (c Config) validateLocal() error {
	var faults []error
	if c.LocalUsers < 10 || c.LocalUsers > 5000 {
		faults = append(faults, fmt.Errorf("-local-users %d is outside 10 to 5000 (an AWS account holds 5000)", c.LocalUsers))
	}
	if c.LocalEndpoint == "" {
		return errors.Join(faults...)
	}
	host, err := splitAddress("local-endpoint", c.LocalEndpoint)
	switch {
	case err != nil:
		faults = append(faults, err)
	case !loopback(host):
		faults = append(faults, fmt.Errorf("-local-endpoint %s must be a loopback address such as 127.0.0.1:8081", c.LocalEndpoint))
	}
	if c.IAM == IAMAWS {
		faults = append(faults, errors.New("-local-endpoint serves the embedded account, which -iam aws does not start"))
	}
	return errors.Join(faults...)
}

// privateFile refuses a file that other people of the machine can read: whoever
// reads it is an administrator, or passes for Keydesk. No file is fine.
func privateFile(flag, path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("-%s: %w", flag, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("-%s %s is not a file", flag, path)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return fmt.Errorf("-%s %s can be read by everyone on this machine: chmod 600 it", flag, path)
	}
	return nil
}

func oneOf(flag, value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return fmt.Errorf("-%s %q is not one of %q", flag, value, allowed)
}

func notEmpty(flag, value string) error {
	if value == "" {
		return fmt.Errorf("-%s must not be empty", flag)
	}
	return nil
}

func splitAddress(flag, address string) (host string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("-%s %q is not an address such as 127.0.0.1:8080", flag, address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", fmt.Errorf("-%s %q: %q is not a port number", flag, address, port)
	}
	return host, nil
}

// loopback is strict: a name other than localhost may resolve to anything, and
// an empty host is every address of the machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
