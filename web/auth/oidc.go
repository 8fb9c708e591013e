package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"keydesk/web/db"
)

var (
	// ErrProviderUnavailable means the identity provider does not answer, or has not
	// answered since the start.
	ErrProviderUnavailable = errors.New("the identity provider cannot be reached")
	// ErrProviderAnswer means that what came back is not a sign-in that was asked for:
	// wrong state, nonce, code, signature, audience or issuer.
	ErrProviderAnswer = errors.New("the identity provider's answer was not accepted")
	// ErrNotAskedAgain means that the provider did not ask the person again who they
	// are, or does not say when it did.
	ErrNotAskedAgain = errors.New("the identity provider did not ask again")
)

// OIDCSettings are what an operator says about the identity provider.
type OIDCSettings struct {
	Issuer, ClientID, ClientSecret string
	// RedirectURL is where the provider sends people back to, as registered there.
	RedirectURL string
	// GroupsClaim names the claim that lists a person's groups, or is the path to it,
	// with dots: see claimAt.
	GroupsClaim string
	Roles       RoleMap
	// FreshSignIn is how long ago the provider may have asked a person who confirms
	// their sign-in, default FreshSignIn.
	FreshSignIn time.Duration
	// Now is the clock, default time.Now.
	Now func() time.Time
}

// OIDC is sign-in at an OpenID Connect provider: authorization code flow with PKCE,
// state and nonce. It is safe for concurrent use.
type OIDC struct {
	OIDCSettings
	// Accounts are the people who have signed in with it.
	Accounts *FederatedAccounts

	db       *db.DB
	provider atomic.Pointer[provider] // nil until discovery has worked
}

// provider is what discovery found.
type provider struct {
	oauth2   oauth2.Config
	verifier *oidc.IDTokenVerifier
	source   *oidc.Provider
}

// NewOIDC asks nobody anything yet: Run does.
func NewOIDC(d *db.DB, s OIDCSettings) *OIDC {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.FreshSignIn <= 0 {
		s.FreshSignIn = FreshSignIn
	}
	return &OIDC{OIDCSettings: s, db: d, Accounts: newFederatedAccounts(d, s.Issuer, s.Roles, s.Now)}
}

const (
	providerTimeout = 10 * time.Second
	firstRetry      = time.Second
	longestRetry    = time.Minute
)

