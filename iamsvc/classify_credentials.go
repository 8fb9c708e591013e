package iamsvc

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// mostSkew is what AWS tolerates between a call's time and its own.
const mostSkew = 5 * time.Minute

// credentialCodes are refusals of whoever calls, whatever the call.
var credentialCodes = map[string]error{
	"ExpiredToken":                ErrCredentialsExpired,
	"ExpiredTokenException":       ErrCredentialsExpired,
	"TokenRefreshRequired":        ErrCredentialsExpired,
	"InvalidClientTokenId":        ErrUnknownAccessKey,
	"InvalidAccessKeyId":          ErrUnknownAccessKey,
	"UnrecognizedClientException": ErrUnknownAccessKey,
	"InvalidToken":                ErrUnknownAccessKey,
	"AuthFailure":                 ErrUnknownAccessKey,
	"SignatureDoesNotMatch":       ErrWrongSecret,
	"InvalidSignatureException":   ErrWrongSecret,
	"IncompleteSignature":         ErrBrokenSignature,
	"MissingAuthenticationToken":  ErrBrokenSignature,
	"OptInRequired":               ErrRegion,
	"RegionDisabledException":     ErrRegion,
	"RequestTimeTooSkewed":        ErrClockSkew,
	"RequestExpired":              ErrClockSkew,
	"RequestInTheFuture":          ErrClockSkew,
}

// kindOfCredentials is nil for codes about something else. A clock that is wrong
// looks like a wrong signature to some servers; the clocks, or the words, tell.
func kindOfCredentials(c *CallError, times ClockSkewError) error {
	why, ok := credentialCodes[c.Code]
	if !ok {
		return nil
	}
	message := strings.ToLower(c.Message)
	aboutTime := strings.Contains(message, "signature expired") || strings.Contains(message, "signature not yet current")
	mayBeTime := why == ErrWrongSecret || c.Code == "AuthFailure"
	switch {
	case why == ErrClockSkew, aboutTime, mayBeTime && times.apart() > mostSkew:
		if times.Server.IsZero() {
			times.Server = timeInMessage(c.Message)
		}
		return &times
	case why == ErrWrongSecret && strings.Contains(message, "credential should be scoped to a valid region"):
		why = ErrRegion
	}
	return &CredentialsError{Reason: why}
}

// clocks are the server's, as its reply says, and ours.
func clocks(err error) ClockSkewError {
	times := ClockSkewError{Here: time.Now()}
	var reply *awshttp.ResponseError
	if errors.As(err, &reply) && reply.Response != nil {
		times.Server, _ = http.ParseTime(reply.Response.Header.Get("Date"))
	}
	return times
}

func (e ClockSkewError) apart() time.Duration {
	if e.Server.IsZero() {
		return 0
	}
	return e.Here.Sub(e.Server).Abs()
}

// serverTime is in "Signature expired: T is now earlier than T (T - 5 min.)", as
// AWS words it, the last of the three.
var serverTime = regexp.MustCompile(`\((\d{8}T\d{6}Z) [-+] \d+ min`)

func timeInMessage(message string) time.Time {
	found := serverTime.FindStringSubmatch(message)
	if found == nil {
		return time.Time{}
	}
	at, _ := time.Parse("20060102T150405Z", found[1])
	return at
}
