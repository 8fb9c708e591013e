package iamsvc

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Protection are the rules by which users are protected: nobody creates or
// activates an access key for them through Keydesk. Deactivating and deleting,
// which only take access away, stay possible. The zero value protects nobody.
type Protection struct{ rules []protectionRule }

type protectionRule struct {
	path, name       string // one of them, or a tag
	tagKey, tagValue string
	said             string // the rule in words for a person
	needsPathOrTags  bool
}

// ParseProtection reads rules, each of them PATH (such as /service/, and what
// is below it), tag:KEY=VALUE or user:NAME. Errors name the rule that is none.
func ParseProtection(rules []string) (Protection, error) {
	var p Protection
	var faults []error
	for _, text := range rules {
		r, err := parseProtectionRule(strings.TrimSpace(text))
		if err != nil {
			faults = append(faults, err)
			continue
		}
		p.rules = append(p.rules, r)
	}
	return p, errors.Join(faults...)
}

func parseProtectionRule(text string) (protectionRule, error) {
	if name, ok := strings.CutPrefix(text, "user:"); ok {
		if err := ValidateExistingUserName(name); err != nil {
			return protectionRule{}, fmt.Errorf("%q: %w", text, err)
		}
		return protectionRule{name: name, said: "the user name " + name}, nil
	}
	if tag, ok := strings.CutPrefix(text, "tag:"); ok {
		key, value, found := strings.Cut(tag, "=")
		if !found || key == "" {
			return protectionRule{}, fmt.Errorf("%q is not a tag such as tag:Protected=yes", text)
		}
		return protectionRule{tagKey: key, tagValue: value, needsPathOrTags: true, said: fmt.Sprintf("the tag %s = %s", key, value)}, nil
	}
	if err := ValidatePath(text); err != nil {
		return protectionRule{}, fmt.Errorf("%q is not a rule such as /service/, tag:Protected=yes or user:backup", text)
	}
	return protectionRule{path: text, needsPathOrTags: true, said: "the path " + text}, nil
}

// covers compares names, paths and tag keys without case: IAM's names do not
// differ by it, and a rule that protects too much is the lesser evil.
func (r protectionRule) covers(u User) bool {
	switch {
	case r.name != "":
		return strings.EqualFold(r.name, u.Name)
	case r.path != "":
		return len(u.Path) >= len(r.path) && strings.EqualFold(u.Path[:len(r.path)], r.path)
	}
	for _, t := range u.Tags {
		if strings.EqualFold(t.Key, r.tagKey) && t.Value == r.tagValue {
			return true
		}
	}
	return false
}

// Protected is the refusal of a change to a protected user.
type Protected struct {
	User string
	Rule string // in words: "the path /service/"
}

func (e *Protected) Error() string        { return "user " + e.User + " is protected by " + e.Rule }
func (e *Protected) Is(target error) bool { return target == ErrProtected }

// ProtectedBy is the rule that protects the user, as far as u tells (a user
// from a list has no tags), in words; "" when none does.
func (a *Account) ProtectedBy(u User) string {
	for _, r := range a.protection.rules {
		if r.covers(u) {
			return r.said
		}
	}
	return ""
}

// CheckProtection answers *Protected for a protected user. Path and tags are
// read from IAM for it, if a rule asks for them: an error of that reading is
// returned, because a user nobody could look at may be a protected one.
func (a *Account) CheckProtection(ctx context.Context, user string) error {
	u := User{Name: user}
	if rule := a.ProtectedBy(u); rule != "" {
		return &Protected{User: user, Rule: rule}
	}
	if !a.protection.needsPathOrTags() || user == "" {
		return nil // the root user has neither
	}
	u, err := a.User(ctx, user)
	if err != nil {
		return err
	}
	if rule := a.ProtectedBy(u); rule != "" {
		return &Protected{User: user, Rule: rule}
	}
	return nil
}

func (p Protection) needsPathOrTags() bool {
	for _, r := range p.rules {
		if r.needsPathOrTags {
			return true
		}
	}
	return false
}

// givesAccess reports whether the change lets somebody sign requests who could
// not before: what protection is about.
func (c Change) givesAccess() bool {
	return c.Action == ActionCreateAccessKey || c.Action == ActionUpdateAccessKey && KeyStatus(c.NewState).is(KeyActive)
}
