package iamsvc

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// LastUsed is when, where and by which service a key was last used. IAM keeps
// this since 22 April 2015, in steps of 15 minutes, and shows a use up to four
// hours late.
type LastUsed struct {
	Read       bool      // false: not read, or could not be; never to be shown as "never used"
	At         time.Time // UTC; zero and Read: no use on record
	Region     string    // "N/A" for services without regions and for unused keys
	Service    string
	Err        error     // why it could not be read
	FromReport time.Time // when the credential report it comes from was generated; zero: asked live
}

// AccessKeyLastUsed asks IAM whose key this is and when it was last used. For
// a key that is not in this account it returns ErrNoSuchKey, for a missing
// permission *Denied. The owner is empty when the server does not name one.
func (a *Account) AccessKeyLastUsed(ctx context.Context, keyID string) (owner string, used LastUsed, err error) {
	return a.accessKeyLastUsed(ctx, a.interactive, keyID)
}

func (a *Account) accessKeyLastUsed(ctx context.Context, l *lane, keyID string) (string, LastUsed, error) {
	if err := validateAccessKeyID(keyID); err != nil {
		return "", LastUsed{Err: err}, err
	}
	out, err := call(ctx, l, l.iam.GetAccessKeyLastUsed, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &keyID})
	if err != nil {
		return "", LastUsed{Err: err}, err
	}
	owner, d := aws.ToString(out.UserName), out.AccessKeyLastUsed
	if d == nil || d.LastUsedDate != nil && d.LastUsedDate.Year() <= 1 {
		// A server without this record. Saying "never used" for it would get
		// keys deleted that are in use.
		return owner, LastUsed{Err: &CallError{Operation: "GetAccessKeyLastUsed", Message: "the server keeps no record of use", Kind: ErrUnsupported}}, nil
	}
	return owner, LastUsed{Read: true, At: utc(d.LastUsedDate), Region: aws.ToString(d.Region), Service: aws.ToString(d.ServiceName)}, nil
}
