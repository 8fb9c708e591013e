package localaccount

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// transport calls the account as an HTTP client would, without a socket: quicker, and it cannot run into the ways in
// which client and server connections of one process trip over each other.
type transport struct{ account *Account }

// Client is an HTTP client that reaches the account in process, whatever host a request names. It is what the AWS
// SDK's HTTPClient option wants.
func (a *Account) Client() interface {
	Do(*http.Request) (*http.Response, error)
} {
	return transport{a}
}

// Do behaves as a round trip over a network: it ends with the request's context, although an effect that has begun
// takes place all the same, and it fails when the connection breaks.
func (t transport) Do(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, transportError(r, err)
	}
	ctx, hangUp := context.WithCancel(r.Context())
	served := make(chan *recorder, 1)
	go func() {
		defer hangUp()
		served <- t.serve(serverRequest(ctx, r, body))
	}()
	select {
	case <-r.Context().Done():
		return nil, transportError(r, r.Context().Err())
	case w := <-served:
		if w.broken != nil {
			return nil, transportError(r, w.broken)
		}
		return w.response(r), nil
	}
}

func readBody(r *http.Request) ([]byte, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return body, r.Body.Close()
}

// serverRequest is the client's request as a server sees it.
func serverRequest(ctx context.Context, r *http.Request, body []byte) *http.Request {
	in := r.Clone(ctx)
	in.Body = io.NopCloser(bytes.NewReader(body))
	in.ContentLength = int64(len(body))
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	return in
}

func (t transport) serve(r *http.Request) (w *recorder) {
	w = &recorder{header: http.Header{}}
	defer func() {
		switch fault := recover(); fault {
		case nil:
		case http.ErrAbortHandler:
			w.broken = io.ErrUnexpectedEOF
		default:
			// The value stays out of the message: it may be anything, a secret too.
			w.broken = fmt.Errorf("local account: panic of type %T", fault)
		}
	}()
	t.account.ServeHTTP(w, r)
	return w
}

func transportError(r *http.Request, err error) error {
	return &url.Error{Op: r.Method, URL: r.URL.String(), Err: err}
}

// recorder is the server's side of the in-process round trip.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
	broken error
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

func (w *recorder) response(r *http.Request) *http.Response {
	w.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}
}
