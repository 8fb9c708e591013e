package iamsvc

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"keydesk/iamsvc/pace"
)

// maxReply bounds what is read of a reply: a page of 1000 users with their
// policies is a few megabytes.
const maxReply = 64 << 20

var (
	errEmptyReply = errors.New("the reply has no body")
	errLongReply  = errors.New("the reply is too long")
)

// trace is what the transport saw of one call, over all its attempts. The SDK
// makes them one after the other in the caller's goroutine.
type trace struct {
	sent      int       // requests that may have reached the server
	empty     bool      // the last reply was a success without a body
	requestID string    // AWS request ID of the last reply
	date      time.Time // the server's clock in the last reply; zero: not said
	host      string    // host and port of the last request
	expires   time.Time // of the credentials it was signed with; zero: not known

	turn      *pace.Turn    // of the attempt under way
	before    int           // what sent was when it began
	failures  int           // attempts that failed, throttled ones not counted
	throttled error         // the last refusal
	limit     time.Duration // for one attempt; 0: none but the call's own
	hangs     func()        // told when an attempt takes longer than hangsAfter; nil: nobody
}

type traceKey struct{}

// transport is the HTTP client under the SDK.
type transport struct{ inner aws.HTTPClient }

func newTransport(inner aws.HTTPClient) aws.HTTPClient {
	return &transport{inner: inner}
}

// Do sends r and reads the whole reply, so that one cut short is a failed
// call and not a document that happens to end early.
func (t *transport) Do(r *http.Request) (*http.Response, error) {
	if b := r.Body; b != nil {
		// smithy-go's body has a WriteTo that answers io.EOF once closed.
		// net/http takes that for a failed write and drops the connection under
		// a reply that came fast (aws-sdk-go-v2 issues 1825, 2737).
		r.Body = struct {
			io.Reader
			io.Closer
		}{b, b}
	}
	seen := traceOf(r.Context())
	if seen.limit > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), seen.limit)
		defer cancel()
		r = r.WithContext(ctx)
	}
	if seen.hangs != nil {
		timer := time.AfterFunc(hangsAfter, seen.hangs)
		defer timer.Stop()
	}
	seen.host = r.URL.Host
	resp, err := t.inner.Do(r)
	if !neverSent(err) {
		seen.sent++
	}
	if err != nil {
		return resp, err
	}
	body, err := readReply(resp.Body)
	if err != nil {
		return nil, err
	}
	ok := resp.StatusCode >= 200 && resp.StatusCode < 300
	seen.empty = ok && len(bytes.TrimSpace(body)) == 0
	seen.requestID = resp.Header.Get("X-Amzn-Requestid")
	seen.date, _ = http.ParseTime(resp.Header.Get("Date"))
	if notIAM(resp.StatusCode, body) {
		return nil, interposed(resp.StatusCode)
	}
	if !ok {
		body = standardError(body)
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

func traceOf(ctx context.Context) *trace {
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		return t
	}
	return &trace{}
}

// notIAM: the answer of a proxy or a sign-in page on the way. Nothing of its text is
// of use to anybody here, and it may hold a secret. A 200 of that kind must not pass
// for the acknowledgement of a change.
func notIAM(status int, body []byte) bool {
	text := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	page := strings.HasPrefix(http.DetectContentType(text), "text/html")
	switch {
	case status >= 300 && status < 400, status == http.StatusProxyAuthRequired, status == http.StatusNetworkAuthenticationRequired:
		return true
	case status >= 200 && status < 300:
		return page || len(text) > 0 && text[0] != '<'
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusUnavailableForLegalReasons:
		return page
	}
	return false
}

func readReply(b io.ReadCloser) ([]byte, error) {
	defer b.Close()
	body, err := io.ReadAll(io.LimitReader(b, maxReply+1))
	if err == nil && len(body) > maxReply {
		err = errLongReply
	}
	return body, err
}

// standardError rewrites the error documents of other servers into IAM's. The
// SDK finds no code in <ErrorResponse><Errors><Error> or in a bare <Error> (as
// S3 has it) and reports UnknownError for whatever it is. Anything else stays
// as it is.
func standardError(body []byte) []byte {
	var doc struct {
		XMLName   xml.Name
		Own       errorElement `xml:"Error"`
		Listed    errorElement `xml:"Errors>Error"`
		Code      string
		Message   string
		RequestID string
	}
	if xml.Unmarshal(body, &doc) != nil || doc.Own.Code != "" {
		return body
	}
	found := doc.Listed
	if found.Code == "" {
		found = errorElement{Code: doc.Code, Message: doc.Message}
	}
	if found.Code == "" {
		return body
	}
	out, err := xml.Marshal(struct {
		XMLName   xml.Name     `xml:"ErrorResponse"`
		Error     errorElement `xml:"Error"`
		RequestID string       `xml:"RequestId"`
	}{Error: found, RequestID: doc.RequestID})
	if err != nil {
		return body
	}
	return out
}

type errorElement struct {
	Code    string
	Message string
}
