package iamsvc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"keydesk/iamsvc/localaccount"
)

func refreshed(t testing.TB, o localaccount.Options, change ...func(*Config)) local {
	t.Helper()
	l := openLocal(t, o, change...)
	l.server.Trouble().SetReportTime(20 * time.Millisecond)
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestInventoryOfTheEmbeddedAccount(t *testing.T) {
	t.Parallel()
	l := refreshed(t, localaccount.Options{})
	inv := l.Inventory()
	if inv.Loading || inv.Err != nil || inv.ReportErr != nil || inv.GroupsErr != nil || inv.AsOf.IsZero() || inv.ReportTime.IsZero() || inv.KeysRead != len(inv.Users) {
		t.Fatalf("%+v", inv)
	}
	users, err := l.ListUsers(context.Background())
	if err != nil || len(users) != len(inv.Users) || len(users) < 150 {
		t.Fatalf("%d users, %d in the inventory, %v", len(users), len(inv.Users), err)
	}
	if !slices.IsSortedFunc(inv.Users, func(a, b InventoryUser) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) }) {
		t.Error("not sorted by name")
	}
	for _, u := range inv.Users {
		if u.Err != nil || u.KeysErr != nil || !u.GroupsRead || u.ConsoleAccess == Unknown || u.MFA == Unknown || u.SigningCerts < 0 {
			t.Errorf("%s is incomplete: %+v", u.Name, u)
		}
		for _, k := range u.Keys {
			if k.LastUsed.AsOf().IsZero() || k.UserName != u.Name {
				t.Errorf("%s: %+v", u.Name, k)
			}
		}
	}
	if u, _ := inv.User("terraform-runner"); len(u.Keys) != 3 {
		t.Errorf("a user with three keys has %d", len(u.Keys))
	}
	if u, _ := inv.User("dev-sandbox-bot"); !u.Quarantined || len(u.Groups) != 1 || u.Keys[0].Description != "Found in a public repository" {
		t.Errorf("%+v", u)
	}
	if u, k, ok := inv.Key(documented); !ok || u.Name != "mateo.jackson" || k.Description == "" || u.ConsoleAccess != Yes || u.MFA != Yes || u.LastActivity.Before(k.LastUsed.At) {
		t.Errorf("%+v", u)
	}
	if u, _ := inv.User("svc-git-mirror"); u.SigningCerts != 1 || len(u.Keys) != 0 {
		t.Errorf("%+v", u)
	}
}

// Whatever page size, the same account is seen.
func TestInventoryThroughSmallPages(t *testing.T) {
	t.Parallel()
	whole := refreshed(t, localaccount.Options{})
	small := refreshed(t, localaccount.Options{}, func(c *Config) { c.PageSize = 7 })
	ids := func(l local) []string { return slices.Sorted(maps.Keys(l.Inventory().byKey)) }
	own := func(id string) bool { return strings.Contains(id, "EXAMPLE") }
	if a, b := len(whole.Inventory().Users), len(small.Inventory().Users); a != b {
		t.Errorf("%d and %d users", a, b)
	}
	if a, b := ids(whole), ids(small); len(a) != len(b) || !slices.Equal(slices.DeleteFunc(a, own), slices.DeleteFunc(b, own)) {
		t.Errorf("%d and %d keys", len(a), len(b))
	}
	if n := small.calls("ListUsers"); n < 20 {
		t.Errorf("%d calls are not pages of seven", n)
	}
}

