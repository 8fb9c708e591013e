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
func unknownCell() []views.Line         { return one(views.Line{Kind: "inactive", Text: textNotKnown}) }
func failed(err error) bool             { return err != nil && !errors.Is(err, iamsvc.ErrNotReadYet) }
func unreadCell(err error) []views.Line { return one(unreadLine(err)) }
func orNone(text string) string         { return orElse(text, none) }
func stamp(now, t time.Time) views.Time {
	return views.Time{ISO: machine(t), Text: relative(now, t), Absolute: absolute(t)}
}
func agoLine(now, t time.Time) views.Line { return views.Line{Text: none, Time: stamp(now, t)} }

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
		return views.Line{Kind: "warning", Text: textNotAllowed}
	default:
		return views.Line{Kind: "warning", Text: textUnreadable}
	}
}

// unreadBecause names the reason in a sentence's worth of words.
func unreadBecause(err error) string {
	switch {
	case errors.Is(err, iamsvc.ErrDenied):
		return "the identity Keydesk runs as lacks an IAM permission"
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

// ageLine is an age in days with the console's colour and icon. Only what is
// in force is graded: nobody has to hurry because of an inactive key.
func ageLine(now, t time.Time, inForce bool) views.Line {
	if t.IsZero() {
		return unknownCell()[0]
	}
	n := days(now, t)
	kind := ageKind(n)
	if !inForce {
		kind = "inactive"
	}
	return views.Line{Kind: kind, Text: count(n, "day"), Hint: absolute(t)}
}

// lastUsedLine never says "Never" of a key whose last use is not known.
func lastUsedLine(now time.Time, u iamsvc.LastUsed) views.Line {
	switch {
	case u.Read && u.At.IsZero():
		return views.Line{Text: "Never"}
	case u.Read:
		return agoLine(now, u.At)
	case u.Err != nil:
		return unreadLine(u.Err)
	default:
		return unknownCell()[0]
	}
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
