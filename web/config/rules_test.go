package config

import (
	"io"
	"slices"
	"testing"
	"time"
)

func TestProtectMayBeGivenSeveralTimes(t *testing.T) {
	t.Parallel()
	env := environment(map[string]string{"KEYDESK_PROTECT": "user:from.environment"})
	c, err := Parse([]string{"-protect", "/service/,user:a", "-protect", "tag:K=V"}, env, io.Discard)
	if want := []string{"/service/", "user:a", "tag:K=V"}; err != nil || !slices.Equal(c.ProtectRules(), want) {
		t.Errorf("%q %v, want %q", c.ProtectRules(), err, want)
	}
	if c, err = Parse(nil, env, io.Discard); err != nil || !slices.Equal(c.ProtectRules(), []string{"user:from.environment"}) {
		t.Errorf("%q %v", c.ProtectRules(), err)
	}
	if rules := (Config{}).ProtectRules(); len(rules) != 0 {
		t.Errorf("rules by default: %q", rules)
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	c, err := Parse([]string{"-journal-retention", "90"}, environment(nil), io.Discard)
	if err != nil || c.Validate() != nil || c.Retention() != 90*24*time.Hour {
		t.Errorf("%v %v %v", c.Retention(), err, c.Validate())
	}
	for _, args := range [][]string{{"-journal-retention", "-1"}, {"-journal-retention", "1000000"}} {
		if c, err := Parse(args, environment(nil), io.Discard); err != nil || c.Validate() == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

func TestFreshSignIn(t *testing.T) {
	t.Parallel()
	for minutes, fine := range map[string]bool{"4": false, "5": true, "15": true, "60": true, "61": false, "0": false} {
		c, err := Parse([]string{"-fresh-sign-in", minutes}, environment(nil), io.Discard)
		if err != nil || (c.Validate() == nil) != fine {
			t.Errorf("%s minutes: %v %v", minutes, err, c.Validate())
		}
	}
	c, err := Parse(nil, environment(map[string]string{"KEYDESK_FRESH_SIGN_IN": "30"}), io.Discard)
	if err != nil || c.FreshSignInWindow() != 30*time.Minute {
		t.Errorf("%v %v", c.FreshSignInWindow(), err)
	}
}
