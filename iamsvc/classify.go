package iamsvc

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// codes maps what servers put into <Code> to the kind of failure. IAM does not
// model most of these (iam.md section 3, "un-modelled errors").
var codes = map[string]error{
	"EntityAlreadyExists":               ErrUserExists,
	"ConcurrentModification":            ErrConcurrent,
	"EntityTemporarilyUnmodifiable":     ErrConcurrent,
	"Throttling":                        ErrThrottled,
	"ThrottlingException":               ErrThrottled,
	"ThrottledException":                ErrThrottled,
	"RequestThrottled":                  ErrThrottled,
	"RequestLimitExceeded":              ErrThrottled,
	"TooManyRequestsException":          ErrThrottled,
	"TooManyRequests":                   ErrThrottled,
	"SlowDown":                          ErrThrottled,
	"ServiceFailure":                    ErrUnavailable,
	"ServiceUnavailable":                ErrUnavailable,
	"InternalFailure":                   ErrUnavailable,
	"InternalError":                     ErrUnavailable,
	"RequestTimeout":                    ErrUnavailable,
	"InvalidAction":                     ErrUnsupported,
	"UnknownAction":                     ErrUnsupported,
	"UnsupportedOperation":              ErrUnsupported,
	"NotImplemented":                    ErrUnsupported,
	"MethodNotAllowed":                  ErrUnsupported,
	"NotSupportedService":               ErrUnsupported,
	"ReportNotPresent":                  ErrReportNotPresent,
	"ReportInProgress":                  ErrReportInProgress,
	"ReportExpired":                     ErrReportExpired,
	"CredentialReportNotPresent":        ErrReportNotPresent,
	"CredentialReportNotReady":          ErrReportInProgress,
	"CredentialReportExpired":           ErrReportExpired,
	"CredentialReportNotReadyException": ErrReportInProgress,
}

// classify turns an error of the SDK into one of this package. It is the only
// code that reads AWS error codes, and it lets nothing of the SDK's error
// through: a DeserializationError carries the reply's body, secret included.
func classify(operation string, err error) error { return (&trace{}).classify(operation, err) }

// classify also tells what the transport saw of the call.
func (t *trace) classify(operation string, err error) error {
	if err == nil {
		return nil
	}
	c := &CallError{Operation: operation}
	var retrieval *retrievalError
	if errors.As(err, &retrieval) {
		c.Kind = kindOfRetrieval(retrieval.err)
		return c
	}
	var reply *awshttp.ResponseError
	if errors.As(err, &reply) {
		c.Status, c.RequestID = reply.HTTPStatusCode(), reply.ServiceRequestID()
	}
	var api smithy.APIError
	var other *InterposedError
	var limit *LimitError
	switch {
	case errors.As(err, &other):
		c.Status, c.Kind = other.Status, other
	case errors.As(err, &api) && api.ErrorCode() != "UnknownError":
		c.Code, c.Message = safeCode(api.ErrorCode()), api.ErrorMessage()
		c.Kind = t.withExpiry(kindOfCode(c, clocks(err)))
	case errors.As(err, &limit):
		c.Kind = limit
	case errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded):
		c.Kind = context.Canceled
	case c.Status != 0:
		c.Kind = kindOfStatus(c)
	case errors.Is(err, errEmptyReply):
		c.Kind = ErrUnsupported
	default:
		c.Kind = kindOfConnection(err, t.host)
	}
	return c
}

// withExpiry adds when the credentials have expired, where they know it.
func (t *trace) withExpiry(kind error) error {
	var expired *CredentialsError
	if errors.As(kind, &expired) && expired.Reason == ErrCredentialsExpired && t.expires.Before(time.Now()) {
		expired.Since = t.expires
	}
	return kind
}

