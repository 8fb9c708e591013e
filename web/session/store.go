package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"keydesk/web/db"
)

// Options say how long sessions live and how their cookie is protected.
type Options struct {
	// Secure marks the cookie Secure and gives it the __Host- prefix, which no
	// sibling host can set. Off only on a plaintext listener, where some browsers
	// would drop such a cookie; there WithSecure decides for each request.
	Secure bool
	// Idle ends a session nobody uses, default one hour; Absolute ends any session,
	// default twelve hours.
	Idle, Absolute time.Duration
	// SignInKey seals the cookies of sign-ins at the identity provider, 64 bytes, the
	// same on all replicas; default a random one.
	SignInKey []byte
	// Now is the clock, default time.Now.
	Now func() time.Time
}

// Store keeps sessions in the database. It is a gorilla/sessions Store: gorilla's
// own keep the session in the cookie, where signing out cannot revoke it.
type Store struct {
	db             *db.DB
	secure         bool
	idle, absolute time.Duration
	clock          func() time.Time
	away           *securecookie.SecureCookie
	rows           *db.Memo[string, stored]      // by the digest of the ID
	preferences    *db.Memo[string, Preferences] // by user
}

var _ sessions.Store = (*Store)(nil)

// rowKey is where a gorilla session carries its row. It is no string, so it is
// never stored with the values.
type rowKey struct{}

// NewStore returns the store over d.
func NewStore(d *db.DB, o Options) *Store {
	s := &Store{db: d, secure: o.Secure, idle: o.Idle, absolute: o.Absolute, clock: o.Now, away: newAwayCodec(o.SignInKey)}
	s.rows, s.preferences = db.NewMemo(d, s.readRow), db.NewMemo(d, s.readPreferences)
	if s.idle <= 0 {
		s.idle = time.Hour
	}
	if s.absolute <= 0 {
		s.absolute = 12 * time.Hour
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	return s
}

// now has the database's precision, so that what is returned equals what is read
// back.
func (s *Store) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// Get returns the request's session, reading it once per request.
func (s *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the session the request's cookie names. It is never nil; without a
// live session it is new and empty, and its error is the database's only.
func (s *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	g := sessions.NewSession(s, name)
	g.Options = &sessions.Options{Path: "/", HttpOnly: true, Secure: s.secureFor(r), SameSite: http.SameSiteLaxMode}
	g.IsNew = true
	id, ok := cookieID(r, name)
	if !ok {
		return g, nil
	}
	x, err := s.load(r.Context(), id)
	if errors.Is(err, ErrNoSession) {
		return g, nil
	}
	if err != nil {
		return g, fmt.Errorf("read session: %w", err)
	}
	values := map[string]any{}
	if err := json.Unmarshal([]byte(x.content), &values); err != nil {
		return g, fmt.Errorf("read session: %w", err)
	}
	for k, v := range values {
		g.Values[k] = v
	}
	adopt(g, id, x.row)
	return g, nil
}

// Save stores the session's values whose keys are strings, as JSON, and sets the
// cookie; a session that is new gets an ID and belongs to nobody. A negative MaxAge
// ends the session instead.
func (s *Store) Save(r *http.Request, w http.ResponseWriter, g *sessions.Session) error {
	if g.Options.MaxAge < 0 {
		return s.discard(r.Context(), w, g)
	}
	if g.ID == "" {
		if err := s.beginAnonymous(r, g); err != nil {
			return fmt.Errorf("save session: %w", err)
		}
	}
	values := map[string]any{}
	for k, v := range g.Values {
		if key, ok := k.(string); ok {
			values[key] = v
		}
	}
	content, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	n, err := s.db.Exec(r.Context(), `UPDATE sessions SET content = ? WHERE id_hash = ?`, string(content), digest(g.ID))
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	if n == 0 {
		// Revoked meanwhile: writing it again would bring it back to life.
		return ErrNoSession
	}
	s.setCookie(w, g)
	return nil
}

// discard revokes the session and has the browser drop the cookie; g is as new.
func (s *Store) discard(ctx context.Context, w http.ResponseWriter, g *sessions.Session) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error { return revoke(ctx, tx, `id_hash = ?`, digest(g.ID)) })
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	clear(g.Values)
	g.ID, g.IsNew, g.Options.MaxAge = "", true, -1
	s.setCookie(w, g)
	g.Options.MaxAge = 0
	return nil
}

// beginAnonymous makes a session that nobody is signed in to: it carries a message
// over a redirect, such as "You have signed out".
func (s *Store) beginAnonymous(r *http.Request, g *sessions.Session) error {
	now := s.now()
	id, row := newID(), Session{Handle: newHandle(), Created: now, LastSeen: now}
	err := s.db.Tx(r.Context(), func(tx *db.Tx) error {
		if err := s.sweep(r.Context(), tx, now); err != nil {
			return err
		}
		return insert(r.Context(), tx, id, row, "")
	})
	if err == nil {
		adopt(g, id, row)
	}
	return err
}

// load returns a live session and notes that it was seen.
func (s *Store) load(ctx context.Context, id string) (stored, error) {
	x, err := s.rows.Get(ctx, digest(id))
	if err != nil {
		return stored{}, err
	}
	now := s.now()
	if s.expired(x.row, now) {
		return stored{}, ErrNoSession
	}
	// At most once a minute: every page would cost a disk write otherwise.
	if now.Sub(x.row.LastSeen) >= min(time.Minute, s.idle/2) {
		// A page that is only read does without: the session seems idle for longer.
		if _, err := s.db.Exec(ctx, `UPDATE sessions SET seen_at = ? WHERE id_hash = ?`,
			db.Micros(now), digest(id)); err != nil && !db.Unavailable(err) {
			return stored{}, err
		}
		x.row.LastSeen = now
	}
	return x, nil
}
