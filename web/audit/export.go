package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"iter"
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

// WriteCSV writes a header and a line for each event, until the first error. Cells a
// spreadsheet would run as a formula begin with an apostrophe.
func WriteCSV(w io.Writer, events iter.Seq2[Event, error]) error {
	c := csv.NewWriter(w)
	if err := c.Write(fieldNames); err != nil {
		return err
	}
	for e, err := range events {
		if err != nil {
			return err
		}
		r := e.record()
		for i := range r {
			r[i] = inert(r[i])
		}
		if err := c.Write(r); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
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
