package handlers

import (
	"os/exec"
	"strings"
	"testing"
)

// hostileSecrets are what other servers may send for an ID or a secret.
var hostileSecrets = []string{
	"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY=", "it's", "a b", "$(touch /tmp/x)", "`id`", `"quoted"`, "a;b", "a,b",
	"a\nb", "\\", "a\r\nexport PATH=", "*", "~", "#", "-n", "", "ü", "\u2028", "a\u0085b",
}

// The shell itself says what it made of the lines.
func TestEnvironmentText(t *testing.T) {
	t.Parallel()
	for _, id := range hostileSecrets {
		secret := id + "!"
		script := environmentText(id, secret) + "\nprintf '%s|%s' \"$AWS_ACCESS_KEY_ID\" \"$AWS_SECRET_ACCESS_KEY\""
		out, err := exec.CommandContext(t.Context(), "sh", "-c", script).Output()
		if got := string(out); err != nil || got != id+"|"+secret {
			t.Errorf("%q became %q, %v", id+"|"+secret, got, err)
		}
	}
	if got := environmentText("AKIAIOSFODNN7EXAMPLE", "a/b+c="); got != "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nexport AWS_SECRET_ACCESS_KEY=a/b+c=" {
		t.Errorf("a plain key became %q", got)
	}
}

func TestCredentialsText(t *testing.T) {
	t.Parallel()
	for _, secret := range hostileSecrets {
		text := credentialsText("AKIAIOSFODNN7EXAMPLE", secret)
		lines := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("\n\r\u0085\u2028", r) })
		if text != "" && (len(lines) != 3 || lines[2] != "aws_secret_access_key = "+secret) {
			t.Errorf("%q became %q", secret, text)
		}
	}
	if text := credentialsText("a", "b"); text != "[default]\naws_access_key_id = a\naws_secret_access_key = b" {
		t.Errorf("a plain key became %q", text)
	}
}

func TestImportProfile(t *testing.T) {
	t.Parallel()
	const id, secret = "AKIAIOSFODNN7EXAMPLE", "a/b+c="
	for user, want := range map[string]string{
		"li.juan": "li.juan", "svc+deploy=prod,eu.west@corp_1-x": "svc+deploy=prod_eu.west@corp_1-x", "a b]\n[c": "a_b___c", "Zoë": "Zoë", "": "default",
	} {
		if got := importProfile(user, id, secret); got != want {
			t.Errorf("%q became %q, want %q", user, got, want)
		}
	}
	for _, odd := range []string{"a,b", "a b", "a\nb", "", "a\u2028"} {
		if got := importProfile("alice", id, odd) + importProfile("alice", odd, secret); got != "" {
			t.Errorf("%q is offered to the AWS CLI", odd)
		}
	}
}
