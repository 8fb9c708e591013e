package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// newGatedIAM is Keydesk over an account that lists no access keys until the
// channel is closed.
func newGatedIAM(t *testing.T) (a *app, gate chan struct{}) {
	t.Helper()
	account := newIAMServer(t)
	target, err := url.Parse(account.URL)
	if err != nil {
		t.Fatal(err)
	}
	gate = make(chan struct{})
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // it is part of what the client has signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if strings.Contains(string(body), "Action=ListAccessKeys&") {
			select {
			case <-gate:
			case <-r.Context().Done():
				return
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a = &app{t: t, Data: t.TempDir(), env: []string{"AWS_SHARED_CREDENTIALS_FILE=" + account.credentials}}
	a.run("-admin-password-file", file, "-iam-endpoint", server.URL)
	t.Cleanup(a.stop)
	return a, gate
}

const (
	readingText = `document.querySelector("[data-reading-text]").textContent`
	unreadRows  = `(document.querySelector("#users-table").innerText.match(/Not read yet/g) ?? []).length`
)

// The page keeps up with the reading without being loaded again.
func TestProgressIsSeenWhileItHappens(t *testing.T) {
	t.Parallel()
	a, gate := newGatedIAM(t)
	b := a.tab()
	b.size(1440, 900)
	b.signIn("admin", password)
	b.eventually("the users to be listed", func() bool {
		b.open(users)
		return eval[bool](b, `document.querySelector("#users-table .table") !== null && document.querySelector(".reading progress") !== null`)
	})
	b.until(unreadRows + " > 0")
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		t.Fatal(err)
	}
	eval[bool](b, string(axe)+"; true")
	eval[bool](b, `window.sameDocument = true`)
	for _, width := range []int64{1440, 390} {
		b.size(width, 900)
		for _, scheme := range []string{"light", "dark"} {
			b.media(scheme)
			b.wantAccessible(fmt.Sprintf("reading, %d, %s", width, scheme), false)
		}
	}
	b.size(1440, 900)
	b.media("light")

	b.do(chromedp.MouseEvent("mouseMoved", 700, 20)) // rows that are pointed at stay as they are
	close(gate)
	b.until(readingText + `.endsWith(" users read")`)
	b.until(`document.getElementById("announce").textContent.endsWith(" users read")`)
	b.until(unreadRows + " === 0")
	if !eval[bool](b, `window.sameDocument === true`) {
		t.Error("the page was loaded again")
	}
}

func TestPausingInABrowser(t *testing.T) {
	t.Parallel()
	a, gate := newGatedIAM(t)
	b := a.tab()
	b.signIn("admin", password)
	b.eventually("the users to be listed", func() bool {
		b.open(users)
		return eval[bool](b, `document.querySelector("#users-table .table") !== null && document.querySelector(".reading progress") !== null`)
	})
	other := b.another()
	other.open(home + "/dashboard")
	third := b.another()
	third.open(users)
	third.sees("still reading")
	b.click("Pause")
	b.sees("Paused: ")
	other.sees("Paused: ", "Resume")
	other.seesNot("Pause\n")
	other.seesNot("still reading")
	third.sees("Paused: ", "reading paused")
	third.seesNot("still reading")
	close(gate)
	b.click("Resume")
	b.until(`!document.querySelector(".reading")?.innerText.includes("Paused")`)
	b.eventually("the reading to end", func() bool {
		b.open(users)
		return eval[bool](b, `document.querySelector(".reading") === null`)
	})
	b.open("/audit-log")
	b.sees("PauseReading", "ResumeReading")
}
