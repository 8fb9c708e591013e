package iamsvc

import (
	"cmp"
	"context"
	"errors"
	"sync"
)

// Part is one piece of a page with its own fate: a side read that is denied
// marks its part, never the page.
type Part[T any] struct {
	Value T
	Err   error
}

// UserDetails is everything the page of a user shows.
type UserDetails struct {
	User                       User
	UserErr                    error             // the user could not be read; User is from the inventory and has no tags
	Keys                       Part[[]AccessKey] // with description and last use
	Groups                     Part[[]Group]
	MFADevices                 Part[[]MFADevice]
	LoginProfile               Part[LoginProfile]
	SSHPublicKeys              Part[[]SSHPublicKey]
	SigningCertificates        Part[[]SigningCertificate]
	ServiceSpecificCredentials Part[[]ServiceSpecificCredential]
	AttachedPolicies           Part[[]AttachedPolicy]
	InlinePolicies             Part[[]string]
	Quarantined                bool
	QuarantineErr              error // why it is not known whether AWS has quarantined the user
}

// mostAtOnce is how many calls one page makes at the same time. IAM's limits
// are shared by the whole account.
const mostAtOnce = 5

// UserDetails reads everything about a user, at the same time. It fails only
// when there is no such user, or nothing at all can be said about the user.
func (a *Account) UserDetails(ctx context.Context, name string) (UserDetails, error) {
	if err := ValidateExistingUserName(name); err != nil {
		return UserDetails{}, err
	}
	var d UserDetails
	var userErr error
	g := newGroupOfCalls(mostAtOnce)
	g.run(func() { d.User, userErr = a.User(ctx, name) })
	g.run(func() { d.Keys = a.keysWithLastUse(ctx, name) })
	collect(g, &d.Groups, ctx, name, a.ListGroupsForUser)
	collect(g, &d.MFADevices, ctx, name, a.ListMFADevices)
	collect(g, &d.LoginProfile, ctx, name, a.LoginProfile)
	collect(g, &d.SSHPublicKeys, ctx, name, a.ListSSHPublicKeys)
	collect(g, &d.SigningCertificates, ctx, name, a.ListSigningCertificates)
	collect(g, &d.ServiceSpecificCredentials, ctx, name, a.ListServiceSpecificCredentials)
	collect(g, &d.AttachedPolicies, ctx, name, a.ListAttachedUserPolicies)
	collect(g, &d.InlinePolicies, ctx, name, a.ListUserPolicies)
	g.wait()

	if err := a.settleUser(&d, name, userErr); err != nil {
		return UserDetails{}, err
	}
	d.Keys.Value = a.described(name, d.Keys.Value, d.User.Tags)
	a.settleQuarantine(&d)
	return d, nil
}

// settleUser decides what stands in for a user that could not be read.
func (a *Account) settleUser(d *UserDetails, name string, err error) error {
	if err == nil || errors.Is(err, ErrNoSuchUser) || errors.Is(err, context.Canceled) {
		return err
	}
	known, ok := a.Inventory().User(name)
	if !ok && d.Keys.Err != nil {
		return err
	}
	d.User, d.UserErr = known.User, err
	d.User.Name = name
	return nil
}

// settleQuarantine takes the policies of groups from the last reading of the
// account: asking for them here would take two calls for each group.
func (a *Account) settleQuarantine(d *UserDetails) {
	names := make([]string, len(d.Groups.Value))
	for i, g := range d.Groups.Value {
		names[i] = g.Name
	}
	a.mu.Lock()
	byGroup, known := a.facts.quarantine(names)
	groupsErr := cmp.Or(a.facts.detailsErr, error(ErrNotReadYet))
	a.mu.Unlock()
	d.Quarantined = byGroup || quarantined(d.AttachedPolicies.Value, d.InlinePolicies.Value)
	if d.Quarantined {
		return
	}
	if known {
		groupsErr = nil
	}
	d.QuarantineErr = errors.Join(d.AttachedPolicies.Err, d.InlinePolicies.Err, d.Groups.Err, groupsErr)
}

// keysWithLastUse asks for each key's last use. That call failing marks the
// key, not the list.
func (a *Account) keysWithLastUse(ctx context.Context, name string) Part[[]AccessKey] {
	keys, err := a.ListAccessKeys(ctx, name)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() { _, keys[i].LastUsed, _ = a.AccessKeyLastUsed(ctx, keys[i].ID) })
	}
	wg.Wait()
	return Part[[]AccessKey]{keys, err}
}

// described puts in descriptions: from the tags just read, and from what
// Keydesk itself has just written.
func (a *Account) described(name string, keys []AccessKey, tags []Tag) []AccessKey {
	keys = withDescriptions(keys, tags)
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, k := range keys {
		if c, ok := a.own[[2]string{name, k.ID}]; ok && c.Description != nil && c.outlives(a.now()) {
			keys[i].Description = *c.Description
		}
	}
	return keys
}

// groupOfCalls runs calls at the same time, a limited number of them.
type groupOfCalls struct {
	wg    sync.WaitGroup
	slots chan struct{}
}

func newGroupOfCalls(most int) *groupOfCalls { return &groupOfCalls{slots: make(chan struct{}, most)} }

func (g *groupOfCalls) run(f func()) {
	g.wg.Go(func() {
		g.slots <- struct{}{}
		defer func() { <-g.slots }()
		f()
	})
}

func (g *groupOfCalls) wait() { g.wg.Wait() }

func collect[T any](g *groupOfCalls, into *Part[T], ctx context.Context, name string, read func(context.Context, string) (T, error)) {
	g.run(func() { into.Value, into.Err = read(ctx, name) })
}
