package localaccount

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Errors that Open reports; both come wrapped with the folder or file they speak of.
var (
	// ErrInUse says that another process has the data folder open. Two writers on one log would destroy it.
	ErrInUse = errors.New("the local account is in use by another process")
	// ErrDamaged says that stored state cannot be trusted: it is reported, never silently replaced by a fresh account.
	ErrDamaged = errors.New("the local account's stored state is damaged")
)

// apiError is an answer in the shape IAM and STS give their errors. Codes, statuses and messages are AWS's own,
// because clients (and the people reading them) tell failures apart by exactly these words.
type apiError struct {
	status  int
	code    string
	message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func fault(status int, code, format string, args ...any) *apiError {
	return &apiError{status, code, fmt.Sprintf(format, args...)}
}

// kind is the error's Type element: whose fault it is.
func (e *apiError) kind() string {
	if e.status >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}

// namespace differs for an unknown operation, which AWS answers before it knows which service was meant.
func (e *apiError) namespace(service service) string {
	if e.code == "InvalidAction" {
		return "http://webservices.amazon.com/AWSFault/2005-15-09"
	}
	return service.namespace()
}

func validationError(format string, args ...any) *apiError {
	return fault(http.StatusBadRequest, "ValidationError", format, args...)
}

func constraint(field, format string, args ...any) *apiError {
	return validationError("1 validation error detected: Value at '%s' failed to satisfy constraint: %s", field, fmt.Sprintf(format, args...))
}

func notOneOf(field, value string, allowed ...string) *apiError {
	return validationError("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
		value, field, strings.Join(allowed, ", "))
}

func invalidAction(action, version string) *apiError {
	if version == "" {
		version = "NO_VERSION_SPECIFIED"
	}
	return fault(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", action, version)
}

func noSuchEntity(format string, args ...any) *apiError {
	return fault(http.StatusNotFound, "NoSuchEntity", format, args...)
}

func noSuchUser(name string) *apiError {
	return noSuchEntity("The user with name %s cannot be found.", name)
}

func noSuchKey(id string) *apiError {
	return noSuchEntity("The Access Key with id %s cannot be found.", id)
}

func quotaExceeded(quota string, limit int) *apiError {
	return fault(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for %s: %d", quota, limit)
}

func deleteConflict(first string) *apiError {
	return fault(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must %s first.", first)
}

func invalidToken() *apiError {
	return fault(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
}

func expiredToken() *apiError {
	return fault(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
}

func incompleteSignature(format string, args ...any) *apiError {
	return fault(http.StatusBadRequest, "IncompleteSignature", format, args...)
}

func signatureMismatch(format string, args ...any) *apiError {
	return fault(http.StatusForbidden, "SignatureDoesNotMatch", format, args...)
}

func clockSkew(signed, now time.Time) *apiError {
	const layout = "20060102T150405Z"
	minutes := strconv.Itoa(int(maxClockSkew.Minutes()))
	if signed.Before(now) {
		return signatureMismatch("Signature expired: %s is now earlier than %s (%s - %s min.)",
			signed.Format(layout), now.Add(-maxClockSkew).Format(layout), now.Format(layout), minutes)
	}
	return signatureMismatch("Signature not yet current: %s is still later than %s (%s + %s min.)",
		signed.Format(layout), now.Add(maxClockSkew).Format(layout), now.Format(layout), minutes)
}

func throttled() *apiError {
	return fault(http.StatusBadRequest, "Throttling", "Rate exceeded")
}

// serviceFailure hides the cause from the caller, as AWS does; a full disk is this machine's business.
func serviceFailure(status int) *apiError {
	return fault(status, "ServiceFailure", "The request processing has failed because of an unknown error, exception or failure.")
}

// asAPIError turns whatever went wrong into an answer.
func asAPIError(err error) *apiError {
	if e := (*apiError)(nil); errors.As(err, &e) {
		return e
	}
	return serviceFailure(http.StatusInternalServerError)
}
