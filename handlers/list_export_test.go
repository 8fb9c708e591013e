package handlers

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"keydesk/iamsvc"
	"keydesk/web/csvfile"
)

// table is a CSV by the names of its columns.
type table []map[string]string

// document is a JSON export as programs read it.
type document struct {
	Account  string           `json:"account"`
	AsOf     time.Time        `json:"as_of"`
	UsedAsOf *time.Time       `json:"last_used_as_of"`
	Complete bool             `json:"complete"`
	Users    int              `json:"users"`
	Read     int              `json:"users_read"`
	Rows     []map[string]any `json:"rows"`
}

// exported writes the file both ways and reads it back.
func exported[T any](t *testing.T, p *picture[T], q listQuery) (lines table, d document) {
	t.Helper()
	f := p.exportFile(q, listView{now: testNow, account: p.account, inventory: p.inventory, protected: p.protected})
	var sheet, object bytes.Buffer
	if err := errors.Join(f.writeCSV(csvfile.NewWriter(&sheet)), f.writeJSON(&object)); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&sheet).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records[1:] {
		line := map[string]string{}
		for i, name := range records[0] {
			line[name] = r[i]
		}
		lines = append(lines, line)
	}
	if err := json.Unmarshal(object.Bytes(), &d); err != nil {
		t.Fatalf("%v in %s", err, object.String())
	}
	if len(d.Rows) != len(lines) {
		t.Errorf("%d objects, %d lines", len(d.Rows), len(lines))
	}
	return lines, d
}

func (l table) line(t *testing.T, column, value string) map[string]string {
	t.Helper()
	for _, line := range l {
		if line[column] == value {
			return line
		}
	}
	t.Fatalf("no line has %s %q", column, value)
	return nil
}

func wantCells(t *testing.T, line map[string]string, want map[string]string) {
	t.Helper()
	for column, value := range want {
		if got, ok := line[column]; got != value || !ok {
			t.Errorf("%s of %s is %q, want %q", column, line["user_name"], got, value)
		}
	}
}

func TestExportedUsersAsCSV(t *testing.T) {
	t.Parallel()
	lines, _ := exported(t, testPicture(usersList, testInventory()), query(t, "sort=-name&page=3"))
	if len(lines) != 7 || lines[6]["user_name"] != "adam" {
		t.Fatalf("%v", lines)
	}
	wantCells(t, lines[6], map[string]string{
		"account": "123456789012", "as_of": "2026-11-22T11:58:00Z", "last_used_as_of": "2026-11-22T11:00:00Z",
		"complete": "false", "users": "7", "users_read": "6", "read_state": "complete", "read_error": "",
		"groups": "Developers; ops", "last_activity": "2026-11-21T12:00:00Z", "console_access": "false", "mfa": "false", "mfa_type": "",
		"access_key_count": "1", "access_key_1_id": "AKIAAAAAAAAAAAAA0001", "access_key_1_status": "Active",
		"access_key_1_age_days": "12", "access_key_1_last_used": "2026-11-21T12:00:00Z", "access_key_1_last_used_known": "true",
		"access_key_1_last_used_service": "s3", "access_key_2_id": "", "access_key_2_age_days": "", "access_key_2_last_used_known": "",
		"access_key_3_id": "", // dora has three
	})
	wantCells(t, lines.line(t, "user_name", "carla"), map[string]string{
		"access_key_1_last_used": "", "access_key_1_last_used_known": "true", // never
		"access_key_1_last_used_service": "",
	})
	wantCells(t, lines.line(t, "user_name", "dora"), map[string]string{
		"quarantined": "true", "access_key_count": "3", "access_key_3_id": "AKIAAAAAAAAAAAAA0008",
		"access_key_1_last_used": "", "access_key_1_last_used_known": "false", // not known
	})
	wantCells(t, lines.line(t, "user_name", "gina"), map[string]string{
		"read_state": "failed", "read_error": "IAM is throttling requests", "access_key_count": "", "access_key_1_id": "",
		"groups": "", "quarantined": "", "console_access": "", "signing_certificates": "",
	})
}

