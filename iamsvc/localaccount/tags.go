package localaccount

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// tagsPerUser is IAM's quota (IAM User Guide, quotas). An access key's description takes one of them.
const tagsPerUser = 50

var (
	tagKeyPattern   = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$`)
	tagValuePattern = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

// checkTagText quotes the pattern as IAM's messages do, without the anchors.
func checkTagText(label, text string, shortest, longest int, pattern *regexp.Regexp) error {
	if err := checkLength(label, text, shortest, longest); err != nil {
		return err
	}
	if !pattern.MatchString(text) {
		return constraint(label, "Member must satisfy regular expression pattern: %s", strings.Trim(pattern.String(), "^$"))
	}
	return nil
}

// tags reads Tags.member.N; an absent list is empty.
func (p params) tags() ([]tag, error) {
	var tags []tag
	for n := 1; n <= tagsPerUser+1; n++ {
		prefix, present := p.member("Tags", n)
		if !present {
			break
		}
		t := tag{p.text(prefix + ".Key"), p.text(prefix + ".Value")}
		if err := t.check(n); err != nil {
			return nil, err
		}
		tags = append(tags, t)
	}
	if len(tags) > tagsPerUser {
		return nil, constraint("tags", "Member must have length less than or equal to %d", tagsPerUser)
	}
	if slices.ContainsFunc(tags, func(t tag) bool { return countTag(tags, t.Key) > 1 }) {
		return nil, fault(http.StatusBadRequest, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	}
	return tags, nil
}

func (t tag) check(n int) error {
	if err := checkTagText(fmt.Sprintf("tags.%d.member.key", n), t.Key, 1, 128, tagKeyPattern); err != nil {
		return err
	}
	return checkTagText(fmt.Sprintf("tags.%d.member.value", n), t.Value, 0, 256, tagValuePattern)
}

func countTag(tags []tag, key string) (n int) {
	for _, t := range tags {
		if strings.EqualFold(t.Key, key) {
			n++
		}
	}
	return n
}

// mergeTags adds tags to those that are there; the same key, without regard to case, is overwritten.
func mergeTags(there, added []tag) []tag {
	merged := slices.DeleteFunc(slices.Clone(there), func(t tag) bool { return countTag(added, t.Key) > 0 })
	merged = append(merged, added...)
	slices.SortFunc(merged, func(a, b tag) int { return cmp.Compare(a.Key, b.Key) })
	return merged
}

func tagUser(c *call) (any, error) {
	tags, err := c.params.tags()
	if err != nil {
		return nil, err
	}
	if len(tags) == 0 {
		return nil, constraint("tags", "Member must not be null")
	}
	_, err = c.change(func(u *user) error {
		merged := mergeTags(u.Tags, tags)
		if len(merged) > tagsPerUser {
			return fault(http.StatusConflict, "LimitExceeded", "The number of tags has reached the maximum limit.")
		}
		u.Tags = merged
		return nil
	})
	return nil, err
}

// untagUser takes away the named tags; a key that is not there is no error.
func untagUser(c *call) (any, error) {
	var keys []tag
	for n := 1; n <= tagsPerUser+1; n++ {
		name, present := c.params.member("TagKeys", n)
		if !present {
			break
		}
		key := c.params.text(name)
		if err := checkTagText(fmt.Sprintf("tagKeys.%d.member", n), key, 1, 128, tagKeyPattern); err != nil {
			return nil, err
		}
		keys = append(keys, tag{Key: key})
	}
	if len(keys) == 0 || len(keys) > tagsPerUser {
		return nil, constraint("tagKeys", "Member must have length between 1 and %d", tagsPerUser)
	}
	_, err := c.change(func(u *user) error {
		u.Tags = slices.DeleteFunc(u.Tags, func(t tag) bool { return countTag(keys, t.Key) > 0 })
		return nil
	})
	return nil, err
}

type listUserTagsResult struct {
	Tags members[tag]
	paging
}

func listUserTags(c *call) (any, error) {
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	// A marker made of a key would outgrow its 320 characters: keys may have 128 letters of any script.
	position := map[string]string{}
	for i, t := range u.Tags {
		position[t.Key] = fmt.Sprintf("%02d", i)
	}
	tags, tail, err := listPage(c, u.Tags, func(t tag) string { return position[t.Key] })
	return listUserTagsResult{members[tag]{tags}, tail}, err
}
