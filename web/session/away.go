package session

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
)

const (
	// awayCookie and the state are the name of the cookie of one sign-in, so that each
	// tab finishes its own.
	awayCookie = "keydesk_away_"
	// mostAway bounds the sign-ins of one browser that are under way; proxies refuse
	// requests whose cookies are too long.
	mostAway = 5
	maxNext  = 512 // bytes
	// mostForms bounds what strangers can have kept in the database.
	mostForms = 1000
	// awayKeyBytes are the first half of the key for the MAC, the second to encrypt.
	awayKeyBytes = 64
)

// away is what the cookie holds of a sign-in that is at the identity provider. The
// browser keeps it and not the database: strangers can begin as many as they like.
type away struct {
	UserID, Next, State, Nonce, Verifier string
	FormID, Person                       string // a form that is kept until the return
	Expires                              int64  // seconds since 1970
}

// newAwayCodec seals the cookie, with a random key where none is given. The key is the
// same on all replicas: any of them may get the answer.
func newAwayCodec(key []byte) *securecookie.SecureCookie {
	if len(key) != awayKeyBytes {
		key = securecookie.GenerateRandomKey(awayKeyBytes)
	}
	codec := securecookie.New(key[:awayKeyBytes/2], key[awayKeyBytes/2:])
	codec.SetSerializer(securecookie.JSONEncoder{})
	return codec.MaxAge(0) // the time is in it, by the store's clock
}

// SendAway keeps x in this browser while it is at the identity provider, beside what
// other tabs have there. Somebody else's answer, slipped to a person as a link, finds no
// sign-in to finish. A form is kept in the database.
func (s *Store) SendAway(w http.ResponseWriter, r *http.Request, x Waiting) error {
	a := away{UserID: x.UserID, Next: x.Next, State: x.State, Nonce: x.Nonce, Verifier: x.Verifier,
		Expires: s.now().Add(waitingLife).Unix()}
	if len(a.Next) > maxNext {
		a.Next = "/"
	}
	if err := s.keepFormAway(r, x, &a); err != nil {
		return err
	}
	name := s.cookieName(r, awayCookie+x.State)
	value, err := s.away.Encode(name, a)
	if err != nil {
		return fmt.Errorf("begin sign-in: %w", err)
	}
	s.forgetOldest(w, r)
	s.setCookieFor(w, r, name, value, int(waitingLife/time.Second))
	return nil
}

// keepFormAway keeps the form of somebody who has not signed in only while there is room:
// they may be nobody.
func (s *Store) keepFormAway(r *http.Request, x Waiting, a *away) error {
	if x.Form == nil {
		return nil
	}
	var rows int
	err := s.db.QueryRow(r.Context(), `SELECT COUNT(*) FROM waiting_sign_ins`).Scan(&rows)
	if err != nil {
		return fmt.Errorf("begin sign-in: %w", err)
	}
	if x.UserID == "" && rows >= mostForms {
		return nil
	}
	a.Person = x.Form.Person
	a.FormID, err = s.KeepForm(r, *x.Form)
	return err
}

// Returned is the sign-in of this browser with the state that the provider has sent
// back; the cookie is gone with it. That the same answer counts once is the provider's
// doing, whose code works once. Errors are ErrNotWaiting and the database's.
func (s *Store) Returned(w http.ResponseWriter, r *http.Request, state string) (Waiting, error) {
	name := s.cookieName(r, awayCookie+state)
	a, ok := s.awayIn(r, name)
	if !ok || state == "" || a.State != state || a.Expires <= s.now().Unix() {
		return Waiting{}, ErrNotWaiting
	}
	s.setCookieFor(w, r, name, "", -1)
	x := Waiting{UserID: a.UserID, Next: a.Next, State: a.State, Nonce: a.Nonce, Verifier: a.Verifier}
	if a.FormID == "" {
		return x, nil
	}
	form, err := s.KeptForm(r.Context(), a.FormID, a.Person)
	if errors.Is(err, ErrNoForm) {
		return x, nil
	}
	x.Form = &form
	return x, err
}

func (s *Store) awayIn(r *http.Request, name string) (a away, ok bool) {
	c, err := r.Cookie(name)
	if err != nil {
		return away{}, false
	}
	return a, s.away.Decode(name, c.Value, &a) == nil
}

// forgetOldest makes room for one more: what can't be read goes first, then what was
// begun first.
func (s *Store) forgetOldest(w http.ResponseWriter, r *http.Request) {
	type held struct {
		name    string
		expires int64
	}
	var all []held
	for _, c := range r.Cookies() {
		if strings.HasPrefix(c.Name, s.cookieName(r, awayCookie)) {
			a, _ := s.awayIn(r, c.Name)
			all = append(all, held{c.Name, a.Expires})
		}
	}
	slices.SortFunc(all, func(a, b held) int { return cmp.Compare(a.expires, b.expires) })
	for i := range len(all) - mostAway + 1 {
		s.setCookieFor(w, r, all[i].name, "", -1)
	}
}
