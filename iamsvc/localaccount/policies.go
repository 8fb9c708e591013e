package localaccount

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// inlinePolicyQuota is how many characters, white space aside, all inline policies of a user may have together
// (IAM User Guide, quotas).
const inlinePolicyQuota = 2048

func putUserPolicy(c *call) (any, error) {
	name, err := c.params.required(policyName)
	if err != nil {
		return nil, err
	}
	document, err := c.params.required(policyDocument)
	if err != nil {
		return nil, err
	}
	parsed, err := parsePolicy(document)
	if err == nil {
		err = parsed.check()
	}
	if err != nil {
		return nil, err
	}
	_, err = c.change(func(u *user) error {
		u.Policies = slices.DeleteFunc(u.Policies, func(p inlinePolicy) bool { return p.Name == name })
		u.Policies = append(u.Policies, inlinePolicy{name, document})
		slices.SortFunc(u.Policies, func(a, b inlinePolicy) int { return cmp.Compare(a.Name, b.Name) })
		if u.policySize() > inlinePolicyQuota {
			return fault(http.StatusConflict, "LimitExceeded", "Maximum policy size of %d bytes exceeded for user %s", inlinePolicyQuota, u.Name)
		}
		return nil
	})
	return nil, err
}

func (u *user) policySize() (size int) {
	for _, p := range u.Policies {
		for _, r := range p.Document {
			if !unicode.IsSpace(r) {
				size++
			}
		}
	}
	return size
}

func noSuchPolicy(name string) *apiError {
	return noSuchEntity("The user policy with name %s cannot be found.", name)
}

type userPolicyResult struct {
	UserName       string
	PolicyName     string
	PolicyDocument string
}

func getUserPolicy(c *call) (any, error) {
	name, err := c.params.required(policyName)
	if err != nil {
		return nil, err
	}
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(u.Policies, func(p inlinePolicy) bool { return p.Name == name })
	if i < 0 {
		return nil, noSuchPolicy(name)
	}
	return userPolicyResult{u.Name, name, escapeDocument(u.Policies[i].Document)}, nil
}

// escapeDocument percent-encodes a policy as RFC 3986 says; replies never carry the bare JSON.
func escapeDocument(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

type policyNamesResult struct {
	PolicyNames members[string]
	paging
}

func listUserPolicies(c *call) (any, error) {
	names, tail, err := listOfUser(c,
		func(u *user) []inlinePolicy { return u.Policies },
		func(p inlinePolicy) string { return p.Name },
		func(_ *user, p inlinePolicy) string { return p.Name })
	return policyNamesResult{names, tail}, err
}

func deleteUserPolicy(c *call) (any, error) {
	name, err := c.params.required(policyName)
	if err != nil {
		return nil, err
	}
	_, err = c.change(func(u *user) error {
		before := len(u.Policies)
		u.Policies = slices.DeleteFunc(u.Policies, func(p inlinePolicy) bool { return p.Name == name })
		if len(u.Policies) == before {
			return noSuchPolicy(name)
		}
		return nil
	})
	return nil, err
}

type attachedPolicy struct {
	PolicyName string
	PolicyArn  string
}

func attachedPolicyReply(name string) attachedPolicy {
	return attachedPolicy{name, managedPolicyARN(name)}
}

type attachedPoliciesResult struct {
	AttachedPolicies members[attachedPolicy]
	paging
}

func listAttachedUserPolicies(c *call) (any, error) {
	prefix, _, err := c.params.optional(pathPrefix)
	if err != nil {
		return nil, err
	}
	below := func(u *user) []string {
		return slices.DeleteFunc(slices.Clone(u.Attached), func(name string) bool {
			return !strings.HasPrefix(managedPolicies[name].path, prefix)
		})
	}
	policies, tail, err := listOfUser(c, below,
		func(name string) string { return name },
		func(_ *user, name string) attachedPolicy { return attachedPolicyReply(name) })
	return attachedPoliciesResult{policies, tail}, err
}
