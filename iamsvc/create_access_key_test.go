package iamsvc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/iamsvc/localaccount"
)

func TestCreateAccessKeyWithDescription(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.newUser(t, "new", 0)
	created, err := l.CreateAccessKey(administrator(), "new", "CI - deploy")
	if err != nil {
		t.Fatal(err)
	}
	k := created.Key
	if !strings.HasPrefix(k.ID, "AKIA") || len(created.Secret.Reveal()) != 40 || k.Status != KeyActive || k.UserName != "new" ||
		k.Description != "CI - deploy" || time.Since(k.Created) > time.Minute || len(created.Warnings) != 0 {
		t.Errorf("%+v", created)
	}
	u, err := l.User(context.Background(), "new")
	if err != nil || !slices.Contains(u.Tags, Tag{k.ID, "CI - deploy"}) {
		t.Errorf("tags %v, %v", u.Tags, err)
	}
}

func TestDescriptionThatCannotBeSavedIsAWarning(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.newUser(t, "new", 0)
	l.server.Trouble().Set("TagUser", func(r *localaccount.Rules) { r.Deny = true })
	created, err := l.CreateAccessKey(administrator(), "new", "CI")
	if err != nil || created.Secret.IsZero() || len(created.Warnings) != 1 || !strings.Contains(created.Warnings[0], "iam:TagUser") {
		t.Errorf("%+v, %v", created, err)
	}
	if _, r := l.journal.row(t, ActionCreateAccessKey); r.Outcome != OutcomeOK {
		t.Errorf("row %+v", r)
	}
	if c, r := l.journal.row(t, ActionTagUser); c.AccessKeyID != created.Key.ID || r.Outcome != OutcomeFailed || r.ErrorCode != "AccessDenied" {
		t.Errorf("row %+v %+v", c, r)
	}

	full := make([]Tag, 50)
	for i := range full {
		full[i].Key = fmt.Sprint("k", i)
	}
	l.server.Trouble().Reset()
	if _, err := l.CreateUser(administrator(), NewUser{Name: "full", Tags: full}); err != nil {
		t.Fatal(err)
	}
	created, err = l.CreateAccessKey(administrator(), "full", "CI")
	if err != nil || created.Secret.IsZero() || len(created.Warnings) != 1 || !strings.Contains(created.Warnings[0], "tags") {
		t.Errorf("%+v, %v", created, err)
	}
}

// Three ways to lose the reply: each is one call, an unknown outcome, and the
// key is found when it was made.
func TestLostReplyOfACreation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		rules func(*localaccount.Rules)
		made  bool
	}{
		{"connection lost after the effect", func(r *localaccount.Rules) { r.LoseReply = 1 }, true},
		{"503", func(r *localaccount.Rules) { r.FailWith = localaccount.Failure{Times: -1} }, false},
		{"500 with a code", func(r *localaccount.Rules) {
			r.FailWith = localaccount.Failure{Times: -1, Status: 500, Code: "InternalFailure"}
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := openLocal(t, localaccount.Options{})
			old := l.newUser(t, "ann", 1)
			before := l.calls("CreateAccessKey")
			l.server.Trouble().Set("CreateAccessKey", tt.rules)
			_, err := l.CreateAccessKey(administrator(), "ann", "x")
			var lost *OutcomeUnknown
			if !errors.As(err, &lost) || !errors.Is(err, ErrOutcomeUnknown) || lost.User != "ann" || lost.ListErr != nil {
				t.Fatalf("error %v", err)
			}
			if n := l.calls("CreateAccessKey") - before; n != 1 {
				t.Errorf("%d calls", n)
			}
			if n := len(lost.Candidates); tt.made && n != 1 || !tt.made && n != 0 {
				t.Fatalf("candidates %v", lost.Candidates)
			}
			_, r := l.journal.last(t)
			if r.Outcome != OutcomeUnknownIs || lost.Attempt != int64(len(l.journal.attempts)) {
				t.Errorf("row %+v, attempt %d", r, lost.Attempt)
			}
			if tt.made && (r.AccessKeyID != lost.Candidates[0].ID || lost.Candidates[0].ID == old[0]) {
				t.Errorf("row %+v, candidate %v, old %v", r, lost.Candidates[0], old)
			}
		})
	}
}

