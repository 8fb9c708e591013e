package handlers

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"keydesk/iamsvc"
	"keydesk/views"
)

type userRow = *iamsvc.InventoryUser

// userColumns are the console's columns in the console's order (IAM User
// Guide, IAM users list).
var userColumns = []listColumn[userRow]{
	{id: "name", title: "User name", standard: true, cell: userNameCell,
		value: func(u userRow) sortValue { return textValue(u.Name) }},
	{id: "path", title: "Path",
		cell:  func(_ listView, u userRow) []views.Line { return plain(orNone(u.Path)) },
		value: func(u userRow) sortValue { return textValue(u.Path) }},
	{id: "groups", title: "Groups", standard: true, cell: userGroupsCell,
		value: func(u userRow) sortValue { return countValue(len(u.Groups), u.GroupsRead) }},
	{id: "activity", title: "Last activity", standard: true, cell: userActivityCell,
		value: func(u userRow) sortValue { return agoValue(u.LastActivity) }},
	{id: "mfa", title: "MFA", standard: true, class: "mfa-cell", cell: userMFACell, value: userMFAValue},
	{id: "password-age", title: "Password age", cell: userPasswordAgeCell,
		value: func(u userRow) sortValue { return agoValue(u.PasswordChanged) }},
	{id: "console-sign-in", title: "Console last sign-in", cell: userSignInCell,
		value: func(u userRow) sortValue { return agoValue(u.PasswordLastUsed) }},
	{id: "key-id", title: "Access key ID", standard: true, cell: userKeyIDCell, value: userKeyIDValue},
	{id: "key-age", title: "Active key age", standard: true, cell: userKeyAgeCell,
		value: func(u userRow) sortValue { return agoValue(oldestActive(u)) }},
	{id: "key-used", title: "Access key last used", standard: true, cell: userKeyUsedCell,
		value: func(u userRow) sortValue { return agoValue(latestUse(u)) }},
	{id: "arn", title: "ARN",
		cell:  func(_ listView, u userRow) []views.Line { return plain(orNone(u.ARN)) },
		value: func(u userRow) sortValue { return textValue(u.ARN) }},
	{id: "created", title: "Creation time", cell: userCreatedCell,
		value: func(u userRow) sortValue { return agoValue(u.Created) }},
	{id: "console", title: "Console access", cell: userConsoleCell, value: userConsoleValue},
	{id: "certs", title: "Signing certs", cell: userCertsCell,
		value: func(u userRow) sortValue { return countValue(u.SigningCerts, u.SigningCerts >= 0) }},
}

func userNameCell(v listView, u userRow) []views.Line {
	lines := one(views.Line{Text: u.Name, URL: userPath(v.account, u.Name)})
	if u.Quarantined {
		lines = append(lines, views.Line{Kind: "error", Text: textQuarantined,
			Hint: "AWS found a key of this user in public and attached AWSCompromisedKeyQuarantine"})
	}
	lines = append(lines, v.protectedMark(u.User)...)
	return append(lines, retryLines(u)...)
}

// retryLines mark a row that is not as the server has it now.
func retryLines(u *iamsvc.InventoryUser) (lines []views.Line) {
	if !failed(u.Err) && !failed(u.KeysErr) {
		return nil
	}
	if failed(u.Err) || slices.ContainsFunc(u.Keys, func(k iamsvc.AccessKey) bool { return k.ID != "" }) {
		lines = one(views.Line{Kind: "warning", Text: "Could not be read again", Hint: "This row is of an earlier reading"})
	}
	for _, err := range []error{u.Err, u.KeysErr} {
		if failed(err) && !errors.Is(err, iamsvc.ErrDenied) {
			return append(lines, views.Line{Text: "Try again", Retry: u.Name})
		}
	}
	return append(lines, missingLine(errors.Join(u.Err, u.KeysErr)))
}

// missingLine takes the place of another try, which would be refused again.
func missingLine(err error) views.Line {
	return views.Line{Kind: "warning", Text: "Missing " + orElse(missingPermission(err), "permission"),
		Hint: "Ask an administrator of the AWS account to grant it to the identity Keydesk runs as"}
}

func userGroupsCell(v listView, u userRow) []views.Line {
	switch {
	case u.GroupsRead:
		return one(views.Line{Text: strconv.Itoa(len(u.Groups)), Hint: strings.Join(u.Groups, ", ")})
	case v.inventory.GroupsErr != nil:
		return unreadCell(v.inventory.GroupsErr)
	default:
		return v.unknown()
	}
}

// userActivityCell says "Never" of a user with credentials that were never
// used, and only when that is known of all of them.
func userActivityCell(v listView, u userRow) []views.Line {
	switch {
	case !u.LastActivity.IsZero() && keyUseKnown(v.now, u):
		return v.ago(u.LastActivity)
	case !u.LastActivity.IsZero() && !v.inventory.Loading:
		return append(v.ago(u.LastActivity), views.Line{Text: "or later"})
	case !keyUseKnown(v.now, u), u.ConsoleAccess == iamsvc.Unknown:
		return v.unknown()
	case len(u.Keys) == 0 && u.ConsoleAccess == iamsvc.No:
		return plain(none)
	case u.ConsoleAccess == iamsvc.Yes && !v.inventory.ReportCurrent(v.now):
		return v.unknown()
	default:
		return plain("Never")
	}
}

