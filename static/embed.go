// Package static owns the stylesheets, scripts, fonts and icons that pages
// load, and their addresses. It must not know any page, route or setting.
//
// The address of every file starts with one hash over the whole tree, so that
// files may refer to each other by relative URL and browsers may keep them for
// ever: a changed byte anywhere gives every file a new address.
//
// css/tokens.css, icons.svg, the fonts and licences are made by the scripts in
// src, which only maintainers run: npm ci --ignore-scripts && npm run build.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed css js fonts licenses icons.svg favicon.svg
var files embed.FS

// Stylesheet is the name of the one stylesheet that pages load.
const Stylesheet = "css/keydesk.css"

// Comments and layout serve those who edit the files; browsers would load a
// kilobyte of them with every first visit.
var (
	comment     = regexp.MustCompile(`(?s)/\*.*?\*/\s*`)
	space       = regexp.MustCompile(`\s+`)
	idleSpace   = regexp.MustCompile(` ?([{};,]) ?`)
	commentLine = regexp.MustCompile(`(?m)^\s*//.*\n`)
)

// contentTypes is spelled out because the mime table of a bare machine may
// lack these, and nosniff then makes a browser refuse the file.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
	".txt":   "text/plain; charset=utf-8",
}

type asset struct {
	contentType string
	plain       []byte
	// gzipped is nil when compression does not pay. It is made when it is first
	// asked for: a start must not wait for it.
	gzipped func() []byte
}

func newAsset(contentType string, body []byte) asset {
	return asset{contentType, body, sync.OnceValue(func() []byte { return compress(body) })}
}

type tree struct {
	prefix string // "/static/<hash12>/"
	assets map[string]asset
}

var loaded = sync.OnceValue(func() tree {
	t, err := load(files)
	if err != nil {
		panic("static: embedded files: " + err.Error())
	}
	return t
})

// URL returns the address of an embedded file, named by its path in this
// folder: "css/app.css" gives "/static/<hash12>/css/app.css".
func URL(name string) string {
	return loaded().prefix + name
}

// Handler serves the addresses that URL returns and answers 404 to all others,
// those of an older version included.
func Handler() http.Handler {
	return loaded()
}

func load(fsys fs.FS) (tree, error) {
	t := tree{assets: map[string]asset{}}
	sum := sha256.New()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		contentType, ok := contentTypes[path.Ext(name)]
		if !ok {
			return fmt.Errorf("%s: no content type for this extension", name)
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(body), body)
		if path.Ext(name) == ".js" {
			body = commentLine.ReplaceAll(body, nil)
		}
		t.assets[name] = newAsset(contentType, body)
		return nil
	})
	if err != nil {
		return tree{}, err
	}
	t.assets[Stylesheet] = newAsset(contentTypes[".css"], join(t.assets))
	t.prefix = "/static/" + hex.EncodeToString(sum.Sum(nil))[:12] + "/"
	return t, nil
}

// join makes one stylesheet of the four that people write and the generated
// one: a request instead of five, and less than three quarters of the bytes
// once compressed. The notices of the generated file stay.
func join(assets map[string]asset) []byte {
	all := slices.Clone(assets["css/tokens.css"].plain)
	for _, name := range []string{"app", "components", "forms", "pages"} {
		sheet := comment.ReplaceAll(assets["css/"+name+".css"].plain, nil)
		all = append(all, idleSpace.ReplaceAll(space.ReplaceAll(sheet, []byte(" ")), []byte("$1"))...)
	}
	return all
}

// compress returns nil for what does not shrink: fonts are compressed already.
func compress(body []byte) []byte {
	var buf bytes.Buffer
	w, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression) // fails only for an unknown level
	w.Write(body)                                           // a bytes.Buffer does not fail
	w.Close()
	if buf.Len() >= len(body)*9/10 {
		return nil
	}
	return buf.Bytes()
}

func (t tree) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name, current := strings.CutPrefix(r.URL.Path, t.prefix)
	a, ok := t.assets[name]
	if !current || !ok {
		http.NotFound(w, r)
		return
	}
	body := a.plain
	if gzipped := a.gzipped(); gzipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = gzipped
		}
	}
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Write(body) // the client is gone: nobody to tell
}

func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return strings.Trim(strings.TrimPrefix(strings.TrimSpace(q), "q="), "0.") != "" || q == ""
		}
	}
	return false
}
