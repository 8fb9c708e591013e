package handlers

import (
	"fmt"
	"net/http"
	"strings"

	"keydesk/iamsvc"
	"keydesk/views"
	"keydesk/web/auth"
)

// SecurityCredentials is the user's page: the access keys and what can be done
// to them, and every other credential of the user, to look at.
func (u Users) SecurityCredentials(w http.ResponseWriter, r *http.Request) error {
	v, shell, err := u.view(w, r)
	if err != nil {
		return err
	}
	if v.unsaved, err = u.unsavedOf(r.Context(), v.home); err != nil {
		return err
	}
	forms := map[string]keyForms{}
	for _, k := range v.details.Keys.Value {
		if forms[k.ID], err = u.keyForms(r, v, k); err != nil {
			return err
		}
	}
	page := newSecurityCredentialsPage(v, forms)
	page.Shell = shell
	return render(w, r, http.StatusOK, views.SecurityCredentials(page))
}

// keyForms are the one-time tokens of the forms on a key's card. A form that
// is not offered has none.
type keyForms struct {
	update, remove, describe string
	unsaved                  views.UnsavedNotice
}

func (b Base) keyForms(r *http.Request, v userView, k iamsvc.AccessKey) (forms keyForms, err error) {
	target := v.home.target(k.ID)
	for _, f := range []struct {
		token   *string
		action  iamsvc.Action
		offered bool
	}{
		{&forms.update, iamsvc.ActionUpdateAccessKey, v.may.Can(auth.UpdateAccessKeys) && k.ID != v.identity.AccessKeyID},
		{&forms.remove, iamsvc.ActionDeleteAccessKey, v.may.Can(auth.DeleteAccessKeys) && isStatus(k.Status, iamsvc.KeyInactive)},
		{&forms.describe, iamsvc.ActionTagUser, v.may.Can(auth.DescribeAccessKeys) && !v.home.own},
	} {
		if !f.offered {
			continue
		}
		if *f.token, err = b.formToken(r, string(f.action), target); err != nil {
			return keyForms{}, err
		}
	}
	if e, ok := v.unsaved[k.ID]; ok && !used(k) {
		forms.unsaved, err = b.unsavedNotice(r, v.home, e)
	}
	return forms, err
}

func newSecurityCredentialsPage(v userView, forms map[string]keyForms) views.SecurityCredentialsPage {
	d := v.details
	mfa := readOnly("mfa", "Multi-factor authentication (MFA)", "No MFA devices. Assign an MFA device to improve the security of your AWS environment.", d.MFADevices, func(m iamsvc.MFADevice) []views.TableCell {
		return []views.TableCell{{Text: m.Kind}, {Text: m.SerialNumber}, {Time: stamp(v.now, m.Enabled)}}
	}, "Type", "Identifier", "Created on")
	mfa.Heading.Description = "Use MFA to increase the security of your AWS environment. Signing in with MFA requires an authentication code from an MFA device. Each user can have a maximum of 8 MFA devices assigned."
	return views.SecurityCredentialsPage{
		User: newUserHeader(v, tabCredentials), Console: consoleSignIn(v), MFA: mfa,
		Keys: accessKeysSection(v, forms), Others: otherCredentials(v),
	}
}

func consoleSignIn(v userView) views.ConsoleSignIn {
	c := views.ConsoleSignIn{Link: signInLink(v)}
	profile := v.details.LoginProfile
	switch {
	case profile.Err != nil:
		c.Password = unreadPart(profile.Err)
	case !profile.Value.Exists:
		c.Password = views.Status{Text: "Not enabled"}
	default:
		c.Password, c.Changed, c.Note = views.Status{Text: "Enabled"}, stamp(v.now, profile.Value.Created), "Created "
		if profile.Value.PasswordResetRequired {
			c.Password.Text = "Enabled, must be changed at the next sign-in"
		}
	}
	return c
}

// signInLink is where the users of the account sign in to the console, by its
// alias where it has one; each partition has its own host, and accounts that are
// not on AWS have no console.
func signInLink(v userView) string {
	host := map[string]string{
		"aws": "signin.aws.amazon.com", "aws-cn": "signin.amazonaws.cn", "aws-us-gov": "signin.amazonaws-us-gov.com",
	}[v.identity.Partition]
	if host == "" || !v.console {
		return ""
	}
	return "https://" + orElse(v.identity.Alias, v.account()) + "." + host + "/console"
}

