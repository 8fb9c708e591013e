package localaccount

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func tagNow(t *testing.T, c *iam.Client, tags ...types.Tag) error {
	t.Helper()
	_, err := c.TagUser(t.Context(), &iam.TagUserInput{UserName: aws.String("tagged"), Tags: tags})
	return err
}

func pair(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }

func tagsOf(t *testing.T, c *iam.Client) string {
	t.Helper()
	var b strings.Builder
	pages := iam.NewListUserTagsPaginator(c, &iam.ListUserTagsInput{UserName: aws.String("tagged"), MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range page.Tags {
			fmt.Fprintf(&b, "%s=%s;", *tag.Key, *tag.Value)
		}
	}
	return b.String()
}

func TestTags(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	createUserNamed(t, c, "tagged")
	if err := tagNow(t, c, pair("Owner", "Zoë Müller"), pair("empty", ""), pair("AKIAIOSFODNN7EXAMPLE", "Laptop - CLI: a/b=c+d@e_f.")); err != nil {
		t.Fatal(err)
	}
	if got, want := tagsOf(t, c), "AKIAIOSFODNN7EXAMPLE=Laptop - CLI: a/b=c+d@e_f.;Owner=Zoë Müller;empty=;"; got != want {
		t.Errorf("tags = %s\nwant   %s", got, want)
	}
	if err := tagNow(t, c, pair("OWNER", "Yara")); err != nil {
		t.Fatal(err)
	}
	if got := tagsOf(t, c); !strings.Contains(got, "OWNER=Yara;") || strings.Contains(got, "Owner=") {
		t.Errorf("a key of another case should take the old one's place: %s", got)
	}
	_, err := c.UntagUser(t.Context(), &iam.UntagUserInput{UserName: aws.String("tagged"), TagKeys: []string{"owner", "Empty", "absent"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := tagsOf(t, c); got != "AKIAIOSFODNN7EXAMPLE=Laptop - CLI: a/b=c+d@e_f.;" {
		t.Errorf("after untagging = %s", got)
	}
}

func TestTagRefusals(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := admin(a)
	createUserNamed(t, c, "tagged")
	const at = "1 validation error detected: Value at '%s' failed to satisfy constraint: Member must %s"
	for _, refused := range []struct {
		tag          types.Tag
		label, limit string
	}{
		{pair("", "v"), "tags.1.member.key", "have length greater than or equal to 1"},
		{pair(strings.Repeat("ü", 129), "v"), "tags.1.member.key", "have length less than or equal to 128"},
		{pair("a&b", "v"), "tags.1.member.key", `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`},
		{pair("k", strings.Repeat("v", 257)), "tags.1.member.value", "have length less than or equal to 256"},
		{pair("k", "<b>"), "tags.1.member.value", `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*`},
		{pair("k", "a,b"), "tags.1.member.value", `satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*`},
	} {
		wantError(t, tagNow(t, c, refused.tag), http.StatusBadRequest, "ValidationError", fmt.Sprintf(at, refused.label, refused.limit))
	}
	wantError(t, tagNow(t, c, pair("k", "1"), pair("K", "2")), http.StatusBadRequest, "InvalidInput",
		"Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	ask(t, a, "Action", "TagUser", "UserName", "tagged").wantFault(t, http.StatusBadRequest, "ValidationError",
		"1 validation error detected: Value at &#39;tags&#39; failed to satisfy constraint: Member must not be null")
	ask(t, a, "Action", "UntagUser", "UserName", "tagged").wantFault(t, http.StatusBadRequest, "ValidationError",
		"1 validation error detected: Value at &#39;tagKeys&#39; failed to satisfy constraint: Member must have length between 1 and 50")
	if got := tagsOf(t, c); got != "" {
		t.Errorf("refused tags were stored: %s", got)
	}
}

func TestTagQuotaIsAllOrNothing(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	createUserNamed(t, c, "tagged")
	var many []types.Tag
	for i := range 50 {
		many = append(many, pair(fmt.Sprintf("key%02d%s", i, strings.Repeat("語", 122)), "v"))
	}
	if err := tagNow(t, c, many[:49]...); err != nil {
		t.Fatal(err)
	}
	full := tagsOf(t, c)
	wantError(t, tagNow(t, c, pair("a", "1"), pair("b", "2")), http.StatusConflict, "LimitExceeded", "The number of tags has reached the maximum limit.")
	if got := tagsOf(t, c); got != full {
		t.Error("half of a refused request was done")
	}
	if err := tagNow(t, c, many...); err != nil {
		t.Error("overwriting 49 and adding one:", err)
	}
	wantError(t, tagNow(t, c, append(many, pair("x", ""))...), http.StatusBadRequest, "ValidationError",
		"1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50")
}
