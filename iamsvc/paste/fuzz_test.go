package paste

import (
	"slices"
	"strings"
	"testing"
)

// Whatever surrounds it, a key ID is found, and no secret leaves.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "x", "\"", "AKIA", " = ", "%41", "secret_access_key=", "\x00\xff", sentinel, "/accounts/1/users/",
		"https://console.aws.amazon.com/iam/home#/users/details/", ":user/", "AKIA****", "****WBAA", "AKIA...MPLE", "ends with ", "AKIAXXXXXXXXXXXXWBAA",
		"AKIA IOSF", "\u200b", "=3D", "\\u00", "\\x", "&#x2F;", "#033[", "\x1b[31m", "=?utf-8?B?", "QUtJQVJaUFVaRElLS0dENTdWU0g=", "last 4: ", "user=",
		"\"userIdentity\":{", "User: ", "CORP\\", "@example.com", "ABSK", "-----BEGIN ", "####", "resources\":[", "\n\n"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		p := Parse(before+" "+documented+" "+after, nil)
		if !slices.ContainsFunc(p.Parts, func(p Part) bool { return p.Kind == KeyID && p.Text == documented }) {
			t.Errorf("%q %q: ID not found in %+v", before, after, p)
		}
		for _, part := range p.Parts {
			checkPart(t, part)
		}
		p = Parse(before+"\n"+sentinel+"\n"+after, nil)
		if piece := leak(p, sentinel); piece != "" || !p.HasSecret() {
			t.Errorf("%q %q: %q is in %+v", before, after, piece, p)
		}
	})
}

func checkPart(t *testing.T, p Part) {
	t.Helper()
	switch p.Kind {
	case KeyID, TemporaryKeyID:
		if len(p.Text) < minKeyID || len(p.Text) > LengthOfKeyID || !wordOfID.MatchString(p.Text) || p.Text != strings.ToUpper(p.Text) {
			t.Errorf("key ID: %+v", p)
		}
	case MaskedKeyID:
		if !p.says() || p.Matches(documented) || len(p.Start) > 2*LengthOfKeyID || len(p.End) > longestEnd {
			t.Errorf("masked: %+v", p)
		}
	case RootUser:
	default:
		if p.Text == "" || len(p.Text) > 2*maxKeyID+1 || strings.ContainsAny(p.Text, "\n\r\"<>") {
			t.Errorf("name: %+v", p)
		}
	}
}
