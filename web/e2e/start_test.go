package e2e

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// keydesk runs the program to its end and answers what it printed and its exit
// status.
func keydesk(t *testing.T, args ...string) (string, int) {
	t.Helper()
	out, err := exec.Command(program, append([]string{"-data", filepath.Join(t.TempDir(), "data")}, args...)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit == nil {
		return string(out), 0
	}
	return string(out), exit.ExitCode()
}

func TestStartsThatEndAtOnce(t *testing.T) {
	t.Parallel()
	open := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(open, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	port := taken.Addr().String()
	for name, c := range map[string]struct {
		args   []string
		status int
		says   []string
	}{
		"version":             {[]string{"-version"}, 0, []string{"keydesk "}},
		"help":                {[]string{"-h"}, 0, []string{"-local-endpoint", "KEYDESK_LISTEN", "who owns this access key"}},
		"check":               {[]string{"-check"}, 0, []string{"Embedded local account " + account, "are fine"}},
		"port taken":          {[]string{"-listen", port}, 1, []string{port + " is taken", "-listen 127.0.0.1:", "KEYDESK_LISTEN="}},
		"endpoint taken":      {[]string{"-listen", "127.0.0.1:0", "-local-endpoint", port}, 1, []string{port + " is taken", "-local-endpoint"}},
		"all faults at once":  {[]string{"-listen", "here", "-iam", "gcp", "-local-users", "1", "-log-format", "xml"}, 2, []string{"-listen", "-iam", "-local-users", "-log-format"}},
		"unknown flag":        {[]string{"-no-such-flag"}, 2, []string{"no-such-flag"}},
		"readable by others":  {[]string{"-listen", "127.0.0.1:0", "-admin-password-file", open}, 2, []string{"-admin-password-file", "chmod"}},
		"not on this machine": {[]string{"-listen", "0.0.0.0:0"}, 2, []string{"-listen"}},
		"no AWS":              {[]string{"-check", "-iam-endpoint", "http://" + port + "/nothing/here", "-region", "nowhere"}, 2, []string{"-region"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, status := keydesk(t, c.args...)
			if status != c.status {
				t.Errorf("status %d, want %d:\n%s", status, c.status, out)
			}
			for _, text := range c.says {
				if !strings.Contains(out, text) {
					t.Errorf("%q is not in:\n%s", text, out)
				}
			}
		})
	}
}
