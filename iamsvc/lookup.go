package iamsvc

import (
	"context"
	"errors"
	"strings"
	"time"
)

// LookUpKind says what a look-up came to.
type LookUpKind string

// The results of a look-up.
const (
	KeyFound         LookUpKind = "key found"
	UserMatches      LookUpKind = "user matches"        // Users, from the inventory; may be empty
	NotInThisAccount LookUpKind = "not in this account" // DecodedAccount when the ID names one
	TemporaryKey     LookUpKind = "temporary key"       // ASIA: of a role or session; no user owns it
	NotAKeyID        LookUpKind = "not a key ID"
	LooksLikeSecret  LookUpKind = "looks like a secret"
	NotAllowed       LookUpKind = "not allowed" // Denied says which permission is missing
)

// LookUpResult is the answer to a look-up. It never holds the text itself.
type LookUpResult struct {
	Kind           LookUpKind
	KeyID          string    // the ID that was asked about
	Owner          string    // KeyFound: the user; "" when IAM named none (a key of the root user)
	Key            AccessKey // KeyFound: ID and LastUsed are live; Status, Created and Description from the inventory when it has the key
	InInventory    bool      // whether it has
	DecodedAccount string    // the account number in the key ID; "" when there is none
	Users          []UserMatch
	MoreUsers      int       // matches beyond those listed
	OtherKeyIDs    []string  // further key IDs in the text, not looked up
	SecretSeen     bool      // the text held a secret too: its key should be deactivated
	AsOf           time.Time // of the inventory, where it was used
	Denied         *Denied
	LiveErr        error // KeyFound: IAM could not be asked; everything is from the inventory
}

// UserMatch is a user found by name, or by the end of a key ID.
type UserMatch struct {
	User  User
	KeyID string // set when the end of this key's ID matched
}

// mostMatches bounds a list of matches.
const mostMatches = 50

// LookUp answers "whose is this?" for any text. A key ID costs exactly one
// call to IAM, everything else none. An error means the question could not be
// answered (IAM throttles, is away, refuses the credentials) and the inventory
// does not know the key either.
func (a *Account) LookUp(ctx context.Context, text string) (LookUpResult, error) {
	p := ParsePaste(text)
	inv := a.Inventory()
	known, isKnown := inv.keyInAnyCase(p.Word)
	switch {
	case isKnown:
		return a.lookUpKey(ctx, p, known.ID)
	case len(p.KeyIDs) > 0:
		return a.lookUpKey(ctx, p, inv.asListed(p.KeyIDs[0]))
	case len(p.Temporary) > 0:
		id := p.Temporary[0]
		account, _ := AccountOfKey(id)
		return LookUpResult{Kind: TemporaryKey, KeyID: id, DecodedAccount: account, SecretSeen: p.Secret, OtherKeyIDs: p.Temporary[1:]}, nil
	case p.Secret:
		return LookUpResult{Kind: LooksLikeSecret, SecretSeen: true}, nil
	case p.UserName != "":
		return a.matchUsers(inv, p.UserName), nil
	case p.Word == "":
		return LookUpResult{Kind: NotAKeyID}, nil
	case a.foreignKeyID(inv, p.Word):
		return a.lookUpKey(ctx, p, p.Word)
	}
	return a.matchUsers(inv, p.Word), nil
}

func (a *Account) lookUpKey(ctx context.Context, p Paste, keyID string) (LookUpResult, error) {
	r := LookUpResult{Kind: KeyFound, KeyID: keyID, SecretSeen: p.Secret}
	for _, id := range append(p.KeyIDs, p.Temporary...) {
		if !strings.EqualFold(id, keyID) {
			r.OtherKeyIDs = append(r.OtherKeyIDs, id)
		}
	}
	r.DecodedAccount, _ = AccountOfKey(keyID)
	owner, used, err := a.AccessKeyLastUsed(ctx, keyID)
	u, known, inInventory := a.Inventory().Key(keyID)
	var denied *Denied
	switch {
	case errors.Is(err, ErrNoSuchKey):
		r.Kind = NotInThisAccount
		return r, nil
	case errors.Is(err, ErrInvalid):
		r.Kind = NotAKeyID
		return r, nil
	case err != nil && inInventory:
		r.LiveErr, used = err, known.LastUsed
	case errors.As(err, &denied):
		r.Kind, r.Denied = NotAllowed, denied
		return r, nil
	case err != nil:
		return LookUpResult{}, err
	}
	r.Owner, r.Key = owner, AccessKey{ID: keyID, UserName: owner}
	if inInventory {
		// After a rename some servers go on naming the old user here, while
		// the list the inventory was read from is right.
		r.Owner, r.Key, r.InInventory, r.AsOf = u.Name, known, true, a.Inventory().AsOf
	}
	r.Key.LastUsed = used
	return r, nil
}

// foreignKeyID: on a server whose key IDs do not begin with AKIA, a single
// word of the right length that names no user is worth asking about.
func (a *Account) foreignKeyID(inv *Inventory, word string) bool {
	if _, isUser := inv.User(word); isUser || validateAccessKeyID(word) != nil {
		return false
	}
	return inv.foreignKeyIDs || a.identity.AccessKeyID != "" && ParsePaste(a.identity.AccessKeyID).KeyIDs == nil && !isTemporary(a.identity.AccessKeyID)
}

// matchUsers finds users whose name holds the word, and keys whose ID ends
// with it: leak notices name a key by its last characters ("****WBAA").
func (a *Account) matchUsers(inv *Inventory, word string) LookUpResult {
	r := LookUpResult{Kind: UserMatches, AsOf: inv.AsOf}
	name, end := strings.ToLower(word), strings.ToUpper(strings.TrimLeft(word, "*.-…xX"))
	for _, u := range inv.Users {
		switch {
		case strings.EqualFold(u.Name, word):
			r.Users = append([]UserMatch{{User: u.User}}, r.Users...)
		case u.ID == word, strings.Contains(strings.ToLower(u.Name), name):
			r.Users = append(r.Users, UserMatch{User: u.User})
		case len(end) >= 4:
			for _, k := range u.Keys {
				if strings.HasSuffix(strings.ToUpper(k.ID), end) {
					r.Users = append(r.Users, UserMatch{User: u.User, KeyID: k.ID})
				}
			}
		}
	}
	if len(r.Users) == 0 && looksLikeBrokenKeyID(word) {
		r.Kind = NotAKeyID
	}
	if n := len(r.Users) - mostMatches; n > 0 {
		r.Users, r.MoreUsers = r.Users[:mostMatches], n
	}
	return r
}

// looksLikeBrokenKeyID: too short, too long, or the ID of something else.
func looksLikeBrokenKeyID(word string) bool {
	upper := strings.ToUpper(word)
	for _, prefix := range []string{"AKIA", "ASIA", "ABIA", "ACCA", "AIDA", "AROA", "AGPA", "ANPA"} {
		if strings.HasPrefix(upper, prefix) {
			return true
		}
	}
	return validateAccessKeyID(word) == nil && strings.ContainsAny(word, "0123456789")
}
