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

// listPage is all that the page of a list is made of.
type listPage struct {
	shell     views.Shell
	reading   views.Reading
	list      *views.List // shared by those who ask for the same
	total     string
	loading   bool   // the first reading is going on, there is nothing to show
	createURL string // "" when the person may not create users, or there are none to list
}

// drawnPages keeps pages as they were last sent. A page is made of its listPage and
// nothing else, so an equal one is an equal page: nobody can be sent what was drawn
// for somebody else, or before something changed.
type drawnPages struct {
	draw func(*listPage) templ.Component
	mu   sync.Mutex
	kept map[string]*drawnPage
}

type drawnPage struct {
	page   *listPage
	html   []byte
	zipped func() []byte // made when a browser takes it
}

// Values of headers, shared by all answers.
var gzipped, byEncoding, htmlType = []string{"gzip"}, []string{"Accept-Encoding"}, []string{"text/html; charset=utf-8"}

// maxDrawnPages bounds the memory: a page of 100 rows is some 150 KB.
const maxDrawnPages = 64

// render sends the page, which must not change any more. The address names it among
// those kept; it may say less than the page.
func (d *drawnPages) render(w http.ResponseWriter, r *http.Request, address string, page *listPage) error {
	drawn := d.last(address)
	if drawn == nil || !reflect.DeepEqual(drawn.page, page) { // lists are mostly told by where they are
		var html bytes.Buffer
		if err := d.draw(page).Render(r.Context(), &html); err != nil {
			return err
		}
		drawn = &drawnPage{page: page, html: html.Bytes()}
		drawn.zipped = sync.OnceValue(func() []byte { return zip(html.Bytes()) })
		d.keep(address, drawn)
	}
	body := drawn.html
	if takesGzip(r) {
		body = drawn.zipped()
		w.Header()["Content-Encoding"] = gzipped
		w.Header()["Vary"] = byEncoding
	}
	w.Header()["Content-Type"] = htmlType
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // A client that has gone needs no answer.
	return nil
}

func (d *drawnPages) last(address string) *drawnPage {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept[address]
}

func (d *drawnPages) keep(address string, page *drawnPage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil || len(d.kept) >= maxDrawnPages {
		d.kept = map[string]*drawnPage{}
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
