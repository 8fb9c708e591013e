package iamsvc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"keydesk/iamsvc/pace"
)

var errEmptyReply = errors.New("the reply has no body")

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
	ok := resp.StatusCode >= 200 && resp.StatusCode < 300
	body, done, err := readReply(r.Context(), resp.Body)
	if err == nil {
		err = checkShape(body)
	}
	if errors.Is(err, ErrTooMuch) && !ok {
		body, err = nil, nil // the status is the answer
	}
	if err != nil {
		done()
		return nil, err
	}
	seen.empty = ok && len(bytes.TrimSpace(body)) == 0
	seen.requestID = resp.Header.Get("X-Amzn-Requestid")
	seen.date, _ = http.ParseTime(resp.Header.Get("Date"))
	if notIAM(resp.StatusCode, body) {
		return nil, interposed(resp.StatusCode)
	}
	if !ok {
		body = standardError(body)
	}
	resp.Body, resp.ContentLength = &reply{bytes.NewReader(body), done}, int64(len(body))
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
