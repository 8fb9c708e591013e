package config

import (
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// DatabaseURL is where Keydesk's own data is: what was asked for, or a file in the
// data folder. It may hold a password.
func (c Config) DatabaseURL() string {
	if c.Database == "" {
		return "sqlite:" + filepath.Join(c.Data, "keydesk.db")
	}
	return c.Database
}

// validateDatabase never repeats the URL.
func (c Config) validateDatabase() error {
	scheme, path, _ := strings.Cut(c.Database, ":")
	switch {
	case c.Database == "", scheme == "sqlite" && path != "":
		return nil
	case scheme != "postgres" && scheme != "postgresql":
		return errors.New("-database is neither sqlite:PATH nor postgres://USER@HOST/NAME")
	}
	u, err := url.Parse(c.Database)
	if err != nil {
		return errors.New("-database is not a URL; write special characters of user name and password as %XX")
	}
	hosts := databaseHosts(u)
	if slices.Contains(hosts, "") || strings.Trim(u.Path, "/") == "" {
		return errors.New("-database names no server or no database: want postgres://USER@HOST/NAME")
	}
	// The driver's default falls back to plain text without a word: then whoever
	// listens reads everybody's password hashes, and may change rows on the way.
	far := slices.ContainsFunc(hosts, func(h string) bool { return !loopback(h) && !strings.HasPrefix(h, "/") })
	if far && !slices.Contains([]string{"verify-full", "verify-ca", "require"}, u.Query().Get("sslmode")) {
		return errors.New("-database is on another machine: add ?sslmode=verify-full (or require) to the URL")
	}
	return nil
}

// databaseHosts lists the servers of the URL; a path is the folder of a socket.
func databaseHosts(u *url.URL) []string {
	if given := u.Query().Get("host"); given != "" {
		return strings.Split(given, ",")
	}
	return strings.Split(u.Hostname(), ",")
}
