package static

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

func serve(t *testing.T, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestEveryFileHasItsType(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		Stylesheet:                               "text/css; charset=utf-8",
		"js/app.js":                              "text/javascript; charset=utf-8",
		"js/live.js":                             "text/javascript; charset=utf-8",
		"icons.svg":                              "image/svg+xml",
		"favicon.svg":                            "image/svg+xml",
		"css/tokens.css":                         "text/css; charset=utf-8",
		"fonts/open-sans-latin-400-normal.woff2": "font/woff2",
		"licenses/cloudscape-LICENSE.txt":        "text/plain; charset=utf-8",
	} {
		res := serve(t, http.MethodGet, URL(name))
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", name, res.StatusCode)
		}
		for header, value := range map[string]string{
			"Content-Type":           want,
			"X-Content-Type-Options": "nosniff",
			"Cache-Control":          "public, max-age=31536000, immutable",
		} {
			if got := res.Header.Get(header); got != value {
				t.Errorf("%s: %s is %q, want %q", name, header, got, value)
			}
		}
	}
}

func TestUnknownAddresses(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		URL("js/no-such.js"),
		URL(""),
		"/static/000000000000/js/app.js",
		"/static/",
		URL("css"),
		URL("../embed.go"),
		URL("src/package.json"),
	} {
		if res := serve(t, http.MethodGet, target); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", target, res.StatusCode)
		} else if res.Header.Get("Cache-Control") != "" {
			t.Errorf("%s: a miss must not be cached for ever", target)
		}
	}
	if res := serve(t, http.MethodPost, URL("js/app.js")); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d, want 405", res.StatusCode)
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"gzip": "gzip", "br, GZIP;q=0.8": "gzip", "gzip;q=1.0": "gzip",
		"": "", "br": "", "gzip;q=0": "", "gzip;q=0.000": "", "xgzip": "",
	} {
		res := serve(t, http.MethodGet, URL(Stylesheet), "Accept-Encoding", header)
		if got := res.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", header, got, want)
		}
		if res.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: no Vary", header)
		}
	}
	font := serve(t, http.MethodGet, URL("fonts/open-sans-latin-400-normal.woff2"), "Accept-Encoding", "gzip")
	if font.Header.Get("Content-Encoding") != "" {
		t.Error("a font was compressed again")
	}
}

func TestGzippedBytesAreThePlainOnes(t *testing.T) {
	t.Parallel()
	plain, err := io.ReadAll(serve(t, http.MethodGet, URL("js/app.js")).Body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(serve(t, http.MethodGet, URL("js/app.js"), "Accept-Encoding", "gzip").Body)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if string(plain) != string(unzipped) || len(plain) == 0 {
		t.Errorf("%d bytes plain, %d unzipped", len(plain), len(unzipped))
	}
}

func TestAChangedByteMovesEverything(t *testing.T) {
	t.Parallel()
	before, err := load(os.DirFS("testdata/before"))
	if err != nil {
		t.Fatal(err)
	}
	after, err := load(os.DirFS("testdata/after"))
	if err != nil {
		t.Fatal(err)
	}
	if before.prefix == after.prefix {
		t.Errorf("both are %s", before.prefix)
	}
	if ok, _ := regexp.MatchString(`^/static/[0-9a-f]{12}/$`, before.prefix); !ok {
		t.Errorf("prefix %q", before.prefix)
	}
}

func TestEveryCustomPropertyIsDefined(t *testing.T) {
	t.Parallel()
	sheet := string(loaded().assets[Stylesheet].plain)
	defined := map[string]bool{}
	for _, m := range regexp.MustCompile(`(--[\w-]+)\s*:`).FindAllStringSubmatch(sheet, -1) {
		defined[m[1]] = true
	}
	used := regexp.MustCompile(`var\((--[\w-]+)`).FindAllStringSubmatch(sheet, -1)
	if len(used) < 100 {
		t.Fatalf("only %d uses found: the stylesheet is not the one this test knows", len(used))
	}
	for _, m := range used {
		if !defined[m[1]] {
			t.Errorf("var(%s) is not defined", m[1])
		}
	}
}

func TestStylesheetLoadsOnlyOurOwnFiles(t *testing.T) {
	t.Parallel()
	for _, m := range regexp.MustCompile(`url\(\s*"?([^")]+)`).FindAllStringSubmatch(string(loaded().assets[Stylesheet].plain), -1) {
		name := path.Join("css", m[1])
		if _, ok := loaded().assets[name]; !ok {
			t.Errorf("url(%s): no file %s", m[1], name)
		}
	}
}

// The licences of what is embedded ask for their texts to travel along.
func TestLicencesAreEmbedded(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"licenses/cloudscape-LICENSE.txt": "Apache License",
		"licenses/cloudscape-NOTICE.txt":  "Copyright Amazon.com, Inc. or its affiliates",
		"licenses/open-sans-OFL.txt":      "SIL Open Font License",
		"css/tokens.css":                  "Copyright Amazon.com, Inc. or its affiliates",
		Stylesheet:                        "Copyright Amazon.com, Inc. or its affiliates",
		"icons.svg":                       "Copyright Amazon.com, Inc. or its affiliates",
	} {
		if !strings.Contains(strings.ToLower(string(loaded().assets[name].plain)), strings.ToLower(text)) {
			t.Errorf("%s does not hold %q", name, text)
		}
	}
}

func TestOnlyWhatPagesNeedIsEmbedded(t *testing.T) {
	t.Parallel()
	total := 0
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.Contains(name, "node_modules") || strings.HasPrefix(name, "src") {
			t.Errorf("%s is embedded", name)
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			total += int(info.Size())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if total > 200<<10 {
		t.Errorf("%d bytes are embedded, more than 200 KiB", total)
	}
}

// The first page must load within 60 kB; HTML needs about 6 of them.
func TestTransferBudget(t *testing.T) {
	t.Parallel()
	total := 0
	for _, name := range []string{
		Stylesheet, "js/app.js", "js/keys.js", "js/live.js", "icons.svg", "favicon.svg",
		"fonts/open-sans-latin-400-normal.woff2", "fonts/open-sans-latin-700-normal.woff2",
	} {
		res := serve(t, http.MethodGet, URL(name), "Accept-Encoding", "gzip")
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		total += len(body)
	}
	if total > 54_500 {
		t.Errorf("first load takes %d bytes of assets, more than 54500", total)
	}
}

// Trusted Types: one policy, in live.js, and no markup from strings elsewhere.
func TestScriptsBuildNoMarkup(t *testing.T) {
	t.Parallel()
	sinks := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createPolicy|parseFromString`)
	for name, a := range loaded().assets {
		if path.Ext(name) != ".js" || name == "js/live.js" {
			continue
		}
		if found := sinks.Find(a.plain); found != nil {
			t.Errorf("%s uses %s", name, found)
		}
	}
	if n := strings.Count(string(loaded().assets["js/live.js"].plain), `createPolicy("app"`); n != 1 {
		t.Errorf("live.js creates the policy app %d times", n)
	}
}
