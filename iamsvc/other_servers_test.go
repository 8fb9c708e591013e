package iamsvc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const html500 = `<!DOCTYPE html><html><head><title>500</title><body><h1>Internal Server Error</h1><br></body></html>`

func users(names ...string) string {
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, `<member><UserName>%s</UserName><Path>/</Path><UserId>%s-id</UserId><Arn>arn:aws:iam::5f3c9a1e7b2d4c6f8a0b1c2d:user/%s</Arn></member>`, n, n, n)
	}
	return "<Users>" + b.String() + "</Users>"
}

func metadata(user string, ids ...string) string {
	var b strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&b, `<member><UserName>%s</UserName><AccessKeyId>%s</AccessKeyId><Status>Active</Status></member>`, user, id)
	}
	return "<AccessKeyMetadata>" + b.String() + "</AccessKeyMetadata>"
}

// One server with most oddities at once: HTML for side reads, 21-character
// key IDs in mixed case, no creation dates, account IDs of 24 hex digits, a
// last-used date of year 1, no STS.
func oddServer() answers {
	return answers{
		"GetCallerIdentity": sendsRaw(404, "404 page not found"),
		"GetUser":           sends(`<User><UserName>ops</UserName><UserId>1</UserId><Arn>arn:aws:iam::5f3c9a1e7b2d4c6f8a0b1c2d:user/ops</Arn></User>`),
		"ListUsers":         sends(users("ann", "bob") + "<IsTruncated>false</IsTruncated>"),
		"ListAccessKeys": func(w http.ResponseWriter, form url.Values) {
			sends(metadata(form.Get("UserName"), "k"+form.Get("UserName")+"QwErTyUiOpAsDfGhJ"))(w, form)
		},
		"GetAccessKeyLastUsed":     sends(`<UserName>old-name</UserName><AccessKeyLastUsed><LastUsedDate>0001-01-01T00:00:00Z</LastUsedDate><Region>N/A</Region><ServiceName>N/A</ServiceName></AccessKeyLastUsed>`),
		"ListMFADevices":           sendsRaw(500, html500),
		"GetLoginProfile":          sendsRaw(501, ""),
		"ListGroupsForUser":        sendsRaw(200, ""),
		"ListSSHPublicKeys":        sendsRaw(200, "<ListSSHPublicKeysResponse><broken"),
		"GetCredentialReport":      sendsRaw(500, html500),
		"UpdateAccessKey":          sendsRaw(200, ""),
		"ListAttachedUserPolicies": sendsRaw(403, `<ErrorResponse><Errors><Error><Code>AccessDenied</Code><Message>not you</Message></Error></Errors></ErrorResponse>`),
	}
}

func TestOddServer(t *testing.T) {
	t.Parallel()
	a, server, _ := openForeign(t, oddServer())
	ctx := context.Background()
	if id := a.Identity(); id.Account != "5f3c9a1e7b2d4c6f8a0b1c2d" || id.UserName != "ops" || len(id.Warnings) != 1 || id.Alias != "" {
		t.Errorf("identity %+v", id)
	}
	if err := a.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	inv := a.Inventory()
	ann, _ := inv.User("ann")
	const annKey = "kannQwErTyUiOpAsDfGhJ"
	if len(inv.Users) != 2 || inv.KeysRead != 2 || len(ann.Keys) != 1 || ann.Keys[0].ID != annKey || !ann.Keys[0].Created.IsZero() {
		t.Fatalf("%+v", inv.Users)
	}
	if !errors.Is(inv.ReportErr, ErrUnsupported) || !errors.Is(inv.GroupsErr, ErrUnsupported) || ann.GroupsRead || ann.MFA != Unknown {
		t.Errorf("report %v, groups %v, %+v", inv.ReportErr, inv.GroupsErr, ann)
	}
	if used := ann.Keys[0].LastUsed; !used.AsOf().IsZero() || !errors.Is(used.Err, ErrUnsupported) {
		t.Errorf("a date of year 1 became %+v", used)
	}

	d, err := a.UserDetails(ctx, "ann")
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"HTML 500": d.MFADevices.Err, "501": d.LoginProfile.Err, "empty 200": d.Groups.Err, "unparsable": d.SSHPublicKeys.Err,
		"InvalidAction": d.SigningCertificates.Err,
	} {
		if !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !errors.Is(d.AttachedPolicies.Err, ErrDenied) || d.Keys.Err != nil || len(d.Keys.Value) != 1 {
		t.Errorf("policies %v, keys %+v", d.AttachedPolicies.Err, d.Keys)
	}

	for _, text := range []string{annKey, strings.ToLower(annKey)} {
		r, err := a.LookUp(ctx, text)
		if err != nil || r.Kind != KeyFound || r.KeyID != annKey || r.Owner != "ann" || !r.Key.LastUsed.AsOf().IsZero() {
			t.Errorf("%s: %+v %v", text, r, err)
		}
	}
	if r, err := a.LookUp(ctx, "zzzzQwErTyUiOpAsDfGh1"); err != nil || r.Kind != KeyFound || r.Owner != "old-name" {
		t.Errorf("a key ID this server may know: %+v %v", r, err)
	}
	if err := a.UpdateAccessKey(administrator(), "ann", annKey, KeyInactive); err != nil {
		t.Errorf("an empty acknowledgement: %v", err)
	}
	for _, c := range server.calls {
		if id := c.Get("AccessKeyId"); c.Get("Action") == "UpdateAccessKey" && id != annKey {
			t.Errorf("called with %q", id)
		}
	}
}

func TestForeignErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer func(http.ResponseWriter, url.Values)
		kind   error
	}{
		{"Errors wrapper", sendsRaw(404, `<?xml version="1.0"?><ErrorResponse xmlns="x"><Errors><Error><Code>NoSuchEntity</Code><Message>user gone</Message></Error></Errors></ErrorResponse>`), ErrNoSuchUser},
		{"bare Error", sendsRaw(403, `<Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error>`), ErrCredentials},
		{"another product's code", sendsRaw(403, `<Error><Code>XMinioForbidden</Code><Message>m</Message></Error>`), ErrRefused},
		{"wrapper without a code", sendsRaw(403, `<ErrorResponse><Errors/></ErrorResponse>`), ErrRefused},
		{"JSON", sendsRaw(403, `{"code":"no"}`), ErrRefused},
		{"too many", sendsRaw(429, "slow down"), ErrThrottled},
		{"gateway", sendsRaw(503, html500), ErrUnavailable},
		{"HTML with 200", sendsRaw(200, html500), ErrInterposed},
		{"JSON with 200", sendsRaw(200, `{"ok":true}`), ErrInterposed},
		{"HTML with 403", sendsRaw(403, html500), ErrInterposed},
		{"HTML with 500", sendsRaw(500, html500), ErrUnsupported},
		{"redirect", sendsRaw(302, ""), ErrInterposed},
		{"proxy", sendsRaw(407, ""), ErrProxyAuthentication},
		{"clock", fails(403, "RequestTimeTooSkewed", "m"), ErrClockSkew},
		{"wrong document", sendsRaw(200, "<OtherResponse><OtherResult/></OtherResponse>"), ErrUnsupported},
		{"nothing", sendsRaw(200, "  \n"), ErrUnsupported},
		{"not a date", sends(`<User><UserName>x</UserName><CreateDate>yesterday</CreateDate></User>`), ErrUnsupported},
		{"no user", sends(""), ErrUnsupported},
		{"401", sendsRaw(401, ""), ErrCredentials},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _, _ := openForeign(t, answers{"GetUser": tt.answer})
			_, err := a.User(context.Background(), "ann")
			wantIs(t, err, tt.kind)
			var c *CallError
			if !errors.As(err, &c) || c.Operation != "GetUser" {
				t.Errorf("%#v", err)
			}
		})
	}
}

func TestForeignPaging(t *testing.T) {
	t.Parallel()
	byMarker := func(pages map[string]string) func(http.ResponseWriter, url.Values) {
		return func(w http.ResponseWriter, form url.Values) { sends(pages[form.Get("Marker")])(w, form) }
	}
	tests := []struct {
		name   string
		answer func(http.ResponseWriter, url.Values)
		want   int
		err    error
	}{
		{"MaxItems ignored", sends(users("a", "b", "c", "d")), 4, nil},
		{"IsTruncated missing", byMarker(map[string]string{"": users("a") + "<Marker>2</Marker>", "2": users("b") + "<Marker>3</Marker>", "3": users("c")}), 3, nil},
		{"empty page in the middle", byMarker(map[string]string{"": users("a") + "<IsTruncated>true</IsTruncated><Marker>2</Marker>",
			"2": users() + "<IsTruncated>true</IsTruncated><Marker>3</Marker>", "3": users("b") + "<IsTruncated>false</IsTruncated>"}), 2, nil},
		{"marker on the last page", sends(users("a") + "<IsTruncated>false</IsTruncated><Marker></Marker>"), 1, nil},
		{"the same page for ever", sends(users("a") + "<IsTruncated>true</IsTruncated><Marker>m</Marker>"), 2, ErrUnsupported},
		{"truncated without a marker", sends(users("a") + "<IsTruncated>true</IsTruncated>"), 1, ErrUnsupported},
		{"no users at all", sends("<Users/>"), 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _, _ := openForeign(t, answers{"ListUsers": tt.answer})
			got, err := a.ListUsers(context.Background())
			if len(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%d users, %v; want %d, %v", len(got), err, tt.want, tt.err)
			}
		})
	}
}

