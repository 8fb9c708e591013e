package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf16"

	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// The secret is in one response and nowhere else: not in what the program
// prints or keeps, and not in what the browser keeps on disk.
func TestTheSecretIsKeptNowhere(t *testing.T) {
	t.Parallel()
	profile := t.TempDir()
	own, stop, err := launch(chromedp.UserDataDir(profile))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	a := start(t)
	b := a.tabIn(own)
	b.signIn("admin", password)
	id, secret := b.createKey("li.juan")
	b.wantNotInCookies(secret)
	b.done()
	b.click("Audit log")
	b.sees(id)
	b.wantNowhere(secret)
	b.back()
	b.back()
	b.wantNowhere(secret)
	b.wantNotInCookies(secret)
	if found := holding(t, a.Data, secret); len(found) > 0 {
		t.Errorf("the secret is in %q", found)
	}
	if len(holding(t, a.Data, id)) == 0 {
		t.Errorf("the search does not even find the key ID in the data folder")
	}

	ctx, cancel := context.WithTimeout(own, patience)
	defer cancel()
	if err := chromedp.Cancel(ctx); err != nil { // as a person closes it: everything is written
		t.Fatal(err)
	}
	if found := holding(t, profile, secret); len(found) > 0 {
		t.Errorf("the browser keeps the secret in %q", found)
	}
	if len(holding(t, profile, "/users/li.juan")) == 0 {
		t.Errorf("the search does not even find the address of the page in the browser's profile")
	}
	a.stop()
	if spelled(secret)([]byte(a.output.String())) {
		t.Errorf("the program prints the secret:\n%s", a.output)
	}
	if found := holding(t, a.Data, secret); len(found) > 0 {
		t.Errorf("after the end, the secret is in %q", found)
	}
}

func (b *tab) wantNotInCookies(secret string) {
	b.t.Helper()
	jar, err := chromedp.CallBrowser(b.ctx, storage.GetCookies, storage.GetCookiesParams{})
	if err != nil {
		b.t.Fatal(err)
	}
	if len(jar.Cookies) == 0 {
		b.t.Error("no cookie at all: this checks nothing")
	}
	for _, c := range jar.Cookies {
		if spelled(secret)([]byte(c.Value)) {
			b.t.Errorf("the cookie %s holds the secret", c.Name)
		}
	}
}

// holding are the files below a folder that contain a text.
func holding(t *testing.T, folder, text string) []string {
	t.Helper()
	contains := spelled(text)
	var found []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) || err == nil && !entry.Type().IsRegular() {
			return nil // a browser's files come and go
		}
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if contains(content) {
			found = append(found, path)
		}
		if os.IsNotExist(err) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// spelled finds a text however programs write it down: as it is, in half, in a
// URL, in base64, in UTF-16.
func spelled(text string) func([]byte) bool {
	var wide []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	forms := [][]byte{[]byte(text), []byte(url.QueryEscape(text)), []byte(url.PathEscape(text)), wide,
		[]byte(base64.StdEncoding.EncodeToString([]byte(text))), []byte(base64.URLEncoding.EncodeToString([]byte(text)))}
	if half := len(text) / 2; half >= 20 {
		forms = append(forms, []byte(text[:half]), []byte(text[half:]))
	}
	return func(content []byte) bool {
		for _, form := range forms {
			if bytes.Contains(content, form) {
				return true
			}
		}
		return false
	}
}

// A power cut right after the secret was shown: the key is there, the secret
// is gone, and the person is still signed in.
func TestKillRightAfterCreation(t *testing.T) {
	t.Parallel()
	a := start(t)
	b := a.tab()
	b.signIn("admin", password)
	id, secret := b.createKey("li.juan")
	a.kill()
	before := a.output
	if found := holding(t, a.Data, secret); len(found) > 0 {
		t.Errorf("the secret is in %q", found)
	}
	a.run()
	b.open("/accounts/" + account + "/users/li.juan")
	b.sees("Access keys (1)", id, "made by a test")
	b.wantNowhere(secret)
	b.open("/audit-log?action=CreateAccessKey")
	b.sees(id)
	b.wantNowhere(secret)
	if spelled(secret)([]byte(before.String() + a.output.String())) {
		t.Errorf("the program prints the secret:\n%s%s", before, a.output)
	}
}
