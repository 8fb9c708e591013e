package localaccount

import "strings"

// managedPolicy is an AWS managed policy of which the account knows what it needs: the statements about IAM and STS.
type managedPolicy struct {
	path     string
	document string
}

const quarantinePolicy = "AWSCompromisedKeyQuarantineV3"

var managedPolicies = map[string]managedPolicy{
	"AdministratorAccess": {"/", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`},
	"IAMFullAccess":       {"/", `{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}`},
	"IAMReadOnlyAccess": {"/", `{"Statement":{"Effect":"Allow","Action":["iam:GenerateCredentialReport",
		"iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*","iam:SimulateCustomPolicy",
		"iam:SimulatePrincipalPolicy","sts:GetAccessKeyInfo"],"Resource":"*"}}`},
	"SecurityAudit": {"/", `{"Statement":{"Effect":"Allow","Action":["iam:GenerateCredentialReport","iam:Get*",
		"iam:List*"],"Resource":"*"}}`},
	"PowerUserAccess": {"/", `{"Statement":{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],
		"Resource":"*"}}`},
	"AmazonS3ReadOnlyAccess": {"/", `{"Statement":{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"}}`},
	"Billing":                {"/job-function/", `{"Statement":{"Effect":"Allow","Action":"billing:*","Resource":"*"}}`},
	"IAMUserChangePassword": {"/", `{"Statement":{"Effect":"Allow","Action":["iam:ChangePassword",
		"iam:GetAccountPasswordPolicy"],"Resource":"*"}}`},
	quarantinePolicy: {"/", `{"Statement":{"Effect":"Deny","Action":["iam:AddUserToGroup","iam:AttachGroupPolicy",
		"iam:AttachRolePolicy","iam:AttachUserPolicy","iam:ChangePassword","iam:CreateAccessKey","iam:CreateInstanceProfile",
		"iam:CreateLoginProfile","iam:CreatePolicyVersion","iam:CreateRole","iam:CreateUser","iam:DetachUserPolicy",
		"iam:PassRole","iam:PutGroupPolicy","iam:PutRolePolicy","iam:PutUserPermissionsBoundary","iam:PutUserPolicy",
		"iam:SetDefaultPolicyVersion","iam:UpdateAccessKey","iam:UpdateAccountPasswordPolicy","iam:UpdateAssumeRolePolicy",
		"iam:UpdateLoginProfile","iam:UpdateUser"],"Resource":"*"}}`},
}

func managedPolicyARN(name string) string {
	return "arn:aws:iam::aws:policy" + managedPolicies[name].path + name
}

func isManagedPolicy(arn string) bool {
	name := arn[strings.LastIndex(arn, "/")+1:]
	_, known := managedPolicies[name]
	return known && arn == managedPolicyARN(name)
}
