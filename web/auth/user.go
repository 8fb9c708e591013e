package auth

import (
	"context"
	"time"
)

// IssuerLocal is the issuer of accounts kept in Keydesk's own database.
const IssuerLocal = "local"

// User is a person who has signed in.
type User struct {
	// ID is Keydesk's own name for the person, stable over renames.
	ID string
	// Issuer and Subject name the person to the audit log: "local" and the
	// account's ID, or what an identity provider asserts.
	Issuer, Subject string
	Name            string
	Role            Role
	// SignedInAt is when the person last proved who they are, in UTC; zero when
	// nobody knows. The session knows it; LocalAccounts.User leaves it zero.
	SignedInAt time.Time
}

// Can reports whether the user's role holds p.
func (u User) Can(p Permission) bool { return u.Role.Can(p) }

// FreshSignIn is how long a sign-in is fresh enough for what cannot be taken back,
// unless the settings say otherwise.
const FreshSignIn = 15 * time.Minute

// Fresh reports whether the person proved within the window who they are. A time
// that is not known is not recent; one ahead of our clock by more than skew is a
// mistake.
func (u User) Fresh(now time.Time, window time.Duration) bool {
	age := now.Sub(u.SignedInAt)
	return !u.SignedInAt.IsZero() && age <= window && age >= -clockSkew
}

type userKey struct{}

// WithUser returns a context in which u is acting.
func WithUser(ctx context.Context, u User) context.Context {
	return context.WithValue(ctx, userKey{}, u)
}

// UserFrom returns who is acting in ctx; false when nobody has signed in.
func UserFrom(ctx context.Context) (User, bool) {
	u, ok := ctx.Value(userKey{}).(User)
	return u, ok
}