// Every user the server has is in the table, complete or marked, whatever the
// weather.
func TestInventoryInBadWeather(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		rules map[string]localaccount.Rules
		check func(*Inventory) bool
	}{
		{"throttled now and then", map[string]localaccount.Rules{"ListAccessKeys": {ThrottleEvery: 9}}, func(i *Inventory) bool { return i.KeysRead == len(i.Users) }},
		{"some 500s", map[string]localaccount.Rules{"": {FailWith: localaccount.Failure{Times: 4, Status: 500}}}, func(i *Inventory) bool { return i.KeysRead == len(i.Users) }},
		{"keys denied", map[string]localaccount.Rules{"ListAccessKeys": {Deny: true}}, func(i *Inventory) bool {
			return i.KeysFailed > 0 && !slices.ContainsFunc(i.Users, func(u InventoryUser) bool {
				return !errors.Is(u.KeysErr, ErrDenied) && (u.KeysErr != nil || len(u.Keys) > 0) // the report tells who has none
			})
		}},
		{"details denied", map[string]localaccount.Rules{"GetAccountAuthorizationDetails": {Deny: true}}, func(i *Inventory) bool {
			return errors.Is(i.GroupsErr, ErrDenied) && !i.Users[0].GroupsRead
		}},
		{"report denied", map[string]localaccount.Rules{"GetCredentialReport": {Deny: true}}, func(i *Inventory) bool {
			_, k, ok := i.Key(documented)
			return errors.Is(i.ReportErr, ErrDenied) && i.ReportTime.IsZero() && i.Users[0].ConsoleAccess == Unknown && ok && !k.LastUsed.AsOf().IsZero() && !k.LastUsed.FromReport()
		}},
		{"report may not be made", map[string]localaccount.Rules{"GenerateCredentialReport": {Deny: true}}, func(i *Inventory) bool { return errors.Is(i.ReportErr, ErrDenied) }},
		{"last use denied", map[string]localaccount.Rules{"GetCredentialReport": {Deny: true}, "GetAccessKeyLastUsed": {Deny: true}}, func(i *Inventory) bool {
			_, k, ok := i.Key(documented)
			return ok && k.LastUsed.AsOf().IsZero() && errors.Is(k.LastUsed.Err, ErrDenied)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := openLocal(t, localaccount.Options{})
			l.server.Trouble().SetReportTime(20 * time.Millisecond)
			for action, rules := range tt.rules {
				l.server.Trouble().Set(action, func(r *localaccount.Rules) { *r = rules })
			}
			if err := l.Refresh(context.Background()); err != nil {
				t.Fatal(err)
			}
			l.server.Trouble().Reset()
			inv := l.Inventory()
			users, err := l.ListUsers(context.Background())
			if err != nil || len(users) != len(inv.Users) || inv.Loading || inv.AsOf.IsZero() {
				t.Fatalf("%d users, %d in the inventory", len(users), len(inv.Users))
			}
			if !tt.check(inv) {
				t.Errorf("report %v, groups %v, %d of %d read, first %+v", inv.ReportErr, inv.GroupsErr, inv.KeysRead, len(inv.Users), inv.Users[0])
			}
		})
	}
}

// A report that never gets ready does not hold the table back for ever.
func TestReportThatNeverCompletes(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.reportWait = 50 * time.Millisecond
	l.server.Trouble().SetReportTime(time.Hour)
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	inv := l.Inventory()
	if !errors.Is(inv.ReportErr, ErrReportInProgress) && !errors.Is(inv.ReportErr, ErrReportNotPresent) {
		t.Errorf("report error %v", inv.ReportErr)
	}
	if inv.KeysRead != len(inv.Users) {
		t.Errorf("%d of %d", inv.KeysRead, len(inv.Users))
	}
}

