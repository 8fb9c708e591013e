package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// iamServer is an IAM of its own, whose answers about new keys pass through the
// test: it knows the secrets, and can hold requests back.
type iamServer struct {
	URL, credentials string

	mu            sync.Mutex
	ids, secrets  []string
	arrived, wait chan struct{}
}

func newIAMServer(t *testing.T) *iamServer {
	t.Helper()
	endpoint := freeAddress(t)
	account := startFresh(t, "-local-endpoint", endpoint, "-local-users", "40")
	s := &iamServer{credentials: filepath.Join(account.Data, "local-credentials")}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: endpoint})
			r.Out.Host = r.In.Host // it is part of what the client has signed
		},
		ModifyResponse: s.note,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.pass(r)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// pass keeps creations back while there is a hold.
func (s *iamServer) pass(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	arrived, wait := s.arrived, s.wait
	s.mu.Unlock()
	if err != nil || wait == nil || !strings.Contains(string(body), "Action=CreateAccessKey&") {
		return
	}
	close(arrived)
	<-wait
}

// hold keeps the next creation back: arrived is closed when it has come, and
// closing release lets it go on.
func (s *iamServer) hold() (arrived, release chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrived, s.wait = make(chan struct{}), make(chan struct{})
	return s.arrived, s.wait
}

var (
	xmlKeyID  = regexp.MustCompile(`<AccessKeyId>([^<]+)</AccessKeyId>`)
	xmlSecret = regexp.MustCompile(`<SecretAccessKey>([^<]+)</SecretAccessKey>`)
)

func (s *iamServer) note(r *http.Response) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	if secret := xmlSecret.FindSubmatch(body); secret != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ids = append(s.ids, string(xmlKeyID.FindSubmatch(body)[1]))
		s.secrets = append(s.secrets, string(secret[1]))
	}
	return nil
}

// made is the first key that was created, "" for none.
func (s *iamServer) made() (id, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ids) == 0 {
		return "", ""
	}
	return s.ids[0], s.secrets[0]
}

func (s *iamServer) creations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ids)
}
