package handlers

import (
	"errors"

	"keydesk/iamsvc"
)

// The fields of the exports of the lists. Programs rely on the names: docs/exports.md
// says what they mean.

// blankUser has one access key, for the names of its fields.
var blankUser = &iamsvc.InventoryUser{Keys: make([]iamsvc.AccessKey, 1)}

func userFields(v listView, u userRow) record {
	keys := make([]record, len(u.Keys))
	for i := range u.Keys {
		keys[i] = keyFields(v, "id", keyRow{u, &u.Keys[i]})
	}
	r := record{
		{"user_name", untrusted(u.Name)},
		{"user_id", untrusted(u.ID)},
		{"path", untrusted(u.Path)},
		{"arn", untrusted(u.ARN)},
		{"created", u.Created},
		{"groups", ifKnown(texts(u.Groups), u.GroupsRead)},
		{"last_activity", u.LastActivity},
		{"last_activity_known", keyUseKnown(v.now, u) && signInKnown(v, u)},
		{"console_access", triValue(u.ConsoleAccess)},
		{"password_last_changed", u.PasswordChanged},
		{"password_last_used", u.PasswordLastUsed},
		{"password_last_used_known", signInKnown(v, u)},
		{"mfa", triValue(u.MFA)},
		{"mfa_type", ifKnown(u.MFAKinds, u.MFAKinds != "")},
		{"signing_certificates", ifKnown(u.SigningCerts, u.SigningCerts >= 0)},
	}
	r = append(r, ownerFields(v, u)...)
	return append(r,
		field{"access_key_count", ifKnown(len(u.Keys), u.KeysErr == nil)},
		field{"access_keys", keys},
	)
}

// ownerFields are what both lists say of a user.
func ownerFields(v listView, u userRow) record {
	rule := ""
	if v.protected != nil {
		rule = v.protected(u.User)
	}
	state, reason := readState(u)
	return record{
		{"quarantined", ifKnown(u.Quarantined, u.Quarantined || u.QuarantineRead)},
		{"protected_by", ifKnown(rule, rule != "")},
		{"read_state", state},
		{"read_error", ifKnown(reason, reason != "")},
		{"keys_as_of", u.KeysAsOf},
	}
}

// keyFields begin with the ID, whose name differs where it needs no "access_key_".
func keyFields(v listView, id string, r keyRow) record {
	k, used := r.key, r.key.LastUsed
	described := k.Description != "" || !failed(v.inventory.GroupsErr)
	return record{
		{id, ifKnown(untrusted(k.ID), k.ID != "")},
		{"status", ifKnown(untrusted(k.Status), k.Status != "")},
		{"description", ifKnown(untrusted(k.Description), described)},
		{"created", k.Created},
		{"age_days", ifKnown(days(v.now, k.Created), !k.Created.IsZero())},
		{"last_used", used.At},
		{"last_used_known", used.Current(v.now)},
		{"last_used_checked", used.AsOf()},
		{"last_used_service", ifKnown(untrusted(used.Service), !used.At.IsZero())},
		{"last_used_region", ifKnown(untrusted(used.Region), !used.At.IsZero())},
	}
}

// accessKeyFields are a row of the list of access keys.
func accessKeyFields(v listView, r keyRow) record {
	key := keyFields(v, "access_key_id", r)
	owner := record{
		{"user_name", untrusted(r.user.Name)},
		{"user_path", untrusted(r.user.Path)},
		{"user_arn", untrusted(r.user.ARN)},
	}
	return append(append(append(key[:1:1], owner...), key[1:]...), ownerFields(v, r.user)...)
}

// aboutFile is what the rows have in common.
func (p *picture[T]) aboutFile() record {
	return record{
		{"account", p.account},
		{"as_of", p.inventory.AsOf},
		{"last_used_as_of", p.inventory.UsesAsOf},
		{"complete", !p.partial()},
		{"users", len(p.inventory.Users)},
		{"users_read", p.inventory.KeysRead},
		{"root_active_access_keys", ifKnown(p.inventory.RootKeys, p.inventory.RootKeys >= 0)},
	}
}

// The states of a row.
const (
	stateComplete = "complete"
	stateNotRead  = "not_read"
	stateFailed   = "failed"
)

// readState says of each row whether it can be relied on, and why not.
func readState(u *iamsvc.InventoryUser) (state, reason string) {
	switch err := errors.Join(u.Err, u.KeysErr); {
	case err == nil:
		return stateComplete, ""
	case failed(u.Err), failed(u.KeysErr):
		return stateFailed, unreadBecause(err)
	default:
		return stateNotRead, ""
	}
}

// ifKnown is value, or null in the export.
func ifKnown(value any, isKnown bool) any {
	if isKnown {
		return value
	}
	return nil
}

func triValue(t iamsvc.Tri) any { return ifKnown(t == iamsvc.Yes, t != iamsvc.Unknown) }

// signInKnown: without a date, a report must say that there was none.
func signInKnown(v listView, u userRow) bool {
	return !u.PasswordLastUsed.IsZero() || u.ConsoleAccess == iamsvc.No ||
		u.ConsoleAccess == iamsvc.Yes && v.inventory.ReportCurrent(v.now)
}

func texts(list []string) []untrusted {
	all := make([]untrusted, len(list))
	for i, text := range list {
		all[i] = untrusted(text)
	}
	return all
}
