package handlers

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func query(t *testing.T, encoded string) listQuery {
	t.Helper()
	v, err := url.ParseQuery(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return parseListQuery(v, nil)
}

func TestListQueryRoundTrip(t *testing.T) {
	t.Parallel()
	for _, encoded := range []string{
		"",
		"q=ops+team",
		"age=91-&keys=active",
		"age=31-60&used=0-30",
		"console=yes&mfa=no",
		"page=3&sort=-key-age%2Cname",
		"used=unused-90",
		"q=%3Cscript%3E%26%3D%2B",
	} {
		if got := query(t, encoded).encode(); got != encoded {
			t.Errorf("%q became %q", encoded, got)
		}
	}
}

func TestListQueryDropsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, encoded := range []string{
		"keys=everything", "age=old", "age=-5", "age=90-10", "age=99999999999999999999-", "used=sometimes", "mfa=maybe",
		"console=1", "page=0", "page=-1", "page=x", "page=99999999999999999999", "sort=,,-", "q=++", "q=a%00b", "q=" + strings.Repeat("x", 300),
	} {
		q := query(t, encoded)
		if got := q.encode(); got != "" {
			t.Errorf("%q became %q", encoded, got)
		}
		if q.Page != 1 || q.filtered() {
			t.Errorf("%q: page %d, filtered %v", encoded, q.Page, q.filtered())
		}
	}
}

func TestListQuerySort(t *testing.T) {
	t.Parallel()
	q := query(t, "sort=name,-key-age,name,groups,mfa&page=4")
	want := []sortKey{{"name", false}, {"key-age", true}, {"groups", false}}
	if !slices.Equal(q.Sort, want) {
		t.Fatalf("sort %v, want %v", q.Sort, want)
	}
	for _, step := range []struct{ column, want string }{
		{"name", "-name,-key-age,groups"},
		{"groups", "groups,name,-key-age"},
		{"mfa", "mfa,name,-key-age"},
	} {
		next := q.sortedBy(step.column)
		if got := formatSort(next.Sort); got != step.want {
			t.Errorf("by %s: %s, want %s", step.column, got, step.want)
		}
		if next.Page != 1 {
			t.Errorf("by %s: page %d", step.column, next.Page)
		}
	}
	for from, want := range map[string]string{"": "mfa", "sort=name": "mfa", "sort=-name": "mfa,-name", "sort=groups,name": "mfa,groups", "sort=-mfa": "mfa"} {
		if got := formatSort(query(t, from).sortedBy("mfa").Sort); got != want {
			t.Errorf("%q by mfa: %s, want %s", from, got, want)
		}
	}
	if got := formatSort(query(t, "sort=-name").sortedBy("name").Sort); got != "" {
		t.Errorf("back to the usual order: %s", got)
	}
	if got := formatSort(q.Sort); got != "name,-key-age,groups" {
		t.Errorf("the query itself changed to %s", got)
	}
}

func TestListQueryKeepsKeyIDsAndSecretsOutOfLinks(t *testing.T) {
	t.Parallel()
	if got := query(t, "q=%22PK6B%27+").Search; got != "PK6B" {
		t.Errorf("pasted quotes became a search for %q", got)
	}
	q := query(t, "q=AKIAIOSFODNN7EXAMPLE&keys=active")
	if q.Search != "AKIAIOSFODNN7EXAMPLE" {
		t.Errorf("searches for %q", q.Search)
	}
	if got := q.encode(); got != "keys=active&q=7EXAMPLE" {
		t.Errorf("links carry %q", got)
	}
	secret := url.Values{"q": {"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}}
	q = parseListQuery(secret, nil)
	if q.Search != "" || !q.Secret || q.encode() != "" {
		t.Errorf("a secret became %+v", q)
	}
}

func TestParseDays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"91-": "over 90 days", "0-30": "up to 30 days", "31-60": "31 to 60 days", "731-": "over 730 days", "0-": "over 0 days", "2-": "over 1 day",
	} {
		r, ok := parseDays(text)
		if !ok || r.text() != want {
			t.Errorf("%s: %q, %v, want %q", text, r.text(), ok, want)
		}
	}
	for _, text := range []string{"", "-", "x", "5", "--5", "1-x", "10-9"} {
		if r, ok := parseDays(text); ok {
			t.Errorf("%q is taken for %v", text, r)
		}
	}
}
