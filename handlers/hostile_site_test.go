package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/net/html"
)

// As hostile as IAM's rules let them be: a path may hold every printable character,
// names and tags hold what formulas and addresses are made of.
const (
	hostileUser = "=cmd+@evil.example,-javascript"
	hostilePath = `/"><x-evil/onclick=alert(1)>/'x-evil='/</title></textarea><script>alert(1)</script>/{{7*7}}/`
	hostileTag  = "javascript:alert=1//evil.example"
)

// hostileAccount adds a user who brings everything that one can have.
func (s *site) hostileAccount(t *testing.T) {
	t.Helper()
	ctx, client, user := t.Context(), s.outside(t), aws.String(hostileUser)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := client.CreateUser(ctx, &iam.CreateUserInput{UserName: user, Path: aws.String(hostilePath),
		Tags: []types.Tag{{Key: aws.String(hostileTag), Value: aws.String(hostileTag)}}})
	must(err)
	_, err = client.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: user, PolicyName: user,
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Sid":"x","Effect":"Deny","Action":"*","Resource":"</script><x-evil>"}]}`)})
	must(err)
	key, err := client.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user})
	must(err)
	_, err = client.TagUser(ctx, &iam.TagUserInput{UserName: user, Tags: []types.Tag{{Key: key.AccessKey.AccessKeyId, Value: aws.String(hostileTag)}}})
	must(err)
	must(s.Account.Refresh(ctx))
}

// TestHostileAccount goes over every page there is a link to, of a hostile user and of
// everything the user appears in.
func TestHostileAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hostileAccount(t)
	admin := s.signedIn("admin")
	home := "/accounts/" + s.Account.ID() + "/users/" + url.PathEscape(hostileUser)
	deactivate := admin.get(home).wantStatus(t, http.StatusOK).link(t, "/deactivate")
	admin.submit(admin.get(deactivate), deactivate, url.Values{"reason": {hostilePath}}).wantText(t, "Access key deactivated")

	waiting := []string{home, "/accounts/" + s.Account.ID() + "/users?q=" + url.QueryEscape(hostilePath),
		"/accounts/" + s.Account.ID() + "/access-keys?q=" + url.QueryEscape(hostileUser), "/audit-log?reason=" + url.QueryEscape(hostilePath),
		"/search?" + url.QueryEscape(hostilePath) + "=" + url.QueryEscape(hostilePath), "/sign-in?next=" + url.QueryEscape("//evil.example")}
	seen, shown := map[string]bool{}, 0
	for len(waiting) > 0 {
		address := waiting[0]
		waiting = waiting[1:]
		if seen[address] {
			continue
		}
		seen[address] = true
		p := admin.get(address)
		if !strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			continue
		}
		links, text := p.inspect(t)
		if strings.Contains(text, "<x-evil") {
			shown++
		}
		for _, link := range links {
			other := strings.Contains(link, "/users/") && !strings.Contains(link, home)
			if strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "/static/") && !other && !strings.Contains(link, "?") {
				waiting = append(waiting, strings.SplitN(link, "#", 2)[0])
			}
		}
	}
	if len(seen) < 20 || shown < 4 {
		t.Errorf("%d pages, the hostile text on %d: this shows little", len(seen), shown)
	}
}

// link is the address on the page that ends so.
func (p page) link(t *testing.T, end string) string {
	t.Helper()
	links, _ := p.inspect(t)
	at := slices.IndexFunc(links, func(l string) bool { return strings.HasSuffix(l, end) })
	if at < 0 {
		t.Fatalf("no link to %s on %s", end, p.URL)
	}
	return links[at]
}

// elsewhere are the only other sites that pages lead to.
var elsewhere = []string{"https://docs.aws.amazon.com/", "https://123456789012.signin.aws.amazon.com/", "https://keydesk-demo.signin.aws.amazon.com/"}

// inspect checks a page for what foreign text could have made of it, and returns its
// addresses and text.
func (p page) inspect(t *testing.T) (links []string, text string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			text += n.Data
		}
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "x-evil" || n.Data == "script" && (n.FirstChild != nil || !strings.HasPrefix(attribute(n, "src"), "/static/")) {
			t.Errorf("%s: <%s> %v", p.URL, n.Data, n.Attr)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.Contains(a.Key, "evil") {
				t.Errorf("%s: <%s %s=%q>", p.URL, n.Data, a.Key, a.Val)
			}
			if !slices.Contains([]string{"href", "src", "action", "formaction"}, a.Key) {
				continue
			}
			links = append(links, a.Val)
			here := strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//") && !strings.HasPrefix(a.Val, `/\`) ||
				strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "?") || a.Val == ""
			if !here && !slices.ContainsFunc(elsewhere, func(site string) bool { return strings.HasPrefix(a.Val, site) }) {
				t.Errorf("%s: <%s %s=%q>", p.URL, n.Data, a.Key, a.Val)
			}
		}
	}
	return links, text
}
