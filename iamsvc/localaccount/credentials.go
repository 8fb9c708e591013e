package localaccount

import (
	"cmp"
	"net/http"
	"slices"
)

type loginProfileResult struct {
	LoginProfile struct {
		UserName              string
		CreateDate            string
		PasswordResetRequired bool
	}
}

func getLoginProfile(c *call) (any, error) {
	u, err := c.user()
	if err != nil {
		return nil, err
	}
	if u.Password == nil {
		return nil, noSuchEntity("Login Profile for User %s cannot be found.", u.Name)
	}
	var result loginProfileResult
	result.LoginProfile.UserName = u.Name
	result.LoginProfile.CreateDate = stamp(u.Password.Set)
	result.LoginProfile.PasswordResetRequired = u.Password.ResetRequired
	return result, nil
}

type mfaDeviceReply struct {
	UserName     string
	SerialNumber string
	EnableDate   string
}

type mfaDevicesResult struct {
	MFADevices members[mfaDeviceReply]
	paging
}

func listMFADevices(c *call) (any, error) {
	devices, tail, err := listOfUser(c,
		func(u *user) []mfaDevice { return u.MFADevices },
		func(d mfaDevice) string { return d.Serial },
		func(u *user, d mfaDevice) mfaDeviceReply { return mfaDeviceReply{u.Name, d.Serial, stamp(d.Enabled)} })
	return mfaDevicesResult{devices, tail}, err
}

type sshPublicKeyReply struct {
	UserName       string
	SSHPublicKeyId string
	Status         string
	UploadDate     string
}

type sshPublicKeysResult struct {
	SSHPublicKeys members[sshPublicKeyReply]
	paging
}

func listSSHPublicKeys(c *call) (any, error) {
	keys, tail, err := listOfUser(c,
		func(u *user) []sshPublicKey { return u.SSHKeys },
		func(k sshPublicKey) string { return k.ID },
		func(u *user, k sshPublicKey) sshPublicKeyReply {
			return sshPublicKeyReply{u.Name, k.ID, k.Status, stamp(k.Uploaded)}
		})
	return sshPublicKeysResult{keys, tail}, err
}

type signingCertificateReply struct {
	UserName        string
	CertificateId   string
	CertificateBody string
	Status          string
	UploadDate      string
}

type signingCertificatesResult struct {
	Certificates members[signingCertificateReply]
	paging
}

func listSigningCertificates(c *call) (any, error) {
	certificates, tail, err := listOfUser(c,
		func(u *user) []signingCertificate { return u.Certificates },
		func(s signingCertificate) string { return s.ID },
		func(u *user, s signingCertificate) signingCertificateReply {
			return signingCertificateReply{u.Name, s.ID, s.Body, s.Status, stamp(s.Uploaded)}
		})
	return signingCertificatesResult{certificates, tail}, err
}

type serviceCredentialReply struct {
	UserName                    string
	ServiceSpecificCredentialId string
	ServiceName                 string
	ServiceUserName             string
	Status                      string
	CreateDate                  string
}

type serviceCredentialsResult struct {
	ServiceSpecificCredentials members[serviceCredentialReply]
	paging
}

// credentialServices are the services that have credentials of their own kind in IAM.
var credentialServices = []string{"bedrock.amazonaws.com", "cassandra.amazonaws.com", "codecommit.amazonaws.com"}

// listServiceSpecificCredentials speaks of one user, or with AllUsers of the whole account.
func listServiceSpecificCredentials(c *call) (any, error) {
	service := c.params.text("ServiceName")
	if service != "" && !slices.Contains(credentialServices, service) {
		return nil, fault(http.StatusNotFound, "NotSupportedService", "The service %s is not supported.", service)
	}
	owners, err := c.credentialOwners()
	if err != nil {
		return nil, err
	}
	var all []serviceCredentialReply
	for _, u := range owners {
		for _, s := range u.ServiceCredentials {
			if service == "" || s.ServiceName == service {
				all = append(all, serviceCredentialReply{u.Name, s.ID, s.ServiceName, s.UserName, s.Status, stamp(s.Created)})
			}
		}
	}
	key := func(s serviceCredentialReply) string { return s.UserName + "/" + s.ServiceSpecificCredentialId }
	slices.SortFunc(all, func(a, b serviceCredentialReply) int { return cmp.Compare(key(a), key(b)) })
	page, tail, err := listPage(c, all, key)
	return serviceCredentialsResult{members[serviceCredentialReply]{page}, tail}, err
}

func (c *call) credentialOwners() ([]*user, error) {
	if c.params.text("AllUsers") != "true" {
		u, err := c.user()
		return []*user{u}, err
	}
	if c.params.text("UserName") != "" {
		return nil, validationError("UserName cannot be specified together with AllUsers.")
	}
	return c.users(), nil
}
