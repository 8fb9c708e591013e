package handlers

import (
	"regexp"
	"strings"
	"unicode"
)

// What the page of a new key says besides the key itself: the texts that people
// copy into files and shells. AWS makes plain IDs and secrets. Other servers may
// send any character, and none of them may get out of the line it stands in.

// environmentText sets a key in a POSIX shell.
func environmentText(id, secret string) string {
	return "export AWS_ACCESS_KEY_ID=" + shellWord(id) + "\nexport AWS_SECRET_ACCESS_KEY=" + shellWord(secret)
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_+=./:@%-]+$`)

// shellWord quotes what a shell would not take as it is.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// credentialsText is the key for ~/.aws/credentials, which knows no quotes; ""
// where it cannot hold the key.
func credentialsText(id, secret string) string {
	if !oneWord(id) || !oneWord(secret) {
		return ""
	}
	return "[default]\naws_access_key_id = " + id + "\naws_secret_access_key = " + secret
}

// oneWord reports whether a text has no space and no line break of any kind.
func oneWord(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
}

var notInProfile = regexp.MustCompile(`[^\pL\pN_+=.@/-]`)

// importProfile is the user's name in the file for `aws configure import`, which
// becomes the name of the profile; "" where the AWS CLI cannot import the key. It
// cuts lines at every comma and knows no quotes, so that a name is better changed.
func importProfile(user, id, secret string) string {
	if !oneWord(id) || !oneWord(secret) || strings.Contains(id+secret, ",") {
		return ""
	}
	return orElse(notInProfile.ReplaceAllString(user, "_"), "default")
}
