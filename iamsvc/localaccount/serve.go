package localaccount

import (
	"context"
	"errors"
	"net/http"
)

// Two ways in which a client hears nothing: the action took effect, or it never began.
var (
	errReplyLost = errors.New("the reply is lost")
	errHungUp    = errors.New("the connection is broken")
)

// ServeHTTP answers the IAM and STS Query protocol; the API version in the request tells which of them is meant.
func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	requestID := newRequestID()
	p, body, err := readParams(r)
	service := serviceOf(p.text("Version"))
	var result any
	if err == nil {
		result, err = a.answer(r, p, body, service)
	}
	if unheard(err) {
		panic(http.ErrAbortHandler) // net/http's way to break the connection without an answer
	}
	var reply []byte
	if err == nil {
		reply, err = encodeResult(service, p.text("Action"), requestID, result)
	}
	status := http.StatusOK
	if err != nil {
		e := asAPIError(err)
		status = e.status
		if reply, err = encodeError(service, requestID, e); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	writeReply(w, status, requestID, reply)
}

func unheard(err error) bool {
	return errors.Is(err, errReplyLost) || errors.Is(err, errHungUp) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// answer takes one request through its stations: trouble, signature, action, subject, permission, effect.
func (a *Account) answer(r *http.Request, p params, body []byte, service service) (any, error) {
	action := p.text("Action")
	op, known := operations[action]
	known = known && op.service == service && p.text("Version") == service.version()
	if known {
		a.count(action)
		if err := a.trouble.before(r.Context(), action); err != nil {
			return nil, err
		}
	}
	who, err := a.authenticate(r, body, service)
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, invalidAction(action, p.text("Version"))
	}
	c := &call{Account: a, operation: op, action: action, params: p, caller: who}
	if err := c.resolve(); err != nil {
		return nil, err
	}
	if op.scope != aboutCaller {
		if err := c.authorize(); err != nil {
			return nil, err
		}
	}
	result, err := op.run(c)
	if err == nil && a.trouble.losesReply(action) {
		return nil, errReplyLost
	}
	return result, err
}
