package localaccount

import (
	"cmp"
	"crypto/rand"
	"slices"
)

// keysPerUser is IAM's quota (IAM User Guide, quotas); the seed has one user beyond it, as real accounts do.
const keysPerUser = 2

type accessKeyMetadata struct {
	UserName    string
	AccessKeyId string
	Status      string
	CreateDate  string
}

// createdAccessKey is the only reply that has a secret in it.
type createdAccessKey struct {
	UserName        string
	AccessKeyId     string
	Status          string
	SecretAccessKey string
	CreateDate      string
}

type createAccessKeyResult struct{ AccessKey createdAccessKey }

func createAccessKey(c *call) (any, error) {
	id, err := newKeyID("AKIA", c.id, rand.Reader)
	if err != nil {
		return nil, err
	}
	key := accessKey{ID: id, Status: statusActive, Created: c.clock()}
	u, err := c.change(func(u *user) error {
		if len(u.Keys) >= keysPerUser {
			return quotaExceeded("AccessKeysPerUser", keysPerUser)
		}
		u.addKey(key)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return createAccessKeyResult{createdAccessKey{u.Name, id, statusActive, c.master.secret(id), stamp(key.Created)}}, nil
}

// addKey keeps the keys in the order of their IDs, which is also the order of the credential report's two slots.
func (u *user) addKey(k accessKey) {
	u.Keys = append(u.Keys, k)
	slices.SortFunc(u.Keys, func(a, b accessKey) int { return cmp.Compare(a.ID, b.ID) })
}

type listAccessKeysResult struct {
	AccessKeyMetadata members[accessKeyMetadata]
	paging
}

func listAccessKeys(c *call) (any, error) {
	keys, tail, err := listOfUser(c,
		func(u *user) []accessKey { return u.Keys },
		func(k accessKey) string { return k.ID },
		func(u *user, k accessKey) accessKeyMetadata {
			return accessKeyMetadata{u.Name, k.ID, k.Status, stamp(k.Created)}
		})
	return listAccessKeysResult{keys, tail}, err
}

func updateAccessKey(c *call) (any, error) {
	id, err := c.params.required(accessKeyID)
	if err != nil {
		return nil, err
	}
	status, err := c.params.required(keyStatus)
	if err != nil {
		return nil, err
	}
	if status != statusActive && status != statusInactive {
		return nil, notOneOf("status", status, statusActive, statusInactive)
	}
	_, err = c.change(func(u *user) error {
		key := u.accessKey(id)
		if key == nil {
			return noSuchKey(id)
		}
		key.Status = status
		return nil
	})
	return nil, err
}

func deleteAccessKey(c *call) (any, error) {
	id, err := c.params.required(accessKeyID)
	if err != nil {
		return nil, err
	}
	_, err = c.change(func(u *user) error {
		if u.accessKey(id) == nil {
			return noSuchKey(id)
		}
		u.Keys = slices.DeleteFunc(u.Keys, func(k accessKey) bool { return k.ID == id })
		return nil
	})
	return nil, err
}
