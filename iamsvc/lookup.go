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
	Matches          LookUpKind = "matches"             // from the inventory: one of Answers for each part of the text
	NotInThisAccount LookUpKind = "not in this account" // Home says what is known of where it is
	TemporaryKey     LookUpKind = "temporary key"       // ASIA: of a role or session; no user owns it
	NotAKeyID        LookUpKind = "not a key ID"
	LooksLikeSecret  LookUpKind = "looks like a secret"
	NotAllowed       LookUpKind = "not allowed" // Denied says which permission is missing
)

// LookUpResult is the answer to a look-up. It never holds the text itself, only
// what was recognized in it.
type LookUpResult struct {
	Kind  LookUpKind
	KeyID string // the one ID that was asked about

	// What was recognized in the text, its Word left out. Answers tells what each
	// part came to; where one key ID is the question, what the others did.
	Text    paste.Text
	Answers []Answer

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
	Home   KeyHome
	Denied *Denied
	IDOf   string      // NotAKeyID: what the text looks like the ID of, such as "a role"
	Near   []NearMatch // NotInThisAccount: what may have been meant

	AsOf   time.Time // of the inventory, where it was used
	Unread int       // users whose keys the inventory does not have: theirs are not among the answers
}

// LookUp answers "whose is this?" for any text. One whole key ID costs at most
// two calls: whose it is, and then the owner's keys or, for a miss, the account
// it belongs to. Everything else is answered from the inventory and costs none.
// An error means the question could not be answered (IAM throttles, is away,
// refuses the credentials) and the inventory does not know the key either.
func (a *Account) LookUp(ctx context.Context, text string) (LookUpResult, error) {
	if r, listed, err := a.lookUpListed(ctx, text); listed {
		return r, err
	}
	inv := a.Inventory()
	t := inv.read(text)
	r, err := a.lookUp(ctx, inv, t)
	t.Word = ""
	r.Text = t
	return r, err
}

// LookUpParts answers each part of a text from the inventory, without a call.
func (a *Account) LookUpParts(text string) LookUpResult {
	inv := a.Inventory()
	t := inv.read(text)
	r := a.lookUpParts(inv, t)
	t.Word = ""
	r.Text = t
	return r
}

func (a *Account) lookUp(ctx context.Context, inv *Inventory, t paste.Text) (LookUpResult, error) {
	if known, ok := inv.keyInAnyCase(t.Word); ok {
		return a.lookUpKey(ctx, known.ID)
	}
	asked := questions(t)
	keys := partsOf(asked, paste.KeyID, paste.TemporaryKeyID, paste.MaskedKeyID)
	switch {
	case len(keys) == 1 && keys[0].Kind == paste.TemporaryKeyID:
		r := LookUpResult{Kind: TemporaryKey, KeyID: keys[0].Text, Home: a.homeOf(ctx, keys[0].Text)}
		r.Answers = a.answers(inv, without(t.Parts, keys[0]))
		return r, nil
	case len(keys) == 1 && keys[0].Kind == paste.KeyID:
		r, err := a.lookUpKey(ctx, inv.asListed(keys[0].Text))
		r.Answers = a.answers(inv, without(t.Parts, keys[0]))
		return r, err
	case len(asked) == 1 && asked[0].Kind == paste.OtherID:
		return LookUpResult{Kind: NotAKeyID, IDOf: paste.KindOfID(asked[0].Text)}, nil
	case len(asked) > 0:
		return a.lookUpParts(inv, t), nil
	case t.HasSecret():
		return LookUpResult{Kind: LooksLikeSecret}, nil
	case t.Word == "":
		return LookUpResult{Kind: NotAKeyID}, nil
	case a.foreignKeyID(inv, t.Word):
		return a.lookUpKey(ctx, t.Word)
	}
	return matchWord(inv, t.Word), nil
}

// lookUpParts answers from the inventory, however many parts there are.
func (a *Account) lookUpParts(inv *Inventory, t paste.Text) LookUpResult {
	r := LookUpResult{Kind: Matches, Answers: a.answers(inv, t.Parts), AsOf: inv.AsOf, Unread: inv.unread()}
	if only := len(r.Answers) == 1 && r.Answers[0].Part.Kind == paste.MaskedKeyID; only && t.Word != "" {
		inv.matchName(&r.Answers[0], t.Word) // there may be a user whose name begins like a key ID
	}
	return r
}

// questions are the parts that a text asks about: keys and users before roles
// and the like, and who acted only when no other is named.
func questions(t paste.Text) []paste.Part {
	subjects := partsOf(t.Parts, paste.KeyID, paste.TemporaryKeyID, paste.MaskedKeyID, paste.UserName, paste.UserID)
	acted := func(p paste.Part) bool { return p.Actor }
	if asked := slices.DeleteFunc(slices.Clone(subjects), acted); len(asked) > 0 {
		return asked
	}
	if len(subjects) > 0 {
		return subjects
	}
	return t.Parts
}

func partsOf(parts []paste.Part, kinds ...paste.Kind) (list []paste.Part) {
	t := paste.Text{Parts: parts}
	return t.Of(kinds...)
}

func without(parts []paste.Part, part paste.Part) []paste.Part {
	return slices.DeleteFunc(slices.Clone(parts), func(p paste.Part) bool { return p == part })
}

// isElsewhere: only where both are account numbers of AWS.
func (a *Account) isElsewhere(account string) bool {
	return account != a.Identity().Account && isAccountNumber(account) && isAccountNumber(a.Identity().Account)
}

func isAccountNumber(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

// foreignKeyID: on a server whose key IDs do not begin with AKIA, a single
// word that is as long as one of its IDs and names no user is worth asking
// about. A word as long as a secret is not: it would leave Keydesk.
func (a *Account) foreignKeyID(inv *Inventory, word string) bool {
	if inv.Knows(word) != "" || !mayBeKeyID(word) || len(word) >= lengthOfSecret {
		return false
	}
	own := a.Identity().AccessKeyID
	if own != "" && paste.KindOfID(own) == "" && len(own) == len(word) {
		return true
	}
	return inv.foreignKeyIDs && slices.ContainsFunc(inv.Users, func(u InventoryUser) bool {
		return slices.ContainsFunc(u.Keys, func(k AccessKey) bool { return len(k.ID) == len(word) })
	})
}

// lengthOfSecret is the length of a secret access key of AWS, and of the other
// servers that imitate it.
const lengthOfSecret = 40
