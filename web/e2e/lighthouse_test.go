//go:build lighthouse

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// lighthouse is pinned: its scores change from version to version.
const lighthouse = "lighthouse@13.5.0"

// TestLighthouse is no test: `make lighthouse` runs it to print what
// Lighthouse gives the main pages, signed in. One measurement at a time: two
// would slow each other down.
func TestLighthouse(t *testing.T) {
	a := start(t)
	b := a.tab()
	b.signIn("admin", password)
	b.awaitReading()
	headers := b.cookieHeader()
	for _, path := range []string{"/sign-in", users, users + "/mateo.jackson", nobody + "/access-keys/create", home + "/dashboard", "/audit-log"} {
		for _, preset := range []string{"desktop", "mobile"} {
			t.Log(a.measure(path, preset, headers), preset, path)
		}
	}
}

// cookieHeader is a file with the session for Lighthouse's own browser.
func (b *tab) cookieHeader() string {
	b.t.Helper()
	jar, err := chromedp.CallBrowser(b.ctx, storage.GetCookies, storage.GetCookiesParams{
		BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	cookies := ""
	for _, c := range jar.Cookies {
		cookies += c.Name + "=" + c.Value + "; "
	}
	content, err := json.Marshal(map[string]string{"Cookie": cookies})
	if err != nil {
		b.t.Fatal(err)
	}
	file := filepath.Join(b.t.TempDir(), "headers.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		b.t.Fatal(err)
	}
	return file
}

// measure answers the scores in percent, by category.
func (a *app) measure(path, preset, headers string) map[string]int {
	a.t.Helper()
	chrome, err := findChrome()
	if err != nil {
		a.t.Fatal(err)
	}
	file := filepath.Join(a.t.TempDir(), "report.json")
	args := []string{"--yes", lighthouse, a.URL + path, "--quiet", "--output=json", "--output-path=" + file,
		"--only-categories=performance,accessibility,best-practices", "--disable-full-page-screenshot",
		"--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking --disable-component-update --no-first-run"}
	if preset == "desktop" {
		args = append(args, "--preset=desktop")
	}
	if path != "/sign-in" {
		args = append(args, "--extra-headers="+headers)
	}
	var out []byte
	for range 3 { // on a busy machine a measurement may not even begin
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		cmd := exec.CommandContext(ctx, "npx", args...)
		cmd.Env = append(os.Environ(), "CHROME_PATH="+chrome)
		out, err = cmd.CombinedOutput()
		cancel()
		if err == nil {
			return a.scores(file, path)
		}
	}
	a.t.Fatalf("%v\n%s", err, out)
	return nil
}

func (a *app) scores(file, path string) map[string]int {
	a.t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		a.t.Fatal(err)
	}
	var report struct {
		FinalDisplayedURL string `json:"finalDisplayedUrl"`
		Categories        map[string]struct{ Score float64 }
	}
	if err := json.Unmarshal(content, &report); err != nil {
		a.t.Fatal(err)
	}
	if !strings.HasSuffix(report.FinalDisplayedURL, path) {
		a.t.Fatalf("measured %s, not %s", report.FinalDisplayedURL, path)
	}
	scores := map[string]int{}
	for name, c := range report.Categories {
		scores[name] = int(c.Score*100 + 0.5)
	}
	return scores
}
