package iamsvc

import (
	"context"
	"slices"
	"strings"
	"time"

	"keydesk/iamsvc/paste"
)

// LookUpKind says what a look-up came to.
type LookUpKind string

// The results of a look-up.
const (
	KeyFound         LookUpKind = "key found"
	Matches          LookUpKind = "matches"             // Keys and Users, from the inventory; may be empty
	NotInThisAccount LookUpKind = "not in this account" // Home says what is known of where it is
	TemporaryKey     LookUpKind = "temporary key"       // ASIA: of a role or session; no user owns it
	UserElsewhere    LookUpKind = "user elsewhere"      // the text names a user of another account
	NotAKeyID        LookUpKind = "not a key ID"
	LooksLikeSecret  LookUpKind = "looks like a secret"
	NotAllowed       LookUpKind = "not allowed" // Denied says which permission is missing
)

// LookUpResult is the answer to a look-up. It never holds the text itself, only
// what was recognised in it.
type LookUpResult struct {
	Kind       LookUpKind
	KeyID      string // the one ID that was asked about
	SecretSeen bool   // the text held a secret too: its key should be deactivated

	// KeyFound. Owner and LastUsed are live unless LiveErr says otherwise, and
	// Status, Created and Siblings unless StateErr does. Path, tags, descriptions
	// and the siblings' last use are always the inventory's.
	Owner    string // "" when IAM named no user (a key of the root user)
	Key      AccessKey
	Siblings []AccessKey // the owner's other keys
	LiveErr  error       // IAM could not be asked whose it is: all is from the inventory
	StateErr error       // the owner's keys could not be listed: their state is from the inventory, where that has it
	Unlisted bool        // IAM names the owner, but does not list the key among theirs: just deleted, most likely

	// What the inventory says of the one ID, to compare.
	InInventory bool
	Listed      AccessKey
	ListedOwner string

	// Misses.
	Home        KeyHome
	Session     string // TemporaryKey: "role/session", when the text says it
	NamedUser   string // TemporaryKey and UserElsewhere: the user whom the text names
	UserAccount string // the account in that user's ARN or page's address; "" when it has none
	Denied      *Denied
	IDOf        string // NotAKeyID: what the text looks like the ID of, such as "a role"

	// Matches. What they leave out is counted.
	NoSuchUser string // the name of a user that the text is or names, when nobody in the inventory bears it
	Keys       []KeyMatch
	Users      []User
	MoreKeys   int
	MoreUsers  int

	AsOf   time.Time // of the inventory, where it was used
	Unread int       // users whose keys the inventory does not have: theirs are not among the matches
}

// mostMatches bounds a list of matches.
const mostMatches = 50

// LookUp answers "whose is this?" for any text. One whole key ID costs at most
// two calls: whose it is, and then the owner's keys or, for a miss, the account
// it belongs to. Everything else is answered from the inventory and costs none.
// An error means the question could not be answered (IAM throttles, is away,
// refuses the credentials) and the inventory does not know the key either.
func (a *Account) LookUp(ctx context.Context, text string) (LookUpResult, error) {
	if r, listed, err := a.lookUpListed(ctx, text); listed {
		return r, err
	}
	p := paste.Parse(text, nil)
	r, err := a.lookUp(ctx, p)
	r.SecretSeen = p.HasSecret()
	return r, err
}

func (a *Account) lookUp(ctx context.Context, p paste.Text) (LookUpResult, error) {
	inv := a.Inventory()
	known, isKnown := inv.keyInAnyCase(p.Word)
	keys, temporary, masked := p.Of(paste.KeyID), p.Of(paste.TemporaryKeyID), p.Of(paste.MaskedKeyID)
	switch n := len(keys) + len(temporary); {
	case isKnown:
		return a.lookUpKey(ctx, known.ID)
	case n+len(masked) > 1:
		return matchKeys(inv, p), nil
	case len(keys) == 1 && inv.isCutOff(keys[0].Text):
		return matchKeys(inv, paste.Text{Parts: []paste.Part{{Kind: paste.MaskedKeyID, Start: keys[0].Text}}, Word: p.Word}), nil
	case len(keys) == 1:
		return a.lookUpKey(ctx, inv.asListed(keys[0].Text))
	case len(temporary) == 1:
		return a.lookUpTemporary(ctx, p), nil
	case len(masked) == 1:
		return matchKeys(inv, p), nil
	}
	return a.lookUpWord(ctx, inv, p)
}

// lookUpWord is for a text without anything that looks like a key ID of AWS.
func (a *Account) lookUpWord(ctx context.Context, inv *Inventory, p paste.Text) (LookUpResult, error) {
	user := p.First(paste.UserName)
	switch {
	case p.HasSecret():
		return LookUpResult{Kind: LooksLikeSecret}, nil
	case user.Text != "" && a.isElsewhere(user.Account):
		return LookUpResult{Kind: UserElsewhere, NamedUser: user.Text, UserAccount: user.Account}, nil
	case user.Text != "":
		return matchNamed(inv, user.Text), nil
	case p.Word == "":
		return LookUpResult{Kind: NotAKeyID}, nil
	case a.foreignKeyID(inv, p.Word):
		return a.lookUpKey(ctx, p.Word)
	}
	return matchWord(inv, p.Word), nil
}

// isElsewhere: only where both are account numbers of AWS.
func (a *Account) isElsewhere(account string) bool {
	return account != a.Identity().Account && isAccountNumber(account) && isAccountNumber(a.Identity().Account)
}

func isAccountNumber(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

// foreignKeyID: on a server whose key IDs do not begin with AKIA, a single
// word of the right length that names no user is worth asking about.
func (a *Account) foreignKeyID(inv *Inventory, word string) bool {
	if inv.hasUser(word) || !mayBeKeyID(word) {
		return false
	}
	return inv.foreignKeyIDs || a.Identity().AccessKeyID != "" && paste.KindOfID(a.Identity().AccessKeyID) == ""
}

// hasUser: the names of IAM differ by more than case.
func (i *Inventory) hasUser(name string) bool {
	return slices.ContainsFunc(i.Users, func(u InventoryUser) bool { return strings.EqualFold(u.Name, name) })
}

// isCutOff: the ID is too short for AWS, and the inventory has a key that
// begins so.
func (i *Inventory) isCutOff(id string) bool {
	if _, exists := i.keyInAnyCase(id); exists || len(id) >= paste.LengthOfKeyID {
		return false
	}
	return slices.ContainsFunc(i.Users, func(u InventoryUser) bool {
		return slices.ContainsFunc(u.Keys, func(k AccessKey) bool { return paste.Part{Start: id}.Matches(k.ID) })
	})
}
