package paste

import "regexp"

// bedrockPrefix begins an API key of Amazon Bedrock. The rest is base64 of the
// name of a service-specific credential and a secret.
const bedrockPrefix = "ABSK"

// credentialName is the name IAM gives to a service-specific credential: of the
// user, the account, and a number when there are several.
var credentialName = regexp.MustCompile(`^([A-Za-z0-9_=,.@-]{1,64}?)(?:\+[0-9]+)?-at-([0-9]{12}):`)

// bedrockUserName is what AWS names a user that it makes for an API key.
var bedrockUserName = regexp.MustCompile(`^BedrockAPIKey-[A-Za-z0-9]{1,8}$`)

// IsBedrockUser reports whether AWS made up the name. It looks random, and the few
// characters that are cannot be a piece of a secret worth hiding.
func IsBedrockUser(name string) bool { return bedrockUserName.MatchString(name) }

// bedrockUser is the user to whom an API key belongs.
func bedrockUser(decoded string) (p Part, ok bool) {
	m := credentialName.FindStringSubmatch(decoded)
	if m == nil {
		return Part{}, false
	}
	return Part{Kind: UserName, Text: m[1], Account: m[2]}, true
}
