package iamsvc

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParsePaste(t *testing.T) {
	t.Parallel()
	const id = "AKIAIOSFODNN7EXAMPLE"
	tests := []struct {
		name, text string
		want       Paste
	}{
		{"plain", id, Paste{KeyIDs: []string{id}, Word: id}},
		{"small letters, quotes and spaces", ` "akiaiosfodnn7example" `, Paste{KeyIDs: []string{id}, Word: "akiaiosfodnn7example"}},
		{"typographic quotes", "“" + id + "”", Paste{KeyIDs: []string{id}, Word: id}},
		{"log line", "2026-01-01 ERROR denied for key " + id + ": InvalidClientTokenId", Paste{KeyIDs: []string{id}}},
		{"end of sentence", "Rotate " + id + ".", Paste{KeyIDs: []string{id}}},
		{"CloudTrail", `{"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/R&D/saanvi.sarkar","accessKeyId":"` + id + `"}}`,
			Paste{KeyIDs: []string{id}, UserName: "saanvi.sarkar", UserAccount: "123456789012"}},
		{"presigned URL", "https://b.s3.amazonaws.com/o?X-Amz-Credential=" + id + "%2F20260101%2Fus-east-1%2Fs3%2Faws4_request", Paste{KeyIDs: []string{id},
			Word: "https://b.s3.amazonaws.com/o?X-Amz-Credential=" + id + "/20260101/us-east-1/s3/aws4_request"}},
		{"percent quotes", "%22" + id + "%22", Paste{KeyIDs: []string{id}, Word: id}},
		{"several, one twice", id + "," + "AKIAI44QH8DHBEXAMPLE " + strings.ToLower(id), Paste{KeyIDs: []string{id, "AKIAI44QH8DHBEXAMPLE"}}},
		{"temporary", "ASIAIOSFODNN7EXAMPLE", Paste{Temporary: []string{"ASIAIOSFODNN7EXAMPLE"}, Word: "ASIAIOSFODNN7EXAMPLE"}},
		{"credentials file", "[default]\naws_access_key_id = " + id + "\naws_secret_access_key = " + sentinel + "\n", Paste{KeyIDs: []string{id}, Secret: true}},
		{"downloaded CSV", "\ufeffAccess key ID,Secret access key\r\n" + id + "," + sentinel, Paste{KeyIDs: []string{id}, Secret: true}},
		{"secret alone", sentinel, Paste{Secret: true}},
		{"secret of another server, labelled", "secret_access_key: minioadminminioadmin12345", Paste{Secret: true}},
		{"session token", `"SessionToken": "FwoGZXIvYXdzEBYaDEXAMPLEEXAMPLEEXAMPLE"`, Paste{Secret: true}},
		{"Git commit is no secret", "3a1bfa3f4b1c6e2a9e4d5f60718293a4b5c6d7e8", Paste{Word: "3a1bfa3f4b1c6e2a9e4d5f60718293a4b5c6d7e8"}},
		{"the words secret access key before an ID", "the secret access key: " + id, Paste{KeyIDs: []string{id}}},
		{"user ARN", "arn:aws-cn:iam::123456789012:user/svc+deploy=prod,eu.west@corp_1-x", Paste{UserName: "svc+deploy=prod,eu.west@corp_1-x", UserAccount: "123456789012", Word: "arn:aws-cn:iam::123456789012:user/svc+deploy=prod,eu.west@corp_1-x"}},
		{"user name", "mateo.jackson", Paste{Word: "mateo.jackson"}},
		{"inside a longer word", "xAKIAIOSFODNN7EXAMPLE", Paste{Word: "xAKIAIOSFODNN7EXAMPLE"}},
		{"cut off", "AKIAIOSFODNN", Paste{Fragments: []Fragment{{Start: "AKIAIOSFODNN"}}, Word: "AKIAIOSFODNN"}},
		{"too short", "AKIAIOS", Paste{Word: "AKIAIOS"}},
		{"empty", " \n", Paste{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := ParsePaste(tt.text); !reflect.DeepEqual(got, tt.want) {
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
func FuzzParsePaste(f *testing.F) {
	for _, s := range []string{"", "x", "\"", "AKIA", " = ", "%41", "secret_access_key=", "\x00\xff", sentinel,
		"/accounts/1/users/", "https://console.aws.amazon.com/iam/home#/users/details/", ":user/", "AKIA****", "****WBAA", "AKIA...MPLE", "ends with ", "AKIAXXXXXXXXXXXXWBAA", "AKIA IOSF", "\u200b"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		const id = "AKIAIOSFODNN7EXAMPLE"
		p := ParsePaste(before + " " + id + " " + after)
		if !slices.Contains(p.KeyIDs, id) {
			t.Errorf("%q %q: ID not found in %+v", before, after, p)
		}
		for _, k := range append(p.KeyIDs, p.Temporary...) {
			if validateAccessKeyID(k) != nil || k != strings.ToUpper(k) {
				t.Errorf("found %q", k)
			}
		}
		for _, f := range p.Fragments {
			if !f.says() || f.matches(id) || len(f.Start) > maxAccessKeyID || len(f.End) > maxAccessKeyID {
				t.Errorf("%q %q: fragment %+v", before, after, f)
			}
		}
		p = ParsePaste(before + "\n" + sentinel + "\n" + after)
		if !p.Secret || strings.Contains(fmt.Sprintf("%+v", p), sentinel) {
			t.Errorf("%q %q: the secret is in %+v", before, after, p)
		}
	})
}
