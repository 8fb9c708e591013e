package localaccount

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestThirdAccessKeyIsRefused(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	createUserNamed(t, c, "greedy")
	createKeyFor(t, c, "greedy")
	createKeyFor(t, c, "greedy")
	_, err := c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("greedy")})
	wantError(t, err, http.StatusConflict, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	_, err = c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("terraform-runner")})
	wantError(t, err, http.StatusConflict, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
}

func TestParallelCreationKeepsTheQuota(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := admin(a)
	createUserNamed(t, c, "raced")
	var wg sync.WaitGroup
	failures := make(chan error, 12)
	for range 12 {
		wg.Go(func() {
			_, err := c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("raced")})
			failures <- err
		})
	}
	wg.Wait()
	close(failures)
	created := 0
	for err := range failures {
		if err == nil {
			created++
			continue
		}
		wantError(t, err, http.StatusConflict, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	}
	if n := len(a.store.roster().find("raced").Keys); created != 2 || n != 2 {
		t.Errorf("%d calls succeeded and %d keys exist, want 2 and 2", created, n)
	}
}

func TestKeysOfNobodyAndOfOthers(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := admin(a)
	createUserNamed(t, c, "alice")
	ghost := aws.String("AKIAZZZZZZZZZZZZZZZZ")
	for _, id := range []*string{ghost, aws.String("AKIAIOSFODNN7EXAMPLE")} {
		says := "The Access Key with id " + *id + " cannot be found."
		_, err := c.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: id, Status: "Inactive"})
		wantError(t, err, http.StatusNotFound, "NoSuchEntity", says)
		_, err = c.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: aws.String("alice"), AccessKeyId: id})
		wantError(t, err, http.StatusNotFound, "NoSuchEntity", says)
	}
	if _, key := a.store.keyOwner("AKIAIOSFODNN7EXAMPLE"); key == nil || key.Status != statusActive {
		t.Error("another user's key was changed")
	}
	nobody := aws.String("nobody")
	says := "The user with name nobody cannot be found."
	_, err := c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: nobody})
	wantError(t, err, http.StatusNotFound, "NoSuchEntity", says)
	_, err = c.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: nobody})
	wantError(t, err, http.StatusNotFound, "NoSuchEntity", says)
	_, err = c.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: nobody, AccessKeyId: ghost, Status: "Active"})
	wantError(t, err, http.StatusNotFound, "NoSuchEntity", says)
	_, err = c.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: nobody, AccessKeyId: ghost})
	wantError(t, err, http.StatusNotFound, "NoSuchEntity", says)
}

func TestAccessKeyParameters(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	const length = "1 validation error detected: Value at 'accessKeyId' failed to satisfy constraint: Member must have length "
	for id, says := range map[string]string{
		"AKIA":                   length + "greater than or equal to 16",
		strings.Repeat("A", 129): length + "less than or equal to 128",
		"AKIA-IOSFODNN7EXAMPLE":  "The specified value for accessKeyId is invalid. It must contain only alphanumeric characters.",
	} {
		_, err := c.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: aws.String("nikki.wolf"), AccessKeyId: &id})
		wantError(t, err, http.StatusBadRequest, "ValidationError", says)
		_, err = c.GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
		wantError(t, err, http.StatusBadRequest, "ValidationError", says)
	}
	for _, status := range []types.StatusType{"Expired", "active", "Gone"} {
		_, err := c.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: aws.String("nikki.wolf"),
			AccessKeyId: aws.String("AKIAI44QH8DHBEXAMPLE"), Status: status})
		wantError(t, err, http.StatusBadRequest, "ValidationError",
			"1 validation error detected: Value '"+string(status)+"' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]")
	}
}

func TestSettingTheStatusItHasSucceeds(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	_, err := admin(a).UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: aws.String("nikki.wolf"),
		AccessKeyId: aws.String("AKIAI44QH8DHBEXAMPLE"), Status: "Inactive"})
	if err != nil {
		t.Error(err)
	}
}

