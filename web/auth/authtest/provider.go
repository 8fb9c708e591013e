// Package authtest gives tests a real OpenID provider: the npm package
// oidc-provider, in a process of its own. It must not know Keydesk, and only tests
// import it.
package authtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What Keydesk is registered with.
const (
	ClientID     = "keydesk"
	ClientSecret = "a secret between the two of us"
)

// Provider is a running one. Whoever gives a name and any password is signed in.
type Provider struct {
	Issuer string
	t      *testing.T
}

// StartProvider starts it on a free loopback port, for a Keydesk at the URL and
// people with these groups. Folder is where the package is installed; it ends with
// the test.
func StartProvider(t *testing.T, folder, keydesk string, groups map[string][]string) *Provider {
	t.Helper()
	if _, err := os.Stat(filepath.Join(folder, "node_modules")); err != nil {
		t.Fatalf("%v: the OpenID provider is not installed, run .ci/install", err)
	}
	settings, err := json.Marshal(map[string]any{"keydesk": keydesk, "people": groups})
	if err != nil {
		t.Fatal(err)
	}
	var trouble bytes.Buffer
	node := exec.Command("node", filepath.Join(folder, "provider.mjs"), string(settings))
	node.Stderr = &trouble
	alive, err := node.StdinPipe() // it ends when this does, even if the test is killed
	if err != nil {
		t.Fatal(err)
	}
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatalf("%v: the OpenID provider needs Node.js, run .ci/install", err)
	}
	t.Cleanup(func() {
		_ = alive.Close()
		if err := node.Wait(); err != nil {
			t.Errorf("the provider ended with %v:\n%s", err, trouble.String())
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the provider did not start: %v\n%s", err, trouble.String())
	}
	return &Provider{t: t, Issuer: strings.TrimSpace(line)}
}

// Order asks the provider for what only a test would.
func (p *Provider) Order(path string, what any) string {
	p.t.Helper()
	body, err := json.Marshal(what)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.Post(p.Issuer+path, "application/json", bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(answer)
}

// SetGroups gives a person other groups from now on.
func (p *Provider) SetGroups(name string, groups ...string) {
	p.t.Helper()
	p.Order("/test/groups", map[string]any{"name": name, "groups": groups})
}

// Sign is a token with any header and claims, signed with the provider's key or a
// stranger's.
func (p *Provider) Sign(header, claims map[string]any, stranger bool) string {
	p.t.Helper()
	return p.Order("/test/sign", map[string]any{"header": header, "claims": claims, "stranger": stranger})
}
