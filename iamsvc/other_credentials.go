package iamsvc

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// The credentials of a user that are not access keys. Keydesk shows them and
// changes none.

// SSHPublicKey is a key for CodeCommit.
type SSHPublicKey struct {
	ID       string
	Status   string
	Uploaded time.Time
}

// SigningCertificate is an X.509 certificate of a user.
type SigningCertificate struct {
	ID       string
	Status   string
	Uploaded time.Time
}

// ServiceSpecificCredential is a user name or API key for one AWS service.
type ServiceSpecificCredential struct {
	ID          string
	Service     string // e.g. codecommit.amazonaws.com
	UserName    string
	Alias       string
	Status      string
	Created     time.Time
	ExpiresWhen time.Time // zero: does not expire
}

// ListSSHPublicKeys reads every page.
func (a *Account) ListSSHPublicKeys(ctx context.Context, user string) ([]SSHPublicKey, error) {
	if err := ValidateExistingUserName(user); err != nil {
		return nil, err
	}
	l := a.interactive
	return allPages(ctx, "ListSSHPublicKeys", boundOfOneUser, func(ctx context.Context, marker *string) (page[SSHPublicKey], error) {
		out, err := call(ctx, l, l.iam.ListSSHPublicKeys, &iam.ListSSHPublicKeysInput{UserName: &user, Marker: marker, MaxItems: &a.pageSize})
		if err != nil {
			return page[SSHPublicKey]{}, err
		}
		keys := convert(out.SSHPublicKeys, func(k types.SSHPublicKeyMetadata) SSHPublicKey {
			return SSHPublicKey{ID: aws.ToString(k.SSHPublicKeyId), Status: string(k.Status), Uploaded: utc(k.UploadDate)}
		})
		return page[SSHPublicKey]{keys, out.IsTruncated, out.Marker}, nil
	})
}

// ListSigningCertificates reads every page.
func (a *Account) ListSigningCertificates(ctx context.Context, user string) ([]SigningCertificate, error) {
	if err := ValidateExistingUserName(user); err != nil {
		return nil, err
	}
	l := a.interactive
	return allPages(ctx, "ListSigningCertificates", boundOfOneUser, func(ctx context.Context, marker *string) (page[SigningCertificate], error) {
		out, err := call(ctx, l, l.iam.ListSigningCertificates, &iam.ListSigningCertificatesInput{UserName: &user, Marker: marker, MaxItems: &a.pageSize})
		if err != nil {
			return page[SigningCertificate]{}, err
		}
		certs := convert(out.Certificates, func(c types.SigningCertificate) SigningCertificate {
			return SigningCertificate{ID: aws.ToString(c.CertificateId), Status: string(c.Status), Uploaded: utc(c.UploadDate)}
		})
		return page[SigningCertificate]{certs, out.IsTruncated, out.Marker}, nil
	})
}

// ListServiceSpecificCredentials reads every page.
func (a *Account) ListServiceSpecificCredentials(ctx context.Context, user string) ([]ServiceSpecificCredential, error) {
	if err := ValidateExistingUserName(user); err != nil {
		return nil, err
	}
	l := a.interactive
	return allPages(ctx, "ListServiceSpecificCredentials", boundOfOneUser, func(ctx context.Context, marker *string) (page[ServiceSpecificCredential], error) {
		out, err := call(ctx, l, l.iam.ListServiceSpecificCredentials, &iam.ListServiceSpecificCredentialsInput{UserName: &user, Marker: marker, MaxItems: &a.pageSize})
		if err != nil {
			return page[ServiceSpecificCredential]{}, err
		}
		return page[ServiceSpecificCredential]{convert(out.ServiceSpecificCredentials, newServiceSpecificCredential), out.IsTruncated, out.Marker}, nil
	})
}

func newServiceSpecificCredential(c types.ServiceSpecificCredentialMetadata) ServiceSpecificCredential {
	return ServiceSpecificCredential{
		ID: aws.ToString(c.ServiceSpecificCredentialId), Service: aws.ToString(c.ServiceName),
		UserName: aws.ToString(c.ServiceUserName), Alias: aws.ToString(c.ServiceCredentialAlias),
		Status: string(c.Status), Created: utc(c.CreateDate), ExpiresWhen: utc(c.ExpirationDate),
	}
}
