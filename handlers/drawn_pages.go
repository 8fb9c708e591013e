package handlers

import (
	"bytes"
	"compress/gzip"
	"hash/crc32"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"

	"keydesk/views"
)

// drawnPages keeps pages of lists as they were last sent. A page is made of its list
// and its model M, which has the rest, and nothing else. So an equal page is the same
// page: nobody can be sent what was drawn for somebody else, or before something
// changed.
type drawnPages[M any] struct {
	draw func(M, views.List) templ.Component
	mu   sync.Mutex
	kept map[string]*drawnPage[M]
}

type drawnPage[M any] struct {
	list   *views.List
	model  *M
	html   []byte
	zipped func() []byte // made when a browser takes it
}

// Values of headers, shared by all answers.
var gzipped, byEncoding, htmlType = []string{"gzip"}, []string{"Accept-Encoding"}, []string{"text/html; charset=utf-8"}

// maxDrawnPages bounds the memory: a page of 100 rows is some 150 KB.
const maxDrawnPages = 64

// render sends the page of the model. The address names the page among those
// kept; it may say less than the model. Neither list nor model may change any more.
func (d *drawnPages[M]) render(w http.ResponseWriter, r *http.Request, address string, list *views.List, model *M) error {
	page := d.last(address)
	// Lists are shared, so that hardly any is compared by more than where it is.
	if page == nil || !reflect.DeepEqual(page.list, list) || !reflect.DeepEqual(page.model, model) {
		var html bytes.Buffer
		if err := d.draw(*model, *list).Render(r.Context(), &html); err != nil {
			return err
		}
		page = &drawnPage[M]{list: list, model: model, html: html.Bytes()}
		page.zipped = sync.OnceValue(func() []byte { return zip(page.html) })
		d.keep(address, page)
	}
	body := page.html
	if takesGzip(r) {
		body = page.zipped()
		w.Header()["Content-Encoding"] = gzipped
		w.Header()["Vary"] = byEncoding
	}
	w.Header()["Content-Type"] = htmlType
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // A client that has gone needs no answer.
	return nil
}

func (d *drawnPages[M]) last(address string) *drawnPage[M] {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept[address]
}

func (d *drawnPages[M]) keep(address string, page *drawnPage[M]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil || len(d.kept) >= maxDrawnPages {
		d.kept = map[string]*drawnPage[M]{}
	}
	d.kept[address] = page
}

// zip pads by the content, as the compression of the other pages does: who can
// put text into a page must not learn from its size what else is in it (BREACH).
func zip(html []byte) []byte {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Comment = strings.Repeat("x", int(crc32.ChecksumIEEE(html)%32))
	_, _ = z.Write(html) // A buffer takes everything.
	_ = z.Close()
	return zipped.Bytes()
}

// takesGzip is false where there is any doubt: the page is then compressed, or
// not, as all others are.
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		if strings.TrimSpace(coding) == "gzip" {
			return true
		}
	}
	return false
}
