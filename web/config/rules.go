package config

import (
	"fmt"
	"strings"
	"time"
)

// ProtectRules are the rules of Protect, one by one. User names with a comma
// cannot be written in one: protect these by path or tag.
func (c Config) ProtectRules() []string {
	if c.Protect == "" {
		return nil
	}
	return strings.Split(c.Protect, ",")
}

// Retention is JournalRetention as a duration; 0 is for ever.
func (c Config) Retention() time.Duration { return time.Duration(c.JournalRetention) * 24 * time.Hour }

// FreshSignInWindow is FreshSignIn as a duration.
func (c Config) FreshSignInWindow() time.Duration { return time.Duration(c.FreshSignIn) * time.Minute }

const maxRetention = 36500 // days; a duration holds no more than about 290 years

func (c Config) validateRules() error {
	if c.JournalRetention < 0 || c.JournalRetention > maxRetention {
		return fmt.Errorf("-journal-retention %d is outside 0 (for ever) to %d days", c.JournalRetention, maxRetention)
	}
	if c.FreshSignIn < 5 || c.FreshSignIn > 60 {
		return fmt.Errorf("-fresh-sign-in %d is outside 5 to 60 minutes", c.FreshSignIn)
	}
	return nil
}