func accessKeysSection(v userView, forms map[string]keyForms) views.AccessKeysSection {
	keys := v.details.Keys
	quota := ""
	if v.home.onAWS() {
		quota = " You can have a maximum of two access keys (active or inactive) at a time."
	}
	s := views.AccessKeysSection{
		Heading: views.Heading{ID: "access-keys", Title: "Access keys", Count: partCount(len(keys.Value), keys.Err),
			Description: "Use access keys to send programmatic calls to AWS from the AWS CLI, AWS Tools for PowerShell, AWS SDKs, or direct AWS API calls." + quota},
		Unread:    unreadPart(keys.Err),
		MayCreate: v.may.Can(auth.CreateAccessKeys),
		CreateURL: keysPath(v.account(), v.name()) + "/create",
	}
	if n := len(keys.Value); v.home.fullAt(n) && s.MayCreate {
		s.CreateReason = fmt.Sprintf("An access key cannot be created: the user has %d, active or inactive, and IAM allows two. Delete one first.", n)
	}
	if v.protected != "" && s.MayCreate {
		s.CreateReason = protectedText(v.protected)
	}
	for _, k := range keys.Value {
		s.Cards = append(s.Cards, newKeyCard(v, k, forms[k.ID]))
	}
	return s
}

const (
	serviceGit       = "codecommit.amazonaws.com"
	serviceKeyspaces = "cassandra.amazonaws.com"
)

// otherCredentials are in the console's order and under its titles.
func otherCredentials(v userView) []views.ReadOnlyTable {
	d := v.details
	ssh := readOnly("ssh-keys", "SSH public keys for AWS CodeCommit", "No SSH public keys.", d.SSHPublicKeys, func(k iamsvc.SSHPublicKey) []views.TableCell {
		return []views.TableCell{{Text: k.ID}, {Time: stamp(v.now, k.Uploaded)}, {Status: keyStatus(iamsvc.KeyStatus(k.Status))}}
	}, "SSH key ID", "Uploaded", "Status")
	certificates := readOnly("signing-certificates", "X.509 Signing certificates", "No signing certificates.", d.SigningCertificates, func(c iamsvc.SigningCertificate) []views.TableCell {
		return []views.TableCell{{Text: c.ID}, {Time: stamp(v.now, c.Uploaded)}, {Status: keyStatus(iamsvc.KeyStatus(c.Status))}}
	}, "Certificate ID", "Created", "Status")
	list := []views.ReadOnlyTable{
		ssh,
		serviceTable(v, "git-credentials", "HTTPS Git credentials for AWS CodeCommit", serviceGit),
		serviceTable(v, "keyspaces-credentials", "Credentials for Amazon Keyspaces (for Apache Cassandra)", serviceKeyspaces),
	}
	// The console shows this one only where there is something to show.
	if other := serviceTable(v, "other-credentials", "Other service-specific credentials and API keys", ""); len(other.Rows) > 0 {
		list = append(list, other)
	}
	return append(list, certificates)
}

// serviceTable is the credentials for one service; for "" those of every
// service that has no table of its own.
func serviceTable(v userView, id, title, service string) views.ReadOnlyTable {
	all := v.details.ServiceSpecificCredentials
	part := iamsvc.Part[[]iamsvc.ServiceSpecificCredential]{Err: all.Err}
	for _, c := range all.Value {
		if c.Service == service || service == "" && c.Service != serviceGit && c.Service != serviceKeyspaces {
			part.Value = append(part.Value, c)
		}
	}
	return readOnly(id, title, "No credentials.", part, func(c iamsvc.ServiceSpecificCredential) []views.TableCell {
		expires := views.Time{Text: "Never"}
		if !c.ExpiresWhen.IsZero() {
			expires = views.Time{ISO: machine(c.ExpiresWhen), Text: absolute(c.ExpiresWhen), Absolute: absolute(c.ExpiresWhen)}
		}
		name := orElse(c.UserName, orElse(c.Alias, c.ID))
		return []views.TableCell{
			{Text: name}, {Text: strings.TrimSuffix(c.Service, ".amazonaws.com")}, {Time: stamp(v.now, c.Created)},
			{Time: expires}, {Status: keyStatus(iamsvc.KeyStatus(c.Status))},
		}
	}, "User name", "Service", "Created", "Expires", "Status")
}
