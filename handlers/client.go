package handlers

import (
	"net/http"

	"keydesk/web/auth"
)

// client is where somebody who signs in comes from, as failed attempts are counted.
func (b Base) client(r *http.Request) auth.Client {
	return auth.Client{Address: b.ClientIP(r), Device: b.Sessions.Device(r)}
}

// sessionClient is where somebody who is signed in comes from: their attempts count
// by their session, so that strangers who guess at their name are not in their way.
func (b Base) sessionClient(r *http.Request) (auth.Client, error) {
	current, err := b.Sessions.Current(r)
	return auth.Client{Address: b.ClientIP(r), Session: current.Handle}, err
}
