package localaccount

import (
	"crypto/rand"
	"net/http"
	"strings"
)

// usersPerAccount is IAM's quota (IAM User Guide, quotas).
const usersPerAccount = 5000

type permissionsBoundary struct {
	PermissionsBoundaryType string
	PermissionsBoundaryArn  string
}

// userReply is a user in a reply. Lists leave out tags and boundary, as AWS does.
type userReply struct {
	Path                string
	UserName            string
	UserId              string
	Arn                 string
	CreateDate          string
	PasswordLastUsed    string               `xml:",omitempty"`
	PermissionsBoundary *permissionsBoundary `xml:",omitempty"`
	Tags                *members[tag]        `xml:",omitempty"`
}

func (a *Account) userSummary(u *user) userReply {
	reply := userReply{Path: u.Path, UserName: u.Name, UserId: u.ID, Arn: a.arn(u.resource()), CreateDate: stamp(u.Created)}
	if u.Password != nil {
		reply.PasswordLastUsed = stamp(u.Password.LastUsed)
	}
	return reply
}

func (a *Account) userInFull(u *user) userReply {
	reply := a.userSummary(u)
	reply.PermissionsBoundary = u.boundary()
	if len(u.Tags) > 0 {
		reply.Tags = &members[tag]{u.Tags}
	}
	return reply
}

func (u *user) boundary() *permissionsBoundary {
	if u.Boundary == "" {
		return nil
	}
	return &permissionsBoundary{"Policy", u.Boundary}
}

type userResult struct{ User userReply }

func createUser(c *call) (any, error) {
	u, err := c.newUser()
	if err != nil {
		return nil, err
	}
	err = c.store.create(u, c.write(), func(users roster) error {
		if users.find(u.Name) != nil {
			return fault(http.StatusConflict, "EntityAlreadyExists", "User with name %s already exists.", u.Name)
		}
		if len(users) >= usersPerAccount {
			return quotaExceeded("UsersPerAccount", usersPerAccount)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return userResult{c.userInFull(u)}, nil
}

func (c *call) newUser() (*user, error) {
	name, err := c.params.required(newUserName)
	if err != nil {
		return nil, err
	}
	path, present, err := c.params.optional(userPath)
	if err != nil {
		return nil, err
	}
	if !present {
		path = "/"
	}
	boundary, present, err := c.params.optional(boundaryARN)
	if err != nil {
		return nil, err
	}
	if present && !isManagedPolicy(boundary) {
		return nil, noSuchEntity("Scope ARN: %s does not exist or is not attachable.", boundary)
	}
	tags, err := c.params.tags()
	if err != nil {
		return nil, err
	}
	id, err := newEntityID("AIDA", rand.Reader)
	return &user{Name: name, Path: path, ID: id, Created: c.clock(), Boundary: boundary, Tags: mergeTags(nil, tags)}, err
}

func getUser(c *call) (any, error) {
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	return userResult{c.userInFull(u)}, nil
}

type listUsersResult struct {
	Users members[userReply]
	paging
}

// listUsers gives a first page of 50 or more a few users less than asked for: IAM may do that at any time, and a
// client that takes a short page for the last one must be found out here.
func listUsers(c *call) (any, error) {
	prefix, _, err := c.params.optional(pathPrefix)
	if err != nil {
		return nil, err
	}
	start, err := c.page()
	if err != nil {
		return nil, err
	}
	var users []*user
	for _, u := range c.users() {
		if strings.HasPrefix(u.Path, prefix) {
			users = append(users, u)
		}
	}
	if full := min(start.limit, len(users)); start.after == "" && full >= 50 {
		start.limit = full - 7
	}
	found, tail := cut(c, start, users, (*user).key)
	return listUsersResult{convert(found, c.userSummary), tail}, nil
}

// deleteUser refuses as long as anything hangs on the user; the first obstacle found is the one named.
func deleteUser(c *call) (any, error) {
	return nil, c.store.remove(c.userName, c.write(), func(u *user) error {
		switch {
		case len(u.Attached) > 0:
			return deleteConflict("detach all policies")
		case len(u.Policies) > 0:
			return deleteConflict("delete policies")
		case len(u.Keys) > 0:
			return deleteConflict("delete access keys")
		case u.Password != nil:
			return deleteConflict("delete login profile")
		case len(u.Groups) > 0:
			return deleteConflict("remove users from group")
		case len(u.MFADevices) > 0:
			return deleteConflict("delete MFA device")
		case len(u.Certificates) > 0:
			return deleteConflict("delete signing certificates")
		case len(u.SSHKeys) > 0, len(u.ServiceCredentials) > 0:
			return deleteConflict("remove referenced objects")
		}
		return nil
	})
}