// The list of users failing half-way keeps those known, marked; failing from
// the start is no empty table.
func TestListUsersFailingHalfWay(t *testing.T) {
	t.Parallel()
	l := refreshed(t, localaccount.Options{}, func(c *Config) { c.PageSize = 50 })
	want := len(l.Inventory().Users)
	// The second page is refused.
	pages, inner := 0, l.server.Client()
	c := Config{AWS: aws.Config{Credentials: l.creds, HTTPClient: roundTrip(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.Contains(string(body), "Action=ListUsers&") {
			if pages++; pages == 2 {
				w := httptest.NewRecorder()
				fails(403, "AccessDenied", "no more")(w, nil)
				return w.Result(), nil
			}
		}
		return inner.Do(r)
	})}}
	l.openLanes(c.withDefaults())
	err := l.Refresh(context.Background())
	wantIs(t, err, ErrDenied)
	inv := l.Inventory()
	if len(inv.Users) != want || !errors.Is(inv.Err, ErrDenied) {
		t.Fatalf("%d of %d users, error %v", len(inv.Users), want, inv.Err)
	}
	marked := 0
	for _, u := range inv.Users {
		if u.Err != nil {
			marked++
		}
	}
	if marked == 0 || marked == want {
		t.Errorf("%d of %d are marked", marked, want)
	}
}

func TestListUsersFailingFromTheStart(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.server.Trouble().Set("ListUsers", func(r *localaccount.Rules) { r.Deny = true })
	l.server.Trouble().Set("GetCredentialReport", func(r *localaccount.Rules) { r.Deny = true })
	wantIs(t, l.Refresh(context.Background()), ErrDenied)
	if inv := l.Inventory(); !inv.AsOf.IsZero() || !errors.Is(inv.Err, ErrDenied) || inv.Loading {
		t.Errorf("%+v", inv)
	}
}

func TestInventoryIsPublishedAsItGrows(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.server.Trouble().Set("ListAccessKeys", func(r *localaccount.Rules) { r.Latency = 20 * time.Millisecond })
	done := make(chan error)
	go func() { done <- l.Refresh(context.Background()) }()
	var first *Inventory
	for first == nil {
		select {
		case err := <-done:
			t.Fatal("nothing was seen before the end", err)
		default:
		}
		if inv := l.Inventory(); len(inv.Users) > 0 {
			first = inv
		}
	}
	if !first.Loading || first.KeysRead == len(first.Users) || first.AsOf.IsZero() {
		t.Errorf("loading %v, %d of %d", first.Loading, first.KeysRead, len(first.Users))
	}
	for _, u := range first.Users {
		if u.KeysErr != nil && !errors.Is(u.KeysErr, ErrNotReadYet) {
			t.Errorf("%s: %v", u.Name, u.KeysErr)
		}
	}
	if err := <-done; err != nil || l.Inventory().Loading {
		t.Errorf("%v %+v", err, l.Inventory())
	}
}

func TestOwnChangesAreSeenAtOnceAndStay(t *testing.T) {
	t.Parallel()
	l := refreshed(t, localaccount.Options{})
	// Every read shows the account as it was before what follows.
	for _, action := range []string{"ListAccessKeys", "ListUsers", "GetAccountAuthorizationDetails"} {
		l.server.Trouble().Set(action, func(r *localaccount.Rules) { r.LagReads = 3 * time.Second })
	}
	user, gone := "mateo.jackson", ""
	{
		u, _ := l.Inventory().User("billing-export")
		for _, k := range u.Keys {
			if k.Status == KeyInactive {
				gone = k.ID
			}
		}
	}
	created, err := l.CreateAccessKey(administrator(), user, "New one")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.UpdateAccessKey(administrator(), user, documented, KeyInactive); err != nil {
		t.Fatal(err)
	}
	if err := l.DescribeAccessKey(administrator(), user, documented, "Old one"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.DeleteAccessKey(administrator(), "billing-export", gone); err != nil {
		t.Fatal(err)
	}
	if _, err := l.CreateUser(administrator(), NewUser{Name: "fresh"}); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		inv := l.Inventory()
		_, k, ok := inv.Key(documented)
		if !ok || k.Status != KeyInactive || k.Description != "Old one" {
			t.Errorf("%s: %+v", when, k)
		}
		if _, k, ok := inv.Key(created.Key.ID); !ok || k.Description != "New one" || k.Status != KeyActive {
			t.Errorf("%s: created key %+v", when, k)
		}
		if _, _, ok := inv.Key(gone); ok {
			t.Errorf("%s: the deleted key is back", when)
		}
		if _, ok := inv.User("fresh"); !ok {
			t.Errorf("%s: the new user is missing", when)
		}
		d, err := l.UserDetails(context.Background(), user)
		if err != nil || len(d.Keys.Value) != 2 {
			t.Fatalf("%s: %+v %v", when, d.Keys, err)
		}
		k, _ = findKey(d.Keys.Value, documented)
		if k.Status != KeyInactive || k.Description != "Old one" {
			t.Errorf("%s: on the user's page %+v", when, k)
		}
	}
	check("at once")
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	check("after a reading that lags")
	l.server.Trouble().Reset()
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	check("after a true reading")
}

