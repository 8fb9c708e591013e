package config

import (
	"fmt"
	"io"
)

const helpHead = `Keydesk - who owns this access key, and is it still needed?

  keydesk                       an embedded account to try things on, at http://127.0.0.1:8080
  keydesk -iam aws              your AWS account, with the credentials the AWS CLI would use
  keydesk -iam aws -check       say whether that would work, and exit
  keydesk audit verify          check the audit log in -data: 0 fine, 1 tampered with, 2 bad settings
                                or key file, 3 fine but its checkpoint is or was missing
  keydesk audit export          write it to standard output
  keydesk audit find-secrets    name its rows that may hold a secret access key
  keydesk audit seal            take what is secret out of rows, so that it still verifies
  keydesk audit accept-checkpoint   record with -reason why the checkpoint was missing
  keydesk audit rotate-key      give it a new key, while no Keydesk runs on it
  keydesk people list           who can sign in
  keydesk people create         add a local account: -user and -role
  keydesk people reset-password, reset-codes or end-sessions of -user, also the last administrator's
`

const helpTail = `
Every flag can be set in the environment instead: -listen is KEYDESK_LISTEN,
-local-users is KEYDESK_LOCAL_USERS. A flag wins over the environment.

AWS credentials come from where the AWS CLI finds them: environment, shared
files, IAM Identity Center, container or instance role. Keydesk stores none.
`

// writeHelp is the page behind -h: what to type first, then the settings in
// the order a person meets them, then what is not a setting.
func writeHelp(w io.Writer, table []setting) {
	fmt.Fprint(w, helpHead)
	group := ""
	for _, s := range table {
		if s.group != group {
			group = s.group
			fmt.Fprintf(w, "\n%s\n", group)
		}
		name := "-" + s.name
		if s.value != "" {
			name += " " + s.value
		}
		fallback := ""
		if s.fallback != "" {
			fallback = " (default " + s.fallback + ")"
		}
		if len(name) > 27 {
			fmt.Fprintf(w, "  %s\n  %-28s%s%s\n", name, "", s.help, fallback)
			continue
		}
		fmt.Fprintf(w, "  %-28s%s%s\n", name, s.help, fallback)
	}
	fmt.Fprint(w, helpTail)
}
