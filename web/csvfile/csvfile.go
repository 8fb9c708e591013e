// Package csvfile writes CSV files that programs read and people open in
// spreadsheets. It knows nothing of what the columns mean.
//
// The files follow RFC 4180: commas, lines that end with CRLF, quotes doubled
// inside quoted cells. encoding/csv reads them; its writer is not used because
// it leaves ";" and tabs unquoted, where spreadsheets in many countries begin a
// new cell, and changes the line ends inside cells.
package csvfile

import (
	"bufio"
	"io"
	"regexp"
	"strings"
)

// Cell is the text of one cell, ready to be quoted.
type Cell struct{ text string }

// Plain is a cell of Keydesk's own: a date, a number, a word. Empty stays empty.
func Plain(text string) Cell { return Cell{text} }

// Untrusted is a cell that a person or a server wrote. Where a spreadsheet
// would run it as a formula, it begins with an apostrophe (OWASP, CSV injection).
func Untrusted(text string) Cell {
	if begins(text, '\t', '\r', '\n') {
		text = "'" + text
	}
	return Cell{formula.ReplaceAllString(text, "$1'$2")}
}

func begins(text string, any ...byte) bool {
	return text != "" && strings.IndexByte(string(any), text[0]) >= 0
}

// formula finds where a formula can begin: at the start of a cell, and after
// what a spreadsheet may take for the end of a cell although it is quoted, with
// spaces and invisible characters before it or not. The last four signs are
// what East Asian spreadsheets read as = + - @.
var formula = regexp.MustCompile(`((?:^|[;\t\r\n])[\pZ\pC"]*)([=+\-@＝＋－＠])`)

// Writer writes one file.
type Writer struct{ w *bufio.Writer }

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{bufio.NewWriter(w)} }

// ByteOrderMark begins a file by which Excel recognizes UTF-8. Programs rather
// have none.
func (w *Writer) ByteOrderMark() { _, _ = w.w.WriteString("\ufeff") } // Flush returns the error.

// Write writes one line.
func (w *Writer) Write(cells ...Cell) error {
	for i, c := range cells {
		if i > 0 {
			_ = w.w.WriteByte(',')
		}
		_, _ = w.w.WriteString(quoted(c.text))
	}
	_, err := w.w.WriteString("\r\n")
	return err
}

// Flush ends the file. Its error is that of any line before.
func (w *Writer) Flush() error { return w.w.Flush() }

// special are the characters that need quotes for some reader. A backslash
// before a dot ends the input of PostgreSQL's COPY.
const special = ",;\"\t\r\n\v\f\\"

func quoted(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if !strings.ContainsAny(text, special) && strings.TrimSpace(text) == text {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}