// What somebody else changes later is not hidden by an old change of ours.
func TestOwnChangesDoNotLast(t *testing.T) {
	t.Parallel()
	shift := time.Duration(0)
	l := refreshed(t, localaccount.Options{}, func(c *Config) { c.Now = func() time.Time { return time.Now().Add(shift) } })
	if err := l.UpdateAccessKey(administrator(), "mateo.jackson", documented, KeyInactive); err != nil {
		t.Fatal(err)
	}
	if _, err := l.sendUpdate(context.Background(), target{user: "mateo.jackson"}, documented, KeyActive); err != nil {
		t.Fatal(err)
	}
	l.own.add(ownChange{User: "mateo.jackson", KeyID: documented, At: time.Now(), Status: KeyInactive})
	shift = lagWindow + time.Second
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, k, _ := l.Inventory().Key(documented); k.Status != KeyActive {
		t.Errorf("status %s", k.Status)
	}
	if len(l.own) != 0 {
		t.Errorf("still kept: %v", l.own)
	}
}

// A user deleted and made again under the name has none of the old one's keys.
func TestUserMadeAgain(t *testing.T) {
	t.Parallel()
	old := User{Name: "ann", ID: "AIDA1", Created: day(1)}
	for _, again := range []User{{Name: "ann", ID: "AIDA2", Created: day(1)}, {Name: "ann", ID: "AIDA1", Created: day(2)}} {
		var f facts
		f.setUsers(listing{users: []User{old}, started: day(3)})
		f.setKeys(old, keyReading{Keys: []AccessKey{{ID: documented, Status: KeyActive}}, Started: day(3)})
		f.setUsers(listing{users: []User{again}, started: day(4)})
		u, _ := f.inventory(nil).User("ann")
		if len(u.Keys) != 0 || !errors.Is(u.KeysErr, ErrNotReadYet) {
			t.Errorf("%+v", u)
		}
		f.forgetGone()
		if len(f.Keys) != 0 {
			t.Error("the old user's keys are kept")
		}
	}
}

// Tags are read at the start of a crawl, keys minutes later: a description set
// in between is newer than the tags.
func TestDescriptionIsAsOldAsTheTags(t *testing.T) {
	t.Parallel()
	var f facts
	u := User{Name: "ann"}
	f.setUsers(listing{users: []User{u}, started: day(1)})
	f.Details, f.DetailsAt = map[string]details{"ann": {Tags: []Tag{{documented, "old"}}}}, day(1)
	f.setKeys(u, keyReading{Keys: []AccessKey{{ID: documented}}, Started: day(3)})
	description := "new"
	own := ownChanges{}
	own.add(ownChange{User: "ann", KeyID: documented, At: day(2), Description: &description})
	if _, k, _ := f.inventory(own).Key(documented); k.Description != "new" {
		t.Errorf("%+v", k)
	}
}

