package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := NewWriter(&out)
	w.ByteOrderMark()
	for _, line := range [][]Cell{
		{Plain("name"), Plain("age_days"), Plain("at")},
		{Untrusted("=cmd|' /C calc'!A0"), Plain("-1"), Plain("")},
		{Untrusted("a;b"), Untrusted("a\tb"), Untrusted(`say "hi", ok`)},
		{Untrusted("two\r\nlines"), Untrusted(" x "), Untrusted(`\.`)},
		{Untrusted("x;=1+1"), Untrusted("x\n \"@SUM(A1)"), Untrusted("a-b=c+d@e")},
		{Untrusted("\t"), Untrusted("  ＝1"), Untrusted("\ufeff=1")},
	} {
		if err := w.Write(line...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "\ufeffname,age_days,at\r\n" +
		"'=cmd|' /C calc'!A0,-1,\r\n" +
		"\"a;b\",\"a\tb\",\"say \"\"hi\"\", ok\"\r\n" +
		"\"two\r\nlines\",\" x \",\"\\.\"\r\n" +
		"\"x;'=1+1\",\"x\n \"\"'@SUM(A1)\",a-b=c+d@e\r\n" +
		"\"'\t\",\"  '＝1\",\ufeff'=1\r\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestFlushReportsErrors(t *testing.T) {
	t.Parallel()
	w := NewWriter(brokenWriter{})
	_ = w.Write(Plain("a"))
	if err := w.Flush(); !errors.Is(err, errBroken) {
		t.Errorf("error is %v", err)
	}
}

// runs reports whether a spreadsheet would take the cell for a formula.
func runs(cell string) bool {
	cell = strings.TrimLeftFunc(cell, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("\"\u200b\ufeff", r)
	})
	first, _ := utf8.DecodeRuneInString(cell)
	return cell != "" && strings.ContainsRune("=+-@＝＋－＠", first)
}

// FuzzWriter: whatever somebody has written, the file keeps its shape, gives
// back the text, and no part of it that any spreadsheet may take for a cell is
// a formula.
func FuzzWriter(f *testing.F) {
	for _, s := range []string{
		"", "=1+1", "+1", "-1", "-", "@SUM(A1)", "\t=1", "\r\n=1", "\n=1", `"`, `",=1`, "＝1", "'=1", " =1", "a,b\nc",
		"\xff", "\\.", "a;=1;", "a\t-1", ";;=1", "a\r=1", "\u00a0=1", "a;\";=1", "\x00=1", "\ufeff", "\u2028=1",
	} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		var out bytes.Buffer
		w := NewWriter(&out)
		for range 2 {
			_ = w.Write(Untrusted(one), Plain("2026-11-22T12:00:00Z"), Untrusted(two), Plain(""), Plain("-5"))
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(records) != 2 {
			t.Fatalf("%q %q: %d records, %v", one, two, len(records), err)
		}
		for _, r := range records {
			if len(r) != 5 || r[1] != "2026-11-22T12:00:00Z" || r[3] != "" || r[4] != "-5" {
				t.Fatalf("%q %q: %q", one, two, r)
			}
			for i, typed := range map[int]string{0: one, 2: two} {
				checkTyped(t, typed, r[i])
			}
		}
	})
}

func checkTyped(t *testing.T, typed, cell string) {
	t.Helper()
	for _, part := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(";\t\r\n", r) }) {
		if runs(part) {
			t.Errorf("%q: the cell %q runs %q", typed, cell, part)
		}
	}
	want := strings.ReplaceAll(strings.ToValidUTF8(typed, "\ufffd"), "\r\n", "\n") // as the reader gives it back
	if strings.ReplaceAll(cell, "'", "") != strings.ReplaceAll(want, "'", "") {
		t.Errorf("%q became %q", typed, cell)
	}
	if !strings.ContainsAny(typed, "=+-@＝＋－＠") && strings.TrimLeft(typed, "\t\r\n") == typed && cell != want {
		t.Errorf("%q became %q without need", typed, cell)
	}
}
