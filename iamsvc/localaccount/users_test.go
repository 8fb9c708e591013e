package localaccount

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestCreateUser(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	out, err := c.CreateUser(t.Context(), &iam.CreateUserInput{
		UserName: aws.String("Bob"), Path: aws.String("/a//b/"),
		PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/PowerUserAccess"),
		Tags:                []types.Tag{{Key: aws.String("Team"), Value: aws.String("Größe: 7/8")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	u := out.User
	if *u.Arn != "arn:aws:iam::123456789012:user/a//b/Bob" || !strings.HasPrefix(*u.UserId, "AIDA") || len(*u.UserId) != 21 {
		t.Errorf("created %s with ID %s", *u.Arn, *u.UserId)
	}
	if *u.PermissionsBoundary.PermissionsBoundaryArn != "arn:aws:iam::aws:policy/PowerUserAccess" || *u.Tags[0].Value != "Größe: 7/8" {
		t.Errorf("boundary %v, tags %v", u.PermissionsBoundary, u.Tags)
	}
	got, err := c.GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("bob")})
	if err != nil || *got.User.UserName != "Bob" || len(got.User.Tags) != 1 {
		t.Errorf("GetUser in another case = %v, %v; want Bob as he was typed", got, err)
	}
	_, err = c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("BOB")})
	wantError(t, err, http.StatusConflict, "EntityAlreadyExists", "User with name BOB already exists.")
	_, err = c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("eve"), PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/NoSuchPolicy")})
	wantError(t, err, http.StatusNotFound, "NoSuchEntity", "Scope ARN: arn:aws:iam::aws:policy/NoSuchPolicy does not exist or is not attachable.")
}

func TestCreateUserRefusesWhatIAMRefuses(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	const (
		constraint = "1 validation error detected: Value at '"
		path       = "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."
		name       = "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
	)
	for _, c := range []struct{ parameter, value, message string }{
		{"UserName", "", constraint + "userName' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"UserName", strings.Repeat("n", 65), constraint + "userName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"UserName", "a b", name}, {"UserName", "ä", name}, {"UserName", "a/b", name}, {"UserName", "a\n", name},
		{"Path", "x", path}, {"Path", "/x", path}, {"Path", "x/", path}, {"Path", "//", path}, {"Path", "/ü/", path}, {"Path", "/a b/", path},
		{"Path", "/" + strings.Repeat("p", 511) + "/", constraint + "path' failed to satisfy constraint: Member must have length less than or equal to 512"},
		{"PermissionsBoundary", "arn:x", constraint + "permissionsBoundary' failed to satisfy constraint: Member must have length greater than or equal to 20"},
	} {
		pairs := []string{"Action", "CreateUser", "UserName", "fine", c.parameter, c.value}
		ask(t, a, pairs...).wantFault(t, http.StatusBadRequest, "ValidationError", strings.ReplaceAll(c.message, "'", "&#39;"))
	}
	ask(t, a, "Action", "CreateUser").wantFault(t, http.StatusBadRequest, "ValidationError",
		"1 validation error detected: Value at &#39;userName&#39; failed to satisfy constraint: Member must not be null")
	if a.store.roster().find("fine") != nil {
		t.Error("a refused user was created")
	}
	for _, good := range []string{strings.Repeat("n", 64), "x+=,.@_-Y9"} {
		if got := ask(t, a, "Action", "CreateUser", "UserName", good, "Path", "/"+strings.Repeat("p", 510)+"/"); got.status != http.StatusOK {
			t.Errorf("%s refused: %s", good, got.body)
		}
	}
}

func TestUsersPerAccountQuota(t *testing.T) {
	t.Parallel()
	a := open(t, Options{Users: 9000})
	if n := len(a.store.roster()); n != 5000 {
		t.Fatalf("%d users, want the quota of 5000", n)
	}
	_, err := admin(a).CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("one.more")})
	wantError(t, err, http.StatusConflict, "LimitExceeded", "Cannot exceed quota for UsersPerAccount: 5000")
}

