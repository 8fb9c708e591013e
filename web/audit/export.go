package audit

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"strconv"

	"keydesk/web/csvfile"
)

// fieldNames are those of the JSON Lines, near CloudTrail's because they go
// where its events go, in the order of record.
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

// columnNames are the columns of the CSV, in the order of record: fieldNames as
// all of Keydesk's CSV files spell them, and last what came of the event in the
// words of the pages.
var columnNames = []string{
	"seq", "event_time", "phase", "attempt",
	"actor_issuer", "actor_subject", "actor_name", "actor_role",
	"event_name", "account", "user_name", "access_key_id",
	"old_state", "new_state", "reason", "outcome", "error_code",
	"request_id", "aws_request_id", "source_address", "replica", "version", "hash",
	"result",
}

// WriteCSV writes a header and a line for each event, until the first error.
func WriteCSV(w *csvfile.Writer, events iter.Seq2[Event, error]) error {
	if err := writeLine(w, csvfile.Plain, columnNames); err != nil {
		return err
	}
	for e, err := range events {
		if err != nil {
			return err
		}
		if err := writeLine(w, csvfile.Untrusted, append(e.record(), e.Result())); err != nil {
			return err
		}
	}
	return w.Flush()
}

func writeLine(w *csvfile.Writer, cell func(string) csvfile.Cell, texts []string) error {
	cells := make([]csvfile.Cell, len(texts))
	for i, text := range texts {
		cells[i] = cell(text)
	}
	return w.Write(cells...)
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
