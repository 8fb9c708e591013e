package handlers

import (
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strings"
	"unicode/utf8"

	"keydesk/iamsvc"
	"keydesk/iamsvc/paste"
)

// keyPath leads to something that can be done to a key. The form there posts the
// whole ID.
func keyPath(account, user, keyID, action string) string {
	return keysPath(account, user) + path(keyAddress(account, keyID), action)
}

// keyAddress stands for a key in URLs, which end up in proxies' logs: whole key IDs
// stay out of them (decision 2). AWS's IDs hold the account's number in front, so
// that the last characters tell the keys of one account apart. Other servers make
// IDs as they like, with the same end or shorter than that.
func keyAddress(account, keyID string) string {
	if number, ok := paste.AccountOfKey(keyID); ok && number == account {
		return keySuffix(keyID)
	}
	return keyHash(keyID)
}

// hashLength is longer than keySuffixLength, so that no address is taken for an end,
// and gives 60 bits.
const hashLength = 12

func keyHash(keyID string) string {
	sum := sha256.Sum256([]byte("access key " + keyID))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:hashLength]
}

// keySuffixLength is how many characters people compare.
const keySuffixLength = 8

func keySuffix(keyID string) string {
	n := utf8.RuneCountInString(keyID)
	if n <= keySuffixLength {
		return keyID
	}
	return string([]rune(keyID)[n-keySuffixLength:])
}

// keyAt finds the one key at an address, and with that ID where a form posted one.
// The last characters alone are an address too, as in older links, but not of two
// keys with the same end: the wrong one must not be changed.
func keyAt(keys []iamsvc.AccessKey, account, address, id string) (iamsvc.AccessKey, error) {
	var found []iamsvc.AccessKey
	for _, k := range keys {
		here := address == keyAddress(account, k.ID) || address == keySuffix(k.ID)
		if here && (id == "" || k.ID == id) {
			found = append(found, k)
		}
	}
	switch len(found) {
	case 0:
		return iamsvc.AccessKey{}, iamsvc.ErrNoSuchKey
	case 1:
		return found[0], nil
	}
	return iamsvc.AccessKey{}, ErrSeveralKeys
}

// plainID can stand in an element's ID and behind the # of a link as it is.
var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// keyAnchor is the ID of the element that shows a key: the fragment of links to it,
// which browsers do not send.
func keyAnchor(keyID string) string {
	if plainID.MatchString(keyID) {
		return keyID
	}
	return "key-" + keyHash(keyID)
}

// keyOn leads to a key on the page that shows it.
func keyOn(page, keyID string) string { return page + "#" + keyAnchor(keyID) }
