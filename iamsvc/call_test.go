package iamsvc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"keydesk/iamsvc/paste"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	coded := func(code, message string) error { return &smithy.GenericAPIError{Code: code, Message: message} }
	tests := []struct {
		operation string
		err       error
		want      error
	}{
		{"CreateAccessKey", coded("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"), ErrKeyQuota},
		{"TagUser", coded("LimitExceeded", ""), ErrQuota},
		{"UpdateAccessKey", coded("NoSuchEntity", "The Access Key with id X cannot be found."), ErrNoSuchKey},
		{"UpdateAccessKey", coded("NoSuchEntity", "The user with name X cannot be found."), ErrNoSuchUser},
		{"GetAccessKeyLastUsed", coded("NoSuchEntity", "whatever"), ErrNoSuchKey},
		{"GetAccessKeyLastUsed", coded("AccessDenied", "User: arn:aws:iam::123456789012:root is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key AKIAIOSFODNN7EXAMPLE"), ErrNoSuchKey},
		{"GetAccessKeyLastUsed", coded("AccessDenied", "User: x is not authorized to perform: iam:GetAccessKeyLastUsed on resource: user y because no identity-based policy allows"), ErrDenied},
		{"ListAccessKeys", coded("AccessDenied", "on resource: access key AKIAIOSFODNN7EXAMPLE"), ErrDenied},
		{"GetLoginProfile", coded("NoSuchEntity", "Login Profile for User X cannot be found."), ErrNoSuchEntity},
		{"GetLoginProfile", coded("NoSuchEntity", "The user with name X cannot be found."), ErrNoSuchUser},
		{"GetUser", coded("Throttling", "Rate exceeded"), ErrThrottled},
		{"GetUser", coded("ExpiredToken", ""), ErrCredentials},
		{"ListAccessKeys", coded("ValidationError", "Must specify userName when calling with non-User credentials"), ErrInvalid},
		{"GetUser", fmt.Errorf("x: %w", context.DeadlineExceeded), ErrUnavailable},
		{"GetUser", fmt.Errorf("x: %w", context.Canceled), context.Canceled},
		{"GetUser", errors.New("connection reset"), ErrUnavailable},
	}
	for _, tt := range tests {
		if err := classify(tt.operation, tt.err); !errors.Is(err, tt.want) {
			t.Errorf("%s %v: %v, want %v", tt.operation, tt.err, err, tt.want)
		}
	}
	if classify("GetUser", nil) != nil {
		t.Error("no error is an error")
	}
	var denied *Denied
	if !errors.As(classify("GetAccessKeyInfo", coded("AccessDenied", "")), &denied) || denied.Action != "sts:GetAccessKeyInfo" {
		t.Errorf("%v", denied)
	}
}

// The SDK's decoding error carries the reply; nothing of it may come through.
func TestClassifyDropsTheReply(t *testing.T) {
	t.Parallel()
	err := classify("CreateAccessKey", &smithy.DeserializationError{Err: errors.New(sentinel), Snapshot: []byte(sentinel)})
	for e := err; e != nil; e = errors.Unwrap(e) {
		if text := fmt.Sprintf("%v %+v %#v", e, e, e); len(text) == 0 || containsSecret(text) {
			t.Error(text)
		}
	}
}

func containsSecret(text string) bool { return paste.HasSecret(text) }

func TestErrorCodes(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{"": nil, "KeyActive": ErrKeyActive, "NoSuchEntity": &CallError{Code: "NoSuchEntity", Kind: ErrNoSuchUser},
		"Unavailable": &CallError{Kind: ErrUnavailable}, "Invalid": invalid("path", "x"), "Error": errDiskFull} {
		if got := ErrorCode(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

// A server that never answers costs the lane's deadline and no more.
func TestDeadline(t *testing.T) {
	t.Parallel()
	a, _, _ := openForeign(t, answers{"GetUser": func(w http.ResponseWriter, _ url.Values) {
		w.(http.Flusher).Flush()
		time.Sleep(300 * time.Millisecond)
	}})
	a.interactive.deadline = 50 * time.Millisecond
	_, err := a.User(context.Background(), "ann")
	wantIs(t, err, ErrUnavailable)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = a.User(ctx, "ann")
	wantIs(t, err, context.Canceled)
}

func TestReadsAreTriedAgain(t *testing.T) {
	t.Parallel()
	n := 0
	a, server, _ := openForeign(t, answers{"GetUser": func(w http.ResponseWriter, form url.Values) {
		if n++; n < 3 {
			fails(503, "ServiceFailure", "")(w, form)
			return
		}
		sends("<User><UserName>ann</UserName></User>")(w, form)
	}})
	if u, err := a.User(context.Background(), "ann"); err != nil || u.Name != "ann" || server.count("GetUser") != 3 {
		t.Errorf("%v %v, %d calls", u, err, server.count("GetUser"))
	}
}

// A request body with a WriteTo makes net/http drop replies that come at once;
// see transport.Do.
func TestRequestBodyIsOnlyReadAndClosed(t *testing.T) {
	t.Parallel()
	server, checked := &foreign{answers: answers{"GetCallerIdentity": sends(foreignIdentity)}}, 0
	cfg := inProcess(server)
	inner := cfg.HTTPClient
	cfg.HTTPClient = roundTrip(func(r *http.Request) (*http.Response, error) {
		if _, bad := r.Body.(io.WriterTo); bad {
			t.Errorf("the body is a %T", r.Body)
		}
		checked++
		return inner.Do(r)
	})
	if _, err := Open(context.Background(), Config{AWS: cfg, Journal: &notebook{}}); err != nil || checked == 0 {
		t.Fatal(err, checked)
	}
}
