package auth

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestIdentity(t *testing.T) {
	t.Parallel()
	seconds := func(d time.Duration) float64 { return float64(noon.Add(d).Unix()) }
	for name, test := range map[string]struct {
		claims map[string]any
		want   Identity
	}{
		"all": {map[string]any{"iss": "https://i", "sub": "s", "sid": "x", "preferred_username": "ann", "email": "a@b", "groups": []any{"a", "b"}, "auth_time": seconds(-time.Minute)},
			Identity{Issuer: "https://i", Subject: "s", SessionID: "x", Name: "ann", Groups: []string{"a", "b"}, AuthTime: noon.Add(-time.Minute)}},
		"mail":          {map[string]any{"sub": "s", "email": "a@b", "name": "Ann"}, Identity{Subject: "s", Name: "a@b"}},
		"only subject":  {map[string]any{"sub": "s"}, Identity{Subject: "s", Name: "s"}},
		"nothing":       {nil, Identity{Name: "unnamed"}},
		"one group":     {map[string]any{"sub": "s", "groups": "a"}, Identity{Subject: "s", Name: "s", Groups: []string{"a"}}},
		"odd groups":    {map[string]any{"sub": "s", "groups": []any{1.0, nil, "a", []any{"b"}}}, Identity{Subject: "s", Name: "s", Groups: []string{"a"}}},
		"no groups":     {map[string]any{"sub": "s", "groups": map[string]any{"a": true}}, Identity{Subject: "s", Name: "s"}},
		"hostile name":  {map[string]any{"sub": "s", "name": "an\nn\u202e\x00 "}, Identity{Subject: "s", Name: "ann"}},
		"auth_time 0":   {map[string]any{"sub": "s", "auth_time": 0.0}, Identity{Subject: "s", Name: "s"}},
		"no auth_time":  {map[string]any{"sub": "s", "auth_time": nil}, Identity{Subject: "s", Name: "s"}},
		"text":          {map[string]any{"sub": "s", "auth_time": "1767355200"}, Identity{Subject: "s", Name: "s"}},
		"a little late": {map[string]any{"sub": "s", "auth_time": seconds(time.Minute)}, Identity{Subject: "s", Name: "s", AuthTime: noon}},
		"to come":       {map[string]any{"sub": "s", "auth_time": seconds(time.Hour)}, Identity{Subject: "s", Name: "s"}},
	} {
		got := identity(test.claims, nil, "groups", noon)
		if !slices.Equal(got.Groups, test.want.Groups) {
			t.Errorf("%s: groups are %q, want %q", name, got.Groups, test.want.Groups)
		}
		got.Groups, test.want.Groups = nil, nil
		if got.Issuer != test.want.Issuer || got.Subject != test.want.Subject || got.Name != test.want.Name ||
			got.SessionID != test.want.SessionID || !got.AuthTime.Equal(test.want.AuthTime) {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

func TestClaimAt(t *testing.T) {
	t.Parallel()
	claims := map[string]any{
		"groups": "top", "a.b": "whole name", "a": map[string]any{"b": "path", "c.d": map[string]any{"e": "deep"}, "n": nil},
		"https://x.example/a": map[string]any{"roles": "url"}, "list": []any{"x"},
	}
	for path, want := range map[string]any{
		"groups": "top", "a.b": "whole name", "a.c.d.e": "deep", "https://x.example/a.roles": "url",
		"a.x": nil, "a.n": nil, "x": nil, "": nil, ".": nil, "a.": nil, ".a": nil, "groups.x": nil, "list.0": nil,
	} {
		if got := claimAt(claims, path); got != want {
			t.Errorf("%q: %v, want %v", path, got, want)
		}
	}
}

// The user info is not signed: it adds groups and a name, and nothing that the token says.
func TestUserInfoAddsOnlyGroupsAndNames(t *testing.T) {
	t.Parallel()
	info := map[string]any{"iss": "https://evil", "sub": "eve", "sid": "x", "auth_time": float64(noon.Unix()), "groups": []any{"a"}, "email": "s@i"}
	who := identity(map[string]any{"iss": "https://i", "sub": "s"}, info, "groups", noon)
	if who.Issuer != "https://i" || who.Subject != "s" || who.SessionID != "" || !who.AuthTime.IsZero() ||
		who.Name != "s@i" || !slices.Equal(who.Groups, []string{"a"}) {
		t.Errorf("%+v", who)
	}
	who = identity(map[string]any{"sub": "s", "name": "Ann", "groups": []any{}}, info, "groups", noon)
	if len(who.Groups) != 0 || who.GroupsFault != "" {
		t.Errorf("the token says that there are none: %+v", who)
	}
}

func TestRoleMap(t *testing.T) {
	t.Parallel()
	m, err := ParseRoleMap("admins=administrator, /help=help-desk,cn=audit=auditor,/parent/child=auditor")
	if err != nil {
		t.Fatal(err)
	}
	for groups, want := range map[string]Role{
		"admins": RoleAdministrator, "help": RoleHelpDesk, "cn=audit": RoleAuditor,
		"help,admins": RoleAdministrator, "cn=audit,help": RoleHelpDesk, "x,y,cn=audit": RoleAuditor,
		"/admins": RoleAdministrator, "/help": RoleHelpDesk, "//admins": "", "/x/admins": "", "x/admins": "", "parent/child": RoleAuditor, "/parent/child": RoleAuditor,
		"/": "", "": "", "Admins": "", "admins ": "", "administrator": "",
	} {
		role, ok := m.Role(strings.Split(groups, ","))
		if role != want || ok != (want != "") {
			t.Errorf("%q: role %q %v, want %q", groups, role, ok, want)
		}
	}
	for _, bad := range []string{"", "admins", "=auditor", "a=root", "a=", "a=auditor,a=help-desk", "/a=auditor,a=help-desk", "/=auditor", "a=auditor,", "a=Auditor"} {
		if _, err := ParseRoleMap(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if _, err := ParseRoleMap("a=root,b=king"); err == nil || !strings.Contains(err.Error(), "a=root") || !strings.Contains(err.Error(), "b=king") {
		t.Errorf("both faults should be named: %v", err)
	}
}

// FuzzIdentity: whatever a provider signs, nobody has a role without a group of the
// map, no time is fresh that is not, and the name fits on a line.
func FuzzIdentity(f *testing.F) {
	for _, seed := range []string{
		`{"sub":"s","groups":["a","admins"],"auth_time":1767355200}`, `{"groups":"admins"}`, `{"groups":{"admins":1},"name":"\u202e\n"}`,
		`{"auth_time":1e300,"preferred_username":""}`, `{"auth_time":-1}`, `{"groups":[["admins"]]}`, `[]`, `null`,
	} {
		f.Add(seed)
	}
	m := RoleMap{"admins": RoleAdministrator, "help": RoleHelpDesk}
	f.Fuzz(func(t *testing.T, text string) {
		claims := map[string]any{}
		if json.Unmarshal([]byte(text), &claims) != nil {
			return
		}
		who := identity(claims, nil, "groups", noon)
		role, ok := m.Role(who.Groups)
		named := slices.ContainsFunc(who.Groups, func(g string) bool {
			return slices.Contains([]string{"admins", "/admins", "help", "/help"}, g)
		})
		if ok != named || ok == (role == "") {
			t.Errorf("groups %q have role %q %v", who.Groups, role, ok)
		}
		if who.AuthTime.After(noon) {
			t.Errorf("signed in at %v, which is to come", who.AuthTime)
		}
		if who.Name == "" || utf8.RuneCountInString(who.Name) > maxName || strings.ContainsAny(who.Name, "\r\n\x00") || !utf8.ValidString(who.Name) {
			t.Errorf("name %q", who.Name)
		}
	})
}

func TestFresh(t *testing.T) {
	t.Parallel()
	for at, want := range map[time.Time]bool{
		noon: true, noon.Add(-FreshSignIn): true, noon.Add(-FreshSignIn - time.Second): false,
		{}: false, time.Unix(0, 0): false, noon.Add(30 * time.Second): true, noon.Add(time.Hour): false,
	} {
		if got := (User{SignedInAt: at}).Fresh(noon, FreshSignIn); got != want {
			t.Errorf("signed in at %v: fresh is %v", at, got)
		}
	}
}
