package handlers

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"keydesk/iamsvc"
)

func exported[T any](t *testing.T, p *picture[T], q listQuery) (table [][]string, objects []map[string]string) {
	t.Helper()
	v := listView{now: testNow, account: p.account, inventory: p.inventory}
	var sheet, array bytes.Buffer
	if err := errors.Join(writeCSV(&sheet, p.records(q, v)), writeJSON(&array, p.records(q, v))); err != nil {
		t.Fatal(err)
	}
	table, err := csv.NewReader(&sheet).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(array.Bytes(), &objects); err != nil {
		t.Fatalf("%v in %s", err, array.String())
	}
	if len(objects) != len(table)-1 {
		t.Errorf("%d objects, %d lines", len(objects), len(table)-1)
	}
	return table, objects
}

func TestExportedUsers(t *testing.T) {
	t.Parallel()
	table, objects := exported(t, testPicture(usersList, testInventory()), query(t, "sort=-name&page=3"))
	if len(table) != 8 || len(table[0]) != 5+len(userColumns) {
		t.Fatalf("%d lines of %d cells", len(table), len(table[0]))
	}
	for i, want := range []struct{ column, value string }{
		{"As of", "2026-11-22T11:58:00Z"}, {"Last used as of", "2026-11-22T11:00:00Z"}, {"Users read", "6 of 7"}, {"Reading", "Complete"},
		{"User name", "adam"}, {"Groups", "Developers; ops"}, {"Last activity", "2026-11-21T12:00:00Z"},
		{"Access key ID", "Active - AKIAAAAAAAAAAAAA0001"}, {"Active key age", "12 days"}, {"Console access", "Disabled"},
	} {
		if got := objects[6][want.column]; got != want.value {
			t.Errorf("%d: %s of adam is %q, want %q", i, want.column, got, want.value)
		}
	}
	if dora := objects[3]; dora["User name"] != "dora" || dora["Notes"] != "Quarantined by AWS" || objects[6]["Notes"] != "-" {
		t.Errorf("notes of dora: %v", dora)
	}
	gina := objects[0]
	if gina["User name"] != "gina" || gina["Reading"] != "Could not be read: IAM is throttling requests" || gina["Access key ID"] != "Could not be read" {
		t.Errorf("a user that could not be read: %v", gina)
	}
	for _, line := range table {
		for i, cell := range line {
			if cell == "" {
				t.Errorf("%s of %s is empty", table[0][i], line[4])
			}
		}
	}
}

func TestExportedKeys(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	u := &inventory.Users[0]
	u.Keys[0].ID, u.KeysErr = "", iamsvc.ErrNotReadYet
	_, objects := exported(t, testPicture(keysList, inventory), query(t, "keys=active&q=a&sort=name"))
	if len(objects) != 4 { // adam's, carla's two and dora's; bert has no a
		t.Fatalf("%d keys: %v", len(objects), objects)
	}
	if o := objects[0]; o["Access key ID"] != "Not read yet" || o["Reading"] != "Not read yet" || o["Status"] != "Active" || o["Last used"] != "2026-11-21T12:00:00Z" {
		t.Errorf("a key without an ID: %v", o)
	}
	if o := objects[1]; o["Access key ID"] != "AKIAAAAAAAAAAAAA0004" || o["Last used"] != "Never" {
		t.Errorf("%v", o)
	}
	_, none := exported(t, testPicture(keysList, inventory), query(t, "q=nobody"))
	if len(none) != 0 {
		t.Errorf("nobody has %v", none)
	}
}

// Names and descriptions are other people's: the file keeps its shape, and no
// cell is a formula.
func TestExportOfHostileNames(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	hostile := []string{"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "a\"b\",c", "two\r\nlines", "<script>"}
	for i, name := range hostile {
		inventory.Users[i].Name = name
	}
	table, objects := exported(t, testPicture(usersList, inventory), listQuery{})
	for i, name := range hostile {
		if got := objects[i]["User name"]; got != name {
			t.Errorf("JSON: %q became %q", name, got)
		}
		cell := table[i+1][4]
		if strings.ContainsAny(name[:1], "=+-@") {
			name = "'" + name
		}
		if cell != strings.ReplaceAll(name, "\r\n", "\n") { // as the reader gives it back
			t.Errorf("CSV: %q became %q", hostile[i], cell)
		}
	}
	for _, cell := range table[1] {
		if strings.IndexAny(cell, "=+@") == 0 {
			t.Errorf("the cell %q is a formula", cell)
		}
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestExportThatBreaksOff(t *testing.T) {
	t.Parallel()
	p := testPicture(usersList, testInventory())
	rows := p.records(listQuery{}, listView{now: testNow, inventory: p.inventory})
	if err := writeCSV(brokenWriter{}, rows); !errors.Is(err, errBroken) {
		t.Errorf("CSV: %v", err)
	}
	if err := writeJSON(brokenWriter{}, rows); !errors.Is(err, errBroken) {
		t.Errorf("JSON: %v", err)
	}
}

// A list of keys has no row that could say what is missing.
func TestNameOfAPartialFile(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	for read, want := range map[int]string{6: "iam-users_123456789012_2026-11-22_partial", 7: "iam-users_123456789012_2026-11-22"} {
		inventory.KeysRead = read
		if got := testPicture(usersList, inventory).fileName(testNow); got != want {
			t.Errorf("%d of 7 read: %s", read, got)
		}
	}
}
