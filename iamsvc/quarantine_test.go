package iamsvc

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"keydesk/iamsvc/localaccount"
)

func TestQuarantinePolicies(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"AWSCompromisedKeyQuarantine": true, "AWSCompromisedKeyQuarantineV2": true, "AWSCompromisedKeyQuarantineV3": true,
		"AWSCompromisedKeyQuarantineV4": true, "AWSExposedCredentialPolicy_DO_NOT_REMOVE": true,
		"ReadOnlyAccess": false, "Quarantine": false, "MyAWSCompromisedKeyQuarantine": false, "": false,
	} {
		if quarantined([]AttachedPolicy{{Name: "ReadOnlyAccess"}, {Name: name}}, nil) != want || quarantined(nil, []string{"x", name}) != want {
			t.Errorf("%s: want %v", name, want)
		}
	}
}

// wantQuarantined compares the list, which comes from the last reading, and the
// user's page, which is read live.
func (l local) wantQuarantined(t *testing.T, name string, want bool) {
	t.Helper()
	u, ok := l.Inventory().User(name)
	d, err := l.UserDetails(t.Context(), name)
	if !ok || err != nil || u.Quarantined != want || !u.QuarantineRead || d.Quarantined != want || d.QuarantineErr != nil {
		t.Errorf("%s: list %v (read %v), page %v, %v, %v; want %v", name, u.Quarantined, u.QuarantineRead, d.Quarantined, d.QuarantineErr, err, want)
	}
}

func TestQuarantineThroughAGroup(t *testing.T) {
	t.Parallel()
	l := refreshed(t, localaccount.Options{GroupPolicies: map[string][]string{"Billing": {"AWSCompromisedKeyQuarantineV4"}}})
	l.wantQuarantined(t, "billing-export", true)
	l.wantQuarantined(t, "mateo.jackson", false)
	l.wantQuarantined(t, "dev-sandbox-bot", true)
}

// Before V1, AWS wrote the policy into the user.
func TestQuarantineByAnInlinePolicy(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	_, err := l.interactive.iam.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String("billing-export"), PolicyName: aws.String("AWSExposedCredentialPolicy_DO_NOT_REMOVE"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:CreateUser","Resource":"*"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.wantQuarantined(t, "billing-export", true)
}

// Policies that may not be read are no policies that are not there.
func TestQuarantineThatIsNotKnown(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.server.Trouble().Set("GetAccountAuthorizationDetails", func(r *localaccount.Rules) { r.Deny = true })
	if err := l.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	u, _ := l.Inventory().User("billing-export")
	d, err := l.UserDetails(t.Context(), "billing-export")
	if err != nil || u.QuarantineRead || u.Quarantined || d.Quarantined || !errors.Is(d.QuarantineErr, ErrDenied) {
		t.Errorf("list %v (read %v), page %v, %v, %v", u.Quarantined, u.QuarantineRead, d.Quarantined, d.QuarantineErr, err)
	}
	if d, err = l.UserDetails(t.Context(), "dev-sandbox-bot"); err != nil || !d.Quarantined || d.QuarantineErr != nil {
		t.Errorf("what is seen is known: %v, %v, %v", d.Quarantined, d.QuarantineErr, err)
	}
	l.server.Trouble().Reset()
	l.server.Trouble().Set("ListUserPolicies", func(r *localaccount.Rules) { r.Deny = true })
	if err := l.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d, err = l.UserDetails(t.Context(), "billing-export"); err != nil || !errors.Is(d.QuarantineErr, ErrDenied) {
		t.Errorf("inline policies denied: %v, %v", d.QuarantineErr, err)
	}
}

func TestRootKeys(t *testing.T) {
	t.Parallel()
	if n := refreshed(t, localaccount.Options{}).Inventory().RootKeys; n != 0 {
		t.Errorf("%d keys of a root user without any", n)
	}
	if n := refreshed(t, localaccount.Options{RootKey: day(1)}).Inventory().RootKeys; n != 1 {
		t.Errorf("%d keys of a root user with one", n)
	}
	l := openLocal(t, localaccount.Options{RootKey: day(1)})
	l.server.Trouble().Set("GetCredentialReport", func(r *localaccount.Rules) { r.Deny = true })
	l.server.Trouble().Set("GenerateCredentialReport", func(r *localaccount.Rules) { r.Deny = true })
	if err := l.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := l.Inventory().RootKeys; n != -1 {
		t.Errorf("without a report: %d", n)
	}
	inactive := CredentialReport{Rows: []ReportRow{{IsRoot: true, Slots: []ReportSlot{{LastRotated: time.Unix(1, 0)}, {Active: true}}}}}
	if n := inactive.RootKeys(); n != 1 {
		t.Errorf("one of two is active: %d", n)
	}
}
