package iamsvc

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// lastUsedLife is how long an answer about a last use stands for the present.
// It is the lifetime of a credential report, and the lag with which IAM shows
// a use.
const lastUsedLife = 4 * time.Hour

// LastUsed is when, where and by which service a key was last used. IAM keeps
// this since 22 April 2015, in steps of 15 minutes, and shows a use up to four
// hours late.
//
// The zero value says nothing, and only Used and NeverUsed make one that says
// more: a missing answer can't be taken for "never used". Deactivating a key
// on such a mistake stops the programs that use it.
type LastUsed struct {
	At      time.Time // UTC; the latest use that IAM has told of, which stays true for ever; zero: none
	Region  string    // "N/A" for services without regions and for unused keys
	Service string
	Err     error // why there is no answer; nil when there is one, or nothing was asked

	asOf       time.Time // by Keydesk's clock; zero: no answer
	fromReport bool      // the answer
}

// Used is the answer that a key was used, as IAM knew at asOf. With a zero asOf
// the use took place, and nothing is known of the time since.
func Used(at time.Time, region, service string, asOf time.Time) LastUsed {
	return LastUsed{At: at, Region: region, Service: service, asOf: asOf}
}

// NeverUsed is the answer that there is no use of a key on record, as IAM knew
// at asOf. The answer must be about a key that existed then.
func NeverUsed(asOf time.Time) LastUsed {
	return LastUsed{Region: "N/A", Service: "N/A", asOf: asOf}
}

// AsOf is when IAM gave the answer, or generated the credential report that
// holds it, by Keydesk's clock; zero: there is no answer.
func (u LastUsed) AsOf() time.Time { return u.asOf }

// FromReport reports whether the answer is a credential report's.
func (u LastUsed) FromReport() bool { return u.fromReport }

// Current reports whether there is an answer that is at most four hours old.
// Advice needs one: the key may have been used since an older one.
func (u LastUsed) Current(now time.Time) bool { return current(now, u.asOf) }

func current(now, asOf time.Time) bool {
	age := now.Sub(asOf)
	return !asOf.IsZero() && age <= lastUsedLife && age >= -clockSkew
}

// Never reports whether a current answer says that the key was never used.
func (u LastUsed) Never(now time.Time) bool { return u.At.IsZero() && u.Current(now) }

// markedUnused reports whether a list calls the key unused, if it trusts the answer.
func (u LastUsed) markedUnused(now time.Time) bool { return now.Sub(u.At) > shortestSilence }

// and joins what two sources say of one key. A use is never taken back: other
// servers, and lists that lag, may answer "none" after they have told of one.
func (u LastUsed) and(o LastUsed) LastUsed {
	if o.At.After(u.At) || u.At.IsZero() && u.asOf.IsZero() {
		u.At, u.Region, u.Service = o.At, o.Region, o.Service
	}
	if o.asOf.After(u.asOf) {
		u.asOf, u.fromReport = o.asOf, o.fromReport
	}
	switch {
	case !u.asOf.IsZero():
		u.Err = nil
	case u.Err == nil:
		u.Err = o.Err
	}
	return u
}

// AccessKeyLastUsed asks IAM whose key this is and when it was last used. For
// a key that is not in this account it returns ErrNoSuchKey, for a missing
// permission *Denied. The owner is empty when the server does not name one.
func (a *Account) AccessKeyLastUsed(ctx context.Context, keyID string) (owner string, used LastUsed, err error) {
	return a.accessKeyLastUsed(ctx, a.interactive, keyID)
}

// accessKeyLastUsed takes every answer into the inventory, whoever asked: no
// list may say "never" while a page that has just asked says "today".
func (a *Account) accessKeyLastUsed(ctx context.Context, l *lane, keyID string) (string, LastUsed, error) {
	if err := validateAccessKeyID(keyID); err != nil {
		return "", LastUsed{Err: err}, err
	}
	asked := a.now()
	out, err := call(ctx, l, l.iam.GetAccessKeyLastUsed, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &keyID})
	switch {
	case err != nil && ctx.Err() != nil:
		return "", LastUsed{Err: err}, err // the caller left, which says nothing about the key
	case err != nil:
		a.noticeLastUsed(ctx, l, keyID, LastUsed{Err: err}, asked)
		return "", LastUsed{Err: err}, err
	}
	return aws.ToString(out.UserName), a.noticeLastUsed(ctx, l, keyID, newLastUsed(out, asked), asked), nil
}

func newLastUsed(out *iam.GetAccessKeyLastUsedOutput, asked time.Time) LastUsed {
	d := out.AccessKeyLastUsed
	switch {
	case d == nil || d.LastUsedDate != nil && d.LastUsedDate.Year() <= 1:
		// A server without this record. Saying "never used" for it would get
		// keys deleted that are in use.
		return LastUsed{Err: &CallError{Operation: "GetAccessKeyLastUsed", Message: "the server keeps no record of use", Kind: ErrUnsupported}}
	case d.LastUsedDate == nil:
		return NeverUsed(asked)
	}
	return Used(utc(d.LastUsedDate), aws.ToString(d.Region), aws.ToString(d.ServiceName), asked)
}

// noticeLastUsed takes an answer into the inventory, at once where that changes
// what is said of the key, and returns all that is known of the key's last use.
func (a *Account) noticeLastUsed(ctx context.Context, l *lane, keyID string, answer LastUsed, asked time.Time) LastUsed {
	owner, shown, listed := a.Inventory().Key(keyID)
	if !listed && answer.Err != nil {
		return answer // about any text that somebody pasted
	}
	a.mu.Lock()
	known := a.facts.setLastUsed(keyID, answer, asked)
	if listed {
		known = shown.LastUsed.and(known)
		a.facts.touch(owner.Name)
	}
	a.mu.Unlock()
	before := shown.LastUsed
	contradicts := known.At.After(before.At) && before.Current(asked) && before.markedUnused(asked)
	if contradicts {
		a.save(ctx) // or a restart calls it unused again
	}
	switch {
	case !listed, known.At.Equal(before.At) && known.Current(asked) == before.Current(asked):
	case contradicts, l == a.interactive:
		a.publish()
	default:
		a.publishNowAndThen()
	}
	return known
}

// askedUse is what was learned of one key's last use apart from the present
// credential report. It is kept over a restart.
type askedUse struct {
	At      time.Time
	Region  string
	Service string
	AsOf    time.Time // of the answer; zero: none
	Asked   time.Time // the last time, in vain or not
	err     error     // of the last time
}

func (u askedUse) lastUsed() LastUsed {
	return LastUsed{At: u.At, Region: u.Region, Service: u.Service, asOf: u.AsOf}.and(LastUsed{Err: u.err})
}

// setLastUsed joins an answer with what was known, and returns both.
func (f *facts) setLastUsed(keyID string, answer LastUsed, asked time.Time) LastUsed {
	if f.AskedUses == nil {
		f.AskedUses = map[string]askedUse{}
	}
	before := f.AskedUses[keyID]
	known := before.lastUsed().and(answer)
	f.AskedUses[keyID] = askedUse{
		At:      known.At,
		Region:  known.Region,
		Service: known.Service,
		AsOf:    known.asOf,
		Asked:   later(before.Asked, asked),
		err:     answer.Err,
	}
	return known
}

// settled: asking again at once would bring the same.
func (u askedUse) settled() bool {
	return u.err == nil && !u.AsOf.IsZero() ||
		errors.Is(u.err, ErrDenied) || errors.Is(u.err, ErrUnsupported) || errors.Is(u.err, ErrNoSuchKey)
}
