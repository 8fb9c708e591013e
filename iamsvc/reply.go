package iamsvc

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"sync"
)

// largeReply is a reply of which only a few are in memory at a time: decoding takes
// ten times its size.
const largeReply = 1 << 20

// largeReplies are the turns of the large ones, of all accounts and lanes.
var largeReplies = make(chan struct{}, 2)

// reply is a reply's body, read whole. Closing it gives back the turn of a large one.
type reply struct {
	*bytes.Reader
	done func()
}

func (r *reply) Close() error {
	r.done()
	return nil
}

// readReply reads a body, and waits for a turn where it is large.
func readReply(ctx context.Context, b io.ReadCloser) (body []byte, done func(), err error) {
	defer b.Close()
	body, err = io.ReadAll(io.LimitReader(b, largeReply))
	if err != nil || len(body) < largeReply {
		return body, func() {}, err
	}
	select {
	case largeReplies <- struct{}{}:
	case <-ctx.Done():
		return nil, func() {}, ctx.Err()
	}
	done = sync.OnceFunc(func() { <-largeReplies })
	rest, err := io.ReadAll(io.LimitReader(b, maxReply-largeReply+1))
	if body = append(body, rest...); err == nil && len(body) > maxReply {
		err = &LimitError{What: "8 MiB in one answer"}
	}
	if err != nil {
		done()
	}
	return body, done, err
}

// checkShape refuses documents that are small and take much memory all the same:
// elements inside elements, and empty ones by the million. It counts what looks like
// tags, as fast as a file is read; whether it is XML is the decoder's matter.
func checkShape(body []byte) error {
	depth, elements := 0, 0
	for {
		at := bytes.IndexByte(body, '<')
		if at < 0 || at+1 >= len(body) {
			return nil
		}
		body = body[at+1:]
		end := bytes.IndexByte(body, '>')
		switch {
		case body[0] == '!', body[0] == '?':
			continue
		case body[0] == '/':
			depth--
		case end > 0 && body[end-1] == '/':
			elements++
		default:
			elements++
			depth++
		}
		if depth > maxDepth {
			return &LimitError{What: thousands(maxDepth) + " levels in one answer"}
		}
		if elements > maxElements {
			return &LimitError{What: thousands(maxElements) + " elements in one answer"}
		}
	}
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