// What does not prove that nothing happened is unknown; what does is a failure.
func TestCreationOutcomeByReply(t *testing.T) {
	t.Parallel()
	hangUp := func(w http.ResponseWriter, _ url.Values) { panic(http.ErrAbortHandler) }
	halfBody := func(w http.ResponseWriter, form url.Values) {
		w.Header().Set("Content-Length", "4000")
		_, _ = w.Write([]byte(`<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey><AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>` + sentinel))
	}
	tests := []struct {
		name    string
		answer  func(http.ResponseWriter, url.Values)
		unknown bool
		kind    error
	}{
		{"quota", fails(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"), false, ErrKeyQuota},
		{"no such user", fails(404, "NoSuchEntity", "The user with name ann cannot be found."), false, ErrNoSuchUser},
		{"denied", fails(403, "AccessDenied", "no"), false, ErrDenied},
		{"concurrent", fails(409, "EntityTemporarilyUnmodifiable", "wait"), false, ErrConcurrent},
		{"credentials", fails(403, "InvalidClientTokenId", "no"), false, ErrCredentials},
		{"not implemented", fails(501, "NotImplemented", "no"), false, ErrUnsupported},
		{"server failure", fails(500, "ServiceFailure", "oops"), true, ErrUnavailable},
		{"gateway page", sendsRaw(502, "<html><body>Bad Gateway"), true, ErrUnavailable},
		{"400 of a proxy", sendsRaw(400, "bad request"), true, ErrUnsupported},
		{"hung up", hangUp, true, ErrUnavailable},
		{"half a body", halfBody, true, ErrUnavailable},
		{"empty 200", sendsRaw(200, ""), true, ErrUnsupported},
		{"undecodable 200", sendsRaw(200, "<CreateAccessKeyResponse><x>"+sentinel), true, ErrUnsupported},
		{"200 without a secret", sends(`<AccessKey><AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId></AccessKey>`), true, ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			a, server, journal := openForeign(t, map[string]func(http.ResponseWriter, url.Values){
				"CreateAccessKey": tt.answer, "ListAccessKeys": fails(403, "AccessDenied", "no"),
			})
			a.log = slog.New(slog.NewTextHandler(&log, nil))
			created, err := a.CreateAccessKey(administrator(), "ann", "x")
			wantIs(t, err, tt.kind)
			if got := errors.Is(err, ErrOutcomeUnknown); got != tt.unknown {
				t.Errorf("unknown is %v: %v", got, err)
			}
			var lost *OutcomeUnknown
			if errors.As(err, &lost) && !errors.Is(lost.ListErr, ErrDenied) {
				t.Errorf("why listing failed is not said: %v", lost.ListErr)
			}
			if n := server.count("CreateAccessKey"); n != 1 {
				t.Errorf("%d calls", n)
			}
			_, r := journal.last(t)
			if want := map[bool]string{true: OutcomeUnknownIs, false: OutcomeFailed}[tt.unknown]; r.Outcome != want {
				t.Errorf("row %+v, want %s", r, want)
			}
			everything := fmt.Sprintf("%v %+v %#v %+v %+v %s", err, err, err, created, journal.outcomes, log.String())
			for e := err; e != nil; e = errors.Unwrap(e) {
				everything += fmt.Sprintf("%#v", e)
			}
			if strings.Contains(everything, "wJalr") {
				t.Errorf("the secret leaked: %s", everything)
			}
		})
	}
}

func TestThrottledCreationIsTriedAgain(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.newUser(t, "ann", 0)
	l.server.Trouble().Set("CreateAccessKey", func(r *localaccount.Rules) { r.Throttle = 1 })
	before := l.calls("CreateAccessKey")
	created, err := l.CreateAccessKey(administrator(), "ann", "")
	if err != nil || created.Secret.IsZero() || l.calls("CreateAccessKey")-before != 2 {
		t.Fatalf("%v, %d calls", err, l.calls("CreateAccessKey")-before)
	}
	keys, err := l.ListAccessKeys(context.Background(), "ann")
	if err != nil || len(keys) != 1 {
		t.Errorf("%v %v", keys, err)
	}
}

// No connection, no credentials: nothing was sent, so the outcome is known.
func TestCreationThatNeverLeft(t *testing.T) {
	t.Parallel()
	a, _, journal := openForeign(t, map[string]func(http.ResponseWriter, url.Values){})
	c := Config{AWS: inProcess(nil)}.withDefaults()
	c.AWS.HTTPClient = roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	})
	a.openLanes(c)
	a.writes.deadline = time.Second
	_, err := a.CreateAccessKey(administrator(), "ann", "")
	if !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrOutcomeUnknown) {
		t.Errorf("error %v", err)
	}
	if _, r := journal.last(t); r.Outcome != OutcomeFailed {
		t.Errorf("row %+v", r)
	}
}

