package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// RoleMap says which role the members of an identity provider's group have.
type RoleMap map[string]Role

// ParseRoleMap reads "group=role,group=role". A group's name may hold "=" but no
// comma. The error names every part that is wrong.
func ParseRoleMap(text string) (RoleMap, error) {
	m := RoleMap{}
	var faults []error
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		at := strings.LastIndexByte(part, '=')
		if at <= 0 || !slices.Contains(Roles(), Role(part[at+1:])) {
			faults = append(faults, fmt.Errorf("%q is not group=role with one of the roles %v", part, Roles()))
			continue
		}
		if _, twice := m[part[:at]]; twice {
			faults = append(faults, fmt.Errorf("group %q has two roles", part[:at]))
		}
		m[part[:at]] = Role(part[at+1:])
	}
	return m, errors.Join(faults...)
}

// Role is the most powerful role of the groups; false when none of them has one.
// Names are compared byte by byte: to many providers "Admins" and "admins" are two
// groups.
func (m RoleMap) Role(groups []string) (Role, bool) {
	for _, role := range Roles() {
		for _, g := range groups {
			if m[g] == role {
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
		if _, ok := m[g]; ok {
			list = append(list, g)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
