package localaccount

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestLoginProfile(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	got, err := c.GetLoginProfile(t.Context(), &iam.GetLoginProfileInput{UserName: aws.String("li.juan")})
	if err != nil || !got.LoginProfile.PasswordResetRequired || got.LoginProfile.CreateDate == nil {
		t.Errorf("login profile = %v, %v", got, err)
	}
	_, err = c.GetLoginProfile(t.Context(), &iam.GetLoginProfileInput{UserName: aws.String("backup-agent")})
	wantError(t, err, http.StatusNotFound, "NoSuchEntity", "Login Profile for User backup-agent cannot be found.")
}

func TestMFADevices(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	for user, serial := range map[string]string{
		"mateo.jackson":      "arn:aws:iam::123456789012:mfa/mateo.jackson",
		"ana.carolina.silva": "GAHT20481536",
		"saanvi.sarkar":      "arn:aws:iam::123456789012:u2f/user/saanvi.sarkar/YubiKey-",
	} {
		got, err := c.ListMFADevices(t.Context(), &iam.ListMFADevicesInput{UserName: &user})
		if err != nil || len(got.MFADevices) != 1 || !strings.HasPrefix(*got.MFADevices[0].SerialNumber, serial) {
			t.Errorf("devices of %s = %v, %v", user, got, err)
		}
	}
}

func TestOtherCredentials(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	name := aws.String("svc-git-mirror")
	ssh, err := c.ListSSHPublicKeys(t.Context(), &iam.ListSSHPublicKeysInput{UserName: name})
	if err != nil || len(ssh.SSHPublicKeys) != 2 || !strings.HasPrefix(*ssh.SSHPublicKeys[0].SSHPublicKeyId, "APKA") {
		t.Errorf("SSH keys = %v, %v", ssh, err)
	}
	pages := iam.NewListSSHPublicKeysPaginator(c, &iam.ListSSHPublicKeysInput{UserName: name, MaxItems: aws.Int32(1)})
	seen := map[string]bool{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil || len(page.SSHPublicKeys) != 1 {
			t.Fatalf("page = %v, %v", page, err)
		}
		seen[*page.SSHPublicKeys[0].SSHPublicKeyId] = true
	}
	if len(seen) != 2 {
		t.Errorf("paging found %v", seen)
	}
	certificates, err := c.ListSigningCertificates(t.Context(), &iam.ListSigningCertificatesInput{UserName: name})
	if err != nil || len(certificates.Certificates) != 1 {
		t.Fatalf("certificates = %v, %v", certificates, err)
	}
	block, _ := pem.Decode([]byte(*certificates.Certificates[0].CertificateBody))
	if parsed, err := x509.ParseCertificate(block.Bytes); err != nil || parsed.Subject.CommonName != *name {
		t.Errorf("certificate = %v, %v", parsed, err)
	}
	groups, err := c.ListGroupsForUser(t.Context(), &iam.ListGroupsForUserInput{UserName: aws.String("saanvi.sarkar")})
	if err != nil || len(groups.Groups) != 1 || *groups.Groups[0].Arn != "arn:aws:iam::123456789012:group/R&D/DataScience" {
		t.Errorf("groups = %v, %v", groups, err)
	}
}

func TestServiceSpecificCredentials(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	list := func(in iam.ListServiceSpecificCredentialsInput) []types.ServiceSpecificCredentialMetadata {
		t.Helper()
		got, err := c.ListServiceSpecificCredentials(t.Context(), &in)
		if err != nil {
			t.Fatal(err)
		}
		return got.ServiceSpecificCredentials
	}
	if got := list(iam.ListServiceSpecificCredentialsInput{UserName: aws.String("svc-git-mirror")}); len(got) != 2 {
		t.Errorf("all of a user = %v", got)
	}
	if got := list(iam.ListServiceSpecificCredentialsInput{UserName: aws.String("svc-git-mirror"), ServiceName: aws.String("cassandra.amazonaws.com")}); len(got) != 1 || got[0].Status != "Inactive" {
		t.Errorf("those of one service = %v", got)
	}
	if got := list(iam.ListServiceSpecificCredentialsInput{AllUsers: aws.Bool(true)}); len(got) != 2 {
		t.Errorf("of all users = %v", got)
	}
	_, err := c.ListServiceSpecificCredentials(t.Context(), &iam.ListServiceSpecificCredentialsInput{ServiceName: aws.String("s3.amazonaws.com")})
	wantError(t, err, http.StatusNotFound, "NotSupportedService", "The service s3.amazonaws.com is not supported.")
	_, err = c.ListServiceSpecificCredentials(t.Context(), &iam.ListServiceSpecificCredentialsInput{AllUsers: aws.Bool(true), UserName: aws.String("li.juan")})
	wantError(t, err, http.StatusBadRequest, "ValidationError", "UserName cannot be specified together with AllUsers.")
}

