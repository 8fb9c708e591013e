package iamsvc

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// User is an IAM user. Times are UTC; zero means the server gave none.
type User struct {
	Name, Path, ID, ARN string
	Created             time.Time
	PasswordLastUsed    time.Time
	Tags                []Tag  // not in lists of users
	PermissionsBoundary string // ARN; not in lists of users
}

// Tag is a tag of a user. IAM compares the keys of user tags without case.
type Tag struct{ Key, Value string }

// listUsers reads every page, the first of at most size users, and shows each to
// seen. On an error it also returns the users read until then.
func (a *Account) listUsers(ctx context.Context, l *lane, size int32, seen func([]User)) ([]User, error) {
	return allPages(ctx, "ListUsers", a.boundOfUsers(), func(ctx context.Context, marker *string) (page[User], error) {
		out, err := call(ctx, l, l.iam.ListUsers, &iam.ListUsersInput{Marker: marker, MaxItems: &size})
		if err != nil {
			return page[User]{}, err
		}
		size = a.pageSize
		p := page[User]{convert(out.Users, newUser), out.IsTruncated, out.Marker}
		seen(p.items)
		return p, nil
	})
}

// User reads one user, with tags. It returns ErrNoSuchUser when there is none.
func (a *Account) User(ctx context.Context, name string) (User, error) {
	if err := ValidateExistingUserName(name); err != nil {
		return User{}, err
	}
	out, err := call(ctx, a.interactive, a.interactive.iam.GetUser, &iam.GetUserInput{UserName: &name})
	if err != nil {
		return User{}, err
	}
	if out.User == nil {
		return User{}, &CallError{Operation: "GetUser", Kind: ErrUnsupported}
	}
	return newUser(*out.User), nil
}

func newUser(u types.User) User {
	user := User{
		Name: aws.ToString(u.UserName), Path: aws.ToString(u.Path), ID: aws.ToString(u.UserId), ARN: aws.ToString(u.Arn),
		Created: utc(u.CreateDate), PasswordLastUsed: utc(u.PasswordLastUsed),
		Tags: convert(u.Tags, newTag),
	}
	if b := u.PermissionsBoundary; b != nil {
		user.PermissionsBoundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	return user
}

func newTag(t types.Tag) Tag { return Tag{aws.ToString(t.Key), aws.ToString(t.Value)} }

// utc reads an optional date. Servers written in Go send their zero time, of
// year 1, where IAM sends none.
func utc(t *time.Time) time.Time {
	if t == nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t.UTC()
}

func convert[From, To any](from []From, one func(From) To) []To {
	to := make([]To, 0, len(from))
	for _, f := range from {
		to = append(to, one(f))
	}
	return to
}
