package connect

import (
	"errors"
	"fmt"
	"io/fs"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"keydesk/iamsvc"
)

// startError is what the console says when the account can't be reached: why, and on
// a line of its own what to do about it.
func startError(err error) error {
	err = fmt.Errorf("IAM did not say which account Keydesk runs in: %w", err)
	if advice := iamsvc.Advice(err); advice != "" {
		return fmt.Errorf("%w\n%s", err, advice)
	}
	return err
}

// configError is about the environment and the shared files. The SDK's own text may
// quote lines of them, with secrets.
func configError(err error) error {
	var profile awsconfig.SharedConfigProfileNotExistError
	var file awsconfig.SharedConfigLoadError
	var role awsconfig.SharedConfigAssumeRoleError
	var mfa awsconfig.AssumeRoleTokenProviderNotSetError
	var path *fs.PathError
	why := "look at the AWS_ variables and the shared files (aws configure list)"
	switch {
	case errors.As(err, &profile):
		why = fmt.Sprintf("the profile %q is in none of the shared files: compare it with AWS_PROFILE, as the user Keydesk runs as", profile.Profile)
	case errors.As(err, &role):
		why = fmt.Sprintf("the profile %q names a role without credentials to assume it with (source_profile or credential_source)", role.Profile)
	case errors.As(err, &mfa):
		why = "the profile's role wants an MFA code (mfa_serial), which Keydesk can't enter: use a role without, or temporary credentials"
	case errors.As(err, &path):
		why = fmt.Sprintf("%s can't be read: %v", path.Path, path.Err)
	case errors.As(err, &file):
		why = file.Filename + " can't be read"
	}
	return errors.New("the AWS configuration can't be used: " + why)
}
