package iamsvc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"keydesk/iamsvc/localaccount"
)

// sparing reads again only what has to be.
func sparing(c *Config) { c.SweepEvery = 100 * time.Hour }

// clock can be put forward: IAM makes a new report every four hours at most.
type clock struct{ by atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.by.Load())) }

func (c *clock) forward(d time.Duration) { c.by.Add(int64(d)) }

// since counts the calls a function makes.
func (l local) since(f func()) (calls map[string]int, total int) {
	before := l.server.Calls()
	f()
	calls = l.server.Calls()
	for action, n := range before {
		calls[action] -= n
	}
	for _, n := range calls {
		total += n
	}
	return calls, total
}

// One reading of the account: two to four calls for the report, and keys only
// of users who have some.
func TestFirstReadingAsksForNoKeysOfUsersWithoutKeys(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{}, sparing)
	l.server.Trouble().SetReportTime(time.Nanosecond)
	if _, err := l.GenerateCredentialReport(context.Background()); err != nil {
		t.Fatal(err)
	}
	calls, _ := l.since(func() {
		if err := l.Refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	inv, withKeys := l.Inventory(), 0
	for _, u := range inv.Users {
		if len(u.Keys) > 0 {
			withKeys++
		}
		for _, k := range u.Keys {
			if k.ID == "" {
				t.Errorf("%s has a key without an ID", u.Name)
			}
		}
	}
	if inv.KeysRead != len(inv.Users) || withKeys == len(inv.Users) {
		t.Errorf("%d of %d users read, %d have keys", inv.KeysRead, len(inv.Users), withKeys)
	}
	// Whose first screen was on its way before the report was there.
	if n := calls["ListAccessKeys"]; n > withKeys+firstScreen || calls["GetCredentialReport"] != 1 {
		t.Errorf("%d users have keys, calls %v", withKeys, calls)
	}
}

// A refresh costs five calls and one for each user that changed, whatever the
// change was.
func TestRefreshReadsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	var c clock
	l := refreshed(t, localaccount.Options{Now: c.now}, sparing, func(s *Config) { s.Now = c.now })
	c.forward(reportLife)
	// Somebody else, with the AWS CLI.
	other := openBeside(t, l)
	ctx := administrator()
	inv := l.Inventory()
	var changed []string
	for _, u := range inv.Users {
		if len(changed) < 6 && len(u.Keys) == 1 && u.Keys[0].Status == KeyActive {
			changed = append(changed, u.Name)
		}
	}
	for i, name := range changed {
		u, _ := inv.User(name)
		var err error
		switch i % 3 {
		case 0:
			err = other.UpdateAccessKey(ctx, name, u.Keys[0].ID, KeyInactive)
		case 1:
			_, err = other.CreateAccessKey(ctx, name, "")
		default:
			err = errors.Join(other.UpdateAccessKey(ctx, name, u.Keys[0].ID, KeyInactive), second(other.DeleteAccessKey(ctx, name, u.Keys[0].ID)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	other.newUser(t, "appeared", 1)
	c.forward(time.Second) // the report is newer than all keys
	calls, total := l.since(func() {
		if err := l.Refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	const thirdKey = 1 // is in no report, and its answer is four hours old
	if n := len(changed) + 1; total > 5+n+thirdKey || calls["ListAccessKeys"] != n || calls["GetAccessKeyLastUsed"] > thirdKey {
		t.Errorf("%d users changed: %d calls, %v", n, total, calls)
	}
	sameAsServer(t, l)
	if calls, total := l.since(func() { _ = l.Refresh(context.Background()) }); total > 5 || calls["ListAccessKeys"]+calls["GetCredentialReport"] > 0 {
		t.Errorf("nothing changed, and no new report can be there: %v", calls)
	}
}

func second[T any](_ T, err error) error { return err }

// openBeside is another program that uses the same account.
func openBeside(t *testing.T, l local) local {
	t.Helper()
	id, secret := l.server.Credentials()
	journal := &notebook{}
	a, err := Open(context.Background(), Config{
		AWS:     aws.Config{HTTPClient: l.server.Client(), Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")},
		Journal: journal, Logger: l.log,
	})
	if err != nil {
		t.Fatal(err)
	}
	quick(a)
	return local{a, l.server, journal}
}

// sameAsServer compares the inventory with what the server says, user by user.
func sameAsServer(t *testing.T, l local) {
	t.Helper()
	inv := l.Inventory()
	users, err := l.ListUsers(context.Background())
	if err != nil || len(users) != len(inv.Users) {
		t.Fatalf("%d users, %d in the inventory, %v", len(users), len(inv.Users), err)
	}
	for _, u := range users {
		keys, err := l.listAccessKeys(context.Background(), l.interactive, target{user: u.Name})
		if err != nil {
			t.Fatal(err)
		}
		row, ok := inv.User(u.Name)
		if !ok || row.KeysErr != nil || describeKeys(row.Keys) != describeKeys(keys) {
			t.Errorf("%s: %s (%v), the server says %s", u.Name, describeKeys(row.Keys), row.KeysErr, describeKeys(keys))
		}
	}
}

func describeKeys(keys []AccessKey) string {
	var all []string
	for _, k := range keys {
		all = append(all, k.ID+" "+string(k.Status))
	}
	slices.Sort(all)
	return fmt.Sprint(all)
}

// memory is a shelf without a database.
type memory struct {
	mu   sync.Mutex
	data map[string][]byte
	err  error
}

func (m *memory) Load(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data[name], m.err
}

func (m *memory) Save(_ context.Context, name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.data == nil {
		m.data = map[string][]byte{}
	}
	m.data[name] = data
	return m.err
}

// A start shows the whole last inventory, with its age, before any call.
func TestInventoryOutlivesARestart(t *testing.T) {
	t.Parallel()
	kept := &memory{}
	l := refreshed(t, localaccount.Options{}, sparing, func(c *Config) { c.Shelf, c.ShelfMark = kept, "here" })
	if err := l.DescribeAccessKey(administrator(), "mateo.jackson", documented, "Kept too"); err != nil {
		t.Fatal(err)
	}
	l.save(context.Background())
	before := l.Inventory()

	open := func(keyID, mark string) (*Account, int) {
		c := Config{AWS: aws.Config{HTTPClient: l.server.Client(), Credentials: l.creds}, Journal: &notebook{}, Logger: l.log, Shelf: kept, ShelfMark: mark}
		if keyID != "" {
			c.AWS.Credentials = credentials.NewStaticCredentialsProvider(keyID, "x", "")
		}
		var a *Account
		var err error
		_, calls := l.since(func() { a, err = Open(context.Background(), c) })
		if err != nil && keyID == "" {
			t.Fatal(err)
		}
		return a, calls
	}
	a, calls := open("", "here")
	inv := a.Inventory()
	if calls != 0 || a.Identity().Account != l.ID() || len(inv.Users) != len(before.Users) || inv.KeysRead != before.KeysRead ||
		!inv.AsOf.Equal(before.AsOf) || !inv.ReportTime.Equal(before.ReportTime) || inv.Loading {
		t.Errorf("after %d calls %d of %d users as of %v, want %d of %d as of %v", calls, inv.KeysRead, len(inv.Users), inv.AsOf, before.KeysRead, len(before.Users), before.AsOf)
	}
	for _, u := range inv.Users {
		if old, _ := before.User(u.Name); describeKeys(u.Keys) != describeKeys(old.Keys) || u.MFA != old.MFA || u.LastActivity != old.LastActivity || len(u.Groups) != len(old.Groups) {
			t.Errorf("%s is not as it was:\n%+v\n%+v", u.Name, u, old)
		}
	}
	if _, k, _ := inv.Key(documented); k.Description != "Kept too" {
		t.Errorf("an own change is lost: %+v", k)
	}
	if a, calls := open("", "elsewhere"); calls == 0 || len(a.Inventory().Users) != 0 {
		t.Error("what was kept for one server is shown for another")
	}
	if a, _ := open("AKIAQQQQQQQQQQQQQQQQ", "here"); a != nil {
		t.Error("what was kept is shown to whoever has other credentials")
	}
	kept.data["here"] = []byte("of another version")
	if a, calls := open("", "here"); calls == 0 || len(a.Inventory().Users) != 0 {
		t.Error("what cannot be read is shown")
	}
}

func TestPausedReadingGoesOnWhenResumed(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{}, sparing)
	l.server.Trouble().SetReportTime(20 * time.Millisecond)
	l.Pause()
	done := make(chan error, 1)
	go func() { done <- l.Refresh(context.Background()) }()
	waitFor(t, func() bool { return l.Inventory().Loading }) // nobody needs to ask for another
	if p := l.Progress(); !p.Paused || !l.Inventory().Paused || !p.Reading || p.Again || l.calls("ListUsers") != 0 {
		t.Errorf("%+v", p)
	}
	watched := l.Watch()
	l.Resume()
	<-watched
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if p := l.Progress(); p.Paused || l.Inventory().Paused || !p.Again || p.Reading || p.UsersRead != p.Users || p.Done != p.Total || p.Total == 0 || p.Started.IsZero() {
		t.Errorf("%+v", p)
	}
}

// Pausing holds for every kind of background reading.
func TestPausedReadingMakesNoCall(t *testing.T) {
	t.Parallel()
	l := refreshed(t, localaccount.Options{}, sparing)
	l.Pause()
	later := l.now().Add(time.Hour)
	l.learn(func(f *facts) { f.setReport(reportReading{}) })
	for name, read := range map[string]func(context.Context){
		"keys again": func(ctx context.Context) { l.sweepUsers(ctx, l.facts.Users) },
		"last use":   func(ctx context.Context) { l.readLastUsed(ctx, l.background, later) },
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
		defer cancel()
		if calls, n := l.since(func() { read(ctx) }); n > 0 {
			t.Errorf("%s: %v", name, calls)
		}
	}
	l.Resume()
	if _, n := l.since(func() { l.readLastUsed(context.Background(), l.background, later) }); n == 0 {
		t.Error("nothing to read")
	}
}

// Without a report every user is read again and again, which nobody waits for;
// those never read yet, or in vain, come first and do not wait with them.
func TestWhoIsUnknownDoesNotWaitWithTheRest(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	ann, bob, eve := User{Name: "ann"}, User{Name: "bob"}, User{Name: "eve"}
	l.learn(func(f *facts) {
		f.setUsers(listing{users: []User{ann, bob, eve}, started: day(1)})
		f.setKeys(ann, keyReading{Started: day(1)})
		f.setKeys(bob, keyReading{Started: day(1), err: ErrUnavailable})
	})
	if got := names(l.facts.toRead(nil, day(2))); !slices.Equal(got, []string{"eve", "ann", "bob"}) {
		t.Errorf("order %v", got)
	}
	for u, want := range map[string]*lane{"ann": l.sweep, "bob": l.background, "eve": l.background} {
		if l.laneFor(User{Name: u}, l.sweep) != want {
			t.Errorf("%s is read in the wrong lane", u)
		}
	}
	l.ReadAgain("ann")
	if l.laneFor(ann, l.sweep) != l.background {
		t.Error("who somebody asked for waits with the rest")
	}
}

// Who is on a screen is read first, and while nothing else goes on.
func TestUsersOnAScreenAreReadFirst(t *testing.T) {
	t.Parallel()
	l := refreshed(t, localaccount.Options{}, sparing)
	last := l.Inventory().Users[len(l.Inventory().Users)-1].Name
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go l.Run(ctx)
	waitFor(t, func() bool { return !l.Inventory().Loading })
	before := l.calls("ListAccessKeys")
	l.ReadSoon(last) // it was read a moment ago
	l.ReadAgain(last)
	waitFor(t, func() bool { return l.calls("ListAccessKeys") > before })

	q := newQueue()
	q.open()
	var users []User
	for i := range 9 {
		users = append(users, User{Name: fmt.Sprint("u", i)})
	}
	q.plan(users)
	q.first(users[6:8])
	q.plan(users[3:]) // another plan leaves urgent ones where they are
	var order []string
	for range 6 {
		u, _ := q.next(ctx)
		order = append(order, u.Name)
		if screen := q.finished(u); screen != (u.Name == "u7") {
			t.Errorf("a screen is complete with %s: %v", u.Name, screen)
		}
	}
	if fmt.Sprint(order) != "[u6 u7 u3 u4 u5 u8]" {
		t.Error(order)
	}
	q.first(users[5:6])
	u, _ := q.next(ctx)
	q.first(users[5:6]) // its reading is under way
	q.close()
	if again, ok := q.next(ctx); ok {
		t.Errorf("a closed queue gives %v after %v", again, u)
	}
	if !q.finished(u) {
		t.Error("nobody waits for who is being read")
	}
	if done, total, _ := q.count(); done != total {
		t.Errorf("%d of %d", done, total)
	}
}

// A key whose last use may not be asked about, or that the server keeps no
// record of, is asked about with the sweep and not at every refresh.
func TestLastUseThatCannotBeKnown(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{}, sparing)
	l.server.Trouble().Set("GetAccessKeyLastUsed", func(r *localaccount.Rules) { r.Deny = true })
	l.server.Trouble().Set("GetCredentialReport", func(r *localaccount.Rules) { r.Deny = true })
	for i, want := range []bool{true, false} {
		calls, _ := l.since(func() {
			if err := l.Refresh(context.Background()); err != nil {
				t.Fatal(err)
			}
		})
		if n := calls["GetAccessKeyLastUsed"]; (n > 0) != want {
			t.Errorf("refresh %d: %d calls", i, n)
		}
	}
}

// A report that stands for the list of users does so for one that failed too.
func TestNewReportEndsTheErrorOfTheList(t *testing.T) {
	t.Parallel()
	var c clock
	l := refreshed(t, localaccount.Options{Now: c.now}, sparing, func(s *Config) { s.Now = c.now })
	l.server.Trouble().Set("ListUsers", func(r *localaccount.Rules) { r.Deny = true })
	wantIs(t, l.Refresh(context.Background()), ErrDenied)
	c.forward(reportLife)
	calls, _ := l.since(func() {
		if err := l.Refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	inv := l.Inventory()
	if calls["ListUsers"] != 0 || inv.Err != nil || inv.Users[0].Err != nil {
		t.Errorf("calls %v, error %v, first row %v", calls, inv.Err, inv.Users[0].Err)
	}
}

// Many users in a row whose keys may not be listed are no proof about the rest.
func TestRefusalsInARowDoNotHideTheRest(t *testing.T) {
	t.Parallel()
	refused := map[string]bool{}
	l := openLocal(t, localaccount.Options{Users: 400}, sparing)
	inner := l.server.Client()
	users, err := l.ListUsers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users[:200] {
		refused[u.Name] = true
	}
	c := Config{AWS: aws.Config{Credentials: l.creds, HTTPClient: roundTrip(func(r *http.Request) (*http.Response, error) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, _ := url.ParseQuery(string(body))
		if form.Get("Action") == "ListAccessKeys" && refused[form.Get("UserName")] {
			w := httptest.NewRecorder()
			fails(403, "AccessDenied", "not of these")(w, nil)
			return w.Result(), nil
		}
		return inner.Do(r)
	})}}
	l.openLanes(c.withDefaults())
	quick(l.Account)
	if err := l.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, u := range l.Inventory().Users {
		if u.KeysErr != nil && !refused[u.Name] {
			t.Errorf("%s: %v", u.Name, u.KeysErr)
		}
	}
}
