package iamsvc

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"keydesk/iamsvc/localaccount"
	"keydesk/iamsvc/paste"
)

const (
	documented = "AKIAIOSFODNN7EXAMPLE"
	retired    = "AKIAI44QH8DHBEXAMPLE"
	elsewhere  = "AKIAY34FZKBOKMUTVV7A" // of account 609629065308
)

func openRead(t *testing.T) local {
	t.Helper()
	l := openLocal(t, localaccount.Options{})
	l.server.Trouble().SetReportTime(1)
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return l
}

// second is another Keydesk over the same account: what it changes is news here.
func (l local) second(t *testing.T) *Account {
	t.Helper()
	id, secret := l.server.Credentials()
	a, err := Open(context.Background(), Config{
		AWS:     aws.Config{HTTPClient: l.server.Client(), Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")},
		Journal: l.journal, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (l local) allCalls() (n int) {
	for _, c := range l.server.Calls() {
		n += c
	}
	return n
}

// costs looks a text up and checks what that cost.
func (l local) costs(t *testing.T, text string, calls int) LookUpResult {
	t.Helper()
	before := l.allCalls()
	r, err := l.LookUp(context.Background(), text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if n := l.allCalls() - before; n != calls {
		t.Errorf("%q: %d calls, want %d", text, n, calls)
	}
	return r
}

func TestLookUpOfAKeyIsTwoCalls(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	for _, text := range []string{documented, " \"" + strings.ToLower(documented) + "\" ", "denied for " + documented + " at 12:00", "AKIA IOSF ODNN 7EXA MPLE"} {
		r := l.costs(t, text, 2)
		if r.Kind != KeyFound || r.Owner != "mateo.jackson" || r.KeyID != documented || r.Key.LastUsed.AsOf().IsZero() || r.Key.LastUsed.Service != "iam" || r.InInventory {
			t.Errorf("%q: %+v", text, r)
		}
		if r.Key.Status != KeyActive || r.Key.Created.IsZero() || r.StateErr != nil {
			t.Errorf("%q: the state is not known: %+v", text, r)
		}
	}
	if l.calls("GetAccessKeyLastUsed") != 4 || l.calls("ListAccessKeys") != 4 {
		t.Errorf("%v", l.server.Calls())
	}
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	r := l.costs(t, documented, 2)
	if !r.InInventory || r.ListedOwner != r.Owner || r.Key.Description != "Laptop - command line" || r.Listed.Status != KeyActive || r.AsOf.IsZero() {
		t.Errorf("%+v", r)
	}
}

// What is live stands beside what the inventory says, and differs from it.
func TestLookUpSeesWhatTheInventoryMissed(t *testing.T) {
	t.Parallel()
	l := openRead(t)
	other := l.second(t)
	if err := other.UpdateAccessKey(administrator(), "mateo.jackson", documented, KeyInactive); err != nil {
		t.Fatal(err)
	}
	r := l.costs(t, documented, 2)
	if r.Key.Status != KeyInactive || r.Listed.Status != KeyActive || r.Key.Description == "" {
		t.Errorf("%+v", r)
	}
	select {
	case <-l.wanted:
	default:
		t.Error("nobody is to be read again")
	}
	l.crawl(context.Background(), l.background) // as Run does then
	l.publish()
	if _, k, _ := l.Inventory().Key(documented); k.Status != KeyInactive {
		t.Errorf("the inventory stays behind: %+v", k)
	}
	if _, err := other.DeleteAccessKey(administrator(), "mateo.jackson", documented); err != nil {
		t.Fatal(err)
	}
	r = l.costs(t, documented, 2)
	if r.Kind != NotInThisAccount || !r.InInventory || r.ListedOwner != "mateo.jackson" {
		t.Errorf("deleted since: %+v", r)
	}
}

func TestLookUpShowsTheSiblings(t *testing.T) {
	t.Parallel()
	l := openRead(t)
	u, _ := l.Inventory().User("terraform-runner")
	r := l.costs(t, u.Keys[0].ID, 2)
	if len(r.Siblings) != 2 || !slices.Equal(keyIDs(append(r.Siblings, r.Key)), keyIDs(u.Keys)) || r.Siblings[0].LastUsed.AsOf().IsZero() {
		t.Errorf("%+v", r)
	}
}

func TestLookUpMisses(t *testing.T) {
	t.Parallel()
	l := openRead(t)
	tests := []struct {
		text               string
		kind               LookUpKind
		calls              int
		decoded, confirmed string
	}{
		{"AKIAIOSFODNN7MISSING", NotInThisAccount, 2, "", ""},
		{elsewhere, NotInThisAccount, 2, "609629065308", "609629065308"},
		{"ASIAY34FZKBOKMUTVV7A", TemporaryKey, 1, "609629065308", "609629065308"},
		{sentinel, LooksLikeSecret, 0, "", ""},
		{"aws_secret_access_key = " + sentinel, LooksLikeSecret, 0, "", ""},
		{"AKIA123", NotAKeyID, 0, "", ""},
		{"AKIA1234", Matches, 0, "", ""},
		{"AIDACKCEVSQ6C2EXAMPLE", Matches, 0, "", ""},
		{"0123456789abcdef0123456789abcdef", NotAKeyID, 0, "", ""},
		{"no key in this text", NotAKeyID, 0, "", ""},
		{"", NotAKeyID, 0, "", ""},
		{"nobody.of.that.name", Matches, 0, "", ""},
		{"User: arn:aws:iam::999999999999:user/mateo.jackson is not authorized to perform: s3:ListBucket", Matches, 0, "", ""},
	}
	for _, tt := range tests {
		r := l.costs(t, tt.text, tt.calls)
		if r.Kind != tt.kind || r.Home.Decoded != tt.decoded || r.Home.Confirmed != tt.confirmed || slices.ContainsFunc(r.Answers, Answer.Found) {
			t.Errorf("%q: %+v, want %s", tt.text, r, tt.kind)
		}
	}
	r := l.costs(t, "AROACKCEVSQ6C2EXAMPLE", 0)
	if r.IDOf != "a role" {
		t.Errorf("%+v", r)
	}
}

// AWS answers AccessDenied for a key of another account, older descriptions
// and other servers NoSuchEntity; both are the same miss. A denial that is not
// about the key is none.
func TestBothRefusalsMeanNotInThisAccount(t *testing.T) {
	t.Parallel()
	const of = "User: arn:aws:iam::123456789012:user/keydesk is not authorized to perform: iam:GetAccessKeyLastUsed on resource: "
	for name, tt := range map[string]struct {
		failure localaccount.Failure
		kind    LookUpKind
	}{
		"AccessDenied about the key":   {localaccount.Failure{Status: 403, Code: "AccessDenied", Message: of + "access key " + elsewhere}, NotInThisAccount},
		"NoSuchEntity":                 {localaccount.Failure{Status: 404, Code: "NoSuchEntity", Message: "The Access Key with id " + elsewhere + " cannot be found."}, NotInThisAccount},
		"AccessDenied for want of it":  {localaccount.Failure{Status: 403, Code: "AccessDenied", Message: of + "user mateo.jackson because no identity-based policy allows the action"}, NotAllowed},
		"AccessDenied without a cause": {localaccount.Failure{Status: 403, Code: "AccessDenied", Message: "Access denied"}, NotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := openLocal(t, localaccount.Options{})
			tt.failure.Times = -1
			l.server.Trouble().Set("GetAccessKeyLastUsed", func(r *localaccount.Rules) { r.FailWith = tt.failure })
			r := l.costs(t, elsewhere, 2)
			if r.Kind != tt.kind || r.Home.Confirmed != "609629065308" || (tt.kind == NotAllowed) != (r.Denied != nil) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestAccountOfAMissIsNotConfirmed(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.server.Trouble().Set("GetAccessKeyInfo", func(r *localaccount.Rules) { r.Deny = true })
	for _, id := range []string{elsewhere, "ASIA" + elsewhere[4:]} {
		r, err := l.LookUp(context.Background(), id)
		if err != nil || r.Home.Decoded != "609629065308" || r.Home.Confirmed != "" || !errors.Is(r.Home.Err, ErrDenied) || r.Home.Account() != "609629065308" {
			t.Errorf("%s: %+v %v", id, r, err)
		}
	}
}

func TestLookUpOfUsers(t *testing.T) {
	t.Parallel()
	l := openRead(t)
	someone, _ := l.Inventory().User("ci-deploy-prod")
	for text, want := range map[string]string{
		"MATEO.jackson": "mateo.jackson",
		"arn:aws:iam::123456789012:user/nikki.wolf": "nikki.wolf",
		"User: arn:aws:iam::123456789012:user/nikki.wolf is not authorized to perform: s3:ListBucket on resource: x": "nikki.wolf",
		"svc+deploy=prod,eu.west@corp_1-x": "svc+deploy=prod,eu.west@corp_1-x",
		someone.ID:                         "ci-deploy-prod",
		"https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/users/details/Li.Juan?section=security_credentials": "li.juan",
		"/accounts/123456789012/users/li.juan/access-keys":                                                                       "li.juan",
		"https://console.aws.amazon.com/iam/home#/users/svc%2Bdeploy%3Dprod%2Ceu.west%40corp_1-x":                                "svc+deploy=prod,eu.west@corp_1-x",
	} {
		r := l.costs(t, text, 0)
		if r.Kind != Matches || len(r.Answers) != 1 || !slices.ContainsFunc(slices.Concat(r.Answers[0].Users, r.Answers[0].Similar), named(want)) || r.AsOf.IsZero() {
			t.Errorf("%q: %+v", text, r)
		}
	}
	r := l.costs(t, "https://609629065308-ab12cd34.us-east-1.console.aws.amazon.com/iam/home#/users/details/li.juan", 0)
	if len(r.Answers) != 1 || !r.Answers[0].Elsewhere || r.Answers[0].Part.Text != "li.juan" || r.Answers[0].Part.Account != "609629065308" || r.Answers[0].Found() {
		t.Errorf("the page is of another account: %+v", r)
	}
	r = l.costs(t, "e", 0)
	if a := r.Answers[0]; len(a.Similar) != mostMatches || a.MoreUsers == 0 {
		t.Errorf("%d matches and %d more", len(a.Similar), a.MoreUsers)
	}
}

func named(name string) func(User) bool {
	return func(u User) bool { return u.Name == name }
}

// What is said to look like a user's name is shown and put into an address:
// it must not be what could be a secret, or the ID of something.
func TestLookUpOfANameThatNobodyBears(t *testing.T) {
	t.Parallel()
	l := openRead(t)
	const page = "https://console.aws.amazon.com/iam/home#/users/details/"
	for text, want := range map[string]string{
		"nobody.there": "nobody.there", " \"jane@example.com\"\n": "jane@example.com", "Nobody": "Nobody",
		page + "jane%40example.com?section=tags": "jane@example.com",
		page + "no=body":                         "no=body",
		"User: arn:aws:iam::123456789012:user/it/nobody0there0at0all is not authorized": "nobody0there0at0all",
		page + "juan":           "juan", // li.juan is somebody else
		"juan":                  "juan",
		"no body":               "",
		"password=hunter2":      "",
		"123456789012":          "",
		"AIDACKCEVSQ6C2EXAMPLE": "AIDACKCEVSQ6C2EXAMPLE", // an ID, no name
		"AKIA1234":              "",
		"<b>nobody":             "",
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmn": "", // as long as a secret
		sentinel:      "",
		sentinel[:39]: "",
		"x-" + strings.ReplaceAll(sentinel, "/", "1"): "",
		"FwoGZXIvYXdzEBYaDEX4":                        "",
		page + "FwoGZXIvYXdzEBYaDEX4":                 "",
		page + strings.ReplaceAll(sentinel, "/", "1"): "",
		"arn:aws:iam::123456789012:user/" + sentinel:  "",
		"/accounts/609629065308/users/" + sentinel:    "",
	} {
		r := l.costs(t, text, 0)
		name := ""
		if len(r.Answers) > 0 {
			name = r.Answers[0].Part.Text
		}
		if name != want || want != "" && r.Kind != Matches {
			t.Errorf("%q: %+v", text, r)
		}
	}
	r := l.costs(t, page+"juan", 0)
	if !slices.ContainsFunc(r.Answers[0].Similar, named("li.juan")) || r.Answers[0].Found() {
		t.Errorf("similar names are left out: %+v", r)
	}
}

// On a server with key IDs of its own, a user's name that is as long as one is
// not asked about, in whatever case it was typed.
func TestLookUpOfANameAsLongAsAKeyID(t *testing.T) {
	t.Parallel()
	const name = "Mateo_Jackson_Smith_2"
	a, server, _ := openForeign(t, answers{
		"ListUsers": sends(users(name)), "ListAccessKeys": sends(metadata(name, "zzzzQwErTyUiOpAsDfGh1")),
	})
	if err := a.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	before := server.count("GetAccessKeyLastUsed")
	for _, text := range []string{name, strings.ToUpper(name)} {
		r, err := a.LookUp(context.Background(), text)
		if err != nil || r.Kind != Matches || len(r.Answers) != 1 || len(r.Answers[0].Users) != 1 || r.Answers[0].Users[0].Name != name {
			t.Errorf("%q: %+v %v", text, r, err)
		}
	}
	for _, secret := range []string{sentinel, strings.ReplaceAll(sentinel, "/", "x"), strings.ToLower(strings.ReplaceAll(sentinel, "/", "x")), strings.Repeat("a1", 20)} {
		if _, err := a.LookUp(context.Background(), secret); err != nil {
			t.Error(err)
		}
	}
	if n := server.count("GetAccessKeyLastUsed") - before; n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestLookUpOfAPartOfAKeyID(t *testing.T) {
	t.Parallel()
	l := openRead(t)
	for text, want := range map[string]string{
		"MPLE":                         documented,
		"****" + documented[14:]:       documented,
		"****-****-" + documented[12:]: documented,
		"********" + strings.ToLower(documented[12:]): documented,
		"AKIAI4****MPLE":                        retired,
		"akiai4...mple":                         retired,
		"AKIAXXXXXXXXXXXX" + documented[16:]:    documented,
		"AKIAIOSFODNN":                          documented,
		"akiaiosfodnn7exam":                     documented,
		"The key AKIAIOSFODNN... was refused":   documented,
		"an access key that ends with 7EXAMPLE": documented,
		"AKIAIOSFODNN7EXAMPL":                   documented,
	} {
		r := l.costs(t, text, 0)
		if r.Kind != Matches || len(r.Answers) != 1 || !slices.ContainsFunc(r.Answers[0].Keys, func(m KeyMatch) bool { return m.KeyID == want && m.Owner.Name != "" }) {
			t.Fatalf("%q: %+v", text, r)
		}
		for _, m := range r.Answers[0].Keys {
			if strings.HasPrefix(text, "AKIAI4") && m.KeyID != retired || strings.HasPrefix(text, "AKIAIOS") && m.KeyID != documented {
				t.Errorf("%q: only one half of it fits %s", text, m.KeyID)
			}
		}
	}
}

// A key whose ID is not known yet is no key that was searched for, and the
// answer says that something is missing.
func TestMatchesDoNotSeeKeysWithoutAnID(t *testing.T) {
	t.Parallel()
	inv := &Inventory{Users: []InventoryUser{
		{User: User{Name: "ann"}, Keys: []AccessKey{{Status: KeyActive}, {Status: KeyActive}}, KeysErr: ErrNotReadYet},
		{User: User{Name: "bob"}, Keys: []AccessKey{{ID: documented, Status: KeyActive}}},
	}}
	inv.index()
	for _, p := range []paste.Part{{Kind: paste.MaskedKeyID, End: "MPLE"}, {Kind: paste.KeyID, Text: documented}} {
		r := (&Account{}).lookUpParts(inv, paste.Text{Parts: []paste.Part{p}})
		if len(r.Answers[0].Keys) != 1 || r.Answers[0].Keys[0].Owner.Name != "bob" || r.Unread != 1 {
			t.Errorf("%+v", r)
		}
	}
	if _, _, ok := inv.Key(""); ok || inv.foreignKeyIDs {
		t.Error("a key without an ID is indexed")
	}
}

func TestLookUpOfSeveral(t *testing.T) {
	t.Parallel()
	l := openRead(t)
	text := "[default]\naws_access_key_id=" + documented + "\naws_secret_access_key=" + sentinel + "\n# " + retired + ", " + elsewhere + " and ASIAY34FZKBOKMUTVV7A"
	r := l.costs(t, text, 0)
	if r.Kind != Matches || !r.Text.HasSecret() || len(r.Answers) != 4 || r.AsOf.IsZero() {
		t.Fatalf("%+v", r)
	}
	for i, want := range []string{documented, retired, elsewhere, "ASIAY34FZKBOKMUTVV7A"} {
		if got := r.Answers[i]; got.Part.Text != want || got.Found() != (i < 2) {
			t.Errorf("%d: %+v", i, got)
		}
	}
}

// Every one of several thousand parts has its answer.
func TestLookUpOfThousands(t *testing.T) {
	t.Parallel()
	l := openRead(t)
	var many strings.Builder
	for i := range 3000 {
		many.WriteString("AKIAY34FZKBOKMUT" + string([]rune{rune('A' + i/676), rune('A' + i/26%26), rune('A' + i%26)}) + "Z\n")
	}
	if r := l.costs(t, many.String(), 0); len(r.Answers) != 3000 {
		t.Errorf("%d answers to 3000 IDs", len(r.Answers))
	}
	r := l.costs(t, "AKIA****MPLE\n"+fragments(600), 0)
	if len(r.Answers) != 601 || slices.ContainsFunc(r.Answers, func(a Answer) bool { return a.NotSearched }) || !r.Answers[0].Found() {
		t.Errorf("%d answers to 601 parts of IDs", len(r.Answers))
	}
}

func fragments(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("AKIA****" + string([]rune{rune('A' + i/26), rune('A' + i%26), 'Z', 'Z'}) + "\n")
	}
	return b.String()
}

func TestLookUpWithASecretInThePaste(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	r := l.costs(t, "aws_access_key_id="+documented+"\naws_secret_access_key="+sentinel, 2)
	if r.Kind != KeyFound || !r.Text.HasSecret() {
		t.Errorf("%+v", r)
	}
}

// A temporary key belongs to nobody here, but the event often names who.
func TestLookUpOfATemporaryKeyNamesTheSession(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	r := l.costs(t, `{"arn":"arn:aws:sts::123456789012:assumed-role/Deploy/build-7","accessKeyId":"ASIAIOSFODNN7EXAMPLE"}`, 1)
	if r.Kind != TemporaryKey || len(r.Answers) != 1 || r.Answers[0].Part.Text != "Deploy/build-7" {
		t.Errorf("%+v", r)
	}
	r = l.costs(t, `{"arn":"arn:aws:iam::123456789012:user/nikki.wolf","accessKeyId":"ASIAIOSFODNN7EXAMPLE"}`, 1)
	if r.Kind != TemporaryKey || len(r.Answers) != 1 || r.Answers[0].Part.Text != "nikki.wolf" || r.Answers[0].Part.Account != "123456789012" {
		t.Errorf("%+v", r)
	}
}

// A missing permission is told apart from a key of another account, although
// both are AccessDenied. The other call may be allowed.
func TestLookUpThatIsNotAllowed(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.server.Trouble().Set("GetAccessKeyLastUsed", func(r *localaccount.Rules) { r.Deny = true })
	r := l.costs(t, documented, 2)
	if r.Kind != NotAllowed || r.Denied == nil || r.Denied.Action != "iam:GetAccessKeyLastUsed" {
		t.Fatalf("%+v", r)
	}
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	r = l.costs(t, documented, 2)
	if r.Kind != KeyFound || r.Owner != "mateo.jackson" || !errors.Is(r.LiveErr, ErrDenied) || r.StateErr != nil || r.AsOf.IsZero() {
		t.Errorf("the inventory knows the key: %+v", r)
	}
	l.server.Trouble().Set("ListAccessKeys", func(r *localaccount.Rules) { r.Deny = true })
	r = l.costs(t, documented, 2)
	if !errors.Is(r.LiveErr, ErrDenied) || !errors.Is(r.StateErr, ErrDenied) || r.Key.Status != KeyActive {
		t.Errorf("nothing may be asked: %+v", r)
	}
	l.server.Trouble().Set("GetAccessKeyLastUsed", func(r *localaccount.Rules) { r.Deny = false })
	r = l.costs(t, documented, 2)
	if r.LiveErr != nil || !errors.Is(r.StateErr, ErrDenied) || r.Key.Status != KeyActive || r.Key.LastUsed.AsOf().IsZero() || r.Key.LastUsed.Service != "iam" {
		t.Errorf("the state may not be asked: %+v", r)
	}
}

func TestLookUpWhileIAMIsAway(t *testing.T) {
	t.Parallel()
	l := openRead(t)
	l.server.Trouble().Set("", func(r *localaccount.Rules) { r.FailWith = localaccount.Failure{Times: -1} })
	r, err := l.LookUp(context.Background(), documented)
	if err != nil || r.Kind != KeyFound || r.Owner != "mateo.jackson" || !errors.Is(r.LiveErr, ErrUnavailable) || !errors.Is(r.StateErr, ErrUnavailable) {
		t.Errorf("%+v %v", r, err)
	}
	_, err = l.LookUp(context.Background(), "AKIAIOSFODNN7MISSING")
	wantIs(t, err, ErrUnavailable)
	l.server.Trouble().Set("", func(r *localaccount.Rules) { *r = localaccount.Rules{Throttle: -1} })
	_, err = l.LookUp(context.Background(), "AKIAIOSFODNN7MISSING")
	wantIs(t, err, ErrThrottled)
}

// IAM's lists follow its other answers at a distance.
func TestLookUpOfAKeyThatIsNotListed(t *testing.T) {
	t.Parallel()
	a, server, _ := openForeign(t, answers{
		"ListAccessKeys":       sends(metadata("ann", retired)),
		"GetAccessKeyLastUsed": sends(`<UserName>ann</UserName><AccessKeyLastUsed><Region>N/A</Region><ServiceName>N/A</ServiceName></AccessKeyLastUsed>`),
	})
	r, err := a.LookUp(context.Background(), documented)
	if err != nil || r.Kind != KeyFound || r.Owner != "ann" || !r.Unlisted || r.Key.Status != "" || len(r.Siblings) != 1 || r.Siblings[0].ID != retired {
		t.Errorf("%+v %v", r, err)
	}
	if server.count("GetAccessKeyLastUsed") != 1 || server.count("ListAccessKeys") != 1 {
		t.Error("more calls than one each")
	}
}

// A key of the root user has no owner whose keys could be listed: without a
// user name the call would list Keydesk's own.
func TestLookUpOfARootKey(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", rootUserName} {
		a, server, _ := openForeign(t, answers{
			"GetAccessKeyLastUsed": sends(`<UserName>` + strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(name) + `</UserName><AccessKeyLastUsed><Region>N/A</Region><ServiceName>N/A</ServiceName></AccessKeyLastUsed>`),
		})
		r, err := a.LookUp(context.Background(), documented)
		if err != nil || r.Kind != KeyFound || r.Owner != "" || server.count("ListAccessKeys") != 0 {
			t.Errorf("%q: %+v %v", name, r, err)
		}
	}
}
