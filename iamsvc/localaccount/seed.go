package localaccount

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"time"
)

// seeder makes the account's first users. The same account number and size give the same names, IDs and structure
// every time; only the dates move, with now.
type seeder struct {
	account   string
	now       time.Time
	bytes     *rand.ChaCha8
	random    *rand.Rand
	users     []*user
	crowdKeys int
}

// seed returns the records of a new account: the named users first, then people and services up to the wanted number.
func seed(account string, count int, now time.Time) []record {
	if count == 0 {
		count = DefaultUsers
	}
	source := rand.NewChaCha8([32]byte([]byte("the users of the embedded account")))
	s := &seeder{account: account, now: now, bytes: source, random: rand.New(source)}
	s.principals()
	s.automation()
	s.characters()
	s.crowd(min(count, usersPerAccount) - len(s.users))

	records := []record{{Account: &accountRecord{ID: account, Created: s.ago(3100), RootSignedIn: s.ago(41)}}}
	for _, u := range s.users {
		u.Tags = mergeTags(nil, u.Tags)
		slices.Sort(u.Groups)
		slices.Sort(u.Attached)
		records = append(records, record{User: u})
	}
	return records
}

// ago is so many days before now, and up to some hours more: an age in whole days is exactly the number given.
func (s *seeder) ago(days int) time.Time {
	return s.now.Add(-time.Duration(days)*day - time.Duration(10+s.random.IntN(190))*time.Minute)
}

func (s *seeder) add(name, path string, days int) *user {
	u := &user{Name: name, Path: path, ID: s.id("AIDA"), Created: s.ago(days)}
	s.users = append(s.users, u)
	return u
}

func (s *seeder) id(prefix string) string {
	var b [24]byte
	for i := 0; i < len(b); i += 8 {
		binary.BigEndian.PutUint64(b[i:], s.bytes.Uint64())
	}
	return prefix + idAlphabet.EncodeToString(b[:])[:17]
}

func (s *seeder) keyID() string {
	id, err := newKeyID("AKIA", s.account, s.bytes)
	if err != nil {
		panic(err) // the account number has been checked, and the generator does not end
	}
	return id
}

// key gives the user an access key of that age. use is put in place as it is; the zero usage means never used.
func (s *seeder) key(u *user, days int, status string, use usage) *accessKey {
	k := accessKey{ID: s.keyID(), Status: status, Created: s.ago(days), LastUsed: use}
	if k.Created.Before(u.Created) {
		u.Created = k.Created.Add(-time.Hour)
	}
	u.addKey(k)
	return u.accessKey(k.ID)
}

// rename gives a key the ID that some document uses.
func (u *user) rename(k *accessKey, id string) {
	kept := *k
	u.Keys = slices.DeleteFunc(u.Keys, func(k accessKey) bool { return k.ID == kept.ID })
	kept.ID = id
	u.addKey(kept)
}

func (s *seeder) used(days int, region, service string) usage {
	return usage{At: s.ago(days), Region: region, Service: service}
}

func (s *seeder) usedMinutesAgo(minutes int, region, service string) usage {
	return usage{At: s.now.Add(-time.Duration(minutes) * time.Minute), Region: region, Service: service}
}

func (u *user) tag(key, value string) { u.Tags = append(u.Tags, tag{key, value}) }

// describe is how the AWS console keeps a key's description: as a tag of the user, named after the key.
func (u *user) describe(k *accessKey, description string) { u.tag(k.ID, description) }

func (s *seeder) password(u *user, days int, used time.Time) {
	u.Password = &password{Set: s.ago(days), LastUsed: used}
	if u.Password.Set.Before(u.Created) {
		u.Password.Set = u.Created
	}
}

func (s *seeder) virtualMFA(u *user) {
	u.MFADevices = append(u.MFADevices, mfaDevice{"arn:aws:iam::" + s.account + ":mfa/" + u.Name, u.Created.Add(time.Hour)})
}