// A principal that may list users but not keys; a report without a root row.
func TestServerThatShowsUsersOnly(t *testing.T) {
	t.Parallel()
	report := "user,arn,password_enabled,mfa_active\nann,x,not_supported,not_supported\nbob,x,true,true\neve,x,true,true"
	a, _, _ := openForeign(t, answers{
		"ListUsers":             sends(users("ann", "bob", "eve", "")),
		"ListVirtualMFADevices": sends(`<VirtualMFADevices><member><SerialNumber>s</SerialNumber><User><UserName>bob</UserName></User></member></VirtualMFADevices>`),
		"ListAccessKeys":        fails(403, "AccessDenied", "no"),
		"GetCredentialReport":   sends("<Content>" + base64(report) + "</Content><ReportFormat>text/csv</ReportFormat>"),
	})
	if err := a.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	inv := a.Inventory()
	ann, _ := inv.User("ann")
	if !errors.Is(ann.KeysErr, ErrDenied) || ann.ConsoleAccess != Unknown || ann.SigningCerts != -1 || inv.ReportErr != nil {
		t.Errorf("%+v", ann)
	}
	bob, _ := inv.User("bob")
	eve, _ := inv.User("eve")
	if ann.MFAKinds != "" || bob.MFAKinds != "Virtual" || eve.MFAKinds != "Hardware or security key" {
		t.Errorf("kinds of MFA: %q %q %q", ann.MFAKinds, bob.MFAKinds, eve.MFAKinds)
	}
	if nameless, ok := inv.User(""); !ok || !errors.Is(nameless.KeysErr, ErrEmptyUserName) {
		t.Errorf("a user without a name: %+v", nameless)
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	const hex = "5f3c9a1e7b2d4c6f8a0b1c2d"
	noSTS := fails(400, "InvalidAction", "no")
	tests := []struct {
		name    string
		answers answers
		want    Identity
	}{
		{"user with a path", answers{"GetCallerIdentity": sends(`<Arn>arn:aws-cn:iam::123456789012:user/a/b/ann</Arn><Account>123456789012</Account>`)},
			Identity{Account: "123456789012", Partition: "aws-cn", UserName: "ann"}},
		{"root", answers{"GetCallerIdentity": sends(`<Arn>arn:aws:iam::123456789012:root</Arn><Account>123456789012</Account>`)},
			Identity{Account: "123456789012", Partition: "aws", IsRoot: true}},
		{"role", answers{"GetCallerIdentity": sends(`<Arn>arn:aws-us-gov:sts::123456789012:assumed-role/desk/i-1</Arn><Account>123456789012</Account>`)},
			Identity{Account: "123456789012", Partition: "aws-us-gov"}},
		{"alias", answers{"GetCallerIdentity": sends(foreignIdentity), "ListAccountAliases": sends("<AccountAliases><member>demo</member></AccountAliases>")},
			Identity{Account: "123456789012", Partition: "aws", UserName: "ops", Alias: "demo"}},
		{"from the caller's user", answers{"GetCallerIdentity": noSTS, "GetUser": sends(`<User><UserName>ops</UserName><Arn>arn:aws:iam::` + hex + `:user/ops</Arn></User>`)},
			Identity{Account: hex, Partition: "aws", UserName: "ops", Warnings: make([]string, 1)}},
		{"from somebody's ARN", answers{"GetCallerIdentity": noSTS, "ListUsers": sends(users("ann"))},
			Identity{Account: hex, Partition: "aws", Warnings: make([]string, 2)}},
		{"STS takes the signature for another's", answers{"GetCallerIdentity": fails(403, "SignatureDoesNotMatch", "no"), "ListUsers": sends(users("ann"))},
			Identity{Account: hex, Partition: "aws", Warnings: make([]string, 2)}},
		{"nobody there", answers{"GetCallerIdentity": noSTS, "ListUsers": sends("<Users/>")},
			Identity{Account: "unknown", Partition: "aws", Warnings: make([]string, 2)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _, _ := openForeign(t, tt.answers)
			got, want := a.Identity(), tt.want
			if got.Account != want.Account || a.ID() != want.Account || got.Partition != want.Partition || got.UserName != want.UserName || got.Alias != want.Alias ||
				got.IsRoot != want.IsRoot || len(got.Warnings) != len(want.Warnings) || got.AccessKeyID != "opskey0123456789" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestOpenWithBadCredentials(t *testing.T) {
	t.Parallel()
	no := fails(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
	c, _ := (&foreign{answers: answers{"GetCallerIdentity": no, "GetUser": no, "ListUsers": no}}).config(t)
	_, err := Open(context.Background(), c)
	wantIs(t, err, ErrCredentials)
	c.Journal = nil
	if _, err := Open(context.Background(), c); err == nil || errors.Is(err, ErrCredentials) {
		t.Errorf("without a journal: %v", err)
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	a, _, _ := openForeign(t, answers{})
	s := NewAccounts(a)
	if got, err := s.Lookup("123456789012"); err != nil || got != a || s.Default() != a {
		t.Error(got, err)
	}
	_, err := s.Lookup("210987654321")
	wantIs(t, err, ErrNoSuchAccount)
}
