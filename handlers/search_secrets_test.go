package handlers_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"mime/quotedprintable"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// randomSecret is a secret access key as AWS makes them.
func randomSecret(r *rand.Rand) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+"
	secret := make([]byte, 40)
	for i := range secret {
		secret[i] = letters[r.IntN(len(letters))]
	}
	return string(secret)
}

// dressings are the ways in which a secret gets into a text.
var dressings = map[string]func(id, secret string) string{
	"alone":           func(_, secret string) string { return secret },
	"glued":           func(id, secret string) string { return id + secret },
	"glued, lower ID": func(id, secret string) string { return strings.ToLower(id) + secret },
	"before the ID":   func(id, secret string) string { return secret + id },
	"slash":           func(id, secret string) string { return id + "/" + secret },
	"colon":           func(id, secret string) string { return id + ":" + secret },
	"comma":           func(id, secret string) string { return id + "," + secret },
	"CSV": func(id, secret string) string {
		return "Access key ID,Secret access key\r\n" + id + "," + secret + "\r\n"
	},
	"environment": func(id, secret string) string {
		return "export AWS_ACCESS_KEY_ID=" + id + "\nexport AWS_SECRET_ACCESS_KEY=" + secret
	},
	"quoted": func(id, secret string) string { return `{"id":"` + id + `","secret":"` + secret + `"}` },
	"escaped slashes": func(id, secret string) string {
		return `{"id":"` + id + `","s":"` + strings.ReplaceAll(secret, "/", `\/`) + `"}`
	},
	"JSON escapes": func(id, secret string) string {
		return id + ` "` + strings.NewReplacer("/", `\u002f`, "+", `\u002b`).Replace(secret) + `"`
	},
	"JavaScript": func(id, secret string) string {
		return id + ` "` + strings.NewReplacer("/", `\x2f`, "+", `\x2b`).Replace(secret) + `"`
	},
	"HTML": func(id, secret string) string {
		return "<p>" + id + " " + strings.NewReplacer("/", "&#x2F;", "+", "&#43;").Replace(secret) + "</p>"
	},
	"HTML names": func(id, secret string) string {
		return id + " " + strings.NewReplacer("/", "&sol;", "+", "&plus;").Replace(secret)
	},
	"URL":       func(id, secret string) string { return "https://h/?k=" + id + "&s=" + url.QueryEscape(secret) },
	"URL twice": func(id, secret string) string { return "u=" + url.QueryEscape("k="+id+"&s="+url.QueryEscape(secret)) },
	"base64 of both": func(id, secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	},
	"base64": func(id, secret string) string {
		return id + "\n  secret: " + base64.StdEncoding.EncodeToString([]byte(secret))
	},
	"base64 twice": func(id, secret string) string {
		return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(id + " " + secret))))
	},
	"JSON in JSON": func(id, secret string) string {
		return strconv.Quote(strconv.Quote(`{"a":"` + id + `","b":"` + secret + `"}`))
	},
	"a user's name":    func(id, secret string) string { return `{"accessKeyId":"` + id + `","userName":"` + secret + `"}` },
	"a name, no ID":    func(_, secret string) string { return `{"userName":"` + secret + `"}` },
	"an ARN":           func(_, secret string) string { return "arn:aws:iam::123456789012:user/" + secret },
	"an ARN with path": func(id, secret string) string { return id + " arn:aws:iam::123456789012:user/it/" + secret },
	"a role":           func(id, secret string) string { return id + " arn:aws:iam::123456789012:role/" + secret },
	"a session":        func(_, secret string) string { return "arn:aws:sts::123456789012:assumed-role/Deploy/" + secret },
	"a group":          func(_, secret string) string { return "arn:aws:iam::123456789012:group/" + secret },
	"a page": func(_, secret string) string {
		return "https://console.aws.amazon.com/iam/home#/users/details/" + secret
	},
	"a domain":        func(_, secret string) string { return `CORP\` + secret },
	"User x has":      func(_, secret string) string { return "User " + secret + " has a leaked key" },
	"mail":            func(id, secret string) string { return id + " " + secret + "@example.com" },
	"masked ID":       func(id, secret string) string { return "AKIA****" + id[16:] + " " + secret },
	"after stars":     func(id, secret string) string { return id + " ****" + secret },
	"words of a list": func(id, secret string) string { return "akira.mensah, " + secret + ", " + id },
	"temporary":       func(id, secret string) string { return "ASIA" + id[4:] + secret },
	"ANSI":            func(id, secret string) string { return id + "\x1b[31m" + secret[:20] + "\x1b[0m" + secret[20:] },
	"zero width":      func(id, secret string) string { return id + " " + secret[:13] + "\u200b" + secret[13:] },
	"wrapped":         func(id, secret string) string { return id + "\n" + secret[:26] + "\n" + secret[26:] },
	"quoted-printable": func(id, secret string) string {
		return quotedPrintable("key " + id + "=" + secret + " " + strings.Repeat("x", 30))
	},
	"Bedrock": func(id, secret string) string {
		return "ABSK" + base64.StdEncoding.EncodeToString([]byte("BedrockAPIKey-abcd-at-123456789012:"+secret))
	},
	"SMTP": func(id, secret string) string {
		return "SMTP user " + id + " password " + base64.StdEncoding.EncodeToString([]byte("\x04"+secret[:32]))
	},
	"another 20 letters": func(id, secret string) string { return id + secret[:20] + " " + secret[20:] },
}

func quotedPrintable(text string) string {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

// leaked is the first run of 12 characters of the secret that is in the text, in
// whatever case.
func leaked(text, secret string) string {
	text, secret = strings.ToLower(text), strings.ToLower(secret)
	for at := 0; at+12 <= len(secret); at++ {
		if strings.Contains(text, secret[at:at+12]) {
			return secret[at : at+12]
		}
	}
	return ""
}

// TestNoSecretLeavesThePaste: whatever a secret is dressed as, no run of 12 of
// its characters is on a page, in an address, in the log, in the database or in
// what IAM and STS are asked.
func TestNoSecretLeavesThePaste(t *testing.T) {
	t.Parallel()
	s := newDemoSite(t)
	helen, admin := s.signedIn("helen"), s.signedIn("admin")
	r := rand.New(rand.NewPCG(2026, 11))
	secrets := map[string]string{} // by the dressing
	for round := range 3 {
		for name, dress := range dressings {
			secret := randomSecret(r)
			secrets[fmt.Sprint(name, " ", round)] = secret
			text := dress(mensahsKey, secret)
			for _, b := range []*browser{helen, admin} {
				p := b.search(text)
				if p.Status != http.StatusOK {
					t.Errorf("%s: status %d", name, p.Status)
				}
				if run := leaked(p.Body+p.URL.String(), secret); run != "" {
					t.Errorf("%s: %q of %q is on the page", name, run, text)
				}
			}
			for _, list := range []string{"users", "access-keys"} {
				p := helen.get("/accounts/" + s.Account.ID() + "/" + list + "?q=" + url.QueryEscape(text))
				if run := leaked(p.Body, secret); run != "" {
					t.Errorf("%s: %q of %q is on the page of the list of %s", name, run, text, list)
				}
			}
		}
	}
	for where, content := range s.left(t) {
		for name, secret := range secrets {
			if run := leaked(content, secret); run != "" {
				t.Errorf("%s: %q is in %s", name, run, where)
			}
		}
	}
}

// left is everything that a request leaves behind.
func (s *site) left(t *testing.T) map[string]string {
	t.Helper()
	places := map[string]string{"the log": s.Log.String(), "requests to IAM and STS": s.Sent.String()}
	err := filepath.WalkDir(s.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		places[d.Name()] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(places["requests to IAM and STS"], mensahsKey) || !strings.Contains(places["keydesk.db"]+places["keydesk.db-wal"], mensahsKey) {
		t.Error("the search for secrets does not see what is asked and stored")
	}
	return places
}

// A Bedrock API key names its user, whom AWS named so that it looks random.
func TestBedrockKeyNamesItsUser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const plain = "BedrockAPIKey-ab12-at-123456789012:Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"
	p := s.signedIn("helen").search("ABSK" + base64.StdEncoding.EncodeToString([]byte(plain)))
	p.wantText(t, "Amazon Bedrock API key", "BedrockAPIKey-ab12")
}