func TestExportedUsersAsJSON(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	_, d := exported(t, testPicture(usersList, inventory), query(t, "sort=name"))
	if d.Account != "123456789012" || !d.AsOf.Equal(inventory.AsOf) || d.UsedAsOf == nil || d.Complete || d.Users != 7 || d.Read != 6 {
		t.Errorf("%+v", d)
	}
	adam, dora, emil, gina := d.Rows[0], d.Rows[3], d.Rows[4], d.Rows[6]
	key := adam["access_keys"].([]any)[0].(map[string]any)
	for i, c := range []struct{ got, want any }{
		{adam["groups"], []any{"Developers", "ops"}},
		{adam["quarantined"], false}, {dora["quarantined"], true}, {gina["quarantined"], nil},
		{adam["console_access"], false}, {adam["mfa_type"], nil}, {emil["mfa_type"], "Virtual"}, {gina["mfa"], nil},
		{adam["access_key_count"], 1.0}, {gina["access_key_count"], nil}, {emil["access_keys"], []any{}},
		{adam["read_error"], nil}, {adam["password_last_changed"], nil}, {emil["groups"], []any{}}, {gina["groups"], nil},
		{key["id"], "AKIAAAAAAAAAAAAA0001"}, {key["age_days"], 12.0}, {key["last_used"], "2026-11-21T12:00:00Z"}, {key["last_used_known"], true},
		{dora["access_keys"].([]any)[1].(map[string]any)["last_used"], nil},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%d: got %#v, want %#v", i, c.got, c.want)
		}
	}
}

func TestExportedKeys(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	inventory.UsesAsOf = time.Time{}
	u := &inventory.Users[0]
	u.Keys[0].ID, u.KeysErr = "", iamsvc.ErrNotReadYet
	lines, d := exported(t, testPicture(keysList, inventory), query(t, "keys=active&q=a&sort=name"))
	if len(lines) != 4 { // adam's, carla's two and dora's; bert has no a
		t.Fatalf("%d keys: %v", len(lines), lines)
	}
	wantCells(t, lines[0], map[string]string{
		"access_key_id": "", "user_name": "adam", "user_path": "/Team/Blue/", "read_state": "not_read", "status": "Active",
		"last_used": "2026-11-21T12:00:00Z", "last_used_checked": "2026-11-22T11:00:00Z", "last_used_as_of": "",
	})
	wantCells(t, lines[1], map[string]string{"access_key_id": "AKIAAAAAAAAAAAAA0004", "last_used": "", "last_used_known": "true", "age_days": "400"})
	if d.UsedAsOf != nil || d.Rows[0]["access_key_id"] != nil || d.Rows[1]["age_days"] != 400.0 {
		t.Errorf("%+v", d)
	}
	none, empty := exported(t, testPicture(keysList, inventory), query(t, "q=nobody"))
	if len(none) != 0 || empty.Rows == nil {
		t.Errorf("nobody has %v, %v", none, empty.Rows)
	}
}

// Programs find columns by name, and by place.
func TestColumnsOfTheExports(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	header := func(f file) string {
		var sheet bytes.Buffer
		if err := f.writeCSV(csvfile.NewWriter(&sheet)); err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(sheet.String(), "\r\n")
		return line
	}
	v := listView{now: testNow, inventory: inventory}
	key := "id,status,description,created,age_days,last_used,last_used_known,last_used_checked,last_used_service,last_used_region"
	numbered := func(n int) string {
		prefix := ",access_key_" + strconv.Itoa(n) + "_"
		return prefix + strings.ReplaceAll(key, ",", prefix)
	}
	const about = ",account,as_of,last_used_as_of,complete,users,users_read,root_active_access_keys"
	users := "user_name,user_id,path,arn,created,groups,last_activity,last_activity_known,console_access,password_last_changed," +
		"password_last_used,password_last_used_known,mfa,mfa_type,signing_certificates,quarantined,protected_by,read_state,read_error," +
		"keys_as_of,access_key_count" + about + numbered(1) + numbered(2)
	keys := "access_key_id,user_name,user_path,user_arn" + strings.TrimPrefix(key, "id") + ",quarantined,protected_by,read_state,read_error,keys_as_of" + about
	for _, c := range []struct{ got, want string }{
		{header(testPicture(usersList, inventory).exportFile(query(t, "q=bert"), v)), users},
		{header(testPicture(usersList, inventory).exportFile(query(t, "q=emil"), v)), users},
		{header(testPicture(usersList, inventory).exportFile(query(t, "q=dora"), v)), users + numbered(3)},
		{header(testPicture(keysList, inventory).exportFile(listQuery{}, v)), keys},
	} {
		if c.got != c.want {
			t.Errorf("got\n%s\nwant\n%s", c.got, c.want)
		}
	}
}

