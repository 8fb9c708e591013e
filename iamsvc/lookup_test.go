package iamsvc

import (
	"context"
	"errors"
	"strings"
	"testing"

	"keydesk/iamsvc/localaccount"
)

const documented = "AKIAIOSFODNN7EXAMPLE"

func TestLookUpOfAKeyIsOneCall(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	total := func() (n int) {
		for _, c := range l.server.Calls() {
			n += c
		}
		return n
	}
	for _, text := range []string{documented, " \"" + strings.ToLower(documented) + "\" ", "denied for " + documented + " at 12:00"} {
		before := total()
		r, err := l.LookUp(context.Background(), text)
		if err != nil || r.Kind != KeyFound || r.Owner != "mateo.jackson" || r.KeyID != documented || !r.Key.LastUsed.Read || r.Key.LastUsed.Service != "iam" || r.InInventory {
			t.Errorf("%q: %+v %v", text, r, err)
		}
		if n := total() - before; n != 1 {
			t.Errorf("%q: %d calls", text, n)
		}
	}
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	before := total()
	r, err := l.LookUp(context.Background(), documented)
	if err != nil || !r.InInventory || r.Key.Description != "Laptop - command line" || r.Key.Status != KeyActive || total()-before != 1 {
		t.Errorf("%+v %v, %d calls", r, err, total()-before)
	}
}

func TestLookUpMisses(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		text    string
		kind    LookUpKind
		calls   int
		account string
	}{
		{"AKIAIOSFODNN7MISSING", NotInThisAccount, 1, ""},
		{"AKIAY34FZKBOKMUTVV7A", NotInThisAccount, 1, "609629065308"},
		{"ASIAY34FZKBOKMUTVV7A", TemporaryKey, 0, "609629065308"},
		{sentinel, LooksLikeSecret, 0, ""},
		{"aws_secret_access_key = " + sentinel, LooksLikeSecret, 0, ""},
		{"AKIA1234", NotAKeyID, 0, ""},
		{"AIDACKCEVSQ6C2EXAMPLE", NotAKeyID, 0, ""},
		{"0123456789abcdef0123456789abcdef", NotAKeyID, 0, ""},
		{"no key in this text", NotAKeyID, 0, ""},
		{"", NotAKeyID, 0, ""},
		{"nobody.of.that.name", UserMatches, 0, ""},
	}
	for _, tt := range tests {
		before := l.calls("GetAccessKeyLastUsed")
		r, err := l.LookUp(context.Background(), tt.text)
		if err != nil || r.Kind != tt.kind || r.DecodedAccount != tt.account || len(r.Users) != 0 {
			t.Errorf("%q: %+v %v, want %s", tt.text, r, err, tt.kind)
		}
		if n := l.calls("GetAccessKeyLastUsed") - before; n != tt.calls {
			t.Errorf("%q: %d calls", tt.text, n)
		}
	}
}

func TestLookUpOfUsers(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	someone, _ := l.Inventory().User("ci-deploy-prod")
	for text, want := range map[string]UserMatch{
		"MATEO.jackson": {User: User{Name: "mateo.jackson"}},
		"arn:aws:iam::123456789012:user/nikki.wolf":   {User: User{Name: "nikki.wolf"}},
		"svc+deploy=prod,eu.west@corp_1-x":            {User: User{Name: "svc+deploy=prod,eu.west@corp_1-x"}},
		someone.ID:                                    {User: User{Name: "ci-deploy-prod"}},
		"****" + someone.Keys[1].ID[14:]:              {User: User{Name: "ci-deploy-prod"}, KeyID: someone.Keys[1].ID},
		"********" + strings.ToLower(documented[12:]): {User: User{Name: "mateo.jackson"}, KeyID: documented},
	} {
		r, err := l.LookUp(context.Background(), text)
		found := false
		for _, u := range r.Users {
			found = found || u.User.Name == want.User.Name && u.KeyID == want.KeyID
		}
		if err != nil || r.Kind != UserMatches || !found || r.AsOf.IsZero() {
			t.Errorf("%q: %+v %v", text, r, err)
		}
	}
	r, _ := l.LookUp(context.Background(), "e")
	if len(r.Users) != mostMatches || r.MoreUsers == 0 {
		t.Errorf("%d matches and %d more", len(r.Users), r.MoreUsers)
	}
	if n := l.calls("GetUser"); n != 0 {
		t.Errorf("%d calls for names", n)
	}
}

func TestLookUpWithASecretInThePaste(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	r, err := l.LookUp(context.Background(), "aws_access_key_id="+documented+"\naws_secret_access_key="+sentinel+"\n# and AKIAI44QH8DHBEXAMPLE")
	if err != nil || r.Kind != KeyFound || !r.SecretSeen || len(r.OtherKeyIDs) != 1 || r.OtherKeyIDs[0] != "AKIAI44QH8DHBEXAMPLE" {
		t.Errorf("%+v %v", r, err)
	}
}

// A missing permission is told apart from a key of another account, although
// both are AccessDenied.
func TestLookUpThatIsNotAllowed(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.server.Trouble().Set("GetAccessKeyLastUsed", func(r *localaccount.Rules) { r.Deny = true })
	r, err := l.LookUp(context.Background(), documented)
	if err != nil || r.Kind != NotAllowed || r.Denied == nil || r.Denied.Action != "iam:GetAccessKeyLastUsed" {
		t.Fatalf("%+v %v", r, err)
	}
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	r, err = l.LookUp(context.Background(), documented)
	if err != nil || r.Kind != KeyFound || r.Owner != "mateo.jackson" || !errors.Is(r.LiveErr, ErrDenied) || r.AsOf.IsZero() {
		t.Errorf("the inventory knows the key: %+v %v", r, err)
	}
}

func TestLookUpWhileIAMIsAway(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	l.server.Trouble().Set("", func(r *localaccount.Rules) { r.FailWith = localaccount.Failure{Times: -1} })
	r, err := l.LookUp(context.Background(), documented)
	if err != nil || r.Kind != KeyFound || r.Owner != "mateo.jackson" || !errors.Is(r.LiveErr, ErrUnavailable) {
		t.Errorf("%+v %v", r, err)
	}
	_, err = l.LookUp(context.Background(), "AKIAIOSFODNN7MISSING")
	wantIs(t, err, ErrUnavailable)
	l.server.Trouble().Set("", func(r *localaccount.Rules) { *r = localaccount.Rules{Throttle: -1} })
	_, err = l.LookUp(context.Background(), "AKIAIOSFODNN7MISSING")
	wantIs(t, err, ErrThrottled)
}