func kindOfCode(c *CallError, times ClockSkewError) error {
	if kind, ok := codes[c.Code]; ok {
		return kind
	}
	if kind := kindOfCredentials(c, times); kind != nil {
		return kind
	}
	switch c.Code {
	case "NoSuchEntity":
		return kindOfMissing(c)
	case "LimitExceeded":
		if c.Operation == "CreateAccessKey" {
			return ErrKeyQuota
		}
		return ErrQuota
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "Unauthorized":
		return kindOfDenial(c)
	case "ValidationError", "InvalidInput", "MalformedInput", "InvalidParameterValue", "MissingParameter", "MalformedPolicyDocument":
		return &Invalid{Message: c.Message}
	}
	return kindOfStatus(c)
}

// kindOfMissing tells a missing key from a missing user. IAM's message is
// recorded ("The Access Key with id X cannot be found."); other servers word
// it differently, so only the noun is looked for.
func kindOfMissing(c *CallError) error {
	m := strings.ToLower(c.Message)
	switch c.Operation {
	case "GetAccessKeyLastUsed":
		return ErrNoSuchKey
	case "UpdateAccessKey", "DeleteAccessKey":
		if strings.Contains(m, "user with name") {
			return ErrNoSuchUser
		}
		return ErrNoSuchKey
	case "GetLoginProfile", "GetUserPolicy":
		if strings.Contains(m, "user with name") {
			return ErrNoSuchUser
		}
		return ErrNoSuchEntity
	}
	return ErrNoSuchUser
}

// kindOfDenial: for a key that is not in the account AWS answers the look-up
// with AccessDenied "... on resource: access key X", even to an administrator
// (recorded). Any other denial is a missing permission.
func kindOfDenial(c *CallError) error {
	if c.Operation == "GetAccessKeyLastUsed" && strings.Contains(c.Message, "on resource: access key ") {
		return ErrNoSuchKey
	}
	return &Denied{Action: servicePrefix(c.Operation) + c.Operation, Message: c.Message}
}

// kindOfStatus is for replies without a code that means anything here: a
// gateway's page, another product's error, a body that is not XML.
func kindOfStatus(c *CallError) error {
	switch {
	case c.Status == http.StatusTooManyRequests:
		return ErrThrottled
	case c.Status == http.StatusBadGateway, c.Status == http.StatusServiceUnavailable, c.Status == http.StatusGatewayTimeout:
		return ErrUnavailable
	case c.Status >= 300 && c.Status < 400, c.Status == http.StatusProxyAuthRequired, c.Status == http.StatusNetworkAuthenticationRequired:
		return interposed(c.Status)
	case c.Status == http.StatusUnauthorized && c.Code == "":
		return ErrCredentials
	case c.Status == http.StatusForbidden, c.Status >= 400 && c.Status < 500 && c.Code != "":
		return &RefusedError{Code: c.Code, Status: c.Status}
	case c.Status == http.StatusInternalServerError && c.Code != "":
		return ErrUnavailable
	}
	return ErrUnsupported
}

// safeCode keeps a code that looks like one. It is the server's text, or that of
// whoever answered in its place.
func safeCode(code string) string {
	if codePattern.MatchString(code) {
		return code
	}
	return ""
}

var codePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.:_-]{1,63}$`)

// serverSaidItFailed reports whether there was an answer, and it was no.
func serverSaidItFailed(err error) bool {
	var c *CallError
	return errors.As(err, &c) && c.Code != "" && c.Status >= 400
}

func servicePrefix(operation string) string {
	if operation == "GetCallerIdentity" || operation == "GetAccessKeyInfo" {
		return "sts:"
	}
	return "iam:"
}

// provesNothingHappened reports whether a failed call certainly changed
// nothing: it never left this process, or it was sent once and the server
// answered with a refusal it could put a code to. Of several sends an earlier
// one may have taken effect.
func provesNothingHappened(err error, sent int) bool {
	var c *CallError
	if sent == 0 {
		return true
	}
	if sent > 1 || !errors.As(err, &c) || c.Code == "" {
		return false
	}
	return c.Status >= 400 && c.Status < 500 || errors.Is(err, ErrUnsupported)
}