// Without the tags, which may never be read, a description of ours stays; the
// state of its key is as listed all the same.
func TestDescriptionDoesNotHoldTheStateDown(t *testing.T) {
	t.Parallel()
	var f facts
	u, description := User{Name: "ann"}, "ours"
	key := AccessKey{ID: documented, Status: KeyActive}
	f.setUsers(listing{users: []User{u}, started: day(3)})
	f.setKeys(u, keyReading{Keys: []AccessKey{key}, Started: day(3)})
	own := ownChanges{}
	own.add(ownChange{User: "ann", KeyID: documented, At: day(2), Created: &key, Status: KeyInactive, Description: &description})
	if _, k, _ := f.inventory(own).Key(documented); k.Status != KeyActive || k.Description != "ours" {
		t.Errorf("activated by somebody else: %+v", k)
	}
	f.pruneOwn(own)
	if len(own) != 1 {
		t.Error("the description is forgotten")
	}
	f.setKeys(u, keyReading{Started: day(4)})
	if _, k, ok := f.inventory(own).Key(documented); ok {
		t.Errorf("deleted by somebody else: %+v", k)
	}
	f.pruneOwn(own)
	if len(own) != 0 {
		t.Errorf("kept for ever: %v", own)
	}
}

// Changes of users who are gone are not waited for: they would be shown of
// another who gets the name.
func TestOwnChangesEndWithTheirUser(t *testing.T) {
	t.Parallel()
	own := ownChanges{}
	own.add(ownChange{User: "ann", KeyID: documented, At: day(2), Created: &AccessKey{ID: documented, Status: KeyActive}})
	var f facts
	f.setUsers(listing{users: []User{{Name: "bob"}}, started: day(2)})
	if f.pruneOwn(own); len(own) != 1 {
		t.Error("a list that may lag ends a change")
	}
	f.setUsers(listing{users: []User{{Name: "bob"}}, started: day(3)})
	if f.pruneOwn(own); len(own) != 0 {
		t.Errorf("still there: %v", own)
	}
}

// A report that is newer than a change of ours knows better, a user it shows
// without keys included.
func TestNewerReportWithoutAKeyOfOurs(t *testing.T) {
	t.Parallel()
	f := reported(ReportRow{User: "bob", Created: day(1), Slots: []ReportSlot{{LastRotated: day(2)}}}, ReportRow{User: "ann", Created: day(1)})
	for at, want := range map[time.Time]int{reportTime: 1, reportTime.Add(-time.Hour): 0} {
		own := ownChanges{}
		own.add(ownChange{User: "ann", KeyID: documented, At: at, Created: &AccessKey{ID: documented, Status: KeyActive}})
		if u, _ := f.inventory(own).User("ann"); len(u.Keys) != want || u.KeysErr != nil {
			t.Errorf("created at %v: %+v, %v", at, u.Keys, u.KeysErr)
		}
		if f.pruneOwn(own); len(own) != want {
			t.Errorf("created at %v: kept %v", at, own)
		}
	}
}

// What the caller goes on to do with a key it made is not seen by others.
func TestOwnChangesAreTheirOwn(t *testing.T) {
	t.Parallel()
	own, key := ownChanges{}, AccessKey{ID: documented}
	own.add(ownChange{User: "ann", KeyID: documented, Created: &key})
	key.Description = "later"
	if c := own.of("ann")[0]; c.Created.Description != "" {
		t.Error("the caller still writes to it")
	}
}

// A user made again under the name is in none of the old one's groups.
func TestDetailsOfAnEarlierUserOfTheName(t *testing.T) {
	t.Parallel()
	l := refreshed(t, localaccount.Options{})
	before, _ := l.Inventory().User("dev-sandbox-bot")
	again := before.User
	again.ID, again.Created, again.Tags = "AIDAAGAIN", again.Created.Add(time.Hour), nil
	l.learn(func(f *facts) { f.setUsers(listing{users: []User{again}, started: time.Now()}) })
	after, _ := l.Inventory().User("dev-sandbox-bot")
	if !before.GroupsRead || after.GroupsRead || after.Quarantined || len(after.Groups)+len(after.Tags) > 0 {
		t.Errorf("before %v, after %+v", before.GroupsRead, after)
	}
}