// keyUseKnown reports whether there is a current answer about every key: any
// other may have been used later than all that is known.
func keyUseKnown(now time.Time, u userRow) bool {
	for i := range u.Keys {
		if !u.Keys[i].LastUsed.Current(now) {
			return false
		}
	}
	return u.KeysErr == nil
}

func userMFACell(v listView, u userRow) []views.Line {
	switch u.MFA {
	case iamsvc.Yes:
		return plain(orElse(u.MFAKinds, "Enabled"))
	case iamsvc.No:
		return plain(none)
	default:
		return v.unknown()
	}
}

func userMFAValue(u userRow) sortValue {
	return sortValue{missing: u.MFA == iamsvc.Unknown, number: int64(u.MFA), text: u.MFAKinds}
}

func userPasswordAgeCell(v listView, u userRow) []views.Line {
	switch {
	case u.ConsoleAccess == iamsvc.No:
		return plain(none)
	case u.PasswordChanged.IsZero():
		return v.unknown()
	default:
		return one(ageLine(v.now, u.PasswordChanged, true))
	}
}

func userSignInCell(v listView, u userRow) []views.Line {
	switch {
	case !u.PasswordLastUsed.IsZero():
		return v.ago(u.PasswordLastUsed)
	case u.ConsoleAccess == iamsvc.Yes && v.inventory.ReportCurrent(v.now):
		return plain("Never")
	case u.ConsoleAccess == iamsvc.No:
		return plain(none)
	default:
		return v.unknown()
	}
}

func userKeyIDCell(_ listView, u userRow) []views.Line {
	return keyLines(u, func(k *iamsvc.AccessKey) views.Line {
		id := orElse(k.ID, unreadKeyID(u).Text)
		if isStatus(k.Status, iamsvc.KeyActive) {
			return activeKeyLine(u, string(k.Status)+" - "+id, k.Description)
		}
		return views.Line{Lead: string(k.Status), Text: "- " + id, Hint: k.Description}
	})
}

func activeKeyLine(u userRow, text, description string) views.Line {
	if u.Quarantined {
		return views.Line{Kind: "error", Text: text, Hint: textQuarantined}
	}
	return views.Line{Text: text, Hint: description}
}

func userKeyIDValue(u userRow) sortValue {
	if len(u.Keys) == 0 {
		return sortValue{missing: true}
	}
	return textValue(u.Keys[0].ID)
}

func userKeyAgeCell(v listView, u userRow) []views.Line {
	return keyLines(u, func(k *iamsvc.AccessKey) views.Line {
		if !isStatus(k.Status, iamsvc.KeyActive) {
			return views.Line{Text: none} // the column is about active keys (IAM User Guide)
		}
		return keyAgeLine(v.now, k, u.Quarantined)
	})
}

func userKeyUsedCell(v listView, u userRow) []views.Line {
	return keyLines(u, func(k *iamsvc.AccessKey) views.Line { return v.lastUsed(k.LastUsed) })
}

func userCreatedCell(v listView, u userRow) []views.Line {
	return v.ago(u.Created)
}

func userConsoleCell(v listView, u userRow) []views.Line {
	switch {
	case u.ConsoleAccess == iamsvc.No:
		return plain("Disabled")
	case u.ConsoleAccess == iamsvc.Yes && u.MFA == iamsvc.No:
		return one(views.Line{Kind: "warning", Text: "Enabled without MFA"})
	case u.ConsoleAccess == iamsvc.Yes:
		return plain("Enabled")
	default:
		return v.unknown()
	}
}

// userConsoleValue sorts disabled, enabled, enabled without MFA.
func userConsoleValue(u userRow) sortValue {
	v := sortValue{missing: u.ConsoleAccess == iamsvc.Unknown, number: 2 * int64(u.ConsoleAccess)}
	if u.ConsoleAccess == iamsvc.Yes && u.MFA == iamsvc.No {
		v.number++
	}
	return v
}

func userCertsCell(v listView, u userRow) []views.Line {
	switch {
	case u.SigningCerts < 0:
		return v.unknown()
	case u.SigningCerts == 0:
		return plain(none)
	default:
		return plain(strconv.Itoa(u.SigningCerts))
	}
}

// oldestActive is when the oldest active key was created (IAM User Guide:
// "Active key age"), zero when there is none.
func oldestActive(u userRow) time.Time {
	var oldest time.Time
	for _, k := range u.Keys {
		if isStatus(k.Status, iamsvc.KeyActive) && !k.Created.IsZero() && (oldest.IsZero() || k.Created.Before(oldest)) {
			oldest = k.Created
		}
	}
	return oldest
}

func latestUse(u userRow) time.Time {
	var latest time.Time
	for _, k := range u.Keys {
		if k.LastUsed.At.After(latest) {
			latest = k.LastUsed.At
		}
	}
	return latest
}
