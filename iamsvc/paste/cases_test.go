package paste

import (
	"os"
	"path/filepath"
	"testing"
)

// Public reports and files, each of a kind that was once read wrong.
func TestCases(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"01-id-and-secret-glued.txt":              akira + " [secret access key]",
		"02-event-over-2048-characters.json":      "actor user aisha.jansen@123456789012, user akira.mensah, " + akira,
		"03-json-u003e.log":                       akira,
		"04-ansi-colours.log":                     akira,
		"05-kubernetes-secret.yaml":               akira,
		"06-quoted-printable.eml":                 akira,
		"07-nginx-x22.log":                        akira,
		"08-masked-ends-one-line.txt":             "...7VSH, ...AKAG, ...BV6H",
		"09-one-end-unknown.txt":                  "...7VSH, ...ZZZZ",
		"10-several-arns.txt":                     "user aisha.jansen@123456789012, user akira.mensah@123456789012, user backup-agent@123456789012",
		"11-arn-path-u0026.json":                  "user svc-identity-prod@123456789012",
		"12-aws-configure-list.txt":               "...7VSH",
		"13-full-width.txt":                       akira,
		"14-left-to-right-mark-before-a-name.txt": "",
		"15-named-ends.txt":                       "...7VSH",
		"16-mask-signs.txt":                       "AKIA...7VSH",
		"17-secret-with-escaped-slashes.json":     akira + " [secret access key]",
		"18-name-of-40-characters.txt":            "[secret access key]",
		"19-user-name-in-json.json":               "user akira.mensah",
		"20-actor-and-hidden-key.log":             "actor user aisha.jansen@123456789012, " + akira,
		"21-role-arn.txt":                         "session Deploy/akira.mensah@123456789012",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("testdata", "cases", file))
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(Parse(string(text), nil)); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestKnownWinsOverSecret(t *testing.T) {
	t.Parallel()
	const name = "SvcDeployPipelineProdEuWest1AppServer001"
	known := func(word string) Kind {
		if word == name {
			return UserName
		}
		return ""
	}
	for _, text := range []string{name, " \"" + name + "\"\n", "\u200e" + name} {
		if got := Parse(text, known); got.Word != name || got.HasSecret() {
			t.Errorf("%q: %+v", text, got)
		}
		if got := Parse(text, nil); got.Word != "" || !got.HasSecret() {
			t.Errorf("%q: nobody knows it: %+v", text, got)
		}
	}
	arn := "arn:aws:iam::123456789012:user/" + name
	if got := summary(Parse(arn, known)); got != "user "+name+"@123456789012" {
		t.Errorf("by ARN: %s", got)
	}
}

// What the caller knows is found in the middle of a text too, whatever it looks
// like.
func TestKnownWords(t *testing.T) {
	t.Parallel()
	names := map[string]Kind{"akira.mensah": UserName, "nikki.wolf": UserName, "Jane Doe": UserName, "a/b c": UserName, "admin": UserName, "GK31c2f218a2e44f485b94239e": KeyID}
	known := func(word string) Kind { return names[word] }
	for text, want := range map[string]string{
		`CORP\nikki.wolf`:                       "user nikki.wolf",
		"user: Jane Doe":                        "user Jane Doe",
		`"userName":"Jane Doe"`:                 "user Jane Doe",
		"arn:aws:iam::1:user/Jane Doe":          "user Jane Doe@1",
		`"arn:aws:iam::1:user/a/b c"`:           "user a/b c@1",
		"GK31c2f218a2e44f485b94239e is leaked":  "GK31c2f218a2e44f485b94239e",
		"lock akira.mensah and nikki.wolf":      "user akira.mensah, user nikki.wolf",
		"IAM users akira.mensah and nikki.wolf": "user akira.mensah, user nikki.wolf",
		"akira.mensah's key":                    "user akira.mensah",
		"admin said no":                         "",
		"akira.mensah nikki.wolf admin":         "user akira.mensah, user nikki.wolf, user admin",
		"akira.mensah\nno.body\n":               "user akira.mensah, word no.body",
		"YWtpcmEubWVuc2Fo":                      "user akira.mensah",
	} {
		if got := summary(Parse(text, known)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
