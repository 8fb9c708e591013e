package localaccount

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

const readS3 = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"}]}`

func TestInlinePolicies(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	createUserNamed(t, c, "reader")
	putPolicy(t, c, "reader", "S3ReadOnly", readS3)
	putPolicy(t, c, "reader", "Another", readS3)
	putPolicy(t, c, "reader", "S3ReadOnly", readS3)
	name := aws.String("reader")
	got, err := c.GetUserPolicy(t.Context(), &iam.GetUserPolicyInput{UserName: name, PolicyName: aws.String("S3ReadOnly")})
	if err != nil {
		t.Fatal(err)
	}
	if document, _ := url.PathUnescape(*got.PolicyDocument); document != readS3 || strings.ContainsAny(*got.PolicyDocument, ` {"+`) {
		t.Errorf("document = %s", *got.PolicyDocument)
	}
	list, err := c.ListUserPolicies(t.Context(), &iam.ListUserPoliciesInput{UserName: name})
	if err != nil || strings.Join(list.PolicyNames, " ") != "Another S3ReadOnly" {
		t.Errorf("policies = %v, %v", list, err)
	}
	if _, err := c.DeleteUserPolicy(t.Context(), &iam.DeleteUserPolicyInput{UserName: name, PolicyName: aws.String("S3ReadOnly")}); err != nil {
		t.Fatal(err)
	}
	const gone = "The user policy with name S3ReadOnly cannot be found."
	_, err = c.GetUserPolicy(t.Context(), &iam.GetUserPolicyInput{UserName: name, PolicyName: aws.String("S3ReadOnly")})
	wantError(t, err, http.StatusNotFound, "NoSuchEntity", gone)
	_, err = c.DeleteUserPolicy(t.Context(), &iam.DeleteUserPolicyInput{UserName: name, PolicyName: aws.String("S3ReadOnly")})
	wantError(t, err, http.StatusNotFound, "NoSuchEntity", gone)
}

func TestMalformedPolicies(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	for document, says := range map[string]string{
		`not JSON`: "Syntax errors in policy.", `[]`: "Syntax errors in policy.", `{"Statement":[]}`: "Syntax errors in policy.",
		`{"Statement":7}`: "Syntax errors in policy.", `{"Statement":null}`: "Syntax errors in policy.",
		`{"Statement":{"Effect":"allow","Action":"s3:*","Resource":"*"}}`:                 "Syntax errors in policy.",
		`{"Statement":{"Effect":"Allow","Action":{},"Resource":"*"}}`:                     "Syntax errors in policy.",
		`{"Statement":{"Effect":"Allow","Resource":"*"}}`:                                 "Policy statement must contain actions.",
		`{"Statement":{"Effect":"Allow","Action":"s3:*"}}`:                                "Policy statement must contain resources.",
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*"}}`:                "Policy document should not specify a principal.",
		`{"Statement":{"Effect":"Allow","Action":["s3:*","ListUsers"],"Resource":"*"}}`:   "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
		`{"Statement":{"Effect":"Allow","NotAction":["everything"],"NotResource":"*"}}`:   "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
		`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},{"Effect":"Oops"}]}`: "Syntax errors in policy.",
	} {
		ask(t, a, "Action", "PutUserPolicy", "UserName", "li.juan", "PolicyName", "p", "PolicyDocument", document).
			wantFault(t, http.StatusBadRequest, "MalformedPolicyDocument", says)
	}
	ask(t, a, "Action", "PutUserPolicy", "UserName", "li.juan", "PolicyName", "p", "PolicyDocument", "{}\u0100").wantFault(t, http.StatusBadRequest,
		"ValidationError", "The specified value for policyDocument is invalid. It must contain only printable ASCII characters.")
	ask(t, a, "Action", "PutUserPolicy", "UserName", "li.juan", "PolicyName", "a b", "PolicyDocument", "{}").wantFault(t, http.StatusBadRequest,
		"ValidationError", "The specified value for policyName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
	if n := len(a.store.roster().find("li.juan").Policies); n != 0 {
		t.Errorf("%d refused policies were stored", n)
	}
}

func TestInlinePolicyQuotaCountsNoWhiteSpace(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	policy := func(size int) string {
		const frame = `{"Statement":{"Effect":"Allow","Action":"s3:","Resource":"*"}}`
		return strings.Replace(frame, "s3:", "s3:"+strings.Repeat("x", size-len(frame)), 1) + strings.Repeat(" \n", 500)
	}
	put := func(name string, size int) answered {
		return ask(t, a, "Action", "PutUserPolicy", "UserName", "li.juan", "PolicyName", name, "PolicyDocument", policy(size))
	}
	if got := put("most", 1900); got.status != http.StatusOK {
		t.Fatalf("1900 characters: %s", got.body)
	}
	put("rest", 149).wantFault(t, http.StatusConflict, "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user li.juan")
	if got := put("rest", 148); got.status != http.StatusOK {
		t.Errorf("2048 characters together: %s", got.body)
	}
}

func TestAttachedPolicies(t *testing.T) {
	t.Parallel()
	c := admin(open(t, Options{}))
	got, err := c.ListAttachedUserPolicies(t.Context(), &iam.ListAttachedUserPoliciesInput{UserName: aws.String("dev-sandbox-bot")})
	if err != nil || len(got.AttachedPolicies) != 1 || *got.AttachedPolicies[0].PolicyArn != "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3" {
		t.Errorf("quarantined user's policies = %v, %v", got, err)
	}
	got, err = c.ListAttachedUserPolicies(t.Context(), &iam.ListAttachedUserPoliciesInput{UserName: aws.String("ana.carolina.silva"), PathPrefix: aws.String("/job-function/")})
	if err != nil || len(got.AttachedPolicies) != 1 || *got.AttachedPolicies[0].PolicyArn != "arn:aws:iam::aws:policy/job-function/Billing" {
		t.Errorf("policies below a path = %v, %v", got, err)
	}
}
