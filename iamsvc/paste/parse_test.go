package paste

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The IDs and the secret are the ones AWS uses in its documentation.
const (
	documented = "AKIAIOSFODNN7EXAMPLE"
	retired    = "AKIAI44QH8DHBEXAMPLE"
	sentinel   = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// found is what the tables say of a text.
type found struct {
	KeyIDs, Temporary              []string
	Fragments                      []masked
	Secret                         bool
	UserName, UserAccount, Session string
	Word                           string
}

type masked struct{ Start, End string }

func find(text string) found {
	p := Parse(text, nil)
	user := p.First(UserName)
	f := found{Secret: p.HasSecret(), UserName: user.Text, UserAccount: user.Account, Session: p.First(RoleSession).Text, Word: p.Word}
	for _, part := range p.Parts {
		switch part.Kind {
		case KeyID:
			f.KeyIDs = append(f.KeyIDs, part.Text)
		case TemporaryKeyID:
			f.Temporary = append(f.Temporary, part.Text)
		case MaskedKeyID:
			f.Fragments = append(f.Fragments, masked{part.Start, part.End})
		}
	}
	return f
}

func TestParse(t *testing.T) {
	t.Parallel()
	const id = "AKIAIOSFODNN7EXAMPLE"
	tests := []struct {
		name, text string
		want       found
	}{
		{"plain", id, found{KeyIDs: []string{id}, Word: id}},
		{"small letters, quotes and spaces", ` "akiaiosfodnn7example" `, found{KeyIDs: []string{id}, Word: "akiaiosfodnn7example"}},
		{"typographic quotes", "“" + id + "”", found{KeyIDs: []string{id}, Word: id}},
		{"log line", "2026-01-01 ERROR denied for key " + id + ": InvalidClientTokenId", found{KeyIDs: []string{id}}},
		{"end of sentence", "Rotate " + id + ".", found{KeyIDs: []string{id}}},
		{"CloudTrail", `{"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/R&D/saanvi.sarkar","accessKeyId":"` + id + `"}}`,
			found{KeyIDs: []string{id}, UserName: "saanvi.sarkar", UserAccount: "123456789012"}},
		{"presigned URL", "https://b.s3.amazonaws.com/o?X-Amz-Credential=" + id + "%2F20260101%2Fus-east-1%2Fs3%2Faws4_request", found{KeyIDs: []string{id},
			Word: "https://b.s3.amazonaws.com/o?X-Amz-Credential=" + id + "/20260101/us-east-1/s3/aws4_request"}},
		{"percent quotes", "%22" + id + "%22", found{KeyIDs: []string{id}, Word: id}},
		{"several, one twice", id + "," + "AKIAI44QH8DHBEXAMPLE " + strings.ToLower(id), found{KeyIDs: []string{id, "AKIAI44QH8DHBEXAMPLE"}}},
		{"temporary", "ASIAIOSFODNN7EXAMPLE", found{Temporary: []string{"ASIAIOSFODNN7EXAMPLE"}, Word: "ASIAIOSFODNN7EXAMPLE"}},
		{"credentials file", "[default]\naws_access_key_id = " + id + "\naws_secret_access_key = " + sentinel + "\n", found{KeyIDs: []string{id}, Secret: true}},
		{"downloaded CSV", "\ufeffAccess key ID,Secret access key\r\n" + id + "," + sentinel, found{KeyIDs: []string{id}, Secret: true}},
		{"secret alone", sentinel, found{Secret: true}},
		{"secret of another server, labelled", "secret_access_key: minioadminminioadmin12345", found{Secret: true}},
		{"session token", `"SessionToken": "FwoGZXIvYXdzEBYaDEXAMPLEEXAMPLEEXAMPLE"`, found{Secret: true}},
		{"Git commit is no secret", "3a1bfa3f4b1c6e2a9e4d5f60718293a4b5c6d7e8", found{Word: "3a1bfa3f4b1c6e2a9e4d5f60718293a4b5c6d7e8"}},
		{"the words secret access key before an ID", "the secret access key: " + id, found{KeyIDs: []string{id}}},
		{"user ARN", "arn:aws-cn:iam::123456789012:user/svc+deploy=prod,eu.west@corp_1-x", found{UserName: "svc+deploy=prod,eu.west@corp_1-x", UserAccount: "123456789012", Word: "arn:aws-cn:iam::123456789012:user/svc+deploy=prod,eu.west@corp_1-x"}},
		{"user name", "mateo.jackson", found{Word: "mateo.jackson"}},
		{"inside a longer word", "xAKIAIOSFODNN7EXAMPLE", found{Word: "xAKIAIOSFODNN7EXAMPLE"}},
		{"cut off", "AKIAIOSFODNN", found{Fragments: []masked{{Start: "AKIAIOSFODNN"}}, Word: "AKIAIOSFODNN"}},
		{"too short", "AKIAIOS", found{Word: "AKIAIOS"}},
		{"empty", " \n", found{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := find(tt.text); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestAccountOfKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		id, account string
		ok          bool
	}{
		{"ASIAY34FZKBOKMUTVV7A", "609629065308", true}, // published with the method
		{"AKIAIOSFODNN7EXAMPLE", "", false},            // from before 2019
		{"AKIAJOSFODNN7EXAMPLE", "", false},
		{"AKIAQ1111111111111111", "", false},
		{"AKIA0000000000000000", "", false}, // not base32
		{"", "", false},
	}
	for _, tt := range tests {
		if got, ok := AccountOfKey(tt.id); got != tt.account || ok != tt.ok {
			t.Errorf("AccountOfKey(%q) = %q, %v", tt.id, got, ok)
		}
	}
}

// Whatever surrounds it, a key ID is found, and no secret survives.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "x", "\"", "AKIA", " = ", "%41", "secret_access_key=", "\x00\xff", sentinel,
		"/accounts/1/users/", "https://console.aws.amazon.com/iam/home#/users/details/", ":user/", "AKIA****", "****WBAA", "AKIA...MPLE", "ends with ", "AKIAXXXXXXXXXXXXWBAA", "AKIA IOSF", "\u200b"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		const id = "AKIAIOSFODNN7EXAMPLE"
		p := Parse(before+" "+id+" "+after, nil)
		if !slices.Contains(p.Parts, Part{Kind: KeyID, Text: id}) {
			t.Errorf("%q %q: ID not found in %+v", before, after, p)
		}
		for _, k := range p.Of(KeyID, TemporaryKeyID) {
			if !wordOfID.MatchString(k.Text) || k.Text != strings.ToUpper(k.Text) {
				t.Errorf("found %+v", k)
			}
		}
		for _, m := range p.Of(MaskedKeyID) {
			if !m.says() || m.Matches(id) || len(m.Start) > maxKeyID || len(m.End) > maxKeyID {
				t.Errorf("%q %q: %+v", before, after, m)
			}
		}
		p = Parse(before+"\n"+sentinel+"\n"+after, nil)
		if !p.HasSecret() || strings.Contains(fmt.Sprintf("%+v", p), sentinel) {
			t.Errorf("%q %q: the secret is in %+v", before, after, p)
		}
	})
}
