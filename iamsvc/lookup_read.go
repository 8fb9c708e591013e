package iamsvc

import (
	"slices"
	"strings"

	"keydesk/iamsvc/paste"
)

// read recognizes what is in a text. An ID of another length than AWS's is a
// whole one only when it is known, else the beginning of one.
func (i *Inventory) read(text string) paste.Text {
	t := paste.Parse(text, i.Knows)
	for n, p := range t.Parts {
		if p.Kind == paste.KeyID && len(p.Text) < paste.LengthOfKeyID && i.Knows(p.Text) != paste.KeyID {
			t.Parts[n].Kind, t.Parts[n].Text, t.Parts[n].Start = paste.MaskedKeyID, "", p.Text
		}
	}
	before := len(t.Parts)
	t.Parts = slices.DeleteFunc(t.Parts, func(p paste.Part) bool { return i.mayHideSecret(t, p) })
	t.NotUnderstood += before - len(t.Parts)
	return t
}

// Knows tells what the inventory has by that word: a key, or a user in any case.
func (i *Inventory) Knows(word string) paste.Kind {
	if _, ok := i.keyInAnyCase(word); ok {
		return paste.KeyID
	}
	if _, ok := i.userInAnyCase(word); ok {
		return paste.UserName
	}
	return ""
}

// lengthOfRandom is as much of a secret as says something of it.
const lengthOfRandom = 12

// mayHideSecret is the second wall behind the reader: a name that is not known
// here is neither shown nor stored when it looks made by a program, nor beside
// a secret when it could be a piece of that.
func (i *Inventory) mayHideSecret(t paste.Text, p paste.Part) bool {
	switch p.Kind {
	case paste.UserName, paste.GroupName, paste.RoleName, paste.Word, paste.Contact:
	default:
		return false
	}
	if i.Knows(p.Text) != "" || paste.IsBedrockUser(p.Text) {
		return false
	}
	random := len(p.Text) >= lengthOfRandom && p.Text != strings.ToLower(p.Text) && p.Text != strings.ToUpper(p.Text)
	return !paste.MayBeUserName(p.Text) || t.HasSecret() && random
}
