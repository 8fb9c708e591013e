package iamsvc

import (
	"context"
	"errors"
	"slices"
	"strings"

	"keydesk/iamsvc/paste"
)

// lookUpListed answers for a text that is nothing but a key ID or a user name of the
// inventory. Other servers' may look like anything: like several words, or a secret.
func (a *Account) lookUpListed(ctx context.Context, text string) (r LookUpResult, listed bool, err error) {
	inv := a.Inventory()
	for _, t := range []string{text, strings.TrimSpace(text)} {
		if _, key, ok := inv.Key(t); ok {
			r, err = a.lookUpKey(ctx, key.ID)
			return r, true, err
		}
		if user, ok := inv.User(t); ok && user.Name != "" {
			answer := Answer{Part: paste.Part{Kind: paste.UserName, Text: user.Name}, Users: []User{user.User}}
			return LookUpResult{Kind: Matches, Answers: []Answer{answer}, AsOf: inv.AsOf, Unread: inv.unread()}, true, nil
		}
	}
	return LookUpResult{}, false, nil
}

// lookUpKey asks IAM about one whole ID, and puts beside the answer what the
// inventory says.
func (a *Account) lookUpKey(ctx context.Context, keyID string) (LookUpResult, error) {
	r := LookUpResult{Kind: KeyFound, KeyID: keyID, Key: AccessKey{ID: keyID}}
	inv := a.Inventory()
	var user InventoryUser
	if user, r.Listed, r.InInventory = inv.Key(keyID); r.InInventory {
		r.ListedOwner, r.AsOf = user.Name, inv.AsOf
	}
	owner, used, err := a.AccessKeyLastUsed(ctx, keyID)
	var denied *Denied
	switch {
	case errors.Is(err, ErrNoSuchKey):
		return a.notHere(ctx, r), nil
	case errors.Is(err, ErrInvalid) && !r.InInventory:
		return LookUpResult{Kind: NotAKeyID, IDOf: paste.KindOfID(keyID)}, nil
	case err != nil && r.InInventory:
		r.LiveErr, r.StateErr = err, err
		r.fromInventory(user)
		if errors.Is(err, ErrDenied) {
			r.StateErr = nil // another permission, which may be there
			a.readState(ctx, &r, user)
		}
	case errors.As(err, &denied):
		r.Kind, r.Denied, r.Home = NotAllowed, denied, a.homeOf(ctx, keyID)
	case err != nil:
		return LookUpResult{}, err
	default:
		r.Owner, r.Key.LastUsed = owner, used
		a.readState(ctx, &r, user)
	}
	a.readAfter(r)
	return r, nil
}

// readAfter has the users read whose keys were looked at: at once where the
// inventory is behind what was just seen, else in their turn.
func (a *Account) readAfter(r LookUpResult) {
	agrees := r.Kind == KeyFound && !r.Unlisted && r.InInventory && r.ListedOwner == r.Owner && r.Listed.Status == r.Key.Status
	if !agrees {
		now := a.now()
		a.want(r.owners(), now, now.Add(-lastUsedLife))
		return
	}
	a.ReadSoon(r.Owner)
}

// owners are the users who have the key, by IAM and by the inventory.
func (r *LookUpResult) owners() (names []string) {
	for _, name := range []string{r.Owner, r.ListedOwner} {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// readState lists the owner's keys: the only call that tells a key's status.
func (a *Account) readState(ctx context.Context, r *LookUpResult, listed InventoryUser) {
	if strings.TrimSpace(r.Owner) == "" || r.Owner == rootUserName && !r.InInventory {
		r.Owner = "" // the root user, whom some servers name as reports do
		return
	}
	keys, err := a.ListAccessKeys(ctx, r.Owner)
	k, found := findKey(keys, r.KeyID)
	used := r.Key.LastUsed
	switch {
	case found:
		r.Key = k
	case r.InInventory && r.ListedOwner != r.Owner && (err == nil || errors.Is(err, ErrNoSuchUser)):
		// After a rename some servers go on naming the old user here, while
		// the list the inventory was read from is right.
		r.StateErr = err
		if err == nil {
			r.StateErr = ErrNoSuchKey
		}
		r.fromInventory(listed)
	case err != nil:
		r.StateErr = err
		if r.InInventory {
			r.fromInventory(listed)
		}
	default:
		r.Unlisted = true
	}
	r.Key.LastUsed = used
	if found || r.Unlisted {
		r.Siblings = a.Inventory().alike(slices.DeleteFunc(keys, func(k AccessKey) bool { return k.ID == r.KeyID }))
		r.Key.Description = r.Listed.Description
	}
}

// fromInventory takes the whole answer from there.
func (r *LookUpResult) fromInventory(u InventoryUser) {
	r.Owner, r.Key = u.Name, r.Listed
	r.Siblings = nil
	for _, k := range u.Keys {
		if k.ID != r.KeyID {
			r.Siblings = append(r.Siblings, k)
		}
	}
}

// alike adds to keys just listed what only the inventory has.
func (i *Inventory) alike(keys []AccessKey) []AccessKey {
	for at, k := range keys {
		if _, listed, ok := i.Key(k.ID); ok {
			keys[at].Description, keys[at].LastUsed = listed.Description, listed.LastUsed
		}
	}
	return keys
}

// KeyHome is what is known of the account a key belongs to that is not here.
type KeyHome struct {
	Decoded   string // the account number in the ID; "" when there is none
	Confirmed string // what STS says; it answers for mistyped IDs too
	Err       error  // why STS said nothing
}

// Account is the best that is known; "" for nothing. The number in the ID was
// put there by AWS: another server's STS may name its own account for any ID.
func (h KeyHome) Account() string {
	if h.Decoded != "" {
		return h.Decoded
	}
	return h.Confirmed
}

func (a *Account) homeOf(ctx context.Context, keyID string) (h KeyHome) {
	h.Decoded, _ = paste.AccountOfKey(keyID)
	h.Confirmed, h.Err = a.AccessKeyInfo(ctx, keyID)
	return h
}

func (a *Account) notHere(ctx context.Context, r LookUpResult) LookUpResult {
	r.Kind, r.Home = NotInThisAccount, a.homeOf(ctx, r.KeyID)
	if !r.InInventory {
		r.Near = a.Inventory().nearKeys(r.KeyID)
	}
	a.readAfter(r)
	return r
}
