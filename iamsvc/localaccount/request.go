package localaccount

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxBody holds the largest request that is legal: a policy document of 131,072 characters, percent-encoded.
const maxBody = 1 << 20

// params are the fields of one Query protocol request. A name given twice keeps its first value.
type params url.Values

// readParams reads the request's body once and gives it back as well, because the signature covers its exact bytes.
// The Query protocol takes fields from the query string too.
func readParams(r *http.Request) (params, []byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, nil, fault(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request size exceeded %d bytes", maxBody)
	}
	if err != nil {
		return nil, nil, fault(http.StatusBadRequest, "IncompleteBody", "The request body could not be read.")
	}
	p, err := parseParams(r.URL.RawQuery, string(body))
	return p, body, err
}

func parseParams(query, body string) (params, error) {
	fields, err := url.ParseQuery(body)
	if err == nil && query != "" {
		var more url.Values
		more, err = url.ParseQuery(query)
		for name, values := range more {
			fields[name] = append(fields[name], values...)
		}
	}
	if err != nil {
		return nil, fault(http.StatusBadRequest, "MalformedQueryString", "The query string contains a syntax error.")
	}
	return params(fields), nil
}

func (p params) text(name string) string { return url.Values(p).Get(name) }

// member is one element of a list parameter, such as Tags.member.1; it is absent past the end of the list.
func (p params) member(list string, n int) (prefix string, present bool) {
	prefix = list + ".member." + strconv.Itoa(n)
	for _, part := range []string{"", ".Key", ".Value"} {
		if _, present = p[prefix+part]; present {
			break
		}
	}
	return prefix, present
}

// field is what the API's model says of a parameter: its length in characters, its pattern, and the words AWS uses
// when the pattern is not met.
type field struct {
	name      string
	min, max  int
	pattern   *regexp.Regexp
	complaint string
}

const (
	nameComplaint = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
	wordComplaint = "It must contain only alphanumeric characters."
	pathComplaint = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
)

var (
	namePattern = regexp.MustCompile(`^[\w+=,.@-]+$`)
	wordPattern = regexp.MustCompile(`^\w+$`)

	newUserName  = field{"UserName", 1, 64, namePattern, nameComplaint}
	someUserName = field{"UserName", 1, 128, namePattern, nameComplaint}
	userPath     = field{"Path", 1, 512, regexp.MustCompile(`^/([!-~]+/)?$`), pathComplaint}
	pathPrefix   = field{"PathPrefix", 1, 512, regexp.MustCompile(`^/[!-\x7f]*$`),
		"It must begin with the / character and contain only alphanumeric characters and/or / characters."}
	boundaryARN    = field{"PermissionsBoundary", 20, 2048, regexp.MustCompile(`^arn:`), "It must be an ARN."}
	accessKeyID    = field{"AccessKeyId", 16, 128, wordPattern, wordComplaint}
	policyName     = field{"PolicyName", 1, 128, namePattern, nameComplaint}
	policyDocument = field{"PolicyDocument", 1, 131072, regexp.MustCompile(`^[\t\n\r\x{20}-\x{ff}]+$`),
		"It must contain only printable ASCII characters."}
	keyStatus   = field{"Status", 1, 16, wordPattern, wordComplaint}
	markerField = field{"Marker", 1, 320, regexp.MustCompile(`^[\x{20}-\x{ff}]+$`), "It must contain only printable ASCII characters."}
	roleARN     = field{"RoleArn", 20, 2048, regexp.MustCompile(`^[\t\n\r\x{20}-\x{ff}]+$`), "It must be an ARN."}
	sessionName = field{"RoleSessionName", 2, 64, namePattern, nameComplaint}
)

// label is the name as AWS's messages spell it, the first letter small.
func (f field) label() string { return strings.ToLower(f.name[:1]) + f.name[1:] }

func (f field) check(value string) error {
	if err := checkLength(f.label(), value, f.min, f.max); err != nil {
		return err
	}
	if !f.pattern.MatchString(value) {
		return validationError("The specified value for %s is invalid. %s", f.label(), f.complaint)
	}
	return nil
}

// checkLength counts characters, not bytes.
func checkLength(label, value string, shortest, longest int) error {
	switch n := utf8.RuneCountInString(value); {
	case n < shortest:
		return constraint(label, "Member must have length greater than or equal to %d", shortest)
	case n > longest:
		return constraint(label, "Member must have length less than or equal to %d", longest)
	}
	return nil
}

// optional tells an absent parameter from an empty one: an empty name must never pass for "the caller's own".
func (p params) optional(f field) (value string, present bool, err error) {
	values, present := p[f.name]
	if !present {
		return "", false, nil
	}
	return values[0], true, f.check(values[0])
}

func (p params) required(f field) (string, error) {
	value, present, err := p.optional(f)
	if err == nil && !present {
		return "", constraint(f.label(), "Member must not be null")
	}
	return value, err
}
