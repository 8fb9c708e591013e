package handlers

import (
	"fmt"

	"keydesk/iamsvc"
	"keydesk/iamsvc/paste"
	"keydesk/views"
)

// answerCounts are how many parts of a text were found.
type answerCounts struct {
	asked, found int // of the parts that may have an answer here
	wholeIDs     int // of asked: whole key IDs
	users        int // of asked: user names and IDs
	keysFound    int // access keys
	usersFound   int // users of that name or with a similar one
	temporary    int
}

func countAnswers(answers []iamsvc.Answer) (c answerCounts) {
	for _, a := range answers {
		c.keysFound += len(a.Keys) + a.MoreKeys
		c.usersFound += len(a.Users) + len(a.Similar) + a.MoreUsers
		switch a.Part.Kind {
		case paste.KeyID:
			c.wholeIDs++
		case paste.TemporaryKeyID:
			c.wholeIDs++
			c.temporary++
		case paste.UserName, paste.UserID:
			c.users++
		case paste.MaskedKeyID, paste.Word:
		case paste.Contact:
			if !a.Found() && len(answers) > 1 {
				continue // the sender of a notice, say
			}
		default:
			continue
		}
		c.asked++
		if a.Found() {
			c.found++
		}
	}
	return c
}

// title is the answer in one line.
func (c answerCounts) title() string {
	switch {
	case c.asked == 0:
		return "No access key and no user"
	case c.asked > 1 && c.wholeIDs == c.asked:
		return fmt.Sprintf("%s of %s access key IDs found", thousands(c.found), thousands(c.asked))
	case c.asked > 1 && c.users == c.asked:
		return fmt.Sprintf("%s of %s users found", thousands(c.found), thousands(c.asked))
	case c.asked > 1:
		return fmt.Sprintf("%s of %s found", thousands(c.found), thousands(c.asked))
	case c.keysFound+c.usersFound == 0:
		return "Nothing found"
	case c.usersFound == 0:
		return "Access keys found"
	case c.keysFound == 0:
		return "Users found"
	}
	return "Access keys and users found"
}

// words are the counts of a text with several parts.
func (c answerCounts) words() (counts []views.Status) {
	if c.asked < 2 {
		return nil
	}
	add := func(kind string, n int, text string) {
		if n > 0 {
			counts = append(counts, views.Status{Kind: kind, Text: thousands(n) + " " + text})
		}
	}
	add("success", c.found, "found")
	add("error", c.asked-c.found-c.temporary, "not found")
	add("info", c.temporary, "temporary")
	return counts
}
