package paste

import (
	"reflect"
	"testing"
)

// What people paste, in the forms in which it reaches a help desk. The IDs and
// the secret are the ones AWS uses in its documentation.
func TestSamples(t *testing.T) {
	t.Parallel()
	const temporary = "ASIAIOSFODNN7EXAMPLE"
	ids := func(ids ...string) found { return found{KeyIDs: ids} }
	user := func(name, account string) found { return found{UserName: name, UserAccount: account} }
	part := func(start, end string) found { return found{Fragments: []masked{{start, end}}} }
	tests := []struct {
		name, text string
		want       found // without Word
	}{
		{"CloudTrail: a call by a user", `{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE",
			"arn":"arn:aws:iam::123456789012:user/mateo.jackson","accountId":"123456789012","accessKeyId":"` + documented + `","userName":"mateo.jackson"},
			"eventSource":"s3.amazonaws.com","errorCode":"AccessDenied","responseElements":null}`,
			found{KeyIDs: []string{documented}, UserName: "mateo.jackson", UserAccount: "123456789012"}},
		{"CloudTrail: a key was created", `{"userIdentity":{"type":"AssumedRole","principalId":"AROACKCEVSQ6C2EXAMPLE:ops",
			"arn":"arn:aws:sts::123456789012:assumed-role/Admin/ops","accessKeyId":"` + temporary + `"},"eventName":"CreateAccessKey",
			"responseElements":{"accessKey":{"accessKeyId":"` + retired + `","userName":"nikki.wolf","status":"Active"}}}`,
			found{KeyIDs: []string{retired}, Temporary: []string{temporary}, Session: "Admin/ops"}},
		{"CloudTrail: a string within a log line", `"message":"{\"userIdentity\":{\"accessKeyId\":\"` + documented + `\"}}"`, ids(documented)},
		{"a JSON string with line ends", `"stderr":"aws_access_key_id is\n` + documented + `\nnot valid\t` + retired + `"`, ids(documented, retired)},
		{"IAM: not in the account", "An error occurred (AccessDenied) when calling the GetAccessKeyLastUsed operation: User: arn:aws:iam::123456789012:user/ops is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key " + documented,
			found{KeyIDs: []string{documented}, UserName: "ops", UserAccount: "123456789012"}},
		{"IAM: no such key", "NoSuchEntity: The Access Key with id " + documented + " cannot be found.", ids(documented)},
		{"S3: XML", "<Error><Code>InvalidAccessKeyId</Code><Message>The AWS Access Key Id you provided does not exist in our records.</Message><AWSAccessKeyId>" + documented + "</AWSAccessKeyId></Error>", ids(documented)},
		{"a denial without a key ID", `User: arn:aws:iam::123456789012:user/it/mateo.jackson is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::bucket"`,
			found{UserName: "mateo.jackson", UserAccount: "123456789012"}},
		{"a signature", "Authorization: AWS4-HMAC-SHA256 Credential=" + documented + "/20260102/us-east-1/iam/aws4_request, SignedHeaders=host;x-amz-date, Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024", ids(documented)},
		{"presigned URL", "https://bucket.s3.amazonaws.com/o?X-Amz-Credential=" + documented + "%2F20260102%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Expires=900", ids(documented)},
		{"presigned URL of old", "https://bucket.s3.amazonaws.com/o?AWSAccessKeyId=" + documented + "&Expires=1767312000&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D", ids(documented)},
		{"URL within a URL", "https://login.example/?next=https%3A%2F%2Fb.s3.amazonaws.com%2Fo%3FX-Amz-Credential%253D" + documented + "%25252F20260102", ids(documented)},
		{"credentials file", "[default]\naws_access_key_id = " + documented + "\naws_secret_access_key = " + sentinel + "\n\n[old]\naws_access_key_id=" + retired + "\naws_secret_access_key=" + sentinel,
			found{KeyIDs: []string{documented, retired}, Secret: true}},
		{"environment", "export AWS_ACCESS_KEY_ID='" + documented + "' AWS_SECRET_ACCESS_KEY='" + sentinel + "'", found{KeyIDs: []string{documented}, Secret: true}},
		{"YAML with a session", "accessKeyId: " + temporary + "\nsessionToken: FwoGZXIvYXdzEBYaDEXAMPLEEXAMPLEEXAMPLE", found{Temporary: []string{temporary}, Secret: true}},
		{"GitHub: secret scanning", "Secret scanning found an Amazon AWS Access Key ID in octo-org/site: " + documented + ", committed in 3a1bfa3f4b1c6e2a9e4d5f60718293a4b5c6d7e8 (config/deploy.yml#L7)", ids(documented)},
		{"GitHub: push protection", "remote:     - GITHUB PUSH PROTECTION\nremote:       —— Amazon AWS Access Key ID ———\nremote:          path: deploy.env:1\n(" + documented + ")", ids(documented)},
		{"GitGuardian", "GitGuardian found 1 secret. Secret type: AWS Keys. client_id: " + documented + " client_secret: *************************************LEKEY", ids(documented)},
		{"AWS: exposed key", `The AWS access key ` + documented + ` (belonging to IAM user "mateo.jackson") and its secret key are publicly available at https://github.com/octo-org/site/compare/664aa5f3a9...28e94117f3.`, ids(documented)},
		{"AWS: exposed key, masked", "Access keys of account (****-****-6006) are available online.\n Access Key        Web Site\n ****-****-WBAA    https://github.com/octo-org/site/blob/b7302f6fafa71d368eb26a1244acab5d0560c319/settings.py", part("", "WBAA")},
		{"masked in a sentence", "Key AKIA****************WBAA was rotated.", part("AKIA", "WBAA")},
		{"masked with its own ID", documented + " (AKIA...MPLE)", ids(documented)},
		{"masked, three at the end", "AKIA****XYZ is 120 days old", part("AKIA", "XYZ")},
		{"masked by x's", "AKIAXXXXXXXXXXXXWBAA", part("AKIA", "WBAA")},
		{"a placeholder", "AKIAXXXXXXXXXXXXXXXX", found{}},
		{"masked with dots", "AKIA…WBAA", part("AKIA", "WBAA")},
		{"cut off in a table", "| AKIAIOSFODNN7... | Active |", part("AKIAIOSFODNN7", "")},
		{"cut off before the sentence goes on", "AKIAIOSFODNN...and nothing else", part("AKIAIOSFODNN", "")},
		{"cut off", "the log ends with AKIAIOSFODNN", part("AKIAIOSFODNN", "")},
		{"named by its end", "Please deactivate the access key ending in WBAA today.", part("", "WBAA")},
		{"named by its last four", `last 4 characters: "WBAA"`, part("", "WBAA")},
		{"no end", "The request ended in error, see *** ERROR *** and ...more below", found{}},
		{"spaces", "AKIA IOSF ODNN 7EXA MPLE", ids(documented)},
		{"hyphens, small letters", "akia-iosf-odnn-7exa-mple", ids(documented)},
		{"a line end within quotes", "the key \"AKIAIOSFOD\r\n  NN7EXAMPLE\" fails", ids(documented)},
		{"wrapped, alone", "AKIAIOSFODNN7EXAM\nPLE\n", ids(documented)},
		{"words after a short ID", "AKIAIOSFODNN7EXA is it", ids("AKIAIOSFODNN7EXA")},
		{"characters that do not show", "AKIA\u200bIOSF\u00adODNN7EXAMPLE\ufeff", ids(documented)},
		{"full stop and bracket", "(see " + documented + ").", ids(documented)},
		{"console: a user's page", "https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/users/details/li.juan?section=security_credentials", user("li.juan", "")},
		{"console: the older page", "https://console.aws.amazon.com/iam/home#/users/li.juan", user("li.juan", "")},
		{"console: with a region, as it was once", "see console.aws.amazon.com/iamv2/home?region=eu-west-1#/users/li.juan.", user("li.juan", "")},
		{"console: in China", "<https://console.amazonaws.cn/iam/home?region=cn-north-1#/users/details/li.juan/create-access-key>", user("li.juan", "")},
		{"console: several sessions", "https://123456789012-ab12cd34.us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/users/details/li.juan?section=tags", user("li.juan", "123456789012")},
		{"console: the name escaped", "https://us-east-1.console.aws.amazon.com/iam/home#/users/details/svc%2Bdeploy%3Dprod%2Ceu.west%40corp_1-x?section=permissions", user("svc+deploy=prod,eu.west@corp_1-x", "")},
		{"console: within a sign-in's address", "https://d-1.awsapps.com/start/#/console?destination=https%3A%2F%2Fconsole.aws.amazon.com%2Fiam%2Fhome%23%2Fusers%2Fdetails%2Fli%252Ejuan%3Fsection%3Dtags", user("li.juan", "")},
		{"console: a name of other letters", "https://console.aws.amazon.com/iam/home#/users/details/m%C3%BCller", found{}},
		{"console: the list", "https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/users", found{}},
		{"console: a role", "https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/roles/details/li.juan", found{}},
		{"console: with a key ID", "https://console.aws.amazon.com/iam/home#/users/li.juan " + documented, ids(documented)},
		{"Keydesk: a user's page", "https://keydesk.example/accounts/123456789012/users/li.juan", user("li.juan", "123456789012")},
		{"Keydesk: the path", "/accounts/123456789012/users/jane%40example.com/access-keys", user("jane@example.com", "123456789012")},
		{"Keydesk: a key on that page", "https://keydesk.example/accounts/123456789012/users/li.juan#" + documented, ids(documented)},
		{"Keydesk: an address as long as a secret", "https://keydesk.example/accounts/123456789012/users/Mary", user("Mary", "123456789012")},
		{"Keydesk: the list", "/accounts/123456789012/users?q=li", found{}},
		{"an address after an ARN", "arn:aws:iam::123456789012:user/nikki.wolf /accounts/123456789012/users/li.juan", user("nikki.wolf", "123456789012")},
		{"a secret for a name", "/accounts/123456789012/users/" + sentinel, found{UserName: "wJalrXUtnFEMI", UserAccount: "123456789012", Secret: true}},
		{"chat", "<@U1> `" + documented + "` pls", ids(documented)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := find(tt.text)
			got.Word = ""
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}
