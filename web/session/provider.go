package session

import (
	"context"
	"fmt"

	"keydesk/web/db"
)

// ProviderSession names a session of an identity provider, by its issuer and the
// "sid" claim, in a form that is safe to keep. Without a sid there is no name.
func ProviderSession(issuer, sid string) string {
	if sid == "" {
		return ""
	}
	return digest(issuer + "\n" + sid)
}

// EndOfProvider revokes the sessions that the provider's session began, within the
// caller's transaction. The user's sessions that are not known to belong to any
// provider session end too, and without a provider session all of the user's do:
// the provider has signed the person out, and ours must not go on.
func EndOfProvider(ctx context.Context, tx *db.Tx, providerSession, userID string) error {
	var err error
	switch {
	case providerSession == "" && userID == "":
		return nil
	case providerSession == "":
		err = revoke(ctx, tx, `user_id = ?`, userID)
	default:
		err = revoke(ctx, tx, `provider_session = ? OR (user_id = ? AND user_id <> '' AND provider_session = '')`, providerSession, userID)
	}
	if err != nil {
		return fmt.Errorf("end sessions of the provider: %w", err)
	}
	return nil
}
