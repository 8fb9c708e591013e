package e2e

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const password = "correct horse battery staple"

// app is one running Keydesk with a data folder of its own.
type app struct {
	t       *testing.T
	URL     string
	Data    string
	env     []string // besides the tests' own
	program string   // "" for the one all tests share
	output  *output
	cmd     *exec.Cmd
	done    chan error
}

// output collects what the program prints and tells when it has grown.
type output struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	more chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

var address = regexp.MustCompile(`Keydesk is at (http://[^\s;]+)`)

// start runs the program with an administrator "admin".
func start(t *testing.T, args ...string) *app {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return startFresh(t, append([]string{"-admin-password-file", file}, args...)...)
}

// startFresh runs the program as after a clone: nobody can sign in yet.
func startFresh(t *testing.T, args ...string) *app {
	t.Helper()
	a := &app{t: t, Data: t.TempDir()}
	a.run(args...)
	t.Cleanup(a.stop)
	return a
}

func (a *app) run(args ...string) {
	a.t.Helper()
	a.output = &output{more: make(chan struct{}, 1)}
	a.cmd = exec.Command(cmp.Or(a.program, program), append([]string{"-listen", "127.0.0.1:0", "-data", a.Data}, args...)...)
	a.cmd.Env = append(os.Environ(), a.env...)
	a.cmd.Stdout, a.cmd.Stderr = a.output, a.output
	if err := a.cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.done = make(chan error, 1)
	go func() { a.done <- a.cmd.Wait() }()
	a.URL = a.await(address)[1]
}

// await waits until the program has printed something.
func (a *app) await(pattern *regexp.Regexp) []string {
	a.t.Helper()
	deadline := time.After(time.Minute)
	for {
		if found := pattern.FindStringSubmatch(a.output.String()); found != nil {
			return found
		}
		select {
		case <-a.output.more:
		case err := <-a.done:
			a.done <- err
			a.t.Fatalf("the program ended (%v) before printing %s:\n%s", err, pattern, a.output)
		case <-deadline:
			a.t.Fatalf("the program did not print %s:\n%s", pattern, a.output)
		}
	}
}

// stop ends the program as a supervisor would, and reports data races and
// anything it could not finish.
func (a *app) stop() {
	a.t.Helper()
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return
	}
	select {
	case err := <-a.done:
		if err != nil {
			a.t.Errorf("the program ended with %v:\n%s", err, a.output)
		}
	case <-time.After(30 * time.Second):
		_ = a.cmd.Process.Kill()
		a.t.Errorf("the program did not end on SIGTERM:\n%s", a.output)
	}
	if strings.Contains(a.output.String(), "DATA RACE") {
		a.t.Errorf("data race:\n%s", a.output)
	}
}

// kill ends it without warning, as a power cut would.
func (a *app) kill() {
	a.t.Helper()
	if err := a.cmd.Process.Kill(); err != nil {
		a.t.Fatal(err)
	}
	<-a.done
}
