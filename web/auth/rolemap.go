package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// RoleMap says which role the members of an identity provider's group have. Its names
// have no slash at their beginning; see groupName.
type RoleMap map[string]Role

// groupName is a group without the slash that Keycloak puts before it, as the root of
// the path of its group: operators write it with and without.
func groupName(group string) string { return strings.TrimPrefix(group, "/") }

// ParseRoleMap reads "group=role,group=role". A group's name may hold "=" but no
// comma. The error names every part that is wrong.
func ParseRoleMap(text string) (RoleMap, error) {
	m := RoleMap{}
	var faults []error
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		at := strings.LastIndexByte(part, '=')
		if at <= 0 || groupName(part[:at]) == "" || !slices.Contains(Roles(), Role(part[at+1:])) {
			faults = append(faults, fmt.Errorf("%q is not group=role with one of the roles %v", part, Roles()))
			continue
		}
		name := groupName(part[:at])
		if _, twice := m[name]; twice {
			faults = append(faults, fmt.Errorf("group %q has two roles", name))
		}
		m[name] = Role(part[at+1:])
	}
	return m, errors.Join(faults...)
}

// Role is the most powerful role of the groups; false when none of them has one.
// Names are compared byte by byte: to many providers "Admins" and "admins" are two
// groups.
func (m RoleMap) Role(groups []string) (Role, bool) {
	for _, role := range Roles() {
		for _, g := range groups {
			if m[groupName(g)] == role {
				return role, true
			}
		}
	}
	return "", false
}

// known returns the groups that have a role, sorted.
func (m RoleMap) known(groups []string) []string {
	list := []string{}
	for _, g := range groups {
		if _, ok := m[groupName(g)]; ok {
			list = append(list, g)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
