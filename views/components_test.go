package views

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"keydesk/static"

	"github.com/a-h/templ"
)

const hostile = `"><script>alert(1)</script><b onclick='x'>&`

func render(t *testing.T, c templ.Component, children ...templ.Component) string {
	t.Helper()
	ctx := context.Background()
	if len(children) > 0 {
		ctx = templ.WithChildren(ctx, templ.Join(children...))
	}
	var page strings.Builder
	if err := c.Render(ctx, &page); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

// gallery shows every component, each text hostile.
func gallery() []templ.Component {
	f := Field{ID: "f1", Name: "f", Label: hostile, Hint: hostile, Constraint: hostile, Value: hostile, Error: hostile, Placeholder: hostile, Pattern: hostile, MaxLength: 9, Required: true, Optional: true, Autofocus: true}
	g, h := f, f
	g.ID, h.ID = "f2", "f3"
	check := Check{Name: "c", Value: hostile, Label: hostile, Hint: hostile, Checked: true, Required: true}
	options := []Option{{Value: hostile, Text: hostile, Selected: true}, {Text: "b", Disabled: true}}
	chart := Chart{ID: "chart", Label: hostile, Category: hostile, Measure: hostile, Bars: []Bar{{hostile, "/a", "high", 3}, {"b", "javascript:alert(1)", "", 0}}}
	ask := Confirm{ID: "ask", Title: hostile, Action: "/go", Token: hostile, Submit: hostile, Cancel: "/back", Wide: true}
	page := ask
	page.ID = "ask-page"
	return []templ.Component{
		PageHead(hostile, hostile),
		Container(Heading{ID: "box", Title: hostile, Count: "2", Description: hostile}, Icon("copy")),
		Container(Heading{ID: "card", Title: hostile, Level: 3}, nil),
		KVs(3, []KV{{hostile, hostile}}), StatusText(Status{"warning", hostile}), StatusText(Status{"", hostile}),
		TimeText(Time{"2026-01-02T03:04:05Z", hostile, hostile}), AbsoluteTime(Time{"2026-01-02T03:04:05Z", hostile, hostile}), TimeText(Time{Text: "Never"}),
		CopyButton(hostile, hostile), CopyFrom(hostile, "secret-access-key"),
		Alert("warning", hostile), ErrorSummary(hostile), FlashBar(Flash{"error", hostile, hostile}),
		Dialog(ask), ConfirmPage(page),
		Menu("m1", hostile, hostile, []MenuItem{{Text: hostile, URL: "/a", Dialog: "ask"}, {Text: "p", URL: "/p", Post: true, Token: "t"}, {Text: "d", Disabled: true, Reason: hostile, Divider: true}}),
		Input(f), TextArea(g), Select(h, options), FilterSelect("s", hostile, options), SearchInput("q", hostile, hostile),
		Checkbox(check), Radio(check), RadioTile(check), TokenField(hostile),
		Table("table", hostile), TableHead(Column{Title: hostile, SortURL: "/s", Sort: "ascending"}),
		Pager(Pagination{Next: "/2", Pages: []PageLink{{Text: "1", URL: "/1", Current: true}, {Gap: true}}, Live: true}),
		Tabs(hostile, []Tab{{hostile, "/t", "1", true}}), Steps([]Step{{hostile, true, "current"}, {"b", false, ""}}),
		EmptyState(hostile, hostile), ColumnsChart(chart), BarRows(chart), Figure(hostile, "1", hostile, "/f"),
		templ.Join(SecretPage(hostile, "/leave"), SecretText("secret-access-key", "not-a-secret")),
	}
}

func shell() Shell {
	return Shell{
		Title: hostile, AccountLabel: hostile, AccountAlias: hostile, AccountID: hostile, UserName: hostile, RoleLabel: hostile, SignedIn: true, Shortcuts: true, LocalAccount: true,
		AsOf: hostile, RequestID: hostile, Theme: "dark", Density: "compact", NavClosed: true, UTC: true,
		Crumbs:  []Crumb{{"IAM", "/"}, {hostile, ""}},
		Nav:     []NavGroup{{Title: hostile, Items: []NavItem{{Text: hostile, URL: "/u", Key: "u", Badge: "7", Current: true}}}},
		Flashes: []Flash{{"success", hostile, hostile}},
	}
}

func galleryPage(t *testing.T) string {
	return render(t, Layout(shell()), gallery()...)
}

func TestNoInlineCodeOrStyle(t *testing.T) {
	t.Parallel()
	page := galleryPage(t)
	for _, bad := range []string{`<[^>]*\sstyle=`, `<style`, `<script(?:[^>]*\ssrc=)?[^>]*>[^<]`, `<script>`, `<[a-z][^>]*\son[a-z]+=[^>]*>`, `(?:href|src|action)="\s*(?:data|javascript):`, `<b `} {
		if found := regexp.MustCompile(bad).FindString(stripQuoted(page)); found != "" {
			t.Errorf("%s: %.120s", bad, found)
		}
	}
	if !strings.Contains(page, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the hostile text is not on the page: the test shows nothing")
	}
}

// stripQuoted empties the values that hold foreign text, so that a pattern for
// attributes does not find its own test text inside one.
func stripQuoted(page string) string {
	return regexp.MustCompile(`="[^"]*&(?:#34|lt|#39)[^"]*"`).ReplaceAllString(page, `=""`)
}

func values(page, attribute string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`[\s"]`+attribute+`="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		all = append(all, strings.Fields(m[1])...)
	}
	return all
}

func TestReferencesHaveTargets(t *testing.T) {
	t.Parallel()
	page := galleryPage(t)
	ids := values(page, "id")
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			t.Errorf("id %q stands twice", id)
		}
	}
	for _, attribute := range []string{"for", "aria-labelledby", "aria-describedby", "data-dialog", "popovertarget", "data-copy-from", "data-secret-id"} {
		targets := values(page, attribute)
		if len(targets) == 0 {
			t.Errorf("no %s on the page: the test shows nothing", attribute)
		}
		for _, id := range targets {
			if !slices.Contains(ids, id) {
				t.Errorf("%s=%q has no target", attribute, id)
			}
		}
	}
}

func TestEveryIconExists(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, static.URL("icons.svg"), nil))
	sprite, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`icons\.svg#([\w-]+)`).FindAllStringSubmatch(galleryPage(t), -1)
	sources, err := filepath.Glob("*.templ")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		used = append(used, regexp.MustCompile(`@Icon\("([\w-]+)"\)`).FindAllStringSubmatch(string(source), -1)...)
	}
	for _, kind := range []string{"success", "warning", "error", "info", "inactive", "progress"} {
		used = append(used, []string{kind, statusIcon(kind)})
	}
	for _, m := range used {
		if !strings.Contains(string(sprite), `id="`+m[1]+`"`) {
			t.Errorf("no icon %s", m[1])
		}
	}
}

