package web

import (
	"encoding/json"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// allowed is who may import whom (docs/architecture.md): the paths below the
// module. A trailing /... stands for all sub-packages.
var allowed = map[string][]string{
	"":                    {"web", "web/...", "iamsvc"},
	"web":                 {"handlers", "views", "static", "web/...", "iamsvc", "iamsvc/paste"},
	"handlers":            {"iamsvc", "iamsvc/paste", "iamsvc/textindex", "views", "web/auth", "web/session", "web/audit", "web/csvfile", "web/db"},
	"views":               {"static"},
	"web/audit":           {"web/csvfile", "web/db"},
	"web/csvfile":         {},
	"web/session":         {"web/db"},
	"web/auth":            {"web/db"},
	"web/auth/authtest":   {},
	"web/shelf":           {"web/db"},
	"web/db":              {},
	"web/db/dbtest":       {},
	"web/config":          {},
	"web/connect":         {"web", "web/config", "iamsvc", "iamsvc/localaccount"},
	"web/e2e":             {},
	"static":              {},
	"iamsvc":              {"iamsvc/pace", "iamsvc/paste"},
	"iamsvc/pace":         {},
	"iamsvc/paste":        {},
	"iamsvc/textindex":    {},
	"iamsvc/localaccount": {},
	"iamsvc/iamtest":      {},
	"iamsvc/bench":        {"iamsvc", "iamsvc/localaccount"},
}

// notThere lists what a package must not reach outside the module either.
var notThere = map[string]string{
	"iamsvc/localaccount": "net/http/httptest",
	"views":               "github.com/aws/",
	"handlers":            "github.com/aws/",
	"web/db":              "net/http",
	"web/auth":            "net/http",
	"web/audit":           "net/http",
	"web/csvfile":         "net/http",
}

func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles", "keydesk/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for decoder.More() {
		var p struct {
			ImportPath       string
			Imports, GoFiles []string
		}
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		seen++
		checkImports(t, p.ImportPath, p.Imports)
		if p.ImportPath == "keydesk" && !slices.Equal(p.GoFiles, []string{"main.go"}) {
			t.Errorf("beside main.go at the top: %v", p.GoFiles)
		}
	}
	if seen < len(allowed)-1 {
		t.Errorf("saw %d packages, the table has %d", seen, len(allowed))
	}
}

func checkImports(t *testing.T, importer string, imports []string) {
	t.Helper()
	name := strings.TrimPrefix(strings.TrimPrefix(importer, "keydesk"), "/")
	may, known := allowed[name]
	if !known {
		t.Errorf("package %s has no place in the house: see docs/architecture.md", importer)
	}
	for _, i := range imports {
		if banned := notThere[name]; banned != "" && strings.HasPrefix(i, banned) {
			t.Errorf("%s must not import %s", importer, i)
		}
		rest, ours := strings.CutPrefix(i, "keydesk/")
		if ours && !slices.Contains(may, rest) && !slices.Contains(may, path.Dir(rest)+"/...") {
			t.Errorf("%s must not import %s", importer, i)
		}
	}
}
