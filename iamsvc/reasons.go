package iamsvc

import "errors"

// reason is why calls fail whatever they ask for: the way to the server, a clock,
// the credentials. Whoever runs Keydesk can put it right, the person at the page
// can't. docs/operations.md has an entry for each text.
type reason struct {
	of     error  // the broader kind, for errors.Is; nil: there is none
	text   string // the end of a sentence: "The account can't be read: ..."
	advice string // whole sentences for whoever runs Keydesk
}

func (r *reason) Error() string { return r.text }
func (r *reason) Unwrap() error { return r.of }

// ErrClockSkew and what follows are reasons; errors.Is finds the broader kinds too.
var (
	ErrClockSkew error = &reason{
		text:   "the clock of Keydesk's machine is wrong",
		advice: "Set the clock of Keydesk's machine, for example with NTP."}
	ErrRefused error = &reason{
		text:   "the server refused the call",
		advice: "Look the code up in the server's documentation. A firewall or a proxy on the way can be behind it, too."}

	// ErrInterposed: the answer is not IAM's.
	ErrInterposed error = &reason{
		text:   "something else answered in IAM's place, such as a proxy or a sign-in page on the way",
		advice: "Look at the proxies and filters between Keydesk and IAM (HTTPS_PROXY, NO_PROXY), and at -iam-endpoint."}
	ErrProxyAuthentication error = &reason{of: ErrInterposed,
		text:   "the proxy on the way to IAM wants a user name and a password",
		advice: "Give them in HTTPS_PROXY, or let Keydesk's machine pass without."}
)

// Reasons why credentials are not accepted; all are ErrCredentials.
var (
	ErrCredentialsExpired error = &reason{of: ErrCredentials,
		text:   "the credentials Keydesk runs with have expired",
		advice: "Renew them, or give Keydesk a source that renews them by itself, such as a role."}
	ErrWrongSecret error = &reason{of: ErrCredentials,
		text:   "the secret access key Keydesk runs with does not belong to its access key ID",
		advice: "Set access key ID and secret access key again, as a pair."}
	ErrUnknownAccessKey error = &reason{of: ErrCredentials,
		text:   "the server does not know the access key Keydesk runs with, or it is inactive",
		advice: "Look whether the key is active, and whether it belongs to this partition (-region) or server (-iam-endpoint). Temporary credentials need their session token, too."}
	ErrBrokenSignature error = &reason{of: ErrCredentials,
		text:   "the signature of Keydesk's call did not arrive whole",
		advice: "Look whether a proxy on the way changes or removes the Authorization header."}
	ErrRegion error = &reason{of: ErrCredentials,
		text:   "the server does not accept calls of this account in this region or partition",
		advice: "Set -region to a region that is turned on for the account: it also picks the partition (aws, aws-cn, aws-us-gov)."}
)

// Reasons why there are no credentials; all are ErrNoCredentials and ErrCredentials.
var (
	ErrNoCredentials error = &reason{of: ErrCredentials,
		text:   "Keydesk got no AWS credentials",
		advice: "Look whether the AWS CLI works with the same environment, as the user Keydesk runs as (aws sts get-caller-identity)."}
	ErrNoneConfigured error = &reason{of: ErrNoCredentials,
		text:   "no AWS credentials were found where the AWS CLI looks for them",
		advice: "Give Keydesk some: AWS_PROFILE, the AWS_ variables, the shared files, or a container or instance role."}
	ErrInstanceMetadata error = &reason{of: ErrNoCredentials,
		text:   "no AWS credentials were found in the environment or the shared files, and the instance metadata service (IMDS) does not answer",
		advice: "Set AWS_PROFILE or the AWS_ variables. On EC2 give the instance a role, and in a container a hop limit of 2."}
	ErrContainerCredentials error = &reason{of: ErrNoCredentials,
		text:   "the credentials endpoint of Keydesk's container gave no credentials",
		advice: "Look at the role of the task or pod, and at AWS_CONTAINER_CREDENTIALS_FULL_URI."}
	ErrSSOSession error = &reason{of: ErrNoCredentials,
		text:   "the IAM Identity Center (SSO) session behind Keydesk's credentials has expired, or there is none",
		advice: "Run aws sso login with Keydesk's AWS_PROFILE, as the user Keydesk runs as."}
	ErrCredentialProcess error = &reason{of: ErrNoCredentials,
		text:   "the credential_process of Keydesk's AWS profile failed",
		advice: "Run its command by hand, as the user Keydesk runs as. Keydesk does not repeat its output, which may hold secrets."}
	ErrAssumeRole error = &reason{of: ErrNoCredentials,
		text:   "AWS STS does not let Keydesk assume its role",
		advice: "The role's trust policy must name the identity that assumes it, and that identity needs sts:AssumeRole for the role."}
)

