package iamsvc

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Whoever starts Keydesk without credentials is told that, and not that IAM is
// away; nothing is sent.
func TestOpenWithoutCredentials(t *testing.T) {
	t.Parallel()
	none := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no EC2 IMDS role found")
	})
	_, err := Open(context.Background(), Config{AWS: aws.Config{Credentials: none}, Journal: &notebook{}})
	wantIs(t, err, ErrCredentials)
	if !strings.Contains(err.Error(), "no AWS credentials were found") {
		t.Error(err)
	}
}
