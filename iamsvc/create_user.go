package iamsvc

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// NewUser is a user to be created.
type NewUser struct {
	Name           string
	Path           string // "" = "/"
	Tags           []Tag
	PolicyName     string // of an inline policy; "" = none
	PolicyDocument string // JSON
}

// CreatedUser is a user that was created.
type CreatedUser struct {
	User      User
	Attempt   int64
	PolicyErr error    // the user exists, but without the inline policy
	Warnings  []string // sentences about that
}

// Validate checks everything before anything is sent. What a name may be on a server
// that is not AWS, only that server knows.
func (n NewUser) Validate(onAWS bool) error {
	errs := []error{ValidateExistingUserName(n.Name), ValidateTags(n.Tags)}
	if onAWS {
		errs[0] = ValidateUserName(n.Name)
	}
	if n.Path != "" {
		errs = append(errs, ValidatePath(n.Path))
	}
	if n.PolicyName != "" || n.PolicyDocument != "" {
		errs = append(errs, ValidatePolicy(n.PolicyName, n.PolicyDocument))
	}
	return errors.Join(errs...)
}

// CreateUser creates a user, with an inline policy if one is given. A user of
// that name that is there already is not touched: *UserExists tells what it
// is. A policy that cannot be put does not undo the user.
func (a *Account) CreateUser(ctx context.Context, n NewUser) (CreatedUser, error) {
	if err := n.Validate(a.OnAWS()); err != nil {
		return CreatedUser{}, err
	}
	var created CreatedUser
	attempt, err := a.gate(ctx, step{
		change: Change{Action: ActionCreateUser, User: n.Name, NewState: n.summary()},
		call: func(ctx context.Context) (r Result, err error) {
			if created.User, r.AWSRequestID, err = a.sendCreateUser(ctx, n); err == nil {
				created.PolicyErr = a.putPolicy(ctx, n)
			}
			if created.PolicyErr != nil {
				r.ErrorCode = "PutUserPolicy " + ErrorCode(created.PolicyErr)
			}
			return r, err
		},
	})
	var lost *OutcomeUnknown
	if errors.As(err, &lost) {
		lost.Attempt = attempt
	}
	if err != nil {
		return CreatedUser{}, err
	}
	created.Attempt = attempt
	if created.PolicyErr != nil {
		created.Warnings = []string{"The user was created, but not its policy " + n.PolicyName + " (" + ErrorCode(created.PolicyErr) + ")."}
	}
	a.changedUser(created.User)
	return created, nil
}

// policyMark stands before the name of the policy, where there is one.
const policyMark = ", inline policy "

// summary is what the journal keeps of a new user: that a policy was given is
// worth knowing, its text is IAM's to keep.
func (n NewUser) summary() string {
	s := "path " + aws.ToString(n.path())
	if n.PolicyName != "" {
		s += policyMark + n.PolicyName
	}
	return s
}

func (n NewUser) path() *string {
	if n.Path == "" {
		return aws.String("/")
	}
	return &n.Path
}

func (a *Account) sendCreateUser(ctx context.Context, n NewUser) (User, string, error) {
	started := a.now()
	in := &iam.CreateUserInput{UserName: &n.Name, Path: n.path(), Tags: convert(n.Tags, func(t Tag) types.Tag {
		return types.Tag{Key: &t.Key, Value: &t.Value}
	})}
	out, seen, err := tracedCall(ctx, a.writes, a.writes.iam.CreateUser, in, func(o *iam.Options) { o.Retryer = a.writes.once })
	switch {
	case err == nil && out.User != nil:
		u := newUser(*out.User)
		u.Tags = n.Tags
		return u, seen.requestID, nil
	case err == nil:
		err = &CallError{Operation: "CreateUser", Kind: ErrUnsupported}
	case errors.Is(err, ErrUserExists):
		return User{}, "", a.existing(ctx, n.Name, err)
	case provesNothingHappened(err, seen.sent):
		return User{}, "", inItsWords(err)
	}
	return a.lostUser(ctx, n, started, err)
}

// inItsWords makes the refusal of a server with codes of its own one that people can
// act on: what it says is all that is known of its rules.
func inItsWords(err error) error {
	var c *CallError
	var refused *RefusedError
	if !errors.As(err, &c) || !errors.As(err, &refused) || !errors.Is(err, ErrUnsupported) || c.Message == "" {
		return err
	}
	return errors.Join(&Invalid{Message: c.Message}, err)
}

// existing reads the user whose name is taken. IAM's names do not differ by
// case, so it may be spelt another way.
func (a *Account) existing(ctx context.Context, name string, cause error) error {
	u, err := a.User(ctx, name)
	if err != nil {
		u = User{Name: name}
		for _, known := range a.Inventory().Users {
			if strings.EqualFold(known.Name, name) {
				u = known.User
			}
		}
	}
	return errors.Join(&UserExists{User: u}, cause)
}

// lostUser finds out what became of a creation without a reply. A user made
// after the attempt began is taken for ours.
func (a *Account) lostUser(ctx context.Context, n NewUser, started time.Time, cause error) (User, string, error) {
	u, err := a.User(ctx, n.Name)
	switch {
	case err == nil && u.Created.After(started.Add(-time.Minute)) && u.Path == *n.path():
		return u, "", nil
	case err == nil && !u.Created.IsZero():
		return User{}, "", a.existing(ctx, n.Name, ErrUserExists)
	}
	return User{}, "", &OutcomeUnknown{Operation: "CreateUser", User: n.Name, ListErr: err, Cause: cause}
}

func (a *Account) putPolicy(ctx context.Context, n NewUser) error {
	if n.PolicyName == "" {
		return nil
	}
	_, err := call(ctx, a.writes, a.writes.iam.PutUserPolicy, &iam.PutUserPolicyInput{
		UserName: &n.Name, PolicyName: &n.PolicyName, PolicyDocument: &n.PolicyDocument,
	})
	return err
}
