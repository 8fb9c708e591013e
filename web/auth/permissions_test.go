package auth

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// Written out by hand: a matrix computed from the table would agree with any table.
var matrix = map[Permission]string{
	LookUpAccessKeys:         "administrator help-desk auditor",
	ViewUsers:                "administrator help-desk auditor",
	ViewCredentialReport:     "administrator help-desk auditor",
	UsePreferences:           "administrator help-desk auditor",
	ViewOwnCredentials:       "administrator auditor",
	ViewAuditLog:             "administrator auditor",
	GenerateCredentialReport: "administrator",
	CreateAccessKeys:         "administrator",
	UpdateAccessKeys:         "administrator",
	DeleteAccessKeys:         "administrator",
	DescribeAccessKeys:       "administrator",
	CreateUsers:              "administrator",
	ManageOwnCredentials:     "administrator",
	ManageLocalAccounts:      "administrator",
}

func TestRolesAndPermissions(t *testing.T) {
	t.Parallel()
	for p, want := range matrix {
		got := ""
		for _, r := range Roles() {
			if (User{Role: r}).Can(p) {
				got += " " + string(r)
			}
		}
		if got != " "+want {
			t.Errorf("%s is held by%s, want %s", p, got, want)
		}
	}
}

func TestWhatIsUnknownIsRefused(t *testing.T) {
	t.Parallel()
	for p := range matrix {
		for _, r := range []Role{"", "Administrator", "root"} {
			if r.Can(p) {
				t.Errorf("role %q may %s", r, p)
			}
		}
	}
	for _, p := range []Permission{"", "createaccesskeys", "Everything"} {
		if RoleAdministrator.Can(p) {
			t.Errorf("an administrator may %q, which is no permission", p)
		}
	}
}

// A permission that is declared but not in the table would be refused to everybody,
// silently.
func TestEveryDeclaredPermissionIsInTheTable(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "permissions.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Permission" {
				value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				declared = append(declared, value)
			}
		}
		return true
	})
	var listed []string
	for _, g := range Permissions() {
		listed = append(listed, string(g.Permission))
		if g.Description == "" || g.Permission.Description() != g.Description {
			t.Errorf("%s is not described", g.Permission)
		}
	}
	slices.Sort(declared)
	slices.Sort(listed)
	if len(declared) == 0 || !slices.Equal(declared, listed) {
		t.Errorf("declared %v\nlisted %v", declared, listed)
	}
}

func TestPermissionsIsACopy(t *testing.T) {
	t.Parallel()
	for _, g := range Permissions() {
		for i := range g.Roles {
			g.Roles[i] = RoleHelpDesk
		}
	}
	if RoleHelpDesk.Can(CreateAccessKeys) {
		t.Error("a caller changed the permission table")
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	for role, want := range map[Role]string{
		RoleAdministrator: "Administrator", RoleHelpDesk: "Help desk", RoleAuditor: "Auditor", "x": "Unknown role",
	} {
		if got := role.Label(); got != want {
			t.Errorf("%s is labelled %q, want %q", role, got, want)
		}
	}
}

func TestUserInContext(t *testing.T) {
	t.Parallel()
	if _, ok := UserFrom(t.Context()); ok {
		t.Error("somebody is acting in an empty context")
	}
	want := User{ID: "1", Name: "ann", Role: RoleAuditor}
	if got, ok := UserFrom(WithUser(t.Context(), want)); !ok || got != want {
		t.Errorf("got %v %v, want %v", got, ok, want)
	}
}
