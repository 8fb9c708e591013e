package paste

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"mime/quotedprintable"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const base64Letters = upperCase + lowerCase + digits + "+/"

// aSecret makes one as AWS does: 30 random bytes in base64.
func aSecret(r *rand.Rand) string {
	b := make([]byte, lengthOfSecret)
	for i := range b {
		b[i] = base64Letters[r.IntN(len(base64Letters))]
	}
	return string(b)
}

func aKeyID(r *rand.Rand) string {
	const letters = upperCase + "234567"
	id := "AKIA"
	for len(id) < LengthOfKeyID {
		id += string(letters[r.IntN(len(letters))])
	}
	return id
}

// smtpPassword makes the password for Amazon SES's SMTP interface of a secret,
// as "Obtaining Amazon SES SMTP credentials" says.
func smtpPassword(secret, region string) string {
	sign := func(key []byte, message string) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(message))
		return mac.Sum(nil)
	}
	signature := sign([]byte("AWS4"+secret), "11111111")
	for _, message := range []string{region, "ses", "aws4_request", "SendRawEmail"} {
		signature = sign(signature, message)
	}
	return base64.StdEncoding.EncodeToString(append([]byte{4}, signature...))
}

func quotedPrintable(text string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	fmt.Fprint(w, text)
	w.Close()
	return b.String()
}