// hostileInventory has text in every place where a person or a server can write.
func hostileInventory(text string) *iamsvc.Inventory {
	inventory := testInventory()
	for i := range inventory.Users {
		u := &inventory.Users[i]
		u.Name, u.ID, u.Path, u.ARN = text+strconv.Itoa(i), text, text, text
		u.Groups = []string{text, text}
		for k := range u.Keys {
			key := &u.Keys[k]
			key.ID, key.Status, key.Description = text, iamsvc.KeyStatus(text), text
			key.LastUsed.Service, key.LastUsed.Region = text, text
		}
	}
	return inventory
}

// ownColumns have values of Keydesk's own only.
func ownColumn(name string) bool {
	return strings.HasSuffix(name, "_known") || strings.HasSuffix(name, "as_of") || strings.HasSuffix(name, "age_days") ||
		strings.HasSuffix(name, "created") || strings.HasSuffix(name, "last_used") || strings.HasPrefix(name, "read_") ||
		strings.Contains(" account complete users users_read root_active_access_keys mfa mfa_type console_access quarantined signing_certificates access_key_count last_activity ", " "+name+" ")
}

// runs reports whether a spreadsheet may take the text for a formula.
func runs(text string) bool {
	text = strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == '"' })
	return text != "" && strings.ContainsAny(text[:1], "=+-@")
}

// FuzzListExport: whatever people and servers write, both forms give it back,
// nothing in a spreadsheet runs, and what is Keydesk's own stays as it is.
func FuzzListExport(f *testing.F) {
	for _, s := range []string{"", "-", "=cmd|' /C calc'!A0", "+1", "@SUM(A1)", `a"b",c`, "two\r\nlines", "<script>", "a;=1+1", "\t=1", "'x", "\xff", "\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		inventory := hostileInventory(text)
		users, d := exported(t, testPicture(usersList, inventory), listQuery{})
		keys, k := exported(t, testPicture(keysList, inventory), listQuery{})
		checkHostileCells(t, text, append(users, keys...))
		valid := string([]rune(text)) // as JSON writes it: one sign for each byte that is no text
		for i, row := range d.Rows {
			if got := row["user_name"]; got != valid+strconv.Itoa(i) || row["arn"] != valid {
				t.Errorf("JSON: %q became %q, %q", text, got, row["arn"])
			}
		}
		for _, row := range k.Rows {
			if row["description"] != valid {
				t.Errorf("JSON: %q became %q", text, row["description"])
			}
		}
	})
}

func checkHostileCells(t *testing.T, text string, lines table) {
	t.Helper()
	for _, line := range lines {
		for name, cell := range line {
			if ownColumn(name) {
				if strings.HasPrefix(cell, "'") || cell == "-" {
					t.Errorf("%s is %q", name, cell)
				}
				continue
			}
			for _, part := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(";\t\r\n", r) }) {
				if runs(part) {
					t.Errorf("%s: %q became %q, of which %q runs", name, text, cell, part)
				}
			}
			if !strings.ContainsAny(text, "=+-@\t\r\n＝＋－＠") && strings.Contains(cell, "'") && !strings.Contains(text, "'") {
				t.Errorf("%s: %q became %q without need", name, text, cell)
			}
		}
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestExportThatBreaksOff(t *testing.T) {
	t.Parallel()
	p := testPicture(usersList, testInventory())
	f := p.exportFile(listQuery{}, listView{now: testNow, inventory: p.inventory})
	if err := f.writeCSV(csvfile.NewWriter(brokenWriter{})); !errors.Is(err, errBroken) {
		t.Errorf("CSV: %v", err)
	}
	if err := f.writeJSON(brokenWriter{}); !errors.Is(err, errBroken) {
		t.Errorf("JSON: %v", err)
	}
}

// A list of keys has no row that could say what is missing.
func TestNameOfAPartialFile(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	for read, want := range map[int]string{6: "iam-users_123456789012_2026-11-22_partial", 7: "iam-users_123456789012_2026-11-22"} {
		inventory.KeysRead = read
		if got := testPicture(usersList, inventory).fileName(listQuery{}, testNow); got != want {
			t.Errorf("%d of 7 read: %s", read, got)
		}
	}
	inventory.KeysRead = 7
	if got := testPicture(keysList, inventory).fileName(listQuery{Used: "never"}, testNow); !strings.HasSuffix(got, "_partial") {
		t.Errorf("a key whose last use is not known is missing in %s", got)
	}
}
