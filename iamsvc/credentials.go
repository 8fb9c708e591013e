package iamsvc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"
)

// retriever marks errors of getting credentials, so that what STS says of a role is
// not taken for what IAM says of a call.
type retriever struct{ from aws.CredentialsProvider }

// Retrieve implements aws.CredentialsProvider.
func (r retriever) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := r.from.Retrieve(ctx)
	if err != nil {
		return c, &retrievalError{err}
	}
	if c.CanExpire {
		traceOf(ctx).expires = c.Expires
	}
	return c, nil
}

// retrievalError holds the SDK's text, which may quote the output of a
// credential_process: it must not be printed.
type retrievalError struct{ err error }

func (*retrievalError) Error() string   { return ErrNoCredentials.Error() }
func (e *retrievalError) Unwrap() error { return e.err }

func kindOfRetrieval(err error) error {
	service := serviceOf(err)
	var process *processcreds.ProviderError
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &process):
		return &CredentialsError{Reason: ErrCredentialProcess, Detail: endOfProcess(err)}
	case service == "ec2imds", says(err, "EC2 IMDS role"):
		return kindOfInstanceMetadata(err)
	case says(err, "failed to load credentials"): // endpointcreds, which has no type for it
		return &CredentialsError{Reason: ErrContainerCredentials, Detail: statusOf(err)}
	case isSSO(err, service):
		return &CredentialsError{Reason: ErrSSOSession}
	case service == "STS":
		return kindOfAssumeRole(err)
	}
	if why := kindOfConnection(err, ""); !errors.Is(err, context.DeadlineExceeded) && why != ErrUnavailable {
		return why
	}
	return &CredentialsError{Reason: ErrNoCredentials, Detail: statusOf(err)}
}

func says(err error, words string) bool { return strings.Contains(err.Error(), words) }

// serviceOf is the service that was asked for credentials; "" when none was.
func serviceOf(err error) string {
	var op *smithy.OperationError
	if errors.As(err, &op) {
		return op.Service()
	}
	return ""
}

// isSSO: the SDK has no type for a session that its newer token provider finds
// expired, only a text.
func isSSO(err error, service string) bool {
	var token *ssocreds.InvalidTokenError
	var api smithy.APIError
	refused := errors.As(err, &api) && (service == "SSO" || service == "SSO OIDC")
	return errors.As(err, &token) || refused || says(err, "SSO token")
}

// kindOfInstanceMetadata: the default chain ends with the instance's role, so that
// this is also what becomes of no credentials anywhere.
func kindOfInstanceMetadata(err error) error {
	var reply *awshttp.ResponseError
	var status interface{ HTTPStatusCode() int }
	if errors.As(err, &reply) || errors.As(err, &status) || reasonOfConnection(err) == nil {
		return &CredentialsError{Reason: ErrNoneConfigured, Detail: statusOf(err)} // it names no role, or is turned off
	}
	return &CredentialsError{Reason: ErrInstanceMetadata}
}

// endOfProcess says how a credential_process ended, and nothing of what it printed.
func endOfProcess(err error) string {
	var exit *exec.ExitError
	switch {
	case errors.Is(err, context.DeadlineExceeded), says(err, "timed out"):
		return "it did not end in time"
	case errors.As(err, &exit) && exit.ExitCode() == 127:
		return "exit status 127: the command was not found"
	case errors.As(err, &exit) && exit.ExitCode() == -1:
		return "it was killed"
	case errors.As(err, &exit):
		return fmt.Sprintf("exit status %d", exit.ExitCode())
	}
	return "its output is not what the AWS CLI takes"
}

// kindOfAssumeRole is what STS says, or does not say, of the role that Keydesk's
// profile or environment names.
func kindOfAssumeRole(err error) error {
	c := &CallError{Operation: "AssumeRole"}
	var reply *awshttp.ResponseError
	if errors.As(err, &reply) {
		c.Status = reply.HTTPStatusCode()
	}
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() == "UnknownError" {
		if c.Status != 0 {
			return kindOfStatus(c)
		}
		return kindOfConnection(err, "")
	}
	c.Code, c.Message = safeCode(api.ErrorCode()), api.ErrorMessage()
	kind := kindOfCode(c, clocks(err))
	switch {
	case errors.Is(kind, ErrThrottled):
		return &CredentialsError{Reason: ErrAssumeRoleThrottled}
	case errors.Is(kind, ErrDenied):
		return &CredentialsError{Reason: ErrAssumeRole, Detail: roleARN.FindString(c.Message)}
	case errors.Is(kind, ErrCredentials), errors.Is(kind, ErrClockSkew), errors.Is(kind, ErrUnavailable):
		return kind
	}
	return &CredentialsError{Reason: ErrAssumeRole, Detail: c.Code}
}

// roleARN finds the role in STS's words; the rest of them is not repeated.
var roleARN = regexp.MustCompile(`arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}`)

func statusOf(err error) string {
	var reply interface{ HTTPStatusCode() int }
	if errors.As(err, &reply) {
		return fmt.Sprintf("HTTP status %d %s", reply.HTTPStatusCode(), http.StatusText(reply.HTTPStatusCode()))
	}
	return ""
}