// Pages that overlap, as they do where a page is counted from the first user and
// another was made meanwhile, name nobody twice.
func TestListThatNamesAUserTwice(t *testing.T) {
	t.Parallel()
	var f facts
	f.setUsers(listing{users: []User{{Name: "ann"}, {Name: "Bob"}, {Name: "Bob"}, {Name: "bob"}}, started: day(1)})
	if got := names(f.Users); !slices.Equal(got, []string{"ann", "Bob", "bob"}) {
		t.Error(got)
	}
}

// Of a crawl's pictures only the rows that changed are drawn, and come out as in
// one that is drawn whole.
func TestPictureIsDrawnAnewWhereItChanged(t *testing.T) {
	t.Parallel()
	l := refreshed(t, localaccount.Options{})
	for _, c := range []struct {
		name   string
		change func()
	}{
		{"keys listed", func() { l.noticeKeys("mateo.jackson", keyReading{Started: l.now()}) }},
		{"keys listed again", func() { l.readKeysOf(context.Background(), l.background, l.facts.Users[0]) }},
		{"keys could not be listed", func() { l.facts.setKeys(l.facts.Users[1], keyReading{err: ErrThrottled, Started: l.now()}) }},
		{"last use asked", func() {
			l.learn(func(f *facts) { f.setReport(reportReading{}) })
			l.readLastUsed(context.Background(), l.background, l.now())
		}},
		{"own change", func() {
			l.changed(ownChange{User: "billing-export", KeyID: documented, Created: &AccessKey{ID: documented}})
		}},
		{"own user", func() { l.changedUser(User{Name: "fresh"}) }},
		{"users gone", func() { l.learn(func(f *facts) { f.setUsers(listing{users: f.Users[:9], started: l.now()}) }) }},
	} {
		c.change()
		l.publish()
		if !reflect.DeepEqual(l.Inventory(), l.facts.inventory(l.own)) {
			t.Errorf("%s: not in the picture", c.name)
		}
	}
}

// A reading that took long is older than one that began after it, whichever
// of them ends first.
func TestLateReadingIsTheOlderOne(t *testing.T) {
	t.Parallel()
	var f facts
	u := User{Name: "ann"}
	f.setUsers(listing{users: []User{u}, started: day(1)})
	f.setKeys(u, keyReading{Keys: []AccessKey{{ID: documented, Status: KeyInactive}}, Started: day(2)})
	f.setKeys(u, keyReading{Keys: []AccessKey{{ID: documented, Status: KeyActive}}, Started: day(1)})
	f.setKeys(u, keyReading{err: ErrThrottled, Started: day(1)})
	if iu, _ := f.inventory(nil).User("ann"); iu.KeysErr != nil || iu.Keys[0].Status != KeyInactive {
		t.Errorf("%+v, %v", iu.Keys, iu.KeysErr)
	}
}

func TestFailedReadingKeepsWhatWasKnown(t *testing.T) {
	t.Parallel()
	var f facts
	u := User{Name: "ann"}
	f.setUsers(listing{users: []User{u}, started: day(1)})
	f.setKeys(u, keyReading{Keys: []AccessKey{{ID: documented}}, Started: day(1)})
	f.setKeys(u, keyReading{err: ErrThrottled, Started: day(2)})
	if iu, _ := f.inventory(nil).User("ann"); len(iu.Keys) != 1 || !errors.Is(iu.KeysErr, ErrThrottled) {
		t.Errorf("%+v", iu)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	l.server.Trouble().SetReportTime(20 * time.Millisecond)
	l.refreshEvery = 50 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	waitFor(t, func() bool { inv := l.Inventory(); return !inv.Loading && len(inv.Users) > 0 })
	before := l.Inventory().AsOf
	waitFor(t, func() bool { return l.Inventory().AsOf.After(before) })
	cancel()
	<-done
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		time.Sleep(2 * time.Millisecond)
	}
}
