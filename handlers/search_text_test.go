package handlers_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"keydesk/iamsvc/paste"
)

// sendForm posts the search form as browsers do: what is typed, and a file.
func (b *browser) sendForm(path, text string, file []byte) page {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	w, err := form.CreateFormField("q")
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err == nil {
		w, err = form.CreateFormFile("file", "log")
	}
	if err == nil {
		_, err = w.Write(file)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, b.site.Server.URL+path, &body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(r)
}

// TestSearchTakesLongTextsAndFiles: nothing is cut without a word, and a text
// that is too long is searched as far as it goes.
func TestSearchTakesLongTextsAndFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	helen := s.signedIn("helen")
	line := strings.Repeat("2026-11-28T00:00:00Z GET /healthz 200\n", 10_000)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprintf(z, `%s{"accessKeyId":"%s"}`, line, exampleKey)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	wide := []byte{0xff, 0xfe}
	for _, c := range []byte("denied for " + exampleKey) {
		wide = append(wide, c, 0)
	}
	for name, c := range map[string]struct {
		text string
		file []byte
	}{
		"a long text":             {line + exampleKey, nil},
		"a file":                  {"", []byte(line + exampleKey)},
		"a packed file":           {"", packed.Bytes()},
		"a file of Windows":       {"", wide},
		"a text beside a file":    {exampleKey, []byte(line)},
		"a file that only claims": {"", []byte("\x1f\x8b " + exampleKey)},
	} {
		t.Run(name, func(t *testing.T) {
			p := helen.sendForm("/search", c.text, c.file).wantStatus(t, http.StatusOK).wantText(t, "Owner found", s.owner(exampleKey).Name)
			if strings.Contains(p.Body, "Only a part of the text") {
				t.Error("a text that was searched whole is said to be cut")
			}
		})
	}
	filler := strings.Repeat("x y ", paste.MaxBytes/4)
	helen.sendForm("/search", exampleKey+" "+filler, nil).wantStatus(t, http.StatusOK).
		wantText(t, "Owner found", "The text was cut at 8,388,608 characters: what follows was not searched.")
	helen.sendForm("/search", "", append([]byte(filler), exampleKey...)).wantStatus(t, http.StatusOK).wantText(t, "The text was cut at")
	helen.sendForm("/search", " ", nil).wantStatus(t, http.StatusUnprocessableEntity)
}

// TestSearchFileOfSeveralKeys: the file has what the page has, and asks by a form.
func TestSearchFileOfSeveralKeys(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	helen := s.signedIn("helen")
	p := helen.search(exampleKey + "\n" + foreignKey + " ****MPLE AKIA****ZZZZ\narn:aws:iam::" + s.Account.ID() + ":user/li.juan")
	form, ok := p.form(t, "/search.csv")
	if !ok {
		t.Fatalf("no file is offered\n%s", mainOf(p.Body))
	}
	before := calls(s.Local.Calls())
	file := helen.post("/search.csv", form).wantStatus(t, http.StatusOK)
	if n := calls(s.Local.Calls()) - before; n != 0 {
		t.Errorf("%d calls", n)
	}
	if got := file.Header.Get("Content-Disposition"); !strings.Contains(got, `filename="look-up_`+s.Account.ID()) {
		t.Errorf("the file is %s", got)
	}
	rows, err := csv.NewReader(strings.NewReader(file.Body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{}
	for _, row := range rows[1:] {
		answers[row[0]] = row[2] + " " + row[3] + " " + row[4]
	}
	for asked, want := range map[string]string{
		foreignKey: "not_found  ", "AKIA****ZZZZ": "not_found  ", exampleKey: "found " + exampleKey + " " + s.owner(exampleKey).Name, "li.juan": "found  li.juan",
	} {
		if answers[asked] != want {
			t.Errorf("%s is %q, want %q", asked, answers[asked], want)
		}
	}
	if rows[1][2] != "not_found" || rows[2][2] != "not_found" {
		t.Errorf("what was not found does not come first: %q", rows)
	}
}

// TestSearchOffersWhatWasMeant: one wrong, missing, added or swapped character.
func TestSearchOffersWhatWasMeant(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, name := range []string{"admin", "helen"} {
		b := s.signedIn(name)
		for _, text := range []string{"AKIAIOSFODNN7EXAMPLF", "AKIAIOSFODNN7EXMAPLE", "AKIAIOSFODN7EXAMPLE", "AKIAIOSFODNNN7EXAMPLE", "AKLAIOSFODNN7EXAMPLE",
			"AKIAIOSFODNN7EXAMPLF and " + foreignKey} {
			p := b.search(text).wantText(t, "Did you mean", ">"+exampleKey+"</a>", "of "+s.owner(exampleKey).Name)
			if strings.Contains(p.URL.String(), "AKIA") {
				t.Errorf("the ID is in %s", p.URL)
			}
		}
		for _, text := range []string{"li.jaun", "li.jan", "li.juann", "arn:aws:iam::" + s.Account.ID() + ":user/li.jaun"} {
			b.search(text).wantText(t, "Did you mean", "/users/li.juan\">li.juan</a>")
		}
		if p := b.search(exampleKey); strings.Contains(p.Body, "Did you mean") {
			t.Error("a key that is known has others suggested")
		}
	}
}

func mainOf(body string) string {
	_, rest, _ := strings.Cut(body, "<main")
	main, _, _ := strings.Cut(rest, "</main>")
	return main
}
