package localaccount

import (
	"slices"
	"strings"
	"time"
)

// user is one IAM user with everything that hangs on it. A stored user is never modified: a change clones it,
// so a reader keeps a consistent picture without holding a lock.
type user struct {
	Name               string
	Path               string
	ID                 string
	Created            time.Time
	Boundary           string               `json:",omitempty"` // ARN of the permissions boundary
	Tags               []tag                `json:",omitempty"` // sorted by key
	Keys               []accessKey          `json:",omitempty"` // sorted by ID
	Policies           []inlinePolicy       `json:",omitempty"` // sorted by name
	Attached           []string             `json:",omitempty"` // names of managed policies
	Groups             []string             `json:",omitempty"` // sorted
	Password           *password            `json:",omitempty"`
	MFADevices         []mfaDevice          `json:",omitempty"`
	SSHKeys            []sshPublicKey       `json:",omitempty"`
	Certificates       []signingCertificate `json:",omitempty"`
	ServiceCredentials []serviceCredential  `json:",omitempty"`
}

// accessKey is one access key. It has no secret: secrets are derived from the ID.
type accessKey struct {
	ID       string
	Status   string
	Created  time.Time
	LastUsed usage `json:",omitzero"`
	// Before is what LastUsed was until shown: IAM records a use at once but reports it late.
	Before usage     `json:",omitzero"`
	Shown  time.Time `json:",omitzero"`
}

// usage is one recorded use; the zero value means never used.
type usage struct {
	At      time.Time
	Region  string
	Service string
}

// reported is the use IAM tells of at this moment of the wall clock.
func (k accessKey) reported(now time.Time) usage {
	if now.Before(k.Shown) {
		return k.Before
	}
	return k.LastUsed
}

type tag struct{ Key, Value string }

type inlinePolicy struct{ Name, Document string }

type password struct {
	Set           time.Time
	LastUsed      time.Time `json:",omitzero"` // zero: never signed in to the console
	ResetRequired bool      `json:",omitempty"`
}

type mfaDevice struct {
	Serial  string
	Enabled time.Time
}

type sshPublicKey struct {
	ID       string
	Status   string
	Uploaded time.Time
}

type signingCertificate struct {
	ID       string
	Body     string
	Status   string
	Uploaded time.Time
}

type serviceCredential struct {
	ID          string
	ServiceName string
	UserName    string
	Status      string
	Created     time.Time
}

const (
	statusActive   = "Active"
	statusInactive = "Inactive"
)

// key orders and identifies users: IAM's names are unique without regard to case.
func (u *user) key() string { return strings.ToLower(u.Name) }

// resource is the part of the ARN after the account: the path stands between "user" and the name.
func (u *user) resource() string { return "user" + u.Path + u.Name }

// accessKey finds one of the user's keys; the pointer leads into the user itself.
func (u *user) accessKey(id string) *accessKey {
	i := slices.IndexFunc(u.Keys, func(k accessKey) bool { return k.ID == id })
	if i < 0 {
		return nil
	}
	return &u.Keys[i]
}

// clone copies what an action can change; the rest is only ever set by the seed and may be shared.
func (u *user) clone() *user {
	c := *u
	c.Tags = slices.Clone(u.Tags)
	c.Keys = slices.Clone(u.Keys)
	c.Policies = slices.Clone(u.Policies)
	return &c
}
