package localaccount

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// session is what a session token says. The token carries it whole, with a seal, so that temporary credentials need
// no place in the account's state and still hold after a restart.
type session struct {
	KeyID    string
	UserName string // the user that assumed the role; its permissions are the session's
	UserID   string
	Role     string
	Name     string
	Expires  time.Time
}

func (m masterKey) sealSession(s session) (string, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(body)
	return text + "." + base64.RawURLEncoding.EncodeToString(m.derive("session", text)), nil
}

func (m masterKey) openSession(token string) (s session, ok bool) {
	text, seal, _ := strings.Cut(token, ".")
	given, err := base64.RawURLEncoding.DecodeString(seal)
	if err != nil || !hmac.Equal(given, m.derive("session", text)) {
		return s, false
	}
	body, err := base64.RawURLEncoding.DecodeString(text)
	return s, err == nil && json.Unmarshal(body, &s) == nil
}

// identifySession is identify for temporary credentials. They end with the user that asked for them.
func (a *Account) identifySession(signed signature) (caller, error) {
	s, ok := a.master.openSession(signed.token)
	if !ok || s.KeyID != signed.keyID {
		return caller{}, invalidToken()
	}
	u := a.store.roster().find(s.UserName)
	if u == nil || u.ID != s.UserID {
		return caller{}, invalidToken()
	}
	if !a.clock().Before(s.Expires) {
		return caller{}, expiredToken()
	}
	return caller{user: u, keyID: s.KeyID, role: s.Role,
		arn: a.sessionARN(s.Role, s.Name), id: a.roleID(s.Role) + ":" + s.Name}, nil
}

func (a *Account) sessionARN(role, session string) string {
	return "arn:aws:sts::" + a.id + ":assumed-role/" + role + "/" + session
}

// roleID is made from the name: the account keeps no roles, but each must have one ID for ever.
func (a *Account) roleID(role string) string {
	return "AROA" + idAlphabet.EncodeToString(a.master.derive("role", role))[:17]
}
