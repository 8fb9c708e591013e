package config

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
)

func TestDatabaseURL(t *testing.T) {
	t.Parallel()
	if got, want := (Config{Data: "folder"}).DatabaseURL(), "sqlite:"+filepath.Join("folder", "keydesk.db"); got != want {
		t.Errorf("default is %s, want %s", got, want)
	}
	if got := (Config{Data: "folder", Database: "sqlite:x"}).DatabaseURL(); got != "sqlite:x" {
		t.Errorf("got %s", got)
	}
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	for value, good := range map[string]bool{
		"":                                                            true,
		"sqlite:/var/lib/keydesk.db":                                  true,
		"sqlite:":                                                     false,
		"/var/lib/keydesk.db":                                         false,
		"mysql://u:hunter2@h/d":                                       false,
		"postgres://u:hunter2@127.0.0.1/d":                            true,
		"postgresql://u:hunter2@localhost/d":                          true,
		"postgres://u:hunter2@/d?host=%2Frun":                         true,
		"postgres://u:hunter2@/d":                                     false,
		"postgres://u:hunter2@127.0.0.1/":                             false,
		"postgres://u:hunter2%zz@h/d":                                 false,
		"postgres:u:hunter2@h/d":                                      false,
		"postgres://u:hunter2@db/d":                                   false,
		"postgres://u:hunter2@db/d?sslmode=verify-full":               true,
		"postgres://u:hunter2@db:5433/d?sslmode=require":              true,
		"postgres://u:hunter2@db/d?sslmode=prefer":                    false,
		"postgres://u:hunter2@127.0.0.1/d?host=10.0.0.1":              false,
		"postgres://u:hunter2@/d?host=127.0.0.1,db":                   false,
		"postgres://u:hunter2@/d?host=127.0.0.1,db&sslmode=verify-ca": true,
	} {
		c, err := Parse([]string{"-database", value}, environment(nil), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		err = c.Validate()
		if (err == nil) != good {
			t.Errorf("%s: %v", value, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "-database") || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: the message is %q", value, err)
		}
	}
}

func TestForgottenFlagDoesNotRepeatThePassword(t *testing.T) {
	t.Parallel()
	_, err := Parse([]string{"postgres://u:hunter2@h/d"}, environment(nil), io.Discard)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error is %v", err)
	}
}
