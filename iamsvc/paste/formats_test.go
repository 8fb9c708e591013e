package paste

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"testing"
	"unicode/utf16"
)

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func powerShell(text string) string {
	var b []byte
	for _, c := range utf16.Encode([]rune(text)) {
		b = append(b, byte(c), byte(c>>8))
	}
	return base64.StdEncoding.EncodeToString(b)
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// Formats of logs, alerts, consoles and tickets.
func TestFormats(t *testing.T) {
	t.Parallel()
	check(t, []sample{
		{"CloudWatch Logs: a record", `{"awslogs":{"data":"` + gzipped(`{"message":"key `+akira+` denied"}`) + `"}}`, akira},
		{"CloudWatch Insights: a table", "| @timestamp | userIdentity.userName | requestParameters.accessKeyId |\n|---|---|---|\n| 2026-11-28 | aisha.jansen | " + akira + " |", akira},
		{"GuardDuty", `{"type":"UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration","resource":{"accessKeyDetails":{"accessKeyId":"` + akira + `","principalId":"AIDACKCEVSQ6C2EXAMPLE","userName":"akira.mensah","userType":"IAMUser"}}}`,
			akira + ", id AIDACKCEVSQ6C2EXAMPLE, user akira.mensah"},
		{"Macie", `{"sensitiveData":[{"category":"CREDENTIALS","detections":[{"type":"AWS_CREDENTIALS","count":1}]}],"resourcesAffected":{"s3Object":{"key":"backup/.aws/credentials"}},"userIdentity":{"type":"IAMUser","iamUser":{"userName":"akira.mensah","principalId":"AIDACKCEVSQ6C2EXAMPLE"}}}`,
			"actor user akira.mensah, actor id AIDACKCEVSQ6C2EXAMPLE"},
		{"GitHub: alert", `{"number":42,"state":"open","secret_type":"aws_access_key_id","secret_type_display_name":"Amazon AWS Access Key ID","secret":"` + akira + `"}`, akira},
		{"GitHub: the secret's alert", `{"secret_type":"aws_secret_access_key","secret":"` + sentinel + `"}`, "[secret access key]"},
		{"spelled out", "My key is A K I A R Z P U Z D I K K G D 5 7 V S H, please help.", akira},
		{"spelled out with hyphens", "a-k-i-a-r-z-p-u-z-d-i-k-k-g-d-5-7-v-s-h", akira},
		{"gitleaks", `{"RuleID":"aws-access-token","Match":"` + akira + `","Secret":"` + akira + `","File":"a.env","Commit":"3a1bfa3f4b1c6e2a9e4d5f60718293a4b5c6d7e8","Author":"Akira","Email":"akira@example.com"}`, akira + ", contact akira@example.com"},
		{"trufflehog", `{"DetectorName":"AWS","Raw":"` + akira + `","RawV2":"` + akira + `:` + sentinel + `","Redacted":"` + akira + `","ExtraData":{"account":"123456789012","arn":"arn:aws:iam::123456789012:user/akira.mensah"}}`,
			akira + ", user akira.mensah@123456789012 [secret access key]"},
		{"AWS: abuse mail", "Your AWS account 123456789012 may be compromised. Access Key: " + akira + "\nIAM User: akira.mensah\nEvent Name: GetCallerIdentity", akira + ", user akira.mensah"},
		{"Slack: an export", `{"user":"U012AB3CD","text":"pls kill <https:\/\/x.example\/?k=` + akira + `|this> \u2014 thx"}`, akira},
		{"Jira", "{code}\naws_access_key_id=" + akira + "\n{code}\n[~akira.mensah]", akira},
		{"Splunk: CSV", "\"_time\",\"_raw\"\n\"2026-11-28\",\"{\"\"accessKeyId\"\":\"\"" + akira + "\"\"}\"", akira},
		{"journald", `{"MESSAGE":"\u001b[0;31mdenied\u001b[0m ` + akira + `","_PID":"12"}`, akira},
		{"rsyslog", "Nov 28 00:00:00 web app: #033[31m#011" + akira + "#033[0m#012next", akira},
		{"HAProxy", `10.0.0.9:5000 [28/Nov/2026:00:00:00.000] in~ s3/s1 0/0/1/2/3 403 200 - - ---- 1/1/0/0/0 0/0 {AWS ` + akira + `:sig|} "GET /b HTTP/1.1"`, akira},
		{"Terraform: state", `"attributes": {"id": "` + akira + `", "secret": "` + sentinel + `", "ses_smtp_password_v4": "` + smtpPassword(sentinel, "eu-west-1") + `", "user": "akira.mensah"}`,
			akira + ", user akira.mensah [secret access key] [Amazon SES SMTP password]"},
		{".env", "AWS_ACCESS_KEY_ID='" + akira + "'\nAWS_SECRET_ACCESS_KEY='" + sentinel + "'\n", akira + " [secret access key]"},
		{"rclone", "[s3]\ntype = s3\naccess_key_id = " + akira + "\nsecret_access_key = " + sentinel, akira + " [secret access key]"},
		{"s3cfg", "access_key = " + akira + "\nsecret_key = " + sentinel, akira + " [secret access key]"},
		{"passwd-s3fs", akira + ":" + sentinel, akira + " [secret access key]"},
		{"Docker: inspect", `"Env": ["PATH=/usr/bin","AWS_ACCESS_KEY_ID=` + akira + `","AWS_SECRET_ACCESS_KEY=` + sentinel + `"]`, akira + " [secret access key]"},
		{"Kubernetes: a credentials file", "data:\n  credentials: " + encoded("[default]\naws_access_key_id = "+akira+"\naws_secret_access_key = "+sentinel+"\n"), akira + " [secret access key]"},
		{"Kubernetes: a block", "data:\n  credentials: |\n    " + encoded("[default]\naws_access_key_id = " + akira + "\n")[:60] + "\n    " + encoded("[default]\naws_access_key_id = " + akira + "\n")[60:], akira},
		{"Jenkins", "+ aws s3 ls\nAWS_ACCESS_KEY_ID=****\nAWS_SECRET_ACCESS_KEY=****\nInvalidAccessKeyId: " + akira, akira},
		{"PagerDuty", `{"incident":{"title":"Key AKIA************7VSH used from new country"}}`, "AKIA...7VSH"},
		{"Okta", `{"actor":{"type":"User","alternateId":"aisha@example.com"},"target":[{"type":"AppUser","alternateId":"akira@example.com"}]}`, "actor contact aisha@example.com, contact akira@example.com"},
		{"PowerShell", "powershell -EncodedCommand " + powerShell("Set-AWSCredential -AccessKey "+akira), akira},
		{"Excel", "User\tKey\tAge\nakira.mensah\t" + akira + "\t120", akira},
		{"Datadog", `@usr.id:akira @aws.access_key:` + akira + ` status:error`, akira},
		{"Basic", "Authorization: Basic " + encoded(akira+":"+sentinel), akira + " [secret access key]"},
		{"AUTH LOGIN", "250 AUTH LOGIN\nAUTH LOGIN\n334 VXNlcm5hbWU6\n" + encoded(akira) + "\n334 UGFzc3dvcmQ6", akira},
		{"mail: a subject", "Subject: =?utf-8?B?" + encoded("Key "+akira) + "?=", akira},
		{"mail: a subject in two", "Subject: =?utf-8?Q?Key_AKIARZPUZD?=\r\n =?utf-8?Q?IKKGD57VSH?=", akira},
		{"mail: soft break in an ID", "Content-Transfer-Encoding: quoted-printable\r\n\r\nThe key AKIARZPUZ=\r\nDIKKGD57VSH leaked.", akira},
		{"JSON in JSON in JSON", `{"a":"{\"b\":\"{\\\"accessKeyId\\\":\\\"` + akira + `\\\"}\"}"}`, akira},
		{"base64 of JSON of base64", encoded(`{"data":"` + encoded("key="+akira) + `"}`), akira},
		{"IAM console: a row", "akira.mensah\t/\t0\t-\t2 days ago\t-\t-\tActive - " + akira + "\t120 days", akira},
		{"credential report", "user,arn,access_key_1_active\nakira.mensah,arn:aws:iam::123456789012:user/akira.mensah,true\naisha.jansen,arn:aws:iam::123456789012:user/aisha.jansen,true",
			"user akira.mensah@123456789012, user aisha.jansen@123456789012"},
		{"Config rule", `{"configRuleName":"access-keys-rotated","resourceType":"AWS::IAM::User","resourceId":"AIDACKCEVSQ6C2EXAMPLE"}`, "id AIDACKCEVSQ6C2EXAMPLE"},
	})
}

// What people leave of an ID, and how they say it.
func TestMasks(t *testing.T) {
	t.Parallel()
	for _, masked := range []string{
		"AKIA************7VSH", "AKIA••••••••••••7VSH", "AKIA●●●●7VSH", "AKIA…7VSH", "AKIA...7VSH", "AKIA............7VSH", "AKIA############7VSH",
		"AKIAxxxxxxxxxxxx7VSH", "AKIAXXXXXXXXXXXX7VSH", "AKIA------------7VSH", "AKIA____________7VSH", "AKIA????????????7VSH", "AKIA＊＊＊＊7VSH", "AKIA∗∗∗∗7VSH",
		"AKIA██████7VSH", "AKIA<redacted>7VSH", "AKIA[REDACTED]7VSH", "AKIA(hidden)7VSH", "AKIA [redacted] 7VSH", "akia************7vsh", "AKIA····7VSH", "AKIA–––7VSH",
		`AKIA\*\*\*\*7VSH`, "AKIA&bull;&bull;&bull;&bull;7VSH", "AKIA%2A%2A%2A%2A7VSH",
	} {
		if got := summary(Parse("key "+masked+" is old", nil)); got != "AKIA...7VSH" {
			t.Errorf("%s: %s", masked, got)
		}
	}
	for _, ended := range []string{
		"****7VSH", "**** 7VSH", "key ******** 7VSH", "••••7VSH", "...7VSH", "…7VSH", "############7VSH", "xxxxxxxxxxxxxxxx7VSH", "XXXXXXXXXXXXXXXX7VSH", "****-****-7VSH", "----7VSH", "____7VSH", "****************7vsh",
		"<redacted>7VSH", "[REDACTED]7VSH", "(hidden)7VSH", "key ending 7VSH", "key ending in 7VSH", "key ends with 7VSH", "The key that ends in \"7VSH\".", "last 4: 7VSH", "last4: 7VSH",
		"last four characters 7VSH", "last four: 7vsh", "the last four digits are 7VSH", "suffix 7VSH", "suffix: 7vsh", "key_suffix=7VSH", "access key ending 7vsh", "Access key ID: ****7VSH",
		"AWS Access Key ID [****************7VSH]: ", `{"accessKeyId":"****7VSH","secretAccessKey":"****AKAG"}`,
		"AWS Access Key ID [****************7VSH]: \nAWS Secret Access Key [****************AKAG]: \nDefault region name [eu-west-1]: ",
		"access_key : ****************7VSH : shared-credentials-file\nsecret_key : ****************AKAG : shared-credentials-file",
		"Access key ID,Secret access key\n****7VSH,****AKAG\n", "| Access key ID | Secret access key |\n|---|---|\n| ****7VSH | ****AKAG |",
	} {
		if got := summary(Parse(ended, nil)); got != "...7VSH" {
			t.Errorf("%q: %s", ended, got)
		}
	}
	for _, none := range []string{
		"*** ERROR ***", "-----BEGIN CERTIFICATE-----", "## TODO", "#### NOTES", "**NOTE**", "__INIT__", "...and more", "account ****-****-6006", "card ending 4242", "it ended in error",
		"the last time we met", "at the end the server died", "aws_secret_access_key = ****AKAG", "AWS Secret Access Key [****************AKAG]:", "the secret key ending AKAG", "password: ****AB12",
		"AKIA****************", "AKIAXXXXXXXXXXXXXXXX",
	} {
		if got := summary(Parse(none, nil)); got != "" {
			t.Errorf("%q: %s", none, got)
		}
	}
	check(t, []sample{
		{"several, counted up", "keys ending in 7VSH, AKAG and BV6H", "...7VSH, ...AKAG, ...BV6H"},
		{"several, by commas", "****7VSH,****AKAG;****BV6H|****WBAA", "...7VSH, ...AKAG, ...BV6H, ...WBAA"},
		{"several, by tabs", "****7VSH\t****AKAG", "...7VSH, ...AKAG"},
		{"cut off, several", "AKIARZPUZDIKK AKIARZPUZDIKM, AKIARZPUZDIKJ", "AKIARZPUZDIKK..., AKIARZPUZDIKM..., AKIARZPUZDIKJ..."},
		{"a start", "the key starting with AKIARZPUZDIKK", "AKIARZPUZDIKK..."},
		{"beside its ID", akira + " ****AKAG", akira},
	})
}

// Names by what stands around them.
func TestNames(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"arn:aws:iam::123456789012:user/akira.mensah", "arn:aws:iam::123456789012:user/dev/eu/akira.mensah", `"arn:aws:iam::123456789012:user/R\u0026D/akira.mensah"`,
		"arn%3Aaws%3Aiam%3A%3A123456789012%3Auser%2Fakira.mensah", "(arn:aws:iam::123456789012:user/akira.mensah).", "arn:aws:iam::123456789012:user/akira.mensah&x=1",
	} {
		if got := summary(Parse(text, nil)); got != "user akira.mensah@123456789012" {
			t.Errorf("%q: %s", text, got)
		}
	}
	for _, text := range []string{
		"User akira.mensah has two keys", "User: akira.mensah", `CORP\akira.mensah`, `{"user":"CORP\\akira.mensah"}`, `"userName":"akira.mensah"`, `\"userName\":\"akira.mensah\"`, "user_name=akira.mensah",
		"<UserName>akira.mensah</UserName>", "&lt;UserName&gt;akira.mensah&lt;/UserName&gt;", "IAM user akira.mensah", "the IAM user \"akira.mensah\"", "user 'akira.mensah' was deleted",
		"username: akira.mensah", "iam_user => akira.mensah", "userName%3Dakira.mensah",
	} {
		if got := summary(Parse(text, nil)); got != "user akira.mensah" {
			t.Errorf("%q: %s", text, got)
		}
	}
	check(t, []sample{
		{"ARNs on one line", "arn:aws:iam::1:user/a,arn:aws:iam::1:user/b;arn:aws:iam::1:user/c|arn:aws:iam::1:user/d arn:aws:iam::1:user/e", "user a@1, user b@1, user c@1, user d@1, user e@1"},
		{"role", "arn:aws:iam::123456789012:role/service-role/Deploy", "role Deploy@123456789012"},
		{"group", "arn:aws:iam::123456789012:group/admins", "group admins@123456789012"},
		{"root", "arn:aws:iam::123456789012:root", "root@123456789012"},
		{"an ID in a text", "principal AIDACKCEVSQ6C2EXAMPLE and AROACKCEVSQ6C2EXAMPLE:i-0abc", "id AIDACKCEVSQ6C2EXAMPLE, id AROACKCEVSQ6C2EXAMPLE"},
		{"contact", "Contact: platform-team", "contact platform-team"},
		{"mail address", "write to jane.doe+aws@example.co.uk.", "contact jane.doe+aws@example.co.uk"},
		{"a password in an address", "https://admin:hunter2hunter@db.example.com/", ""},
		{"a list", "akira.mensah, aisha.jansen; backup-agent", "word akira.mensah, word aisha.jansen, word backup-agent"},
		{"a tag", "Contact=ops@example.com", "contact ops@example.com"},
		{"a row of a CSV file", "arn:aws:iam::1:user/x," + akira, "user x@1, " + akira},
		{"a sentence", "no key in this text, sorry", ""},
		{"user agent", "User-Agent: aws-cli/2.0 user agent", ""},
	})
}

func TestCutIsSaid(t *testing.T) {
	t.Parallel()
	long := make([]byte, MaxBytes+1)
	for i := range long {
		long[i] = ' '
	}
	if got := Parse(string(long), nil); !got.Cut || got.Searched != MaxBytes {
		t.Errorf("%+v", got)
	}
}
