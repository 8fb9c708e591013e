package localaccount

import (
	"crypto/rand"
	"fmt"
	"slices"
)

// The users that the account's own programs run as.
const (
	keydeskUser  = "keydesk"          // the dashboard
	operatorUser = "keydesk-operator" // people with other clients
	readOnlyUser = "keydesk-readonly" // for seeing what a principal with few permissions gets
)

// Credentials is what Keydesk signs with: an access key of the user "keydesk", who may do everything. It is an
// ordinary key of the account, so that it can be seen, and mistakenly switched off, like any other.
func (a *Account) Credentials() (accessKeyID, secret string) {
	return a.ownKey, a.master.secret(a.ownKey)
}

// WriteCredentialsFile writes an AWS shared credentials file, readable by its owner only: the profile "default" is an
// operator who may do everything, "readonly" one who may only look.
func (a *Account) WriteCredentialsFile(path string) error {
	operator, err := a.principalKey(operatorUser)
	if err != nil {
		return err
	}
	reader, err := a.principalKey(readOnlyUser)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("# Users of Keydesk's embedded account %s. AWS knows nothing of them.\n%s\n%s", a.id,
		a.profile("default", operator), a.profile("readonly", reader))
	file, err := replaceFile(path, []byte(text))
	if err != nil {
		return err
	}
	return file.Close()
}

func (a *Account) profile(name, keyID string) string {
	return fmt.Sprintf("[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\nregion = us-east-1\n", name, keyID, a.master.secret(keyID))
}

// principalKey gives an active access key of one of the account's own users, and mends what somebody has deleted or
// deactivated meanwhile: a demonstration must not be able to lock itself out for good.
func (a *Account) principalKey(name string) (string, error) {
	if a.store.roster().find(name) == nil {
		if err := a.createPrincipal(name); err != nil {
			return "", err
		}
	}
	id, err := newKeyID("AKIA", a.id, rand.Reader)
	if err != nil {
		return "", err
	}
	u := a.store.roster().find(name)
	if slices.ContainsFunc(u.Keys, isActive) {
		return u.activeKey(), nil
	}
	u, err = a.store.change(name, write{}, func(u *user) error {
		if len(u.Keys) < keysPerUser {
			u.addKey(accessKey{ID: id, Status: statusActive, Created: a.clock()})
		} else {
			u.Keys[0].Status = statusActive
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return u.activeKey(), nil
}

func (a *Account) createPrincipal(name string) error {
	id, err := newEntityID("AIDA", rand.Reader)
	if err != nil {
		return err
	}
	u := &user{Name: name, Path: "/", ID: id, Created: a.clock(), Attached: []string{principalPolicy(name)}}
	return a.store.create(u, write{}, func(roster) error { return nil })
}

func principalPolicy(name string) string {
	if name == readOnlyUser {
		return "IAMReadOnlyAccess"
	}
	return "AdministratorAccess"
}

func isActive(k accessKey) bool { return k.Status == statusActive }

// activeKey is the oldest active key of a user that has one.
func (u *user) activeKey() string {
	active := slices.DeleteFunc(slices.Clone(u.Keys), func(k accessKey) bool { return !isActive(k) })
	return slices.MinFunc(active, func(a, b accessKey) int { return a.Created.Compare(b.Created) }).ID
}
