package iamsvc

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// LoginProfile is a user's console password, or that there is none.
type LoginProfile struct {
	Exists                bool
	Created               time.Time
	PasswordResetRequired bool
}

// LoginProfile reads whether the user may sign in to the console.
func (a *Account) LoginProfile(ctx context.Context, user string) (LoginProfile, error) {
	if err := ValidateExistingUserName(user); err != nil {
		return LoginProfile{}, err
	}
	out, err := call(ctx, a.interactive, a.interactive.iam.GetLoginProfile, &iam.GetLoginProfileInput{UserName: &user})
	switch {
	case errors.Is(err, ErrNoSuchEntity):
		return LoginProfile{}, nil
	case err != nil:
		return LoginProfile{}, err
	case out.LoginProfile == nil:
		return LoginProfile{}, &CallError{Operation: "GetLoginProfile", Kind: ErrUnsupported}
	}
	p := out.LoginProfile
	return LoginProfile{Exists: true, Created: utc(p.CreateDate), PasswordResetRequired: p.PasswordResetRequired}, nil
}
