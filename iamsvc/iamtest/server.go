// Package iamtest is an IAM server that is not AWS, for tests: it speaks IAM's Query
// protocol over HTTP and allows any user name, any access key ID and as many keys as
// its quota says. It checks no signatures and knows nothing of Keydesk.
package iamtest

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Account is the account's ID in the answers, of a form that AWS's never have.
const Account = "5f3c9a1e7b2d4c6f8a0b1c2d"

// KeyQuota is how many access keys a user may have.
const KeyQuota = 4

// User is a user with access keys and tags, in the order in which they are listed.
type User struct {
	Name string
	Keys []*Key
	Tags []Tag
}

// Key is an access key. Without a use GetAccessKeyLastUsed says that there is none.
type Key struct {
	ID     string
	Status string // Active or Inactive
	Used   time.Time
}

// Tag is a tag of a user.
type Tag struct{ Key, Value string }

// Server is the IAM server. Its fields are guarded by itself once it is served.
type Server struct {
	URL string

	mu    sync.Mutex
	users []*User
	blank []string // calls with an empty user name or key ID
	made  int      // keys
}

// Start serves the users on a loopback address until the test ends.
func Start(t testing.TB, users ...*User) *Server {
	t.Helper()
	s := &Server{users: users}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Find returns a copy of the user, with copies of the keys.
func (s *Server) Find(name string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(name)
	if u == nil {
		return User{}, false
	}
	copied := User{Name: u.Name, Tags: slices.Clone(u.Tags)}
	for _, k := range u.Keys {
		key := *k
		copied.Keys = append(copied.Keys, &key)
	}
	return copied, true
}

// Give adds an active key to a user.
func (s *Server) Give(name, keyID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(name)
	u.Keys = append(u.Keys, &Key{ID: keyID, Status: "Active"})
}

// Blank lists the calls that named neither a user nor a key where they have to.
func (s *Server) Blank() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.blank)
}

func (s *Server) user(name string) *User {
	for _, u := range s.users {
		if u.Name == name {
			return u
		}
	}
	return nil
}

func (u *User) key(id string) *Key {
	for _, k := range u.Keys {
		if k.ID == id {
			return k
		}
	}
	return nil
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	s.mu.Lock()
	defer s.mu.Unlock()
	action := r.PostForm.Get("Action")
	body, refused := s.answer(action, r.PostForm)
	if refused != nil {
		w.WriteHeader(refused.status)
		fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>r-2</RequestId></ErrorResponse>`,
			refused.code, escape(refused.message))
		return
	}
	fmt.Fprintf(w, `<%[1]sResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></%[1]sResponse>`,
		action, body)
}

type refusal struct {
	status        int
	code, message string
}

func noSuch(what, name string) *refusal {
	return &refusal{http.StatusNotFound, "NoSuchEntity", "The " + what + " " + name + " cannot be found."}
}

func (s *Server) answer(action string, form url.Values) (string, *refusal) {
	name, id := form.Get("UserName"), form.Get("AccessKeyId")
	switch action {
	case "GetCallerIdentity":
		return element("Arn", arn("ops")) + element("Account", Account), nil
	case "ListUsers":
		return s.listUsers(form), nil
	case "CreateUser":
		return s.createUser(name)
	case "GetAccessKeyLastUsed":
		return s.lastUsed(id)
	case "GetUser", "ListAccessKeys", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey", "TagUser", "UntagUser":
	default:
		return "", &refusal{http.StatusBadRequest, "InvalidAction", "Could not find operation " + action}
	}
	if name == "" || id == "" && (action == "UpdateAccessKey" || action == "DeleteAccessKey") {
		s.blank = append(s.blank, form.Encode())
	}
	u := s.user(name)
	if u == nil {
		return "", noSuch("user with name", name)
	}
	return s.ofUser(action, u, form)
}

func (s *Server) ofUser(action string, u *User, form url.Values) (string, *refusal) {
	switch action {
	case "GetUser":
		return "<User>" + u.xml() + "</User>", nil
	case "ListAccessKeys":
		return u.listKeys(), nil
	case "CreateAccessKey":
		return s.createKey(u)
	case "TagUser":
		u.untag(form.Get("Tags.member.1.Key"))
		u.Tags = append(u.Tags, Tag{form.Get("Tags.member.1.Key"), form.Get("Tags.member.1.Value")})
		return "", nil
	case "UntagUser":
		u.untag(form.Get("TagKeys.member.1"))
		return "", nil
	}
	k := u.key(form.Get("AccessKeyId"))
	if k == nil {
		return "", noSuch("Access Key with id", form.Get("AccessKeyId"))
	}
	if action == "UpdateAccessKey" {
		k.Status = form.Get("Status")
	} else {
		u.Keys = slices.DeleteFunc(u.Keys, func(other *Key) bool { return other == k })
	}
	return "", nil
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes everything
	return b.String()
}

func element(name, text string) string { return "<" + name + ">" + escape(text) + "</" + name + ">" }

func arn(user string) string { return "arn:aws:iam::" + Account + ":user/" + user }
