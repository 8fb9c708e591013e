package handlers_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorder keeps every byte that leaves the site.
type recorder struct {
	next      http.RoundTripper
	responses []string
}

func (c *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	c.responses = append(c.responses, fmt.Sprintf("%s %s\n%v\n%s", r.Method, r.URL, response.Header, body))
	return response, nil
}

// TestSecretIsInExactlyOneResponse takes a key through its whole life and
// looks for its secret in everything that is kept or sent.
func TestSecretIsInExactlyOneResponse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.signedIn("admin")
	wire := &recorder{next: b.http.Transport}
	b.http.Transport = wire

	created := b.createKey(noKeys, "CI")
	id, secret := created.newKey(t)
	form, _ := created.form(t, userKeysURL(noKeys)+"/done")
	reload := url.Values{"token": {"spent"}, "description": {"CI"}}
	b.post(userKeysURL(noKeys), reload)
	b.post(userKeysURL(noKeys)+"/done", form)
	key := userKeysURL(noKeys) + "/" + id[len(id)-8:]
	for _, path := range []string{userURLs + noKeys, userURLs + noKeys + "/activity", userURLs + noKeys + "/tags", accountURL + "/users",
		accountURL + "/access-keys", "/audit-log", "/audit-log.csv", createURL(noKeys), key + "/deactivate", "/does-not-exist"} {
		b.get(path)
	}
	// Where people paste secrets by mistake, they are not echoed or kept either.
	user := b.get(userURLs + noKeys)
	b.submit(user, key+"/deactivate", url.Values{"reason": {secret}}).wantStatus(t, http.StatusUnprocessableEntity)
	b.submit(user, key+"/description", url.Values{"description": {secret}}).wantStatus(t, http.StatusUnprocessableEntity)
	b.post("/search", url.Values{"q": {secret}})
	b.post(createURL(noKeys), url.Values{"description": {secret}, "use_case": {"other"}})

	var holding []string
	for _, response := range wire.responses {
		if strings.Contains(response, secret) {
			holding = append(holding, strings.SplitN(response, "\n", 2)[0])
		}
	}
	if len(holding) != 1 || !strings.HasSuffix(holding[0], userKeysURL(noKeys)) {
		t.Errorf("the secret is in the responses to %v", holding)
	}
	if strings.Contains(s.Log.String(), secret) {
		t.Error("the secret is in the log")
	}
	if !strings.Contains(s.Log.String(), "/access-keys/{key}/deactivate") || strings.Contains(s.Log.String(), id) {
		t.Error("the log lacks the requests, or holds the key ID")
	}
	s.searchFiles(secret, id)
}

// searchFiles looks through everything the site keeps on disk: the database
// with its write-ahead log, the journal's files, the embedded account.
func (s *site) searchFiles(secret, known string) {
	s.t.Helper()
	found := false
	err := filepath.WalkDir(s.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), secret) {
			s.t.Errorf("the secret is in %s", filepath.Base(path))
		}
		found = found || strings.Contains(string(content), known)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if !found {
		s.t.Error("not even the key ID is in any file: the search looked in the wrong place")
	}
}
