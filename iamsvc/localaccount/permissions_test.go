package localaccount

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	const alice = "arn:aws:iam::123456789012:user/alice"
	for name, c := range map[string]struct {
		statements string
		want       verdict
	}{
		"nothing said":             {`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`, notAllowed},
		"all":                      {`{"Effect":"Allow","Action":"*","Resource":"*"}`, allowed},
		"wildcard, other case":     {`{"Effect":"Allow","Action":"IAM:list*","Resource":"*"}`, allowed},
		"question mark":            {`{"Effect":"Allow","Action":"iam:List?sers","Resource":"*"}`, allowed},
		"too short":                {`{"Effect":"Allow","Action":"iam:List","Resource":"*"}`, notAllowed},
		"another resource":         {`{"Effect":"Allow","Action":"*","Resource":"arn:aws:iam::*:user/bob"}`, notAllowed},
		"own resource":             {`{"Effect":"Allow","Action":"*","Resource":["x","arn:aws:iam::*:user/${aws:username}"]}`, allowed},
		"everything but":           {`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, notAllowed},
		"everything but another":   {`{"Effect":"Allow","NotAction":["s3:*"],"NotResource":"*bob"}`, allowed},
		"not that resource":        {`{"Effect":"Allow","Action":"*","NotResource":"*alice"}`, notAllowed},
		"deny wins":                {`[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:ListUsers","Resource":"*"}]`, denied},
		"deny of something else":   {`[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:Delete*","Resource":"*"}]`, allowed},
		"conditional allow":        {`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`, notAllowed},
		"conditional deny":         {`[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{}}]`, denied},
		"stars that lead nowhere":  {`{"Effect":"Allow","Action":"i*m:*U*e*x*","Resource":"*"}`, notAllowed},
		"stars that lead to a end": {`{"Effect":"Allow","Action":"i*m:*U*e*s**","Resource":"*"}`, allowed},
	} {
		u := &user{Name: "alice", Policies: []inlinePolicy{{"p", `{"Statement":` + c.statements + `}`}}}
		if got := u.decide("iam:ListUsers", alice); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestOthersMayDoNothingButAskWhoTheyAre(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	const id = "AKIAIOSFODNN7EXAMPLE"
	ordinary := iamAs(a, id, a.master.secret(id))
	for action, named := range map[string]string{
		"ListUsers": "arn:aws:iam::123456789012:user/", "GetUser": "user mateo.jackson", "CreateUser": "arn:aws:iam::123456789012:user/x/new",
		"GetAccountSummary": "*", "GetAccessKeyLastUsed": "arn:aws:iam::123456789012:user/mateo.jackson", "DeleteUser": "user new",
	} {
		s := a.signing(form("Action", action, "UserName", map[bool]string{true: "new", false: "mateo.jackson"}[action != "GetUser"], "Path", "/x/", "AccessKeyId", id))
		s.keyID, s.secret = id, a.master.secret(id)
		send(t, a, s.request(t, "https://iam.amazonaws.com/")).wantFault(t, http.StatusForbidden, "AccessDenied",
			"User: arn:aws:iam::123456789012:user/mateo.jackson is not authorized to perform: iam:"+action+" on resource: "+named+
				" because no identity-based policy allows the iam:"+action+" action")
	}
	who, err := sts.NewFromConfig(config(a, id, a.master.secret(id), "")).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:iam::123456789012:user/mateo.jackson" {
		t.Errorf("GetCallerIdentity = %v, %v", who, err)
	}
	_, err = ordinary.GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String("AKIAZZZZZZZZZZZZZZZZ")})
	wantError(t, err, http.StatusForbidden, "AccessDenied", "User: arn:aws:iam::123456789012:user/mateo.jackson is not authorized to perform: "+
		"iam:GetAccessKeyLastUsed on resource: arn:aws:iam::123456789012:user/* because no identity-based policy allows the iam:GetAccessKeyLastUsed action")
}

func TestReadOnlyPrincipal(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	id, err := a.principalKey(readOnlyUser)
	if err != nil {
		t.Fatal(err)
	}
	c := iamAs(a, id, a.master.secret(id))
	if _, err := c.ListUsers(t.Context(), &iam.ListUsersInput{}); err != nil {
		t.Error(err)
	}
	_, err = c.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("li.juan")})
	wantError(t, err, http.StatusForbidden, "AccessDenied", "User: arn:aws:iam::123456789012:user/keydesk-readonly is not authorized to perform: "+
		"iam:CreateAccessKey on resource: user li.juan because no identity-based policy allows the iam:CreateAccessKey action")
}

func TestExplicitDenyIsToldApart(t *testing.T) {
	t.Parallel()
	a := open(t, Options{})
	id := a.store.roster().find("dev-sandbox-bot").Keys[0].ID
	_, err := iamAs(a, id, a.master.secret(id)).CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{})
	wantError(t, err, http.StatusForbidden, "AccessDenied", "User: arn:aws:iam::123456789012:user/dev-sandbox-bot is not authorized to perform: "+
		"iam:CreateAccessKey on resource: user dev-sandbox-bot with an explicit deny in an identity-based policy")
}

func TestMatchesPatternIsNotSlow(t *testing.T) {
	t.Parallel()
	text := make([]byte, 1<<16)
	for i := range text {
		text[i] = 'a'
	}
	start := time.Now()
	if matchesPattern("*a*a*a*a*a*a*a*a*a*b", string(text)) {
		t.Error("matched")
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}
