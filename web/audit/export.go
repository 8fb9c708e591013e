package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// fieldNames are the export's, near CloudTrail's, in the order of record.
var fieldNames = []string{
	"seq", "eventTime", "phase", "attempt",
	"actorIssuer", "actorSubject", "actorName", "actorRole",
	"eventName", "recipientAccountId", "userName", "accessKeyId",
	"oldState", "newState", "reason", "outcome", "errorCode",
	"requestID", "awsRequestID", "sourceIPAddress", "replica", "version", "hash",
}

// numbers are the fields that JSON does not quote.
var numbers = map[string]bool{"seq": true, "attempt": true}

func (e Event) record() []string {
	r := []string{
		strconv.FormatInt(e.Seq, 10), e.Time.UTC().Format("2006-01-02T15:04:05.000000Z"),
		string(e.Phase), strconv.FormatInt(e.Attempt, 10),
	}
	for _, s := range e.texts() {
		r = append(r, *s)
	}
	return append(r, e.Hash)
}

// resultColumn ends the lines of the CSV, which people read.
const resultColumn = "result"

// WriteCSV writes a header and a line for each event, until the first error: the
// fields of the journal and, last, what came of it in the words of the pages.
func WriteCSV(w io.Writer, events iter.Seq2[Event, error]) error {
	c := NewCSV(w)
	if err := c.Write(append(slices.Clone(fieldNames), resultColumn)); err != nil {
		return err
	}
	for e, err := range events {
		if err != nil {
			return err
		}
		if err := c.Write(append(e.record(), e.Result())); err != nil {
			return err
		}
	}
	return c.Flush()
}

// CSV writes files that people open in spreadsheets: no cell of them is a formula.
type CSV struct{ w *csv.Writer }

// NewCSV writes to w.
func NewCSV(w io.Writer) *CSV { return &CSV{csv.NewWriter(w)} }

// Write writes one line. Cells a spreadsheet would run as a formula begin with an
// apostrophe.
func (c *CSV) Write(cells []string) error {
	line := make([]string, len(cells))
	for i, cell := range cells {
		line[i] = inert(cell)
	}
	return c.w.Write(line)
}

// Flush ends the file. Its error is that of any line before.
func (c *CSV) Flush() error {
	c.w.Flush()
	return c.w.Error()
}

// inert keeps IAM names such as "=cmd" from being formulas (OWASP, CSV injection;
// the last four are what East Asian spreadsheets read as = + - @).
func inert(cell string) string {
	if strings.IndexAny(cell, "=+-@\t\r\n＝＋－＠") == 0 {
		return "'" + cell
	}
	return cell
}

// WriteJSONL writes each event as one line of JSON, until the first error. Values are
// exactly those the hash covers.
func WriteJSONL(w io.Writer, events iter.Seq2[Event, error]) error {
	var line bytes.Buffer
	for e, err := range events {
		if err != nil {
			return err
		}
		line.Reset()
		before := `{"`
		for i, value := range e.record() {
			line.WriteString(before + fieldNames[i] + `":`)
			if err := writeValue(&line, fieldNames[i], value); err != nil {
				return err
			}
			before = `,"`
		}
		line.WriteString("}\n")
		if _, err := w.Write(line.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

func writeValue(line *bytes.Buffer, name, value string) error {
	if numbers[name] {
		line.WriteString(value)
		return nil
	}
	quoted, err := json.Marshal(value)
	line.Write(quoted)
	return err
}
