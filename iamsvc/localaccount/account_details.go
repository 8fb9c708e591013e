package localaccount

import (
	"encoding/xml"
	"maps"
	"slices"
)

// summaryMap is written as AWS writes maps: entries of key and value, in no meaningful order.
type summaryMap struct {
	Entries []summaryEntry `xml:"entry"`
}

type summaryEntry struct {
	XMLName xml.Name `xml:"entry"`
	Key     string   `xml:"key"`
	Value   int      `xml:"value"`
}

type accountSummaryResult struct{ SummaryMap summaryMap }

// getAccountSummary counts what there is and names the quotas (IAM User Guide, quotas). Root has a password and an
// MFA device, and an access key where the options say so.
func getAccountSummary(c *call) (any, error) {
	users := c.users()
	devices, rootKeys := 1, 0
	if !c.rootKey.IsZero() {
		rootKeys = 1
	}
	for _, u := range users {
		devices += len(u.MFADevices)
	}
	return accountSummaryResult{summaryMap{[]summaryEntry{
		{Key: "Users", Value: len(users)}, {Key: "UsersQuota", Value: usersPerAccount},
		{Key: "Groups", Value: len(groups)}, {Key: "GroupsQuota", Value: 300}, {Key: "GroupsPerUserQuota", Value: 10},
		{Key: "GroupPolicySizeQuota", Value: 5120}, {Key: "UserPolicySizeQuota", Value: inlinePolicyQuota},
		{Key: "Roles", Value: 0}, {Key: "RolesQuota", Value: 1000}, {Key: "RolePolicySizeQuota", Value: 10240},
		{Key: "AssumeRolePolicySizeQuota", Value: 2048}, {Key: "InstanceProfiles", Value: 0}, {Key: "InstanceProfilesQuota", Value: 1000},
		{Key: "Policies", Value: 0}, {Key: "PoliciesQuota", Value: 1500}, {Key: "PolicySizeQuota", Value: 6144},
		{Key: "PolicyVersionsInUse", Value: len(managedPolicies)}, {Key: "PolicyVersionsInUseQuota", Value: 10000},
		{Key: "VersionsPerPolicyQuota", Value: 5}, {Key: "ServerCertificates", Value: 0}, {Key: "ServerCertificatesQuota", Value: 20},
		{Key: "MFADevices", Value: devices}, {Key: "MFADevicesInUse", Value: devices}, {Key: "AccountMFAEnabled", Value: 1},
		{Key: "AccountAccessKeysPresent", Value: rootKeys}, {Key: "AccountPasswordPresent", Value: 1},
		{Key: "AccountSigningCertificatesPresent", Value: 0}, {Key: "SigningCertificatesPerUserQuota", Value: 2},
		{Key: "AccessKeysPerUserQuota", Value: keysPerUser}, {Key: "AttachedPoliciesPerGroupQuota", Value: 10},
		{Key: "AttachedPoliciesPerRoleQuota", Value: 10}, {Key: "AttachedPoliciesPerUserQuota", Value: 10},
		{Key: "GlobalEndpointTokenVersion", Value: 1}, {Key: "Providers", Value: 0},
	}}}, nil
}

type accountAliasesResult struct {
	AccountAliases members[string]
	paging
}

func listAccountAliases(c *call) (any, error) {
	aliases, tail, err := listPage(c, []string{accountAlias}, func(alias string) string { return alias })
	return accountAliasesResult{members[string]{aliases}, tail}, err
}

type policyDetail struct {
	PolicyName     string
	PolicyDocument string
}

type userDetail struct {
	Path                    string
	UserName                string
	UserId                  string
	Arn                     string
	CreateDate              string
	UserPolicyList          *members[policyDetail] `xml:",omitempty"`
	GroupList               members[string]
	AttachedManagedPolicies members[attachedPolicy]
	PermissionsBoundary     *permissionsBoundary `xml:",omitempty"`
	Tags                    members[tag]
}

type accountAuthorizationDetailsResult struct {
	UserDetailList  members[userDetail]
	GroupDetailList members[groupDetail]
	RoleDetailList  members[struct{}]
	Policies        members[struct{}]
	paging
}

type groupDetail struct {
	groupReply
	GroupPolicyList         members[struct{}]
	AttachedManagedPolicies members[attachedPolicy]
}

// groupDetails is all groups, which are few: they are on the first page.
func (a *Account) groupDetails() []groupDetail {
	var list []groupDetail
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		list = append(list, groupDetail{groupReply: a.groupReply(name), AttachedManagedPolicies: convert(a.groupPolicies[name], attachedPolicyReply)})
	}
	return list
}

// getAccountAuthorizationDetails tells of users and groups; what other filters ask for is answered with empty lists.
func getAccountAuthorizationDetails(c *call) (any, error) {
	kinds := []string{"User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"}
	wanted := map[string]bool{}
	for n := 1; n <= len(kinds); n++ {
		name, present := c.params.member("Filter", n)
		if !present {
			break
		}
		wanted[c.params.text(name)] = true
	}
	users := []*user(c.users())
	if len(wanted) > 0 && !wanted["User"] {
		users = nil
	}
	result := accountAuthorizationDetailsResult{}
	if first := c.params.text("Marker") == ""; first && (len(wanted) == 0 || wanted["Group"]) {
		result.GroupDetailList = members[groupDetail]{c.groupDetails()}
	}
	for _, kind := range kinds {
		delete(wanted, kind)
	}
	for unknown := range wanted {
		return nil, notOneOf("filter", unknown, kinds...)
	}
	page, tail, err := listPage(c, users, (*user).key)
	result.UserDetailList, result.paging = convert(page, c.userDetail), tail
	return result, err
}

func (a *Account) userDetail(u *user) userDetail {
	detail := userDetail{
		Path: u.Path, UserName: u.Name, UserId: u.ID, Arn: a.arn(u.resource()), CreateDate: stamp(u.Created),
		GroupList:               members[string]{u.Groups},
		AttachedManagedPolicies: convert(u.Attached, attachedPolicyReply),
		PermissionsBoundary:     u.boundary(),
		Tags:                    members[tag]{u.Tags},
	}
	if len(u.Policies) > 0 {
		list := convert(u.Policies, func(p inlinePolicy) policyDetail { return policyDetail{p.Name, escapeDocument(p.Document)} })
		detail.UserPolicyList = &list
	}
	return detail
}
