// Package paste recognizes access key IDs, user names and ARNs in whatever
// people paste: a log line, a CloudTrail event, a credentials file, a leak
// notice. It knows nothing of IAM, of an account or of the web.
//
// Pasted text is hostile and may hold secrets. Nothing leaves the package but
// what was recognized as an ID, a name or an ARN, and a single short word.
package paste

import (
	"slices"
	"strings"
)

// Kind says what a part of a text is.
type Kind string

// The kinds of parts.
const (
	KeyID          Kind = "access key ID"           // AKIA and 16, or on other servers 12 to 15, more characters
	TemporaryKeyID Kind = "temporary access key ID" // ASIA, whole: of a role or session
	MaskedKeyID    Kind = "masked access key ID"    // Start and End are what is left of it
	UserName       Kind = "user name"
	UserID         Kind = "user ID" // AIDA
	RoleName       Kind = "role name"
	RoleSession    Kind = "role session" // "role/session", of the ARN of an assumed role
	FederatedUser  Kind = "federated user"
	GroupName      Kind = "group name"
	RootUser       Kind = "root user"                       // by its ARN; it has no name
	OtherKeyID     Kind = "access key ID of another server" // by its label, as it was written
	OtherID        Kind = "other ID"                        // AROA, AGPA and the like: KindOfID says what of
	Contact        Kind = "contact"                         // an e-mail address
	Word           Kind = "word"                            // one of a list of words that may be names
)

// Part is one thing that was recognized in a text.
type Part struct {
	Kind    Kind
	Text    string // an ID in upper case, a name as it was written; "" for masked IDs and the root user
	Start   string // of a masked or cut-off key ID, in upper case; "" or at least AKIA
	End     string // likewise; "" or at least two characters
	Account string // the account number in an ARN or in a page's address; "" when it has none
	Actor   bool   // stands there as the one who acted, not as the one who is asked about
}

// SecretForm says how a secret stood in a text.
type SecretForm string

// The forms of secrets.
const (
	SecretAccessKey SecretForm = "secret access key"
	SessionToken    SecretForm = "session token"
	SMTPPassword    SecretForm = "Amazon SES SMTP password"
	BedrockAPIKey   SecretForm = "Amazon Bedrock API key"
)

// Text is what was recognized in a text. It never holds a secret.
type Text struct {
	Parts   []Part       // in the order of the text, each once
	Secrets []SecretForm // the forms of secrets that were in the text, each once

	// Word is the text when it is one short word, without the quotes and
	// brackets around it; "" when it may hold a secret.
	Word string

	NotUnderstood int  // things that looked like an ID or a name but were not recognized
	Searched      int  // how many bytes of the text were read
	Cut           bool // the text was longer than MaxBytes: its end was not read
}

// Known tells what the caller knows a word as: UserName or KeyID, or "" for
// nothing. Such a word is a part of the text even when it looks like a secret:
// the caller has it already.
type Known func(word string) Kind

// HasSecret reports whether a secret was in the text.
func (t *Text) HasSecret() bool { return len(t.Secrets) > 0 }

// Of returns the parts of these kinds, in the order of the text.
func (t *Text) Of(kinds ...Kind) (parts []Part) {
	for _, p := range t.Parts {
		if slices.Contains(kinds, p.Kind) {
			parts = append(parts, p)
		}
	}
	return parts
}

// First returns the first part of a kind, or a Part without a Kind.
func (t *Text) First(kind Kind) Part {
	at := slices.IndexFunc(t.Parts, func(p Part) bool { return p.Kind == kind })
	if at < 0 {
		return Part{}
	}
	return t.Parts[at]
}

// Asked returns the parts that are asked about: all but the actors and the
// roles they use, or all when there are no others.
func (t *Text) Asked() (parts []Part) {
	for _, p := range t.Parts {
		if !p.Actor && p.Kind.isAsked() {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return t.Parts
	}
	return parts
}

// Matches reports whether the whole ID could be the one that was masked.
func (p Part) Matches(keyID string) bool {
	id := strings.ToUpper(keyID)
	return len(id) > len(p.Start)+len(p.End) && strings.HasPrefix(id, p.Start) && strings.HasSuffix(id, p.End)
}

// HasSecret reports whether a text holds a secret: it must not be stored or
// shown again.
func HasSecret(text string) bool {
	t := Parse(text, nil)
	return t.HasSecret()
}
