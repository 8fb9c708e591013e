package paste

import (
	"strings"
	"testing"
)

// The IDs and the secret are the ones AWS uses in its documentation, and the
// users and keys of the embedded account.
const (
	documented = "AKIAIOSFODNN7EXAMPLE"
	retired    = "AKIAI44QH8DHBEXAMPLE"
	temporary  = "ASIAIOSFODNN7EXAMPLE"
	sentinel   = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

	akira     = "AKIARZPUZDIKKGD57VSH"
	secondKey = "AKIARZPUZDIKMVJ3AKAG"
	thirdKey  = "AKIARZPUZDIKJ3UXBV6H"
)

// sample is a text and what is recognized in it, in the notation of summary.
type sample struct{ name, text, want string }

func check(t *testing.T, samples []sample) {
	t.Helper()
	for _, tt := range samples {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := Parse(tt.text, nil)
			if got := summary(text); got != tt.want {
				t.Errorf("%q\ngot  %s\nwant %s", tt.text, got, tt.want)
			}
		})
	}
}

var notation = map[Kind]string{
	UserName: "user ", UserID: "id ", RoleName: "role ", RoleSession: "session ", GroupName: "group ", RootUser: "root",
	OtherID: "id ", OtherKeyID: "key of another server ", Contact: "contact ", Word: "word ", FederatedUser: "federated user ",
}

// summary writes parts as "AKIAIOSFODNN7EXAMPLE, AKIA...WBAA, user x@123456789012, actor user y",
// and after them the forms of secrets in brackets.
func summary(t Text) string {
	var parts []string
	for _, p := range t.Parts {
		text := notation[p.Kind] + p.Text
		if p.Kind == MaskedKeyID {
			text = p.Start + "..." + p.End
		}
		if p.Account != "" {
			text += "@" + p.Account
		}
		if p.Actor {
			text = "actor " + text
		}
		parts = append(parts, text)
	}
	out := strings.Join(parts, ", ")
	for _, form := range t.Secrets {
		out += " [" + string(form) + "]"
	}
	return strings.TrimSpace(out)
}
