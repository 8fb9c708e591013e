package handlers

import (
	"errors"
	"net/url"
	"reflect"
	"testing"

	"keydesk/iamsvc"
	"keydesk/web/session"
)

func TestTakeSettings(t *testing.T) {
	t.Parallel()
	before := session.Preferences{Theme: "dark", PageSize: 50, UserColumns: []string{"name"}, UTC: true}
	for _, c := range []struct {
		form string
		want session.Preferences
	}{
		{"theme=system&density=", session.Preferences{ShortcutsOff: true, PageSize: 50, UserColumns: []string{"name"}}},
		{"theme=light&density=compact&shortcuts=on&utc=on", session.Preferences{Theme: "light", Density: "compact", UTC: true, PageSize: 50, UserColumns: []string{"name"}}},
	} {
		got := before
		if err := takeSettings(&got, form(t, c.form)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", c.form, got, err)
		}
	}
	for _, bad := range []string{"", "theme=pink&density=", "theme=dark&density=huge", "theme=%22%3E"} {
		got := before
		if err := takeSettings(&got, form(t, bad)); !errors.Is(err, iamsvc.ErrInvalid) || !reflect.DeepEqual(got, before) {
			t.Errorf("%q: %+v, %v", bad, got, err)
		}
	}
}

func form(t *testing.T, encoded string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTakeListPreferences(t *testing.T) {
	t.Parallel()
	before := session.Preferences{Theme: "dark", PageSize: 50, KeyColumns: []string{"key-id"}}
	for _, c := range []struct {
		form string
		want session.Preferences
	}{
		{"page_size=10&density=compact&column=arn&column=path&column=bogus",
			session.Preferences{Theme: "dark", Density: "compact", PageSize: 10, UserColumns: []string{"name", "path", "arn"}, KeyColumns: []string{"key-id"}}},
		{"page_size=100&density=&list=users", session.Preferences{Theme: "dark", PageSize: 100, UserColumns: []string{"name"}, KeyColumns: []string{"key-id"}}},
		{"page_size=20&density=&list=keys&column=region", session.Preferences{Theme: "dark", PageSize: 20, KeyColumns: []string{"key-id", "region"}}},
	} {
		got := before
		if err := takeListPreferences(&got, form(t, c.form)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", c.form, got, err)
		}
	}
	for _, bad := range []string{"", "page_size=1000000", "page_size=20&density=huge", "page_size=x"} {
		got := before
		if err := takeListPreferences(&got, form(t, bad)); !errors.Is(err, iamsvc.ErrInvalid) || !reflect.DeepEqual(got, before) {
			t.Errorf("%q: %+v, %v", bad, got, err)
		}
	}
}
