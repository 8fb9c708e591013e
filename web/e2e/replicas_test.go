package e2e

import (
	"encoding/csv"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"keydesk/web/db/dbtest"
)

// cluster is two replicas on one PostgreSQL and one IAM, behind a proxy that sends
// each request to the other one.
type cluster struct {
	t        *testing.T
	URL      string // the proxy's
	replicas []*app
	settings []string     // of each replica
	client   *http.Client // one person's browser: cookies do not know ports
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	server, err := dbtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	database, endpoint := server.Database(t), freeAddress(t)
	iam := startFresh(t, "-local-endpoint", endpoint)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	// The password file is the same for both: whichever is first makes the administrator.
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, client: &http.Client{Jar: jar},
		settings: []string{"-admin-password-file", file, "-database", database, "-iam-endpoint", "http://" + endpoint}}
	first := c.replica(iam)
	first.run(c.settings...)
	t.Cleanup(first.stop)
	second := c.replica(iam)
	for _, key := range []string{"journal.key", "journal.key.checkpoint", "codes.key"} {
		content, err := os.ReadFile(filepath.Join(first.Data, key))
		if err == nil {
			err = os.WriteFile(filepath.Join(second.Data, key), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	second.run(c.settings...)
	t.Cleanup(second.stop)
	c.URL = startProxy(t, first.URL, second.URL)
	return c
}

// replica is not started yet.
func (c *cluster) replica(iam *app) *app {
	a := &app{t: c.t, Data: c.t.TempDir(), env: []string{"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(iam.Data, "local-credentials")}}
	c.replicas = append(c.replicas, a)
	return a
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startProxy starts a haproxy that knows nothing of sessions. It inherits its
// socket, so that it can be asked at once. It keeps no connection to a replica: a form
// sent over one whose replica has just died is lost, and no proxy may send it again.
func startProxy(t *testing.T, backends ...string) string {
	t.Helper()
	program, err := exec.LookPath("haproxy")
	if err != nil {
		program = "/usr/sbin/haproxy" // where Debian has it, off most people's PATH
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	config := `
defaults
	mode http
	timeout connect 5s
	timeout client 60s
	timeout server 60s
	retries 1
	option redispatch
	option http-server-close
frontend people
	bind fd@3
	default_backend keydesk
backend keydesk
	balance roundrobin
	http-response set-header X-Replica %s
`
	for i, backend := range backends {
		config += fmt.Sprintf("\tserver replica%d %s\n", i, strings.TrimPrefix(backend, "http://"))
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	proxy := exec.Command(program, "-db", "-f", file)
	proxy.ExtraFiles = []*os.File{socket}
	out := &output{more: make(chan struct{}, 1)}
	proxy.Stdout, proxy.Stderr = out, out
	if err := proxy.Start(); err != nil {
		t.Fatalf("no proxy: run `make test`, which installs haproxy: %v", err)
	}
	t.Cleanup(func() {
		_ = proxy.Process.Signal(syscall.SIGTERM)
		_ = proxy.Wait() // says that it was ended
		if t.Failed() {
			t.Log(out)
		}
	})
	return "http://" + l.Addr().String()
}

// reply is one page as it came, and from which replica.
type reply struct {
	status        int
	body, replica string
}

func (c *cluster) do(request *http.Request) reply {
	request.Header.Set("Accept", "text/html") // a person's, not a program's
	c.t.Helper()
	response, err := c.client.Do(request)
	if err != nil {
		c.t.Error(err)
		return reply{}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Error(err)
	}
	return reply{response.StatusCode, string(body), response.Header.Get("X-Replica")}
}

func (c *cluster) get(url string) reply {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.do(request)
}

func (c *cluster) post(path string, form url.Values) reply {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.do(request)
}

func (c *cluster) want(a reply, status int, text string) {
	c.t.Helper()
	if a.status != status || !strings.Contains(a.body, text) {
		c.t.Fatalf("status %d from %s, want %d and %q:\n%s", a.status, a.replica, status, text, a.body)
	}
}

// everywhere asks both replicas directly.
func (c *cluster) everywhere(path, text string) {
	c.t.Helper()
	for _, r := range c.replicas {
		c.want(c.get(r.URL+path), http.StatusOK, text)
	}
}

const juan = "/accounts/" + account + "/users/li.juan"

var tokenField = regexp.MustCompile(`action="` + juan + `/access-keys"[^>]*>(?s:.*?)name="token" value="([^"]+)"`)

// createForm goes through the wizard and returns its last form.
func (c *cluster) createForm() url.Values {
	c.t.Helper()
	c.want(c.get(c.URL+juan+"/access-keys/create"), http.StatusOK, "Access key best practices")
	page := c.post(juan+"/access-keys/create", url.Values{"use_case": {"other"}})
	c.want(page, http.StatusOK, "Set description tag")
	token := tokenField.FindStringSubmatch(page.body)
	if token == nil {
		c.t.Fatalf("no token in\n%s", page.body)
	}
	return url.Values{"token": {token[1]}, "use_case": {"other"}, "description": {"made over two replicas"}}
}

// The steps build on each other, as a day's work does.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	c := newCluster(t)

	// One sign-in is good on both, and the proxy does alternate.
	c.want(c.post("/sign-in", url.Values{"user_name": {"admin"}, "password": {password}}), http.StatusOK, "admin")
	seen := map[string]bool{}
	for range 4 {
		page := c.get(c.URL + juan)
		c.want(page, http.StatusOK, `Access keys <span class="counter">(0)</span>`)
		seen[page.replica] = true
	}
	if len(seen) != 2 {
		t.Fatalf("pages came from %v, want two replicas", seen)
	}

	c.hundredPosts(c.createForm())
	c.everywhere(juan, `Access keys <span class="counter">(1)</span>`)
	c.everywhere("/audit-log?verify", "Verified: all")
	c.wantBothJournal()

	// A replica that is killed takes nobody's session and no form with it.
	form := c.createForm()
	c.replicas[0].kill()
	c.want(c.post(juan+"/access-keys", form), http.StatusOK, "Retrieve access keys")
	c.replicas[0].run(c.settings...)
	c.everywhere(juan, `Access keys <span class="counter">(2)</span>`)
	c.everywhere("/audit-log?verify", "Verified: all")

	// Signed out on one is signed out on both.
	address, err := url.Parse(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	before := c.client.Jar.Cookies(address)
	c.want(c.post("/sign-out", nil), http.StatusOK, "Sign in")
	c.client.Jar.SetCookies(address, before)
	c.everywhere(juan, "Sign in")
}

// hundredPosts sends one form a hundred times at once, over both replicas.
func (c *cluster) hundredPosts(form url.Values) {
	c.t.Helper()
	var wg sync.WaitGroup
	replies := make(chan reply, 100)
	for range cap(replies) {
		wg.Go(func() { replies <- c.post(juan+"/access-keys", form) })
	}
	wg.Wait()
	close(replies)
	count, replicas := map[int]int{}, map[string]int{}
	for a := range replies {
		count[a.status]++
		replicas[a.replica]++
		if shown := strings.Contains(a.body, "data-secret-page"); shown != (a.status == http.StatusOK) {
			c.t.Errorf("status %d, a secret is shown: %v", a.status, shown)
		}
	}
	if count[http.StatusOK] != 1 || count[http.StatusConflict] != 99 || len(replicas) != 2 {
		c.t.Errorf("statuses %v from %v; want one 200 and 99 times 409 from both", count, replicas)
	}
}

// wantBothJournal looks for rows of two processes in the one journal.
func (c *cluster) wantBothJournal() {
	c.t.Helper()
	records, err := csv.NewReader(strings.NewReader(c.get(c.URL + "/audit-log.csv").body)).ReadAll()
	if err != nil {
		c.t.Fatal(err)
	}
	processes := map[string]bool{}
	for _, r := range records[1:] {
		processes[r[20]] = true
	}
	if records[0][20] != "replica" || len(processes) != 2 {
		c.t.Errorf("the journal's rows are of %v (%s)", processes, records[0][20])
	}
}
