package localaccount

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// policy is as much of a policy document as the account decides by: effect, action and resource with their
// wildcards. A condition is not evaluated; a statement that has one can deny but never allow.
type policy struct {
	Statement statements
}

type statement struct {
	Effect      string
	Action      words
	NotAction   words
	Resource    words
	NotResource words
	Principal   json.RawMessage
	Condition   json.RawMessage
}

// words is a JSON string or a list of them; both are legal wherever a policy names things.
type words []string

// UnmarshalJSON takes either form.
func (w *words) UnmarshalJSON(data []byte) error {
	if data[0] == '"' {
		*w = make(words, 1)
		return json.Unmarshal(data, &(*w)[0])
	}
	return json.Unmarshal(data, (*[]string)(w))
}

// statements is one statement or a list of them.
type statements []statement

// UnmarshalJSON takes either form.
func (s *statements) UnmarshalJSON(data []byte) error {
	if data[0] == '{' {
		*s = make(statements, 1)
		return json.Unmarshal(data, &(*s)[0])
	}
	return json.Unmarshal(data, (*[]statement)(s))
}

func malformedPolicy(message string) *apiError {
	return fault(http.StatusBadRequest, "MalformedPolicyDocument", "%s", message)
}

func parsePolicy(document string) (p policy, err error) {
	if json.Unmarshal([]byte(document), &p) != nil {
		return p, malformedPolicy("Syntax errors in policy.")
	}
	return p, nil
}

// check refuses what IAM refuses in a policy that stands on a user.
func (p policy) check() error {
	if len(p.Statement) == 0 {
		return malformedPolicy("Syntax errors in policy.")
	}
	for _, s := range p.Statement {
		switch {
		case s.Effect != "Allow" && s.Effect != "Deny":
			return malformedPolicy("Syntax errors in policy.")
		case s.Principal != nil:
			return malformedPolicy("Policy document should not specify a principal.")
		case len(s.Action) == 0 && len(s.NotAction) == 0:
			return malformedPolicy("Policy statement must contain actions.")
		case len(s.Resource) == 0 && len(s.NotResource) == 0:
			return malformedPolicy("Policy statement must contain resources.")
		case slices.ContainsFunc(slices.Concat(s.Action, s.NotAction), hasNoVendor):
			return malformedPolicy("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		}
	}
	return nil
}

func hasNoVendor(action string) bool { return action != "*" && !strings.Contains(action, ":") }

// applies says whether the statement speaks of this action on this resource.
func (s statement) applies(action, resource, userName string) bool {
	if s.Effect == "Allow" && s.Condition != nil {
		return false
	}
	named := matchesAny(s.Action, action, "") || (s.NotAction != nil && !matchesAny(s.NotAction, action, ""))
	return named && (matchesAny(s.Resource, resource, userName) ||
		(s.NotResource != nil && !matchesAny(s.NotResource, resource, userName)))
}

// matchesAny compares without regard to case: neither action names nor user names have any.
func matchesAny(patterns []string, text, userName string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		pattern = strings.ReplaceAll(pattern, "${aws:username}", userName)
		return matchesPattern(strings.ToLower(pattern), strings.ToLower(text))
	})
}

// matchesPattern knows * and ?. On a mismatch it goes back to the last star only, so that no pattern can make it slow.
func matchesPattern(pattern, text string) bool {
	star, resume := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			resume++
			p, t = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

type verdict int

const (
	notAllowed verdict = iota
	allowed
	denied
)

// decide evaluates the user's inline and managed policies: a deny wins, and nothing said means no.
func (u *user) decide(action, resource string) verdict {
	result := notAllowed
	documents := make([]string, 0, len(u.Policies)+len(u.Attached))
	for _, p := range u.Policies {
		documents = append(documents, p.Document)
	}
	for _, name := range u.Attached {
		documents = append(documents, managedPolicies[name].document)
	}
	for _, document := range documents {
		p, err := parsePolicy(document)
		if err != nil {
			return denied
		}
		for _, s := range p.Statement {
			if !s.applies(action, resource, u.Name) {
				continue
			}
			if s.Effect == "Deny" {
				return denied
			}
			result = allowed
		}
	}
	return result
}

// authorize asks the caller's policies, and then the trouble a test has ordered.
func (c *call) authorize() error {
	action := string(c.service) + ":" + c.action
	arn, named := c.target()
	v := c.caller.user.decide(action, arn)
	if v == allowed && c.trouble.denies(c.action) {
		v = notAllowed
	}
	why := "because no identity-based policy allows the " + action + " action"
	switch v {
	case allowed:
		return nil
	case denied:
		why = "with an explicit deny in an identity-based policy"
	}
	return fault(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: %s on resource: %s %s", c.caller.arn, action, named, why)
}
