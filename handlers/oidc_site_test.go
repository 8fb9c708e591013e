package handlers_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

	"keydesk/web"
	"keydesk/web/auth"
	"keydesk/web/auth/authtest"
	"keydesk/web/session"
)

// oidcSite is a site with single sign-on, and a clock that can be moved.
type oidcSite struct {
	*site
	Provider *authtest.Provider
	OIDC     *auth.OIDC
	ahead    atomic.Int64 // nanoseconds by which the site's clock is ahead
}

// groups of the people at the provider, by name.
var providerPeople = map[string][]string{
	"alice":  {"staff", "keydesk-admins", "keydesk-help"},
	"harry":  {"staff", "keydesk-help"},
	"nobody": {"staff", "Keydesk-Admins"},
}

func newOIDCSite(t *testing.T) *oidcSite {
	t.Helper()
	s := unstartedOIDCSite(t)
	s.Provider = authtest.StartProvider(t, "testdata/oidc", s.Server.URL, providerPeople)
	s.serve(s.Provider.Issuer)
	s.awaitProvider()
	return s
}

// unstartedOIDCSite has an address, which the provider must know, but answers nothing
// yet.
func unstartedOIDCSite(t *testing.T) *oidcSite {
	t.Helper()
	s := &oidcSite{site: newSite(t)}
	s.site.Server.Close()
	s.site.Server = httptest.NewUnstartedServer(nil)
	s.site.Server.URL = "http://" + s.site.Server.Listener.Addr().String()
	t.Cleanup(s.site.Server.Close)
	return s
}

func (s *oidcSite) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

func (s *oidcSite) pass(d time.Duration) { s.ahead.Add(int64(d)) }

func (s *oidcSite) serve(issuer string) {
	s.OIDC = auth.NewOIDC(s.DB, auth.OIDCSettings{
		Issuer: issuer, ClientID: authtest.ClientID, ClientSecret: authtest.ClientSecret,
		RedirectURL: s.Server.URL + "/sign-in/oidc/callback", GroupsClaim: "groups", Now: s.now,
		Roles: auth.RoleMap{"keydesk-admins": auth.RoleAdministrator, "keydesk-help": auth.RoleHelpDesk, "auditors": auth.RoleAuditor},
	})
	o := s.Options
	o.OIDC, o.Now, o.Sessions = s.OIDC, s.now, session.NewStore(s.DB, session.Options{Now: s.now})
	address := s.Server.URL
	s.Server.Config.Handler = web.New(o)
	s.Server.URL = ""
	s.Server.Start()
	if s.Server.URL != address {
		s.t.Fatalf("the site is at %s, not at %s", s.Server.URL, address)
	}
	go s.OIDC.Run(s.t.Context(), slog.New(slog.NewJSONHandler(s.Log, nil)))
}

// awaitProvider returns when the site has found its provider.
func (s *oidcSite) awaitProvider() {
	s.t.Helper()
	for !s.OIDC.Ready() {
		select {
		case <-s.t.Context().Done():
			s.t.Fatal("the provider was not found")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// visit is get for any address.
func (b *browser) visit(address string) page {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

// atProvider fills in the provider's pages as name until it sends the browser back.
// It reports the last answer and whether a password was asked for.
func (b *browser) atProvider(p page, name string) (last page, asked bool) {
	b.t.Helper()
	for range 8 {
		if "http://"+p.URL.Host == b.site.Server.URL || p.Status >= 300 {
			return p, asked
		}
		action, form := p.onlyForm(b.t)
		if form.Get("prompt") == "login" {
			asked = true
			form.Set("login", name)
			form.Set("password", "whatever it takes")
		}
		target, err := p.URL.Parse(action)
		if err != nil {
			b.t.Fatal(err)
		}
		p = b.postTo(target.String(), form)
	}
	b.t.Fatalf("the provider goes on asking, at %s", p.URL)
	return page{}, false
}

// onlyForm is the first form of a page that is not ours.
func (p page) onlyForm(t testing.TB) (action string, fields url.Values) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" {
			return attribute(n, "action"), fieldsOf(n)
		}
	}
	t.Fatalf("no form at %s (%d):\n%s", p.URL, p.Status, p.Body)
	return "", nil
}

// federated is a browser in which name has signed in at the provider.
func (s *oidcSite) federated(name string) *browser {
	s.t.Helper()
	b := s.browser()
	p, _ := b.atProvider(b.get("/sign-in/oidc"), name)
	if p.Status != http.StatusOK || strings.HasPrefix(p.URL.Path, "/sign-in") {
		s.t.Fatalf("single sign-on of %s: %d at %s\n%s", name, p.Status, p.URL, p.Body)
	}
	return b
}

// away is the address at the provider that a path of ours redirects to.
func (b *browser) away(path string) *url.URL {
	b.t.Helper()
	p := b.noRedirects().get(path).wantStatus(b.t, http.StatusSeeOther)
	u, err := url.Parse(p.Header.Get("Location"))
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// with is u with other query values; an empty one removes the name.
func with(u *url.URL, changes map[string]string) string {
	changed, q := *u, u.Query()
	for name, value := range changes {
		if q.Del(name); value != "" {
			q.Set(name, value)
		}
	}
	changed.RawQuery = q.Encode()
	return changed.String()
}

// postTo is post for any address.
func (b *browser) postTo(address string, form url.Values) page {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// cookieNamed is what the browser would send to the site under that name.
func (b *browser) cookieNamed(name string) string {
	b.t.Helper()
	at, err := url.Parse(b.site.Server.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.http.Jar.Cookies(at) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}
