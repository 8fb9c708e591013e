package handlers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/audit"
)

// The journal's names of the exports.
const (
	actionExportUsers      = "ExportUsers"
	actionExportAccessKeys = "ExportAccessKeys"
)

// DownloadCSV exports the users that the filters select for spreadsheets.
func (u Users) DownloadCSV(w http.ResponseWriter, r *http.Request) error {
	return export(w, r, u.Base, u.pictures, "csv", "text/csv; charset=utf-8", writeCSV)
}

// DownloadJSON exports them for programs.
func (u Users) DownloadJSON(w http.ResponseWriter, r *http.Request) error {
	return export(w, r, u.Base, u.pictures, "json", "application/json", writeJSON)
}

// DownloadCSV exports the access keys that the filters select for spreadsheets.
func (a AccessKeys) DownloadCSV(w http.ResponseWriter, r *http.Request) error {
	return export(w, r, a.Base, a.pictures, "csv", "text/csv; charset=utf-8", writeCSV)
}

// DownloadJSON exports them for programs.
func (a AccessKeys) DownloadJSON(w http.ResponseWriter, r *http.Request) error {
	return export(w, r, a.Base, a.pictures, "json", "application/json", writeJSON)
}

// records yields the head of a table, then its rows.
type records func(yield func([]string) bool)

// export sends every row that the query selects, in its order. It is an event of
// the journal, written before the first byte leaves.
func export[T any](w http.ResponseWriter, r *http.Request, b Base, pictures *pictures[T], ending, contentType string, write func(io.Writer, records) error) error {
	account, err := b.account(r)
	if err != nil {
		return err
	}
	p, q := pictures.of(account), parseListQuery(r.URL.Query())
	if p.inventory.AsOf.IsZero() {
		// A file without rows would say that there are none; the page says what is wrong.
		return seeOther(w, r, q.at(listPath(p.name, p.account)))
	}
	if err := b.record(r, audit.Event{Action: p.exported, Account: p.account, Outcome: audit.OutcomeOK}); err != nil {
		return err
	}
	now := b.Now()
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+p.fileName(now)+"."+ending+`"`)
	v := listView{now: now, account: p.account, inventory: p.inventory, protected: p.protected}
	if err := write(w, p.records(q, v)); err != nil {
		// Half a file must not pass for a whole one: breaking the connection is the
		// only sign left once the header is out.
		b.Log.Error("list export broke off", "id", b.RequestID(r.Context()), "error", err.Error())
		panic(http.ErrAbortHandler)
	}
	return nil
}

// fileName says it when the file cannot hold everything yet: of a user whose keys
// were not read there is no row to say so in a list of keys.
func (p *picture[T]) fileName(now time.Time) string {
	name := p.file + "_" + p.account + "_" + now.UTC().Format("2006-01-02")
	if p.partial() {
		return name + "_partial"
	}
	return name
}

func (p *picture[T]) partial() bool {
	return p.inventory.Err != nil || p.inventory.KeysRead < len(p.inventory.Users)
}

// The columns of a file that a page has beside its table.
const (
	columnAsOf     = "As of"
	columnUsedAsOf = "Last used as of"
	columnRead     = "Users read" // of the whole account, by the time of the file
	columnReading  = "Reading"
	columnNotes    = "Notes" // what else the page says beside the name of a row
)

// records are all columns, chosen or not, under the names they have on the page.
func (p *picture[T]) records(q listQuery, v listView) records {
	return func(yield func([]string) bool) {
		head := []string{columnAsOf, columnUsedAsOf, columnRead, columnReading}
		for _, c := range p.columns {
			head = append(head, c.title)
		}
		if !yield(append(head, columnNotes)) {
			return
		}
		usersRead := thousands(p.inventory.KeysRead) + " of " + thousands(len(p.inventory.Users))
		asOf, usedAsOf := machine(p.inventory.AsOf), orElse(machine(p.inventory.ReportTime), textNotKnown)
		q.Page = 1
		for _, row := range p.cut(q, v.now, max(1, len(p.all))).rows {
			record := []string{asOf, usedAsOf, usersRead, readingOf(p.owner(p.all[row]))}
			name := p.columns[0].cell(v, p.all[row])
			record = append(record, exportedLines(name[:1]))
			for _, c := range p.columns[1:] {
				record = append(record, c.exported(v, p.all[row]))
			}
			if !yield(append(record, orNone(exportedLines(name[1:])))) {
				return
			}
		}
	}
}

// exported is the column's value as the page says it, but for times, which are exact.
func (c listColumn[T]) exported(v listView, row T) string {
	if c.export != nil {
		return c.export(v, row)
	}
	return exportedLines(c.cell(v, row))
}

func exportedLines(lines []views.Line) string {
	var texts []string
	for _, l := range lines {
		switch {
		case l.Retry != "": // a button
		case l.Time.ISO != "":
			texts = append(texts, l.Time.ISO)
		default:
			texts = append(texts, strings.TrimSpace(l.Lead+" "+l.Text))
		}
	}
	return strings.Join(texts, "; ")
}

// readingOf says of each row whether it can be relied on.
func readingOf(u *iamsvc.InventoryUser) string {
	switch err := errors.Join(u.Err, u.KeysErr); {
	case err == nil:
		return "Complete"
	case failed(u.Err), failed(u.KeysErr):
		return textUnreadable + ": " + unreadBecause(err)
	default:
		return textNotRead
	}
}

func writeCSV(w io.Writer, rows records) error {
	c := audit.NewCSV(w)
	for record := range rows {
		if err := c.Write(record); err != nil {
			return err
		}
	}
	return c.Flush()
}

// writeJSON writes one array of objects: cut off anywhere, it is no JSON.
func writeJSON(w io.Writer, rows records) error {
	var names []string
	before := "[\n"
	var object bytes.Buffer
	for record := range rows {
		if names == nil {
			names = record
			continue
		}
		object.Reset()
		object.WriteString(before)
		if err := appendObject(&object, names, record); err != nil {
			return err
		}
		if _, err := w.Write(object.Bytes()); err != nil {
			return err
		}
		before = ",\n"
	}
	end := "\n]\n"
	if before == "[\n" {
		end = "[]\n"
	}
	_, err := io.WriteString(w, end)
	return err
}

// appendObject keeps the order of the columns, which a map would not.
func appendObject(object *bytes.Buffer, names, values []string) error {
	before := byte('{')
	for i := range names {
		name, err := json.Marshal(names[i])
		if err != nil {
			return err
		}
		value, err := json.Marshal(values[i])
		if err != nil {
			return err
		}
		object.WriteByte(before)
		object.Write(name)
		object.WriteString(": ")
		object.Write(value)
		before = ','
	}
	object.WriteByte('}')
	return nil
}
