// Package auth says who a person is and what they may do: users, roles, the one
// permission table, local accounts with their passwords and verification codes,
// sign-in at an identity provider, and the link that makes the first
// administrator. It owns the tables local_accounts, verification_codes,
// federated_accounts, logout_tokens and sign_in_attempts; it must not know our
// HTTP, sessions or IAM.
package auth

import "slices"

// Role is a set of permissions with a name; a user has exactly one.
type Role string

// The roles. The values are stored and journalled: never change them.
const (
	RoleAdministrator Role = "administrator"
	RoleHelpDesk      Role = "help-desk"
	RoleAuditor       Role = "auditor"
)

// Roles lists every role, the most powerful first.
func Roles() []Role { return []Role{RoleAdministrator, RoleHelpDesk, RoleAuditor} }

// Label is the role's name for people.
func (r Role) Label() string {
	switch r {
	case RoleAdministrator:
		return "Administrator"
	case RoleHelpDesk:
		return "Help desk"
	case RoleAuditor:
		return "Auditor"
	}
	return "Unknown role"
}

// Permission is one thing a person may do. Routes name one; pages ask for the
// same one to decide what to draw.
type Permission string

// The permissions. Permissions describes them and says who has them.
const (
	LookUpAccessKeys         Permission = "LookUpAccessKeys"
	ViewUsers                Permission = "ViewUsers"
	ViewCredentialReport     Permission = "ViewCredentialReport"
	GenerateCredentialReport Permission = "GenerateCredentialReport"
	ViewOwnCredentials       Permission = "ViewOwnCredentials"
	ViewAuditLog             Permission = "ViewAuditLog"
	UsePreferences           Permission = "UsePreferences"
	CreateAccessKeys         Permission = "CreateAccessKeys"
	UpdateAccessKeys         Permission = "UpdateAccessKeys"
	DeleteAccessKeys         Permission = "DeleteAccessKeys"
	DescribeAccessKeys       Permission = "DescribeAccessKeys"
	CreateUsers              Permission = "CreateUsers"
	ManageOwnCredentials     Permission = "ManageOwnCredentials"
	ManageLocalAccounts      Permission = "ManageLocalAccounts"
)

// Grant describes a permission and names the roles that hold it.
type Grant struct {
	Permission  Permission
	Description string
	Roles       []Role
}

var (
	everyone = []Role{RoleAdministrator, RoleHelpDesk, RoleAuditor}
	auditing = []Role{RoleAdministrator, RoleAuditor}
	changing = []Role{RoleAdministrator}
)

// grants is the only place that says which role may do what. What is not in it
// is refused.
var grants = []Grant{
	{LookUpAccessKeys, "Find out which user an access key belongs to", everyone},
	{ViewUsers, "See IAM users, their access keys and other credentials", everyone},
	{ViewCredentialReport, "See and download the credential report", everyone},
	{UsePreferences, "Keep own display settings and see own sessions", everyone},
	{ViewOwnCredentials, "See the credentials Keydesk itself runs with", auditing},
	{ViewAuditLog, "Read and export the audit log", auditing},
	{GenerateCredentialReport, "Have IAM generate a new credential report", changing},
	{CreateAccessKeys, "Create access keys", changing},
	{UpdateAccessKeys, "Activate and deactivate access keys", changing},
	{DeleteAccessKeys, "Delete inactive access keys", changing},
	{DescribeAccessKeys, "Edit the descriptions of access keys", changing},
	{CreateUsers, "Create IAM users", changing},
	{ManageOwnCredentials, "Change the credentials Keydesk itself runs with", changing},
	{ManageLocalAccounts, "Manage the people who sign in to Keydesk, and their sessions", changing},
}

// Permissions returns the permission table, for pages and documentation.
func Permissions() []Grant {
	table := make([]Grant, len(grants))
	for i, g := range grants {
		g.Roles = slices.Clone(g.Roles)
		table[i] = g
	}
	return table
}

// Can reports whether the role holds p. Unknown roles and permissions hold and
// grant nothing.
func (r Role) Can(p Permission) bool {
	for _, g := range grants {
		if g.Permission == p {
			return slices.Contains(g.Roles, r)
		}
	}
	return false
}

// Description says what the permission allows, as the end of "you may ...".
func (p Permission) Description() string {
	for _, g := range grants {
		if g.Permission == p {
			return g.Description
		}
	}
	return string(p)
}
