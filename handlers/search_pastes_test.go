package handlers_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// The owners of the keys in testdata/pastes, as the embedded account has them.
const (
	mensah, mensahsKey = "akira.mensah", "AKIARZPUZDIKKGD57VSH"
	keller, kellersKey = "alejandro.keller", "AKIARZPUZDIKMVJ3AKAG"
	lang, langsKey     = "anders.lang", "AKIARZPUZDIKJ3UXBV6H"
	nameOf40           = "SvcDeployPipelineProdEuWest1AppServer001"
)

// newDemoSite is a site over the account that Keydesk comes with.
func newDemoSite(t testing.TB) *site {
	t.Helper()
	s := newSiteOf(t, 150)
	for key, name := range map[string]string{mensahsKey: mensah, kellersKey: keller, langsKey: lang} {
		if owner := s.owner(key).Name; owner != name {
			t.Fatalf("%s is a key of %s", key, owner)
		}
	}
	return s
}

// TestSearchReadsWhatPeoplePaste: texts that were answered wrong once. Every
// role gets the same answer: the user's page, or the card.
func TestSearchReadsWhatPeoplePaste(t *testing.T) {
	t.Parallel()
	s := newDemoSite(t)
	_, err := s.outside(t).CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String(nameOf40)})
	if err == nil {
		err = s.Account.Refresh(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	const secretSeen = "A secret access key was in this text"
	cases := map[string]struct{ want, never []string }{
		"01-id-and-secret-glued.txt":              {want: []string{mensah, mensahsKey, secretSeen}, never: []string{"Zq3v", "ZQ3V"}},
		"02-event-over-2048-characters.json":      {want: []string{mensah, mensahsKey}},
		"03-json-u003e.log":                       {want: []string{mensah, mensahsKey}},
		"04-ansi-colours.log":                     {want: []string{mensah, mensahsKey}},
		"05-kubernetes-secret.yaml":               {want: []string{mensah, mensahsKey}},
		"06-quoted-printable.eml":                 {want: []string{mensah, mensahsKey}},
		"07-nginx-x22.log":                        {want: []string{mensah, mensahsKey}},
		"08-masked-ends-one-line.txt":             {want: []string{mensahsKey, kellersKey, langsKey}},
		"09-one-end-unknown.txt":                  {want: []string{mensahsKey, "No access key ID ends with ZZZZ."}},
		"10-several-arns.txt":                     {want: []string{"aisha.jansen", mensah, "backup-agent", "3 of 3 users found"}},
		"11-arn-path-u0026.json":                  {want: []string{"svc-identity-prod"}},
		"12-aws-configure-list.txt":               {want: []string{mensah, mensahsKey}, never: []string{kellersKey, keller}},
		"13-full-width.txt":                       {want: []string{mensah, mensahsKey}},
		"14-left-to-right-mark-before-a-name.txt": {want: []string{mensah, mensahsKey}},
		"15-named-ends.txt":                       {want: []string{mensah, mensahsKey}},
		"16-mask-signs.txt":                       {want: []string{mensah, mensahsKey}},
		"17-secret-with-escaped-slashes.json":     {want: []string{mensah, mensahsKey, secretSeen}, never: []string{"wJalrXUtnFEMI", "K7MDENG"}},
		"18-name-of-40-characters.txt":            {want: []string{nameOf40}, never: []string{"looks like a secret"}},
		"19-user-name-in-json.json":               {want: []string{mensah, mensahsKey}},
		"20-actor-and-hidden-key.log":             {want: []string{mensah, mensahsKey, "aisha.jansen as the one who acted"}},
		"21-role-arn.txt":                         {want: []string{"names a role (Deploy)", "no user's access keys"}, never: []string{mensahsKey}},
	}
	for _, who := range []string{"admin", "helen", "ada"} {
		b := s.signedIn(who)
		for file, c := range cases {
			t.Run(who+"/"+file, func(t *testing.T) {
				text, err := os.ReadFile(filepath.Join("testdata", "pastes", file))
				if err != nil {
					t.Fatal(err)
				}
				p := b.search(string(text)).wantStatus(t, 200)
				body := strings.ReplaceAll(p.Body, "&#39;", "'")
				for _, want := range c.want {
					if !strings.Contains(body, want) {
						t.Errorf("no %q at %s\n%s", want, p.URL, mainOf(body))
					}
				}
				for _, never := range c.never {
					if strings.Contains(body, never) {
						t.Errorf("%q at %s\n%s", never, p.URL, mainOf(body))
					}
				}
			})
		}
	}
}

// TestListsFindPastedNames: a known user wins over what it looks like, in the
// filter of the lists too, by an ARN or among signs that do not show.
func TestListsFindPastedNames(t *testing.T) {
	t.Parallel()
	s := newDemoSite(t)
	_, err := s.outside(t).CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String(nameOf40)})
	if err == nil {
		err = s.Account.Refresh(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	users := "/accounts/" + s.Account.ID() + "/users"
	for text, name := range map[string]string{
		nameOf40: nameOf40, "arn:aws:iam::" + s.Account.ID() + ":user/" + nameOf40: nameOf40,
		"\u200e" + mensah: mensah, "\"" + mensah + "\"": mensah, "arn:aws:iam::" + s.Account.ID() + ":user/" + mensah: mensah,
	} {
		p := s.signedIn("helen").get(users+"?q="+url.QueryEscape(text)).wantStatus(t, 200).wantText(t, users+"/"+name)
		if strings.Contains(p.Body, "looks like a secret") || strings.Contains(p.Body, users+"/aisha.jansen") {
			t.Errorf("%q does not lead to %s alone", text, name)
		}
	}
}
