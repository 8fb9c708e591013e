package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"keydesk/web/csvfile"
	"keydesk/web/db/dbtest"
)

func sequence(list ...Event) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func TestWriteCSV(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	e := fullEvent()
	e.Seq, e.User, e.Reason = 7, "=cmd|' /C calc'!A0", `say "hi", ok`
	if err := WriteCSV(csvfile.NewWriter(&out), sequence(e)); err != nil {
		t.Fatal(err)
	}
	want := "seq,event_time,phase,attempt,actor_issuer,actor_subject,actor_name,actor_role,event_name,account,user_name," +
		"access_key_id,old_state,new_state,reason,outcome,error_code,request_id,aws_request_id,source_address,replica,version,hash,result\r\n" +
		"7,2026-02-03T04:05:06.000789Z,outcome,1,text 00 ü,text 01 ü,text 02 ü,text 03 ü,text 04 ü,text 05 ü,'=cmd|' /C calc'!A0," +
		"text 07 ü,text 08 ü,text 09 ü,\"say \"\"hi\"\", ok\",text 11 ü,text 12 ü,text 13 ü,text 14 ü,text 15 ü,text 16 ü,text 17 ü,,text 11 ü (text 12 ü)\r\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWriteJSONL(t *testing.T) {
	t.Parallel()
	d := newDesk(t, dbtest.SQLite(t))
	d.append(t, fullEvent())
	d.append(t, Event{Action: "SignIn", User: `=1+1 "x" </script> ü`})
	var out bytes.Buffer
	if err := WriteJSONL(&out, d.Each(t.Context(), Filter{})); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want 3", len(lines))
	}
	for i, line := range lines {
		var got struct {
			Seq       int64
			EventName string
			UserName  string
			Version   string
			Hash      string
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		want, err := d.Event(t.Context(), int64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		if got.Seq != want.Seq || got.EventName != want.Action || got.UserName != want.User || got.Version != want.Version || got.Hash != want.Hash {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestExportReportsErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	failing := func(yield func(Event, error) bool) {
		if yield(fullEvent(), nil) {
			yield(Event{}, broken)
		}
	}
	full := writer(func([]byte) (int, error) { return 0, broken })
	for what, err := range map[string]error{
		"CSV, reading":   WriteCSV(csvfile.NewWriter(&bytes.Buffer{}), failing),
		"JSONL, reading": WriteJSONL(&bytes.Buffer{}, failing),
		"CSV, writing":   WriteCSV(csvfile.NewWriter(full), sequence(fullEvent())),
		"JSONL, writing": WriteJSONL(full, sequence(fullEvent())),
	} {
		if !errors.Is(err, broken) {
			t.Errorf("%s: error is %v", what, err)
		}
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

// FuzzCSV: whatever a name holds, the file keeps its shape and no cell is a formula.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "\n=1", `"`, `",=1`, "＝1", "'=1", " =1", "a,b\nc", "\xff", "\\."} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		var out bytes.Buffer
		e := Event{User: one, Reason: two, Replica: two + one}
		if err := WriteCSV(csvfile.NewWriter(&out), sequence(e, e)); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(records) != 3 {
			t.Fatalf("%q %q: %d records, %v", one, two, len(records), err)
		}
		for _, r := range records {
			if len(r) != len(columnNames) {
				t.Fatalf("%q %q: %d cells", one, two, len(r))
			}
			for _, cell := range r {
				if first, _ := utf8.DecodeRuneInString(cell); strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) && cell != "" {
					t.Errorf("%q %q: the cell %q is a formula", one, two, cell)
				}
			}
		}
	})
}

// FuzzVisible: what is kept is short, valid and printable.
func FuzzVisible(f *testing.F) {
	for _, s := range []string{"", "plain", "a\nb", "\x00\x7f\u0085", "\u202eevil", "\u200b", "\xff\xfe", strings.Repeat("ü", 300), strings.Repeat("\n", 300), "😀\U000e0001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := visible(s, maxText)
		if len(got) > maxText || !utf8.ValidString(got) {
			t.Errorf("%q became %q", s, got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Errorf("%q became %q, which holds %U", s, got, r)
			}
		}
		if again := visible(got, maxText); again != got {
			t.Errorf("%q became %q, then %q", s, got, again)
		}
	})
}