func TestListAccessKeysPages(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	var ids []string
	in := &iam.ListAccessKeysInput{UserName: aws.String("terraform-runner"), MaxItems: aws.Int32(1)}
	for pages := 1; ; pages++ {
		page, err := c.ListAccessKeys(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range page.AccessKeyMetadata {
			ids = append(ids, *k.AccessKeyId)
		}
		if !page.IsTruncated {
			if pages != 3 {
				t.Errorf("%d pages for three keys", pages)
			}
			break
		}
		in.Marker = page.Marker
	}
	if len(ids) != 3 || !slices.IsSorted(ids) {
		t.Errorf("keys = %v", ids)
	}
}

func TestKeysWithoutUserNameAreTheCallers(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	root := admin(a)
	createUserNamed(t, root, "self")
	putPolicy(t, root, "self", "OwnAccessKeys", ownKeysPolicy)
	id, secret := createKeyFor(t, root, "self")
	me := iamAs(a, id, secret)
	out, err := me.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{})
	if err != nil || *out.AccessKey.UserName != "self" {
		t.Fatalf("own key = %v, %v", out, err)
	}
	second := out.AccessKey.AccessKeyId
	if _, err := me.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{AccessKeyId: second, Status: "Inactive"}); err != nil {
		t.Error(err)
	}
	keys, err := me.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{})
	if err != nil || len(keys.AccessKeyMetadata) != 2 {
		t.Errorf("own keys = %v, %v", keys, err)
	}
	if _, err := me.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{AccessKeyId: second}); err != nil {
		t.Error(err)
	}
	_, err = me.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("mateo.jackson")})
	wantError(t, err, http.StatusForbidden, "AccessDenied", "User: arn:aws:iam::123456789012:user/self is not authorized to perform: "+
		"iam:ListAccessKeys on resource: user mateo.jackson because no identity-based policy allows the iam:ListAccessKeys action")
	_, err = me.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("")})
	wantError(t, err, http.StatusBadRequest, "ValidationError",
		"1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must have length greater than or equal to 1")
}

func TestLastUsedOfAKeyThatIsNotHere(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := admin(a)
	for _, id := range []string{"AKIAZZZZZZZZZZZZZZZZ", "ASIAY34FZKBOKMUTVV7A"} {
		_, err := c.GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
		wantError(t, err, http.StatusForbidden, "AccessDenied", "User: arn:aws:iam::123456789012:user/keydesk is not authorized to perform "+
			"iam:GetAccessKeyLastUsed on resource: access key "+id)
	}
}

func TestUsesAreReportedLate(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	a.Trouble().SetLastUsedLag(time.Hour)
	c := admin(a)
	createUserNamed(t, c, "worker")
	id, secret := createKeyFor(t, c, "worker")
	putPolicy(t, c, "worker", "read", `{"Statement":{"Effect":"Allow","Action":"iam:GetAccountSummary","Resource":"*"}}`)
	worker := iamAs(a, id, secret)
	if _, err := worker.GetAccountSummary(t.Context(), &iam.GetAccountSummaryInput{}); err != nil {
		t.Fatal(err)
	}
	used, err := c.GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
	if err != nil || used.AccessKeyLastUsed.LastUsedDate != nil || *used.AccessKeyLastUsed.Region != "N/A" || *used.AccessKeyLastUsed.ServiceName != "N/A" {
		t.Errorf("right after its first use = %+v, %v; want N/A and no date", used.AccessKeyLastUsed, err)
	}
	if _, key := a.store.keyOwner(id); key.reported(time.Now().Add(2*time.Hour)).Service != "iam" {
		t.Errorf("after the lag = %+v, want the use", key)
	}
}

func TestOnlyTheFirstUseInAQuarterHourIsRecorded(t *testing.T) {
	t.Parallel()
	clock := &manualClock{now: time.Now().Truncate(time.Second)}
	a := open(t, Options{Now: clock.Now})
	a.Trouble().SetLastUsedLag(time.Nanosecond)
	id, secret := a.Credentials()
	use := func() time.Time {
		t.Helper()
		c := iamAs(a, id, secret)
		if _, err := c.GetUser(context.Background(), &iam.GetUserInput{}); err != nil {
			t.Fatal(err)
		}
		_, key := a.store.keyOwner(id)
		return key.LastUsed.At
	}
	first := use()
	if !first.Equal(clock.Now()) {
		t.Errorf("first use recorded at %v, want %v", first, clock.Now())
	}
	clock.Advance(15*time.Minute - time.Second)
	if again := use(); !again.Equal(first) {
		t.Errorf("a use within the quarter hour moved the date to %v", again)
	}
	clock.Advance(time.Second)
	if later := use(); !later.Equal(clock.Now()) {
		t.Errorf("a use after a quarter hour = %v, want %v", later, clock.Now())
	}
}

func TestUsedKeyWithoutRegion(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	id := a.store.roster().find("backup-agent").Keys[0].ID
	used, err := admin(a).GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
	if err != nil || used.AccessKeyLastUsed.LastUsedDate == nil || *used.AccessKeyLastUsed.Region != "N/A" || *used.AccessKeyLastUsed.ServiceName != "s3" {
		t.Errorf("last used = %+v, %v", used, err)
	}
}