func TestGetUserWithoutNameIsTheCaller(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	me, err := c.GetUser(t.Context(), &iam.GetUserInput{})
	if err != nil || *me.User.UserName != "keydesk" {
		t.Errorf("caller = %v, %v", me, err)
	}
	_, err = c.GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("nobody")})
	wantError(t, err, http.StatusNotFound, "NoSuchEntity", "The user with name nobody cannot be found.")
	_, err = c.GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String(strings.Repeat("n", 128))})
	wantError(t, err, http.StatusNotFound, "NoSuchEntity", "The user with name "+strings.Repeat("n", 128)+" cannot be found.")
}

func TestListUsersPages(t *testing.T) {
	t.Parallel()
	a := open(t, Options{Users: 150})
	c := admin(a)
	all := listNames(t, c, 1000)
	if len(all) != 150 || !slices.IsSortedFunc(all, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }) {
		t.Errorf("%d users in this order: %v", len(all), all)
	}
	for _, size := range []int32{1, 7, 49, 50, 99, 100, 143, 149, 150, 151} {
		if got := listNames(t, c, size); !slices.Equal(got, all) {
			t.Errorf("pages of %d give %d users", size, len(got))
		}
	}
	first, err := c.ListUsers(t.Context(), &iam.ListUsersInput{})
	if err != nil || !first.IsTruncated || len(first.Users) != 93 {
		t.Fatalf("first page by default = %d users, truncated %v, %v; want 93, short of the 100 allowed", len(first.Users), first.IsTruncated, err)
	}
	ten, err := c.ListUsers(t.Context(), &iam.ListUsersInput{MaxItems: aws.Int32(10), Marker: first.Marker})
	if err != nil || len(ten.Users) != 10 || *ten.Users[0].UserName != all[93] {
		t.Errorf("the next ten of another page size = %v, %v", ten, err)
	}
	for _, u := range first.Users {
		if u.Tags != nil || u.PermissionsBoundary != nil {
			t.Errorf("%s is listed with tags or boundary", *u.UserName)
		}
	}
}

// listNames follows the marker until the end, with every size of page the same.
func listNames(t *testing.T, c *iam.Client, size int32) (names []string) {
	t.Helper()
	in := &iam.ListUsersInput{MaxItems: &size}
	for {
		page, err := c.ListUsers(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.Users {
			names = append(names, *u.UserName)
		}
		if !page.IsTruncated {
			return names
		}
		in.Marker = page.Marker
	}
}

func TestMarkerOutlivesTheUserItNames(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	for _, name := range []string{"zz1", "zz2", "zz3"} {
		_, err := c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name, Path: aws.String("/z/")})
		if err != nil {
			t.Fatal(err)
		}
	}
	page, err := c.ListUsers(t.Context(), &iam.ListUsersInput{PathPrefix: aws.String("/z/"), MaxItems: aws.Int32(2)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: aws.String("zz2")}); err != nil {
		t.Fatal(err)
	}
	page, err = c.ListUsers(t.Context(), &iam.ListUsersInput{PathPrefix: aws.String("/z/"), Marker: page.Marker})
	if err != nil || len(page.Users) != 1 || *page.Users[0].UserName != "zz3" {
		t.Errorf("after the marker's user is gone: %v, %v", page, err)
	}
}

