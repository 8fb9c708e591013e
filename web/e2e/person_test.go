package e2e

import (
	"encoding/csv"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// person is somebody without a browser: a cookie jar and forms. Cookies do not
// know ports, so that a sign-in outlives a restart on another one.
type person struct {
	t      *testing.T
	client *http.Client
}

func newPerson(t *testing.T) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	// Connections stay open, as a browser's do: hanging up right after a page is
	// how somebody looks who did not get it.
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &person{t: t, client: &http.Client{Jar: jar, Transport: transport}}
}

// try answers status 0 when there was no answer. Without a form it asks with GET.
func (p *person) try(address string, form url.Values) reply {
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	request, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		return reply{}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "text/html") // a program would get 401 where a person gets the sign-in page
	response, err := p.client.Do(request)
	if err != nil {
		return reply{}
	}
	defer response.Body.Close()
	content, _ := io.ReadAll(response.Body) // what has come counts
	return reply{status: response.StatusCode, body: string(content)}
}

func (p *person) get(address string) reply { return p.must(p.try(address, nil), address) }

func (p *person) post(address string, form url.Values) reply {
	return p.must(p.try(address, form), address)
}

func (p *person) must(r reply, address string) reply {
	p.t.Helper()
	if r.status == 0 {
		p.t.Fatalf("%s does not answer", address)
	}
	return r
}

func (p *person) want(r reply, status int, text string) {
	p.t.Helper()
	if r.status != status || !strings.Contains(r.body, text) {
		p.t.Fatalf("status %d, want %d and %q:\n%s", r.status, status, text, r.body)
	}
}

// createForm goes through the wizard and returns its last form.
func (p *person) createForm(home string) url.Values {
	p.t.Helper()
	page := p.post(home+juan+"/access-keys/create", url.Values{"use_case": {"other"}})
	p.want(page, http.StatusOK, "Set description tag")
	token := tokenField.FindStringSubmatch(page.body)
	if token == nil {
		p.t.Fatalf("no token in\n%s", page.body)
	}
	return url.Values{"token": {token[1]}, "use_case": {"other"}, "description": {"made by a test"}}
}

// csv reads a table by the names of its columns.
func (p *person) csv(address string) []map[string]string {
	p.t.Helper()
	records, err := csv.NewReader(strings.NewReader(p.get(address).body)).ReadAll()
	if err != nil {
		p.t.Fatal(err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// eventually waits until a condition holds.
func (p *person) eventually(what string, holds func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited in vain for %s", what)
		}
	}
}