// Reasons why there is no answer; all are ErrUnavailable, and all but the first
// ErrUnreachable. "the server" stands for the name in a ConnectionError.
var (
	ErrAssumeRoleThrottled error = &reason{of: ErrUnavailable,
		text:   "AWS STS is throttling requests, and Keydesk needs it to assume its role",
		advice: "It passes by itself, unless other programs of the account ask STS too often."}

	ErrUnreachable error = &reason{of: ErrUnavailable,
		text:   "the server can't be reached",
		advice: "Look at the network between Keydesk and the server."}
	ErrConnectionRefused error = &reason{of: ErrUnreachable,
		text:   "the server refused the connection",
		advice: "Look whether it runs, and compare host and port with -iam-endpoint, HTTPS_PROXY and the firewall's rules."}
	ErrUnknownHost error = &reason{of: ErrUnreachable,
		text:   "the name of the server can't be resolved",
		advice: "Look at the DNS settings of Keydesk's machine, and at the spelling of -iam-endpoint, -region or HTTPS_PROXY."}
	ErrTimeout error = &reason{of: ErrUnreachable,
		text:   "the server did not answer in time",
		advice: "Look whether a firewall drops the connection. Where a proxy is the way out, name it in HTTPS_PROXY."}
	ErrConnectionLost error = &reason{of: ErrUnreachable,
		text:   "the server broke off the connection",
		advice: "Look at the server, and at proxies and firewalls on the way."}
	ErrUnknownAuthority error = &reason{of: ErrUnreachable,
		text:   "the certificate of the server is not from an authority that Keydesk's machine trusts",
		advice: "Name the authority's certificate in AWS_CA_BUNDLE. Where a proxy opens TLS on the way, that is the proxy's authority."}
	ErrCertificateName error = &reason{of: ErrUnreachable,
		text:   "the certificate of the server is for another name",
		advice: "Compare -iam-endpoint with the names in the certificate. A wrong DNS entry or a proxy can be behind it, too."}
	ErrCertificateExpired error = &reason{of: ErrUnreachable,
		text:   "the certificate of the server has expired, or is not valid yet, by the clock of Keydesk's machine",
		advice: "Compare that clock with the dates in the certificate, then have the certificate renewed."}
	ErrNotTLS error = &reason{of: ErrUnreachable,
		text:   "the server does not speak TLS at this address",
		advice: "Compare scheme and port with -iam-endpoint or HTTPS_PROXY."}
)

// Cause says why a call failed: the end of a sentence, in words of Keydesk's own and
// without anything secret. "" where err is no call's, or is about its input.
func Cause(err error) string {
	var c *CallError
	var why *reason
	switch {
	case errors.Is(err, ErrInvalid):
		return ""
	case errors.As(err, &c) && c.Kind != nil:
		return c.Kind.Error()
	case errors.As(err, &why):
		return why.text
	}
	return ""
}

// Advice is what whoever runs Keydesk can do about the reason of a failed call, in
// whole sentences; "" where it is not one of those above.
func Advice(err error) string {
	var why *reason
	if errors.As(err, &why) {
		return why.advice
	}
	return ""
}