func TestPagingParameters(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	const value = "1 validation error detected: Value at &#39;maxItems&#39; failed to satisfy constraint: Member must have value "
	for text, message := range map[string]string{
		"0": value + "greater than or equal to 1", "-1": value + "greater than or equal to 1", "1001": value + "less than or equal to 1000",
	} {
		ask(t, a, "Action", "ListUsers", "MaxItems", text).wantFault(t, http.StatusBadRequest, "ValidationError", message)
	}
	for _, text := range []string{" 1 ", "1.0", "2147483648", "x", "0x10"} {
		ask(t, a, "Action", "ListUsers", "MaxItems", text).wantFault(t, http.StatusBadRequest, "MalformedInput", "")
	}
	for _, text := range []string{"01", "+1"} {
		if got := ask(t, a, "Action", "ListUsers", "MaxItems", text); strings.Count(got.body, "<member>") != 1 {
			t.Errorf("MaxItems %q = %d %s", text, got.status, got.body)
		}
	}
	other, err := admin(a).ListUserTags(t.Context(), &iam.ListUserTagsInput{UserName: aws.String("ci-deploy-prod"), MaxItems: aws.Int32(1)})
	if err != nil {
		t.Fatal(err)
	}
	for _, marker := range []string{"x", "AAAA", strconv.Itoa(7), *other.Marker} {
		ask(t, a, "Action", "ListUsers", "Marker", marker).wantFault(t, http.StatusBadRequest, "ValidationError", "Invalid Marker.")
	}
	for marker, says := range map[string]string{"": "greater than or equal to 1", strings.Repeat("m", 321): "less than or equal to 320"} {
		ask(t, a, "Action", "ListUsers", "Marker", marker).wantFault(t, http.StatusBadRequest, "ValidationError",
			"1 validation error detected: Value at &#39;marker&#39; failed to satisfy constraint: Member must have length "+says)
	}
	ask(t, a, "Action", "ListUsers", "PathPrefix", "apps/").wantFault(t, http.StatusBadRequest, "ValidationError",
		"The specified value for pathPrefix is invalid. It must begin with the / character and contain only alphanumeric characters and/or / characters.")
}

func TestDeleteUserNamesWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	c := admin(a)
	del := func(name string) error {
		_, err := c.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: &name})
		return err
	}
	createUserNamed(t, c, "leaver")
	id, _ := createKeyFor(t, c, "leaver")
	putPolicy(t, c, "leaver", "p", `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`)
	wantError(t, del("leaver"), http.StatusConflict, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	if _, err := c.DeleteUserPolicy(t.Context(), &iam.DeleteUserPolicyInput{UserName: aws.String("leaver"), PolicyName: aws.String("p")}); err != nil {
		t.Fatal(err)
	}
	wantError(t, del("leaver"), http.StatusConflict, "DeleteConflict", "Cannot delete entity, must delete access keys first.")
	if _, err := c.DeleteAccessKey(t.Context(), &iam.DeleteAccessKeyInput{UserName: aws.String("leaver"), AccessKeyId: &id}); err != nil {
		t.Fatal(err)
	}
	if err := del("leaver"); err != nil {
		t.Fatal(err)
	}
	wantError(t, del("leaver"), http.StatusNotFound, "NoSuchEntity", "The user with name leaver cannot be found.")

	for what, u := range map[string]*user{
		"detach all policies":         {Name: "u1", Attached: []string{"Billing"}},
		"delete login profile":        {Name: "u2", Password: &password{}},
		"remove users from group":     {Name: "u3", Groups: []string{"Support"}},
		"delete MFA device":           {Name: "u4", MFADevices: []mfaDevice{{}}},
		"delete signing certificates": {Name: "u5", Certificates: []signingCertificate{{}}},
		"remove referenced objects":   {Name: "u6", ServiceCredentials: []serviceCredential{{}}},
	} {
		u.Path = "/"
		if err := a.store.create(u, write{}, func(roster) error { return nil }); err != nil {
			t.Fatal(err)
		}
		wantError(t, del(u.Name), http.StatusConflict, "DeleteConflict", "Cannot delete entity, must "+what+" first.")
	}
}

func putPolicy(t *testing.T, c *iam.Client, user, name, document string) {
	t.Helper()
	_, err := c.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: &user, PolicyName: &name, PolicyDocument: &document})
	if err != nil {
		t.Fatal(err)
	}
}
