package handlers

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"keydesk/web/csvfile"
)

// record is one object of an export in the order of its fields: an object of the
// JSON, a line of the CSV.
type record []field

// field is a value under the name that it has in every export. The value is nil
// where it is not known or does not exist, else a bool, an int, a time.Time (zero:
// none), a string of Keydesk's own, an untrusted text, a list of these, or a list
// of records.
type field struct {
	name  string
	value any
}

// untrusted is text that a person or the IAM server wrote.
type untrusted string

// file is an export before it is written in one format or the other.
type file struct {
	about record // the whole file, said once in the JSON and in every line of the CSV
	blank record // a row without values, for the names of the columns
	rows  iter.Seq[record]
	wide  int // the most records that a list of records in a row has
}

// writeJSON writes one object, with the rows in it: cut off anywhere, it is no JSON.
func (f file) writeJSON(w io.Writer) error {
	head, err := json.Marshal(f.about)
	if err != nil {
		return err
	}
	before := string(head[:len(head)-1]) + `,"rows":[` + "\n"
	for row := range f.rows {
		object, err := json.Marshal(row)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, before+string(object)); err != nil {
			return err
		}
		before = ",\n"
	}
	if before != ",\n" {
		_, err = io.WriteString(w, before+"]}\n")
		return err
	}
	_, err = io.WriteString(w, "\n]}\n")
	return err
}

// MarshalJSON keeps the order of the fields, which a map would not.
func (r record) MarshalJSON() ([]byte, error) {
	var object bytes.Buffer
	before := byte('{')
	for _, f := range r {
		name, err := json.Marshal(f.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(f.forJSON())
		if err != nil {
			return nil, err
		}
		object.WriteByte(before)
		object.Write(name)
		object.WriteByte(':')
		object.Write(value)
		before = ','
	}
	object.WriteByte('}')
	return object.Bytes(), nil
}

func (f field) forJSON() any {
	t, ok := f.value.(time.Time)
	switch {
	case ok && t.IsZero():
		return nil
	case ok:
		return machine(t)
	}
	return f.value
}

// writeCSV writes a line of names, then a line for each row.
func (f file) writeCSV(w *csvfile.Writer) error {
	blank := append(slices.Clone(f.blank), f.about...)
	slots := max(awsKeyLimit, f.wide)
	var names []csvfile.Cell
	for _, column := range blank.columns(blank, slots) {
		names = append(names, csvfile.Plain(column.name))
	}
	if err := w.Write(names...); err != nil {
		return err
	}
	for row := range f.rows {
		var cells []csvfile.Cell
		for _, column := range append(row, f.about...).columns(blank, slots) {
			cells = append(cells, column.forCSV())
		}
		if err := w.Write(cells...); err != nil {
			return err
		}
	}
	return w.Flush()
}

// awsKeyLimit is how many access keys of a user have columns in every file. Users
// of other servers can have more: their columns come after all others.
const awsKeyLimit = 2

// columns is r with its access keys as columns of their own, numbered from 1, at
// the end: a file that needs more of them than another differs in nothing else.
func (r record) columns(blank record, slots int) record {
	var flat, numbered record
	for i, f := range r {
		keys, nested := f.value.([]record)
		if !nested {
			flat = append(flat, f)
			continue
		}
		for n := range slots {
			for j, k := range blank[i].value.([]record)[0] {
				var value any
				if n < len(keys) {
					value = keys[n][j].value
				}
				numbered = append(numbered, field{"access_key_" + strconv.Itoa(n+1) + "_" + k.name, value})
			}
		}
	}
	return append(flat, numbered...)
}

func (f field) forCSV() csvfile.Cell {
	switch v := f.value.(type) {
	case bool:
		return csvfile.Plain(strconv.FormatBool(v))
	case int:
		return csvfile.Plain(strconv.Itoa(v))
	case string:
		return csvfile.Plain(v)
	case time.Time:
		return csvfile.Plain(machine(v))
	case untrusted:
		return csvfile.Untrusted(string(v))
	case []untrusted:
		texts := make([]string, len(v))
		for i, text := range v {
			texts[i] = string(text)
		}
		return csvfile.Untrusted(strings.Join(texts, "; "))
	}
	return csvfile.Plain("")
}
