package handlers

import (
	"io"
	"net/http"
	"strings"
	"time"

	"keydesk/web/audit"
	"keydesk/web/csvfile"
)

// The journal's names of the exports.
const (
	actionExportUsers      = "ExportUsers"
	actionExportAccessKeys = "ExportAccessKeys"
)

// DownloadCSV exports the users that the filters select for spreadsheets.
func (u Users) DownloadCSV(w http.ResponseWriter, r *http.Request) error {
	return export(w, r, u.Base, u.pictures, csvFormat)
}

// DownloadJSON exports them for programs.
func (u Users) DownloadJSON(w http.ResponseWriter, r *http.Request) error {
	return export(w, r, u.Base, u.pictures, jsonFormat)
}

// DownloadCSV exports the access keys that the filters select for spreadsheets.
func (a AccessKeys) DownloadCSV(w http.ResponseWriter, r *http.Request) error {
	return export(w, r, a.Base, a.pictures, csvFormat)
}

// DownloadJSON exports them for programs.
func (a AccessKeys) DownloadJSON(w http.ResponseWriter, r *http.Request) error {
	return export(w, r, a.Base, a.pictures, jsonFormat)
}

// exportFormat is a kind of file that a list can be had as.
type exportFormat struct {
	ending, contentType string
	write               func(http.ResponseWriter, *http.Request, file) error
}

var (
	csvFormat = exportFormat{"csv", csvType, func(w http.ResponseWriter, r *http.Request, f file) error {
		return f.writeCSV(csvWriter(w, r))
	}}
	jsonFormat = exportFormat{"json", "application/json", func(w http.ResponseWriter, _ *http.Request, f file) error {
		return f.writeJSON(w)
	}}
)

const csvType = "text/csv; charset=utf-8"

// csvWriter begins the file with a byte order mark when the address asks for it.
func csvWriter(w io.Writer, r *http.Request) *csvfile.Writer {
	c := csvfile.NewWriter(w)
	if r.URL.Query().Get("bom") == "1" {
		c.ByteOrderMark()
	}
	return c
}

// withByteOrderMark is the address of the same CSV for Excel.
func withByteOrderMark(address string) string {
	if strings.Contains(address, "?") {
		return address + "&bom=1"
	}
	return address + "?bom=1"
}

// export sends every row that the query selects, in its order. It is an event of
// the journal, written before the first byte leaves.
func export[T any](w http.ResponseWriter, r *http.Request, b Base, pictures *pictures[T], format exportFormat) error {
	account, err := b.account(r)
	if err != nil {
		return err
	}
	p, q := pictures.of(account), parseListQuery(r.URL.Query(), account.Inventory().Knows)
	if p.inventory.AsOf.IsZero() {
		// A file without rows would say that there are none; the page says what is wrong.
		return seeOther(w, r, q.at(listPath(p.name, p.account)))
	}
	if err := b.record(r, audit.Event{Action: p.exported, Account: p.account, Outcome: audit.OutcomeOK}); err != nil {
		return err
	}
	now := b.Now()
	w.Header().Set("Content-Type", format.contentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(p.fileName(q, now)+"."+format.ending)+`"`)
	v := listView{now: now, account: p.account, inventory: p.inventory, protected: p.protected}
	if err := format.write(w, r, p.exportFile(q, v)); err != nil {
		// Half a file must not pass for a whole one: breaking the connection is the
		// only sign left once the header is out.
		b.Log.Error("list export broke off", "id", b.RequestID(r.Context()), "error", err.Error())
		panic(http.ErrAbortHandler)
	}
	return nil
}

// fileName says it when the file cannot hold everything yet: of a user whose keys
// were not read there is no row to say so in a list of keys.
func (p *picture[T]) fileName(q listQuery, now time.Time) string {
	name := p.file + "_" + p.account + "_" + now.UTC().Format("2006-01-02")
	if p.partial() || p.usesNotKnown(q, now) > 0 {
		return name + "_partial"
	}
	return name
}

func (p *picture[T]) partial() bool {
	return p.inventory.Err != nil || p.inventory.KeysRead < len(p.inventory.Users)
}

// exportFile is every row that the query selects, in its order.
func (p *picture[T]) exportFile(q listQuery, v listView) file {
	q.Page = 1
	rows := p.cut(q, v.now, max(1, len(p.all))).rows
	f := file{about: p.aboutFile(), blank: p.fields(v, p.blank)}
	for _, row := range rows {
		f.wide = max(f.wide, len(p.keys(p.all[row])))
	}
	f.rows = func(yield func(record) bool) {
		for _, row := range rows {
			if !yield(p.fields(v, p.all[row])) {
				return
			}
		}
	}
	return f
}
