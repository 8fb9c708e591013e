package handlers

import (
	"fmt"
	"strings"

	"keydesk/iamsvc"
	"keydesk/iamsvc/paste"
)

// besideKey tells what a part came to in a text that asks about one key; "" when
// it adds nothing to the answer.
func besideKey(found iamsvc.LookUpResult, a iamsvc.Answer) string {
	switch a.Part.Kind {
	case paste.UserName, paste.UserID:
		return besideUser(found, a)
	case paste.KeyID:
		return besideOtherKey(a)
	case paste.TemporaryKeyID:
		return fmt.Sprintf("The text also holds the temporary key ID %s.", a.Part.Text)
	case paste.MaskedKeyID:
		if len(a.Keys) == 1 && a.Keys[0].KeyID == found.KeyID {
			return ""
		}
		return fmt.Sprintf("The text also holds the masked key ID %s.", maskedText(a.Part))
	case paste.Contact, paste.Word:
		if !a.Found() || len(a.Users) == 1 && a.Users[0].Name == found.Owner {
			return ""
		}
		return fmt.Sprintf("%s in the text belongs to %s.", a.Part.Text, joinedNames(a.Users))
	}
	return notAUser(a.Part)
}

func besideUser(found iamsvc.LookUpResult, a iamsvc.Answer) string {
	name := a.Part.Text
	if len(a.Users) == 1 {
		name = a.Users[0].Name
	}
	says := "The text also names the user " + name
	if a.Part.Actor {
		says = "The text names the user " + name + " as the one who acted"
	}
	switch {
	case !a.Elsewhere && strings.EqualFold(name, found.Owner):
		return ""
	case a.Elsewhere:
		return says + ", of AWS account " + a.Part.Account + "."
	case !a.Found():
		return says + ". No user of that name was found in this account."
	}
	return says + "."
}

func besideOtherKey(a iamsvc.Answer) string {
	says := "The text also holds the access key ID " + a.Part.Text
	if a.Part.Actor {
		says = "The text names the access key " + a.Part.Text + " as the one that was used to act"
	}
	if a.Found() {
		return says + ", of the user " + a.Keys[0].Owner.Name + "."
	}
	return says + ", which is not known here."
}

// notAUser is for the parts that have no access keys of a user.
func notAUser(p paste.Part) string {
	of := ""
	if p.Account != "" {
		of = " of account " + p.Account
	}
	switch p.Kind {
	case paste.RoleSession:
		role, session, _ := strings.Cut(p.Text, "/")
		return fmt.Sprintf("The text names a role (%s)%s: no user's access keys belong to it. The name of its session is %s.", role, of, session)
	case paste.RoleName:
		return fmt.Sprintf("The text names a role (%s)%s: no user's access keys belong to it.", p.Text, of)
	case paste.GroupName:
		return fmt.Sprintf("The text names a user group (%s)%s: no user's access keys belong to it.", p.Text, of)
	case paste.RootUser:
		return fmt.Sprintf("The text names the root user%s: it is no IAM user, and no user's access keys belong to it. The root user should have no access keys.", of)
	case paste.OtherID:
		return fmt.Sprintf("%s is the ID of %s: no user's access keys belong to it.", p.Text, orElse(paste.KindOfID(p.Text), "something else"))
	}
	return ""
}

// partsWithoutKeys tell of what else a text names beside keys and users.
func partsWithoutKeys(found iamsvc.LookUpResult) (text []string) {
	for _, a := range found.Answers {
		if says := notAUser(a.Part); says != "" {
			text = append(text, says)
		}
	}
	if n := found.Text.NotUnderstood; n > 0 {
		text = append(text, notUnderstood(n))
	}
	return text
}

// maskedText writes what is left of a key ID.
func maskedText(p paste.Part) string {
	if p.End == "" {
		return p.Start + "..."
	}
	return p.Start + "****" + p.End
}

// noMatch says of a masked ID that no key fits it.
func noMatch(p paste.Part) string {
	switch {
	case p.Start == "" || p.Start == "AKIA" && p.End != "":
		return "No access key ID ends with " + p.End + "."
	case p.End == "":
		return "No access key ID begins with " + p.Start + "."
	}
	return "No access key ID begins with " + p.Start + " and ends with " + p.End + "."
}

func joinedNames(users []iamsvc.User) string {
	var names []string
	for _, u := range users {
		names = append(names, u.Name)
	}
	return strings.Join(names, ", ")
}
