package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"keydesk/web/db"
)

var (
	// ErrLogoutToken means a logout token is forged, expired, for somebody else, or no
	// logout token at all.
	ErrLogoutToken = errors.New("not a valid logout token")
	// ErrReplayed means a logout token was accepted before.
	ErrReplayed = errors.New("the logout token was used before")
)

// Logout is a provider's word that a session of its own, or all of a person's, are
// over (OpenID Connect Back-Channel Logout 1.0).
type Logout struct {
	// Subject, SessionID: one of them may be "".
	Issuer, Subject, SessionID string

	id      string
	expires time.Time
}

// Logout checks a logout token: signature, issuer, audience and expiry, the event,
// that there is no nonce, and the type. Errors are ErrLogoutToken and
// ErrProviderUnavailable.
func (o *OIDC) Logout(ctx context.Context, raw string) (Logout, error) {
	p := o.provider.Load()
	if p == nil {
		return Logout{}, ErrProviderUnavailable
	}
	// The library does not look at the type. Without it any other token of this
	// provider that happens to hold the event would end sessions.
	if !strings.EqualFold(strings.TrimPrefix(tokenType(raw), "application/"), "logout+jwt") {
		return Logout{}, fmt.Errorf("%w: wrong type", ErrLogoutToken)
	}
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	t, err := p.verifier.VerifyLogout(ctx, raw)
	if err != nil {
		return Logout{}, fmt.Errorf("%w: %w", ErrLogoutToken, err)
	}
	return Logout{Issuer: t.Issuer, Subject: t.Subject, SessionID: t.SessionID, id: t.TokenID, expires: t.Expiry}, nil
}

// Spend accepts the token once, within the transaction that ends the sessions.
// Errors are ErrReplayed and the database's.
func (l Logout) Spend(ctx context.Context, tx *db.Tx, now time.Time) error {
	if _, err := tx.Exec(ctx, `DELETE FROM logout_tokens WHERE expires_at < ?`, db.Micros(now.Add(-clockSkew))); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `INSERT INTO logout_tokens (token_hash, expires_at) VALUES (?, ?) ON CONFLICT (token_hash) DO NOTHING`,
		digest(l.Issuer+"\n"+l.id), db.Micros(l.expires))
	if err != nil {
		return fmt.Errorf("spend logout token: %w", err)
	}
	if n == 0 {
		return ErrReplayed
	}
	return nil
}

// tokenType is the "typ" in a JWT's header, "" when there is none to read.
func tokenType(raw string) string {
	head, _, _ := strings.Cut(raw, ".")
	b, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return ""
	}
	var header struct {
		Type string `json:"typ"`
	}
	if json.Unmarshal(b, &header) != nil {
		return ""
	}
	return header.Type
}
