package handlers

import (
	"keydesk/iamsvc"
	"keydesk/views"
)

// protectedText says why nobody gets an access key for a user.
func protectedText(rule string) string {
	return "Nobody creates or activates access keys for this user here: the user is protected by " + rule + "."
}

// protectedMark is how a list shows such a user.
func (v listView) protectedMark(u iamsvc.User) []views.Line {
	if v.protected == nil || v.protected(u) == "" {
		return nil
	}
	return one(views.Line{Kind: "info", Text: "Protected", Hint: protectedText(v.protected(u))})
}
