package localaccount

import (
	"bytes"
	"crypto/rand"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// The structs of replies name their fields as the wire does, in the wire's order: AWS writes RequestId and UserId.

// members is a list in a reply. It is written even when empty: `<Users></Users>`, not nothing.
type members[T any] struct {
	Member []T `xml:"member"`
}

// stamp is a date as IAM writes it: UTC, whole seconds. The zero time gives "", which replies leave out.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

type responseMetadata struct{ RequestId string }

type errorResponse struct {
	XMLName xml.Name
	Error   struct{ Type, Code, Message string }
	// RequestId stands beside the error here, not in a ResponseMetadata.
	RequestId string
}

// encodeResult wraps what an action returned as <XResponse><XResult>; a nil result has no Result element.
func encodeResult(s service, action, requestID string, result any) ([]byte, error) {
	var b bytes.Buffer
	e := xml.NewEncoder(&b)
	response := xml.StartElement{Name: xml.Name{Space: s.namespace(), Local: action + "Response"}}
	err := e.EncodeToken(response)
	if err == nil && result != nil {
		err = e.EncodeElement(result, xml.StartElement{Name: xml.Name{Local: action + "Result"}})
	}
	if err == nil {
		err = e.EncodeElement(responseMetadata{requestID}, xml.StartElement{Name: xml.Name{Local: "ResponseMetadata"}})
	}
	if err == nil {
		err = e.EncodeToken(response.End())
	}
	err = errors.Join(err, e.Close()) // the end of the document is written by Close
	return b.Bytes(), err
}

func encodeError(s service, requestID string, e *apiError) ([]byte, error) {
	var reply errorResponse
	reply.XMLName = xml.Name{Space: e.namespace(s), Local: "ErrorResponse"}
	reply.Error.Type, reply.Error.Code, reply.Error.Message = e.kind(), e.code, e.message
	reply.RequestId = requestID
	return xml.Marshal(reply)
}

func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func writeReply(w http.ResponseWriter, status int, requestID string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/xml")
	h.Set("X-Amzn-Requestid", requestID)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone away is its own affair
}