// dressings are the ways in which an ID and its secret reach a clipboard.
var dressings = map[string]func(id, secret string) string{
	"alone":               func(_, secret string) string { return secret },
	"glued":               func(id, secret string) string { return id + secret },
	"glued, small ID":     func(id, secret string) string { return strings.ToLower(id) + secret },
	"slash":               func(id, secret string) string { return id + "/" + secret },
	"colon":               func(id, secret string) string { return id + ":" + secret },
	"space":               func(id, secret string) string { return id + " " + secret },
	"secret first":        func(id, secret string) string { return secret + " " + id },
	"glued the other way": func(id, secret string) string { return secret + id },
	"underscore":          func(id, secret string) string { return id + "_" + secret },
	"JSON":                func(id, secret string) string { return fmt.Sprintf(`{"id":%q,"secret":%q}`, id, secret) },
	"escaped slashes": func(id, secret string) string {
		return fmt.Sprintf(`{"id":%q,"secret":"%s"}`, id, strings.ReplaceAll(secret, "/", `\/`))
	},
	"escaped, glued": func(id, secret string) string { return id + strings.ReplaceAll(secret, "/", `\/`) },
	"HTML":           func(id, secret string) string { return id + ":" + strings.ReplaceAll(secret, "/", "&#x2F;") },
	"HTML, decimal": func(id, secret string) string {
		return id + strings.NewReplacer("/", "&#47;", "+", "&#43;").Replace(secret)
	},
	"JavaScript": func(id, secret string) string {
		return id + "," + strings.NewReplacer("/", `\u002f`, "+", `\u002b`).Replace(secret)
	},
	"hexadecimal": func(id, secret string) string {
		return id + " " + strings.NewReplacer("/", `\x2F`, "+", `\x2B`).Replace(secret)
	},
	"address":            func(id, secret string) string { return "s3://" + id + ":" + url.QueryEscape(secret) + "@bucket" },
	"address, plain":     func(id, secret string) string { return "https://" + id + ":" + secret + "@bucket.example.com/x" },
	"address twice":      func(id, secret string) string { return url.QueryEscape(url.QueryEscape(id + "/" + secret)) },
	"base64 of the pair": func(id, secret string) string { return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret)) },
	"Basic": func(id, secret string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	},
	"Kubernetes": func(id, secret string) string {
		return "data:\n  a: " + base64.StdEncoding.EncodeToString([]byte(id)) + "\n  b: " + base64.StdEncoding.EncodeToString([]byte(secret))
	},
	"base64 of JSON": func(id, secret string) string {
		return base64.URLEncoding.EncodeToString([]byte(fmt.Sprintf(`{"accessKeyId":%q,"secretAccessKey":%q}`, id, secret)))
	},
	"quoted-printable": func(id, secret string) string {
		return quotedPrintable("We found AWS_ACCESS_KEY_ID=" + id + " and AWS_SECRET_ACCESS_KEY=" + secret + " in it.")
	},
	"SMTP":        func(id, secret string) string { return id + "\n" + smtpPassword(secret, "eu-west-1") },
	"SMTP, alone": func(_, secret string) string { return smtpPassword(secret, "us-east-1") },
	"Bedrock": func(_, secret string) string {
		return bedrockPrefix + base64.StdEncoding.EncodeToString([]byte("BedrockAPIKey-ab12-at-123456789012:"+secret))
	},
	"session token":     func(id, secret string) string { return "AWS_SESSION_TOKEN=IQoJb3JpZ2luX2Vj" + secret + secret + secret },
	"a user's page":     func(_, secret string) string { return "/accounts/123456789012/users/" + secret },
	"a user's ARN":      func(_, secret string) string { return "arn:aws:iam::123456789012:user/" + secret },
	"a user's name":     func(_, secret string) string { return `{"userName":"` + secret + `"}` },
	"a user in prose":   func(_, secret string) string { return "User " + secret + " has no access" },
	"user=":             func(_, secret string) string { return "user=" + secret + " status=denied" },
	"access key=":       func(_, secret string) string { return "access_key = " + secret },
	"contact":           func(_, secret string) string { return "Contact: " + secret },
	"domain":            func(_, secret string) string { return `CORP\` + secret },
	"after percent":     func(_, secret string) string { return "%" + secret },
	"after a backslash": func(_, secret string) string { return `\` + secret },
	"after equals":      func(_, secret string) string { return "=" + secret },
	"masked before":     func(_, secret string) string { return "****" + secret },
	"masked ID":         func(_, secret string) string { return "AKIA****" + secret },
	"list":              func(id, secret string) string { return id + "\n" + secret + "\nakira.mensah\n" },
	"wrapped":           func(_, secret string) string { return secret[:21] + "\n" + secret[21:] },
	"wrapped, ID":       func(id, secret string) string { return id + secret[:17] + "\r\n" + secret[17:] },
	"ending":            func(id, secret string) string { return "the secret access key ending in " + secret },
	"zero width":        func(_, secret string) string { return secret[:7] + "\u200b" + secret[7:] },
	"full width":        func(_, secret string) string { return fullWidth(secret) },
	"colored":           func(_, secret string) string { return "\x1b[31m" + secret[:9] + "\x1b[0m" + secret[9:] },
	"capitals":          func(id, secret string) string { return id + ":" + strings.ToUpper(secret) },
	"small letters":     func(id, secret string) string { return id + ":" + strings.ToLower(secret) },
}

func fullWidth(text string) string {
	return strings.Map(func(r rune) rune { return r + 0xfee0 }, text)
}

// leak is a part of the secret, or of what holds it, in the text's fields.
func leak(t Text, secrets ...string) string {
	all := lower(fmt.Sprintf("%+v", t))
	for _, secret := range secrets {
		for piece := range piecesOf(secret) {
			if strings.Contains(all, piece) {
				return piece
			}
		}
	}
	return ""
}

// No twelve characters of a secret in a row leave the package, whatever the
// secret stands in.
func TestSecretStaysInThePaste(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for name, dress := range dressings {
		for range 200 {
			id, secret := aKeyID(r), aSecret(r)
			text := dress(id, secret)
			got := Parse(text, nil)
			if piece := leak(got, secret, smtpPassword(secret, "eu-west-1"), smtpPassword(secret, "us-east-1")); piece != "" {
				t.Fatalf("seed %d, %s: %q is in %+v", seed, name, piece, got)
			}
			if strings.Contains(text, id) && !slices.ContainsFunc(got.Parts, func(p Part) bool { return p.Text == id }) {
				t.Fatalf("seed %d, %s: the ID is not in %+v of %q", seed, name, got, text)
			}
		}
	}
}

func TestFormsOfSecrets(t *testing.T) {
	t.Parallel()
	check(t, []sample{
		{"SMTP password", smtpPassword(sentinel, "us-east-1"), "[Amazon SES SMTP password]"},
		{"with its user", documented + "\t" + smtpPassword(sentinel, "us-east-1"), documented + " [Amazon SES SMTP password]"},
		{"Bedrock", dressings["Bedrock"]("", sentinel), "user BedrockAPIKey-ab12@123456789012 [Amazon Bedrock API key]"},
		{"Bedrock, second credential of a user", bedrockPrefix + base64.StdEncoding.EncodeToString([]byte("akira.mensah+1-at-123456789012:"+sentinel)),
			"user akira.mensah@123456789012 [Amazon Bedrock API key]"},
		{"base64 of a pair", dressings["base64 of the pair"](documented, sentinel), documented + " [secret access key]"},
		{"session token", "aws_session_token = " + strings.Repeat("IQoJb3JpZ2luX2VjEXAMPLE1", 5), "[session token]"},
		{"of another server", "secret_access_key: minioadminminioadmin12345", "[secret access key]"},
		{"Git commit", "3a1bfa3f4b1c6e2a9e4d5f60718293a4b5c6d7e8", ""},
		{"a file's path of 40 characters", "projects/Keydesk2/internal/handlers/find", ""},
		{"SHA-256 in base64", "sha256-" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))), ""},
	})
}

func BenchmarkParse(b *testing.B) {
	line := "2026-11-28T00:00:00Z INFO user=\"akira.mensah\" {\"arn\":\"arn:aws:iam::123456789012:user/akira.mensah\",\"accessKeyId\":\"" + akira + "\"} GET /b/o?x=%2F HTTP/1.1 \\u003cok\\u003e ****7VSH\n"
	for name, text := range map[string]string{
		"log":         strings.Repeat(line, 1<<20/len(line)),
		"base64":      base64.StdEncoding.EncodeToString([]byte(strings.Repeat(line, 3<<18/len(line)))),
		"letters":     strings.Repeat("x", 1<<20),
		"stars":       strings.Repeat("*", 1<<20),
		"akia":        strings.Repeat("AKIA", 1<<18),
		"akia masked": strings.Repeat("AKIA*", 1<<20/5),
		"arn":         strings.Repeat("arn:", 1<<18),
		"arns":        strings.Repeat("arn:aws:iam::1:user/", 1<<20/20),
		"users":       strings.Repeat("#/users/", 1<<17),
		"user":        strings.Repeat("user ", 1<<20/5),
		"percent":     strings.Repeat("%25", 1<<20/3),
		"backslashes": strings.Repeat(`\`, 1<<20),
		"mail":        strings.Repeat("@a.bc", 1<<20/5),
		"last":        strings.Repeat("last 4 ", 1<<20/7),
		"brackets":    strings.Repeat(`requestParameters":{`, 1<<20/20),
		"secret":      strings.Repeat("secret:", 1<<20/7),
		"tokens":      strings.Repeat(sentinel+" ", 1<<20/41),
		"full width":  strings.Repeat(fullWidth("A"), 1<<20/3),
		"words":       strings.Repeat("ab.c,", 1<<20/5),
		"spaces":      strings.Repeat(" ", 1<<20),
		"asia":        strings.Repeat("asia ", 1<<20/5),
		"contact":     strings.Repeat("contact", 1<<20/7),
		"last ends":   strings.Repeat("key ending AB12 ", 1<<20/16),
		"ends":        strings.Repeat("****AB12", 1<<20/8),
		"lines":       strings.Repeat("secret key id\n", 1<<20/14) + strings.Repeat("****AB12\n", 50),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for range b.N {
				Parse(text, nil)
			}
		})
	}
}