// Run discovers the provider, and tries again until it answers: Keydesk must start
// without it, since local accounts are the way in when it is down.
func (o *OIDC) Run(ctx context.Context, log *slog.Logger) {
	for wait := firstRetry; ; wait = min(2*wait, longestRetry) {
		err := o.discover(ctx)
		if err == nil {
			log.Info("identity provider found", "issuer", o.Issuer)
			return
		}
		log.Warn("identity provider not found yet", "issuer", o.Issuer, "error", err.Error(), "retry", wait.String())
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (o *OIDC) discover(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	source, err := oidc.NewProvider(ctx, o.Issuer)
	if err != nil {
		return err
	}
	var offered struct {
		Scopes []string `json:"scopes_supported"`
	}
	if err := source.Claims(&offered); err != nil {
		return err
	}
	scopes := []string{oidc.ScopeOpenID, "profile"}
	if slices.Contains(offered.Scopes, "groups") { // others refuse a scope they do not know
		scopes = append(scopes, "groups")
	}
	o.provider.Store(&provider{
		oauth2: oauth2.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret, RedirectURL: o.RedirectURL,
			Endpoint: source.Endpoint(), Scopes: scopes},
		verifier: source.Verifier(&oidc.Config{ClientID: o.ClientID, Now: o.Now}),
		source:   source,
	})
	return nil
}

// Ready reports whether the provider has been found.
func (o *OIDC) Ready() bool { return o.provider.Load() != nil }

// Challenge is what the answer to one sign-in must match. The browser sees State
// and Nonce; Verifier goes to the provider directly.
type Challenge struct{ State, Nonce, Verifier string }

// NewChallenge returns three random values.
func NewChallenge() Challenge {
	return Challenge{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
}

// AuthURL is where the browser goes to sign in. With again the provider is to ask
// the person even though it knows them, and to say when it did. The error is
// ErrProviderUnavailable.
func (o *OIDC) AuthURL(c Challenge, again bool) (string, error) {
	p := o.provider.Load()
	if p == nil {
		return "", ErrProviderUnavailable
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(c.Nonce), oauth2.S256ChallengeOption(c.Verifier)}
	if again {
		// max_age obliges the provider to say when it asked. 0 is what some refuse, and
		// what a person who takes a second can never meet.
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"),
			oauth2.SetAuthURLParam("max_age", strconv.Itoa(int(o.FreshSignIn/time.Second))))
	}
	return p.oauth2.AuthCodeURL(c.State, options...), nil
}

// Return is what the browser brings back from the provider.
type Return struct {
	State, Code string
	// Issuer is the "iss" parameter, "" when the provider sends none (RFC 9207).
	Issuer string
	// Error and Description are why the provider lets nobody in, "" when it does.
	Error, Description string
}

// Identity turns what the browser brought back into who that is. c is what was sent
// with the same browser. Errors are ErrProviderAnswer and ErrProviderUnavailable.
func (o *OIDC) Identity(ctx context.Context, back Return, c Challenge) (Identity, error) {
	p := o.provider.Load()
	if p == nil {
		return Identity{}, ErrProviderUnavailable
	}
	// Without this, a person could be signed in as the attacker whose answer they
	// were sent (CSRF), and type their secrets into the attacker's account.
	if !same(back.State, c.State) {
		return Identity{}, fmt.Errorf("%w: state", ErrProviderAnswer)
	}
	if back.Issuer != "" && back.Issuer != o.Issuer {
		return Identity{}, fmt.Errorf("%w: answer of another issuer", ErrProviderAnswer)
	}
	// Only the provider knows the state by now, but the text goes through the browser.
	if back.Error != "" {
		return Identity{}, newProviderError(back.Error, back.Description)
	}
	ctx, cancel := context.WithTimeout(ctx, providerTimeout)
	defer cancel()
	token, err := p.oauth2.Exchange(ctx, back.Code, oauth2.VerifierOption(c.Verifier))
	if err != nil {
		return Identity{}, exchangeError(err)
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := p.verifier.Verify(ctx, raw)
	if err != nil {
		return Identity{}, fmt.Errorf("%w: ID token: %w", ErrProviderAnswer, err)
	}
	// The library leaves this to us. A code from another browser's sign-in carries
	// another nonce.
	if !same(idToken.Nonce, c.Nonce) {
		return Identity{}, fmt.Errorf("%w: nonce", ErrProviderAnswer)
	}
	claims := map[string]any{}
	if err := idToken.Claims(&claims); err != nil {
		return Identity{}, fmt.Errorf("%w: claims: %w", ErrProviderAnswer, err)
	}
	info, err := o.userInfo(ctx, p, token, claims)
	if err != nil {
		return Identity{}, err
	}
	who := identity(claims, info, o.GroupsClaim, o.Now())
	if who.Subject == "" {
		return Identity{}, fmt.Errorf("%w: no subject", ErrProviderAnswer)
	}
	return who, nil
}

// userInfo asks for the groups where the ID token has none: many providers keep it
// short. It is nil when it was not asked for.
func (o *OIDC) userInfo(ctx context.Context, p *provider, token *oauth2.Token, claims map[string]any) (map[string]any, error) {
	if claimAt(claims, o.GroupsClaim) != nil || p.source.UserInfoEndpoint() == "" {
		return nil, nil
	}
	answer, err := p.source.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, fmt.Errorf("%w: user info: %w", ErrProviderUnavailable, err)
	}
	// The library does not compare either (OpenID Connect Core 5.3.2).
	if answer.Subject != claims["sub"] {
		return nil, fmt.Errorf("%w: user info of another subject", ErrProviderAnswer)
	}
	info := map[string]any{}
	if err := answer.Claims(&info); err != nil {
		return nil, fmt.Errorf("%w: user info: %w", ErrProviderAnswer, err)
	}
	return info, nil
}

// exchangeError keeps the provider's answer out of the log: its body may quote the
// code. The error code is a word of RFC 6749.
func exchangeError(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return fmt.Errorf("%w: code refused: %.40q", ErrProviderAnswer, refused.ErrorCode)
	}
	return fmt.Errorf("%w: %w", ErrProviderUnavailable, err)
}

// same compares in constant time; nothing is the same as no value.
func same(got, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}
