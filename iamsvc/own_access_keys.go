package iamsvc

import "context"

// The four functions here leave the user name out of their calls: IAM then
// takes the user whose key signed the request, and the root user's keys when
// the root user did. They are the only ones that do. A role has no keys of its
// own: IAM answers *Invalid.

// OwnAccessKeys lists the keys of the identity Keydesk runs as.
func (a *Account) OwnAccessKeys(ctx context.Context) ([]AccessKey, error) {
	return a.listWithOwn(ctx, a.self())
}

// CreateOwnAccessKey is CreateAccessKey for that identity.
func (a *Account) CreateOwnAccessKey(ctx context.Context, description string) (CreatedAccessKey, error) {
	return a.createAccessKey(ctx, a.self(), description)
}

// UpdateOwnAccessKey is UpdateAccessKey for that identity.
func (a *Account) UpdateOwnAccessKey(ctx context.Context, keyID string, s KeyStatus) error {
	return a.updateAccessKey(ctx, a.self(), keyID, s)
}

// DeleteOwnAccessKey is DeleteAccessKey for that identity.
func (a *Account) DeleteOwnAccessKey(ctx context.Context, keyID string) ([]string, error) {
	return a.deleteAccessKey(ctx, a.self(), keyID)
}

func (a *Account) self() target { return target{user: a.Identity().UserName, own: true} }

// journalName is how the journal names whose keys are changed.
func (a *Account) journalName(t target) string {
	if t.own {
		return a.ownUserName()
	}
	return t.user
}