// A key whose creation cannot be journalled is deleted again and its secret
// never seen.
func TestCreationThatCannotBeJournalledIsWithdrawn(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.newUser(t, "ann", 0)
	l.journal.failOutcome = []error{errDiskFull}
	created, err := l.CreateAccessKey(administrator(), "ann", "x")
	var failure *JournalFailure
	if !errors.As(err, &failure) || !failure.Withdrawn || !failure.Called || failure.KeyID == "" || !created.Secret.IsZero() {
		t.Fatalf("%+v %#v", created, err)
	}
	if keys, err := l.ListAccessKeys(context.Background(), "ann"); err != nil || len(keys) != 0 {
		t.Errorf("keys %v, %v", keys, err)
	}
	if _, r := l.journal.last(t); r.Outcome != OutcomeWithdrawn || r.AccessKeyID != failure.KeyID {
		t.Errorf("row %+v", r)
	}
}

func TestOrphanIsSaid(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.newUser(t, "ann", 0)
	var log bytes.Buffer
	l.log = slog.New(slog.NewTextHandler(&log, nil))
	l.journal.failOutcome = []error{errDiskFull, errDiskFull}
	l.server.Trouble().Set("DeleteAccessKey", func(r *localaccount.Rules) { r.Deny = true })
	created, err := l.CreateAccessKey(administrator(), "ann", "x")
	var failure *JournalFailure
	if !errors.As(err, &failure) || failure.Withdrawn || failure.KeyID == "" || !created.Secret.IsZero() {
		t.Fatalf("%+v %#v", created, err)
	}
	if !strings.Contains(log.String(), failure.KeyID) || !strings.Contains(log.String(), "nobody has") {
		t.Errorf("log: %s", log.String())
	}
}

func TestParallelCreationsKeepTheQuota(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.newUser(t, "ann", 0)
	errs := make(chan error, 12)
	for range cap(errs) {
		go func() {
			_, err := l.CreateAccessKey(administrator(), "ann", "")
			errs <- err
		}()
	}
	made := 0
	for range cap(errs) {
		if err := <-errs; err == nil {
			made++
		} else if !errors.Is(err, ErrKeyQuota) {
			t.Error(err)
		}
	}
	u, _ := l.Inventory().User("ann")
	if keys, err := l.ListAccessKeys(context.Background(), "ann"); err != nil || made != 2 || len(keys) != 2 || len(u.Keys) != 2 {
		t.Errorf("made %d, listed %d, inventory %d, %v", made, len(keys), len(u.Keys), err)
	}
}
