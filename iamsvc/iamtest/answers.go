package iamtest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const created = "2026-01-01T00:00:00Z"

func (u *User) xml() string {
	text := element("UserName", u.Name) + element("Path", "/") + element("UserId", "id of "+u.Name) + element("Arn", arn(u.Name)) +
		element("CreateDate", created)
	for i, t := range u.Tags {
		if i == 0 {
			text += "<Tags>"
		}
		text += "<member>" + element("Key", t.Key) + element("Value", t.Value) + "</member>"
	}
	if len(u.Tags) > 0 {
		text += "</Tags>"
	}
	return text
}

// listUsers gives out pages of at most three.
func (s *Server) listUsers(form url.Values) string {
	from, _ := strconv.Atoi(form.Get("Marker"))
	from = min(from, len(s.users))
	to := min(from+3, len(s.users))
	var b strings.Builder
	for _, u := range s.users[from:to] {
		b.WriteString("<member>" + u.xml() + "</member>")
	}
	end := "<IsTruncated>false</IsTruncated>"
	if to < len(s.users) {
		end = "<IsTruncated>true</IsTruncated>" + element("Marker", strconv.Itoa(to))
	}
	return "<Users>" + b.String() + "</Users>" + end
}

// createUser has a rule that AWS does not have, under a code that AWS does not have.
func (s *Server) createUser(name string) (string, *refusal) {
	switch {
	case name == "":
		s.blank = append(s.blank, "CreateUser")
		return "", &refusal{http.StatusBadRequest, "InvalidArgument", "no name"}
	case strings.Contains(name, "!"):
		return "", &refusal{http.StatusBadRequest, "InvalidArgument", "user names must not shout"}
	case s.user(name) != nil:
		return "", &refusal{http.StatusConflict, "EntityAlreadyExists", "User with name " + name + " already exists."}
	}
	u := &User{Name: name}
	s.users = append(s.users, u)
	return "<User>" + u.xml() + "</User>", nil
}

func (u *User) listKeys() string {
	var b strings.Builder
	for _, k := range u.Keys {
		b.WriteString("<member>" + k.xml(u) + "</member>")
	}
	return "<AccessKeyMetadata>" + b.String() + "</AccessKeyMetadata><IsTruncated>false</IsTruncated>"
}

func (k *Key) xml(of *User) string {
	return element("UserName", of.Name) + element("AccessKeyId", k.ID) + element("Status", k.Status) + element("CreateDate", created)
}

// createKey makes IDs that all end in the same way.
func (s *Server) createKey(u *User) (string, *refusal) {
	if len(u.Keys) >= KeyQuota {
		return "", &refusal{http.StatusConflict, "LimitExceeded", fmt.Sprintf("Cannot exceed quota for AccessKeysPerUser: %d", KeyQuota)}
	}
	s.made++
	k := &Key{ID: fmt.Sprintf("svc/%d new-00000001", s.made), Status: "Active"}
	u.Keys = append(u.Keys, k)
	return "<AccessKey>" + k.xml(u) + element("SecretAccessKey", "a secret with $HOME and 'quotes'") + "</AccessKey>", nil
}

func (s *Server) lastUsed(id string) (string, *refusal) {
	for _, u := range s.users {
		k := u.key(id)
		if k == nil {
			continue
		}
		used := element("Region", "N/A") + element("ServiceName", "N/A")
		if !k.Used.IsZero() {
			used += element("LastUsedDate", k.Used.UTC().Format(time.RFC3339))
		}
		return element("UserName", u.Name) + "<AccessKeyLastUsed>" + used + "</AccessKeyLastUsed>", nil
	}
	return "", noSuch("Access Key with id", id)
}

func (u *User) untag(key string) {
	u.Tags = slices.DeleteFunc(u.Tags, func(t Tag) bool { return strings.EqualFold(t.Key, key) })
}