// Text beside a component on one line becomes the component's children, and a
// component without children drops it without a word.
func TestNoTextIsSwallowed(t *testing.T) {
	t.Parallel()
	sources, err := filepath.Glob("*.templ")
	if err != nil || len(sources) == 0 {
		t.Fatal("no sources", err)
	}
	leaf := regexp.MustCompile(`@(Icon|StatusText|TimeText|AbsoluteTime|CopyButton|CopyFrom|TokenField|SecretText|Pager|TableHead)\([^)\n]*\)[ \t]*\{`)
	for _, name := range sources {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := leaf.Find(source); found != nil {
			t.Errorf("%s: %s takes no children", name, found)
		}
	}
}

func TestLayout(t *testing.T) {
	t.Parallel()
	secret, plain, signedOut := shell(), shell(), shell()
	secret.Secret = true
	plain.Shortcuts, plain.UTC, plain.NavClosed, plain.Theme, plain.Density = false, false, false, "", ""
	signedOut.SignedIn = false
	for _, c := range []struct {
		name        string
		page        string
		holds, lack []string
	}{
		{"full", render(t, Layout(shell())), []string{`data-theme="dark"`, `data-density="compact"`, `data-nav="closed"`, `data-zone="utc"`, `js/live.js`, `data-key="u"`, `id="shortcuts-dialog"`, `action="/sign-out"`, `| Keydesk</title>`}, []string{"js/secret.js", `data-shortcuts="off"`}},
		{"secret", render(t, Layout(secret)), []string{"js/secret.js"}, []string{"js/live.js"}},
		{"plain", render(t, Layout(plain)), []string{`data-shortcuts="off"`, `content="light dark"`}, []string{"data-theme", "data-density", "data-nav=", "data-zone", "shortcuts-dialog", "<kbd"}},
		{"signed out", render(t, Layout(signedOut)), []string{`class="bare`}, []string{"sidenav", "/sign-out", `action="/search"`}},
		{"bare", render(t, BareLayout(shell())), []string{`class="bare`}, []string{"sidenav", "/sign-out"}},
	} {
		for _, want := range c.holds {
			if !strings.Contains(c.page, want) {
				t.Errorf("%s: lacks %s", c.name, want)
			}
		}
		for _, no := range c.lack {
			if strings.Contains(c.page, no) {
				t.Errorf("%s: holds %s", c.name, no)
			}
		}
		if n := strings.Count(c.page, "<main"); n != 1 {
			t.Errorf("%s: %d main elements", c.name, n)
		}
		if body := c.page[strings.Index(c.page, "<body>")+6:]; !strings.HasPrefix(body, `<a class="skip"`) {
			t.Errorf("%s: the skip link is not first", c.name)
		}
	}
}

func TestFieldDescribesItself(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field Field
		want  string
	}{
		{Field{Name: "a"}, ""},
		{Field{Name: "a", Hint: "h"}, "a-hint"},
		{Field{Name: "a", ID: "b", Hint: "h", Error: "e", Constraint: "c"}, "b-error b-hint b-constraint"},
	} {
		if got := describedBy(c.field); got != c.want {
			t.Errorf("%+v: %q, want %q", c.field, got, c.want)
		}
	}
	if page := render(t, Input(Field{Name: "a", Error: "Too long"})); !strings.Contains(page, `aria-invalid="true"`) || !strings.Contains(page, "Too long") {
		t.Error(page)
	}
	if page := render(t, Input(Field{Name: "a", Type: "password", Value: "v"})); strings.Contains(page, "aria-invalid") || !strings.Contains(page, `type="password"`) {
		t.Error(page)
	}
}

// A disabled item can be reached, says why, and belongs to no form: without
// JavaScript nothing would hold back one that submits.
func TestDisabledMenuItems(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	menu := Menu("m", "Actions", "", []MenuItem{
		{Text: "One", URL: "/one", Post: true, Token: "t", Disabled: true, Reason: "Not now."}, {Text: "Two", URL: "/two", Disabled: true, Reason: "Never."},
	})
	if err := menu.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	html := b.String()
	for _, want := range []string{
		`<button type="button" class="menu-disabled" aria-disabled="true" aria-describedby="m-reason-0">One</button>`, `id="m-reason-0">Not now.</p>`,
		`aria-describedby="m-reason-1">Two</button>`, `id="m-reason-1">Never.</p>`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in %s", want, html)
		}
	}
	if strings.Contains(html, "<form") || strings.Contains(html, "/one") || strings.Contains(html, "/two") || strings.Contains(html, " disabled") {
		t.Errorf("it can be chosen: %s", html)
	}
}
