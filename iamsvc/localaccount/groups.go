package localaccount

import "time"

// group is one of the account's groups. They are fixed by the seed: the account has no action that changes them.
type group struct {
	name string
	path string
	age  int // days after the account's own creation
}

var groups = map[string]group{
	"Administrators": {"Administrators", "/", 0},
	"Billing":        {"Billing", "/finance/", 10},
	"Contractors":    {"Contractors", "/", 40},
	"DataScience":    {"DataScience", "/R&D/", 55},
	"Developers":     {"Developers", "/", 5},
	"Deployments":    {"Deployments", "/apps/", 60},
	"Operations":     {"Operations", "/", 3},
	"ReadOnly":       {"ReadOnly", "/", 3},
	"Support":        {"Support", "/", 90},
}

type groupReply struct {
	Path       string
	GroupName  string
	GroupId    string
	Arn        string
	CreateDate string
}

func (a *Account) groupReply(name string) groupReply {
	g := groups[name]
	created := a.store.founded().Add(time.Duration(g.age) * day)
	id := "AGPA" + idAlphabet.EncodeToString(a.master.derive("group", name))[:17]
	return groupReply{g.path, g.name, id, a.arn("group" + g.path + g.name), stamp(created)}
}

type groupsResult struct {
	Groups members[groupReply]
	paging
}

func listGroupsForUser(c *call) (any, error) {
	groups, tail, err := listOfUser(c,
		func(u *user) []string { return u.Groups },
		func(name string) string { return name },
		func(_ *user, name string) groupReply { return c.groupReply(name) })
	return groupsResult{groups, tail}, err
}