func TestSideReadsOfNobody(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	for _, action := range []string{"ListGroupsForUser", "ListMFADevices", "GetLoginProfile", "ListSSHPublicKeys", "ListSigningCertificates",
		"ListServiceSpecificCredentials", "ListAttachedUserPolicies", "ListUserPolicies", "ListUserTags", "ListAccessKeys", "GetUser"} {
		ask(t, a, "Action", action, "UserName", "nobody").wantFault(t, http.StatusNotFound, "NoSuchEntity", "The user with name nobody cannot be found.")
	}
	for _, action := range []string{"PutUserPolicy", "GetUserPolicy", "ListUserPolicies", "DeleteUserPolicy", "ListAttachedUserPolicies",
		"TagUser", "UntagUser", "ListUserTags", "ListGroupsForUser", "DeleteUser"} {
		ask(t, a, "Action", action).wantFault(t, http.StatusBadRequest, "ValidationError",
			"1 validation error detected: Value at &#39;userName&#39; failed to satisfy constraint: Member must not be null")
	}
}

func TestAccountSummary(t *testing.T) {
	t.Parallel()
	a := open(t, Options{Users: 60})
	got, err := admin(a).GetAccountSummary(t.Context(), &iam.GetAccountSummaryInput{})
	if err != nil {
		t.Fatal(err)
	}
	m := got.SummaryMap
	if len(m) != 34 || m["Users"] != 60 || m["UsersQuota"] != 5000 || m["AccessKeysPerUserQuota"] != 2 ||
		m["AccountAccessKeysPresent"] != 0 || m["AccountPasswordPresent"] != 1 || m["AccountMFAEnabled"] != 1 || m["MFADevicesInUse"] < 3 {
		t.Errorf("summary of %d entries = %v", len(m), m)
	}
}

func TestAccountAuthorizationDetails(t *testing.T) {
	t.Parallel()
	a := open(t, Options{Users: 130})
	c := admin(a)
	details := map[string]types.UserDetail{}
	pages := iam.NewGetAccountAuthorizationDetailsPaginator(c, &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{"User"}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.UserDetailList {
			details[*u.UserName] = u
		}
	}
	if len(details) != 130 {
		t.Errorf("%d users, want 130", len(details))
	}
	silva := details["ana.carolina.silva"]
	if strings.Join(silva.GroupList, " ") != "Administrators" || len(silva.AttachedManagedPolicies) != 2 || len(silva.Tags) != 1 {
		t.Errorf("details = %+v", silva)
	}
	if newcomer := details["zoe.mueller"]; len(newcomer.UserPolicyList) != 1 || !strings.HasPrefix(*newcomer.UserPolicyList[0].PolicyDocument, "%7B") {
		t.Errorf("inline policies = %v", newcomer.UserPolicyList)
	}
	if souza := details["Jorge.Souza"]; souza.PermissionsBoundary == nil {
		t.Error("no permissions boundary")
	}
	roles, err := c.GetAccountAuthorizationDetails(t.Context(), &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{"Role"}})
	if err != nil || len(roles.UserDetailList) != 0 {
		t.Errorf("roles = %v, %v", roles, err)
	}
	_, err = c.GetAccountAuthorizationDetails(t.Context(), &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{"User", "Dog"}})
	wantError(t, err, http.StatusBadRequest, "ValidationError", "1 validation error detected: Value 'Dog' at 'filter' failed to satisfy constraint: "+
		"Member must satisfy enum value set: [User, Role, Group, LocalManagedPolicy, AWSManagedPolicy]")
}
