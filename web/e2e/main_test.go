// Package e2e drives the built program in a real Chromium, the way a person
// does: by the words on buttons and labels. It knows Keydesk from outside only
// and imports none of its packages but those that start a PostgreSQL and an identity
// provider.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// What all tests share: the program, built once, and one browser process in
// which every test has its own profile.
var (
	program string
	browser context.Context
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "keydesk-e2e-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "keydesk")
	if out, err := exec.Command("go", "build", "-race", "-o", program, "keydesk").CombinedOutput(); err != nil {
		return fail(fmt.Errorf("building the program: %w\n%s", err, out))
	}
	ctx, stop, err := launch()
	if err != nil {
		return fail(err)
	}
	defer stop()
	browser = ctx
	return m.Run()
}

// launch starts a Chromium. It must not look for the outside world: the tests
// need none, and on a closed network every attempt costs time.
func launch(more ...chromedp.ExecAllocatorOption) (context.Context, context.CancelFunc, error) {
	chrome, err := findChrome()
	if err != nil {
		return nil, nil, err
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chrome), chromedp.Headless, chromedp.NoFirstRun, chromedp.DisableGPU, chromedp.NoSandbox,
		chromedp.WindowSize(1440, 900),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	}
	for _, flag := range []string{"disable-dev-shm-usage", "disable-background-networking", "disable-component-update", "disable-sync", "disable-quic"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	ctx, cancel := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		stop()
		return nil, nil, fmt.Errorf("starting %s: %w", chrome, err)
	}
	return ctx, func() { cancel(); stop() }, nil
}

// findChrome never ends in a skipped test: without a browser the tests fail
// and say how to get one.
func findChrome() (string, error) {
	for _, name := range []string{os.Getenv("KEYDESK_CHROME"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no Chrome or Chromium found: run `make test`, which installs one, or name yours in KEYDESK_CHROME")
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
