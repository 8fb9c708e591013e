package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName    = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`")
	requirement = regexp.MustCompile(`^(none|v5\.0\.0-\d+\.\d+\.\d+(, v5\.0\.0-\d+\.\d+\.\d+)*)$`)
)

// A rule whose test was renamed or taken away has none.
func TestSecurityRulesNameTheirTests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	tables, rest, _ := strings.Cut(string(text), "\n## Not there")
	rules := 0
	for row := range strings.Lines(tables) {
		cells := strings.Split(strings.Trim(row, "| \n"), " | ")
		if len(cells) != 3 || cells[1] == "tests" {
			continue
		}
		rules++
		if !testName.MatchString(cells[1]) {
			t.Errorf("%s: no test", cells[0])
		}
		if !requirement.MatchString(cells[2]) {
			t.Errorf("%s: %q is no requirement of ASVS 5.0.0", cells[0], cells[2])
		}
		for part := range strings.SplitSeq(cells[1], "; ") {
			folder, names, _ := strings.Cut(part, ": ")
			wantTests(t, cells[0], testsIn(t, folder), names)
		}
	}
	if rules < 50 {
		t.Errorf("%d rules were found", rules)
	}
	wantTests(t, "the text below the tables", testsIn(t, "web")+testsIn(t, "handlers"), rest)
}

func wantTests(t *testing.T, rule, source, names string) {
	t.Helper()
	for _, name := range testName.FindAllStringSubmatch(names, -1) {
		if !strings.Contains(source, "\nfunc "+name[1]+"(") {
			t.Errorf("%s: there is no %s", rule, name[1])
		}
	}
}

// testsIn is the text of a package's tests.
func testsIn(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob("../" + folder + "/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("tests of %s: %v %v", folder, files, err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
