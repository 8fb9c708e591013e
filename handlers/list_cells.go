package handlers

import (
	"errors"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

// What stands in a cell whose value is not known. None of them is "-": that
// says there is nothing.
const (
	textNotRead    = "Not read yet"
	textNotAllowed = "Not allowed to see"
	textUnreadable = "Could not be read"
	textNotKnown   = "Not known"
)

func one(l views.Line) []views.Line     { return []views.Line{l} }
func plain(text string) []views.Line    { return one(views.Line{Text: text}) }
func failed(err error) bool             { return err != nil && !errors.Is(err, iamsvc.ErrNotReadYet) }
func unreadCell(err error) []views.Line { return one(unreadLine(err)) }
func orNone(text string) string         { return orElse(text, none) }
func stamp(now, t time.Time) views.Time {
	return views.Time{ISO: machine(t), Text: relative(now, t), Absolute: absolute(t)}
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// unreadLine says why a value is missing.
func unreadLine(err error) views.Line {
	switch {
	case errors.Is(err, iamsvc.ErrNotReadYet):
		return views.Line{Kind: "progress", Text: textNotRead}
	case errors.Is(err, iamsvc.ErrDenied):
		return views.Line{Kind: "warning", Text: textNotAllowed, Hint: "Not allowed: " + unreadBecause(err)}
	default:
		return views.Line{Kind: "warning", Text: textUnreadable}
	}
}

// unreadKeyID stands for the ID of a key that only the credential report tells of.
func unreadKeyID(u *iamsvc.InventoryUser) views.Line {
	if u.KeysErr == nil {
		return unreadLine(iamsvc.ErrNotReadYet)
	}
	return unreadLine(u.KeysErr)
}

// lacking names the permission that is missing, where the server's answer tells,
// and who can do something about it: nobody at this page.
func lacking(err error) string {
	text := "the identity Keydesk runs as lacks an IAM permission, "
	if p := missingPermission(err); p != "" {
		text += p + ", "
	}
	return text + "which an administrator of the AWS account can grant"
}

// missingPermission is "" where the server did not say which.
func missingPermission(err error) string {
	var denied *iamsvc.Denied
	if errors.As(err, &denied) {
		return denied.Action
	}
	return ""
}

// notKnownBecause is unreadBecause for what may only not have been read yet.
func notKnownBecause(err error) string {
	if !failed(err) {
		return "the account is still being read"
	}
	return unreadBecause(err)
}

// unreadBecause names the reason in a sentence's worth of words.
func unreadBecause(err error) string {
	var limit *iamsvc.LimitError
	switch {
	case errors.As(err, &limit):
		return limit.Error()
	case iamsvc.Advice(err) != "":
		return iamsvc.Cause(err)
	case errors.Is(err, iamsvc.ErrDenied):
		return lacking(err)
	case errors.Is(err, iamsvc.ErrThrottled):
		return "IAM is throttling requests"
	case errors.Is(err, iamsvc.ErrCredentials):
		return "AWS does not accept Keydesk's credentials"
	case errors.Is(err, iamsvc.ErrUnsupported):
		return "the IAM server does not support it"
	case errors.Is(err, iamsvc.ErrReportNotPresent), errors.Is(err, iamsvc.ErrReportInProgress), errors.Is(err, iamsvc.ErrReportExpired):
		return "IAM has not finished a credential report yet"
	default:
		return "IAM did not answer"
	}
}

// unknownLine is a value that nothing says anything about.
func unknownLine() views.Line { return views.Line{Kind: "inactive", Text: textNotKnown} }

// ageLine is an age in days with the console's colour and icon. Only what is
// in force is graded: nobody has to hurry because of an inactive key.
func ageLine(now, t time.Time, inForce bool) views.Line {
	if t.IsZero() {
		return unknownLine()
	}
	n := days(now, t)
	kind := ageKind(n)
	if !inForce {
		kind = "inactive"
	}
	return views.Line{Kind: kind, Text: count(n, "day"), Hint: absolute(t)}
}

// keyAgeLine grades active keys only, and never finds one of a quarantined
// user to be in order.
func keyAgeLine(now time.Time, k *iamsvc.AccessKey, quarantined bool) views.Line {
	l := ageLine(now, k.Created, isStatus(k.Status, iamsvc.KeyActive))
	if quarantined && l.Kind == "success" {
		l.Kind = "inactive"
	}
	return l
}

// lastUsedLine never says "Never" of a key whose last use is not known, and
// says how old the answer is.
func lastUsedLine(now time.Time, u iamsvc.LastUsed) views.Line {
	note, hint := lastUsedAsOf(now, u)
	switch {
	case !u.At.IsZero():
		return views.Line{Text: none, Time: stamp(now, u.At), Note: note, NoteHint: hint}
	case u.Never(now):
		return views.Line{Text: "Never", Note: note, NoteHint: hint}
	case u.Err != nil:
		return unreadLine(u.Err)
	default:
		return unknownLine()
	}
}

// lastUsedAsOf is the age of an answer about a last use, in short and precisely.
// Since an older one the key may have been used again.
func lastUsedAsOf(now time.Time, u iamsvc.LastUsed) (note, hint string) {
	source := "IAM was asked on "
	if u.FromReport() {
		source = "Credential report of "
	}
	switch {
	case u.AsOf().IsZero():
		return "or later", "It is not known whether the key has been used since"
	case !u.Current(now):
		return "or later, as of " + briefAge(now, u.AsOf()), source + absolute(u.AsOf()) + ". The key may have been used since."
	}
	return "as of " + briefAge(now, u.AsOf()), source + absolute(u.AsOf())
}

// withNote is a line as plain text.
func withNote(l views.Line) string {
	text := l.Text
	if l.Time.ISO != "" {
		text = l.Time.Text
	}
	if l.Note == "" {
		return text
	}
	return text + ", " + l.Note
}

// unknown is unknownLine while there is no hope that a reading under way
// brings the value.
func (v listView) unknown() []views.Line {
	if v.inventory.Loading {
		return unreadCell(iamsvc.ErrNotReadYet)
	}
	return one(unknownLine())
}

func (v listView) ago(t time.Time) []views.Line {
	return one(views.Line{Text: none, Time: stamp(v.now, t)})
}

func (v listView) lastUsed(u iamsvc.LastUsed) views.Line {
	if u.At.IsZero() && !u.Never(v.now) && u.Err == nil {
		return v.unknown()[0]
	}
	return lastUsedLine(v.now, u)
}

// keyLines is one line per key, the same order in every column, so that they
// line up.
func keyLines(u *iamsvc.InventoryUser, line func(*iamsvc.AccessKey) views.Line) []views.Line {
	if len(u.Keys) == 0 && u.KeysErr != nil {
		return unreadCell(u.KeysErr)
	}
	if len(u.Keys) == 0 {
		return plain(none)
	}
	lines := make([]views.Line, len(u.Keys))
	for i := range u.Keys {
		lines[i] = line(&u.Keys[i])
	}
	return lines
}
