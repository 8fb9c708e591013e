package iamsvc

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"keydesk/iamsvc/localaccount"
)

// reported are facts from one report row.
func reported(rows ...ReportRow) *facts {
	f := &facts{}
	f.setReport(newReportReading(CredentialReport{Generated: reportTime, Rows: rows}, time.Minute, reportTime.Add(time.Minute), time.Time{}))
	return f
}

func names(users []User) (all []string) {
	for _, u := range users {
		all = append(all, u.Name)
	}
	return all
}

// A report as the documentation words it has no date for inactive keys: a user
// with inactive keys alone looks like one without keys. Only a report that
// shows a date for an inactive key is believed.
func TestReportWithoutDatesOfInactiveKeys(t *testing.T) {
	t.Parallel()
	active := ReportRow{User: "ann", Created: day(1), Slots: []ReportSlot{{Active: true, LastRotated: day(2)}}}
	dated := ReportRow{User: "bob", Created: day(1), Slots: []ReportSlot{{LastRotated: day(2)}}}
	none := ReportRow{User: "eve", Created: day(1)}
	if got := names(reported(active, none).toRead(nil, time.Time{})); !slices.Equal(got, []string{"ann", "eve"}) {
		t.Errorf("literal report: %v are read", got)
	}
	f := reported(active, dated, none)
	if got := names(f.toRead(nil, time.Time{})); !slices.Equal(got, []string{"ann", "bob"}) {
		t.Errorf("report with dates: %v are read", got)
	}
	if eve, _ := f.inventory(nil).User("eve"); eve.KeysErr != nil {
		t.Errorf("eve has no keys, which is known: %v", eve.KeysErr)
	}
}

// The table is there before any key ID: status, age and last use from the
// report, and no key ID made up.
func TestTableFromTheReportAlone(t *testing.T) {
	t.Parallel()
	f := reported(
		ReportRow{User: rootUserName, IsRoot: true},
		ReportRow{User: "ann", ARN: "arn:aws:iam::123456789012:user/team/a/ann", Created: day(1), MFA: Yes,
			Slots: []ReportSlot{{Active: true, LastRotated: day(4)}, {LastRotated: day(3), LastUsed: day(5), Region: "eu-west-1", Service: "s3"}}})
	inv := f.inventory(nil)
	if len(inv.Users) != 1 || !inv.AsOf.Before(reportTime.Add(time.Minute)) || inv.AsOf.IsZero() {
		t.Fatalf("%+v", inv)
	}
	u := inv.Users[0]
	if u.Path != "/team/a/" || u.MFA != Yes || !errors.Is(u.KeysErr, ErrNotReadYet) || len(u.Keys) != 2 {
		t.Fatalf("%+v", u)
	}
	if k := u.Keys[0]; k.ID != "" || k.Status != KeyInactive || k.LastUsed.At != day(5) || u.Keys[1].Status != KeyActive {
		t.Errorf("%+v", u.Keys)
	}
	if _, _, ok := inv.Key(""); ok {
		t.Error("the empty key ID is somebody's")
	}
}

func TestReportAgreesWithKeys(t *testing.T) {
	t.Parallel()
	key := func(s KeyStatus, d int) AccessKey {
		return AccessKey{ID: "x", Status: s, Created: day(d).Add(300 * time.Millisecond)}
	}
	row := ReportRow{Slots: []ReportSlot{{Active: true, LastRotated: day(2)}, {LastRotated: day(1)}}} // not in order of age
	for _, c := range []struct {
		name string
		keys []AccessKey
		want bool
	}{
		{"the same", []AccessKey{key(KeyInactive, 1), key(KeyActive, 2)}, true},
		{"statuses changed places", []AccessKey{key(KeyActive, 1), key(KeyInactive, 2)}, false},
		{"one deactivated", []AccessKey{key(KeyInactive, 1), key(KeyInactive, 2)}, false},
		{"one replaced", []AccessKey{key(KeyInactive, 1), key(KeyActive, 3)}, false},
		{"one fewer", []AccessKey{key(KeyActive, 2)}, false},
		{"none", nil, false},
		{"three, of which the report shows two", []AccessKey{key(KeyActive, 3), key(KeyInactive, 1), key(KeyActive, 2)}, true},
		{"three others", []AccessKey{key(KeyActive, 3), key(KeyActive, 4), key(KeyActive, 2)}, false},
	} {
		if got := row.agrees(c.keys); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	twins := ReportRow{Slots: []ReportSlot{{Active: true, LastRotated: day(2)}, {LastRotated: day(2)}}}
	if !twins.agrees([]AccessKey{key(KeyInactive, 2), key(KeyActive, 2)}) || twins.agrees([]AccessKey{key(KeyActive, 2), key(KeyActive, 2)}) {
		t.Error("two keys of one second")
	}
}

// Users the report cannot know, or knows by an earlier user of the name, are
// read; names that differ in case are two users.
func TestUsersTheReportDoesNotKnow(t *testing.T) {
	t.Parallel()
	f := reported(
		ReportRow{User: "again", Created: day(1)}, ReportRow{User: "Ann", Created: day(1)},
		ReportRow{User: "gone", Created: day(1), Slots: []ReportSlot{{LastRotated: day(2)}}})
	f.setUsers(listing{users: []User{
		{Name: "again", ID: "2", Created: day(9)}, {Name: "ann", ID: "3", Created: day(1)},
		{Name: "Ann", ID: "4", Created: day(1)}, {Name: "new", ID: "5", Created: reportTime},
	}, started: reportTime.Add(time.Hour)})
	if got := names(f.Users); !slices.Equal(got, []string{"again", "Ann", "ann", "new"}) {
		t.Errorf("users %v", got)
	}
	if got := names(f.toRead(nil, time.Time{})); !slices.Equal(got, []string{"again", "ann", "new"}) {
		t.Errorf("%v are read", got)
	}
	// An older list does not take away whom a newer report knows.
	f.setUsers(listing{users: []User{{Name: "Ann", ID: "4", Created: day(1)}}, started: reportTime.Add(-time.Hour)})
	if got := names(f.Users); !slices.Equal(got, []string{"Ann"}) && !slices.Contains(got, "again") {
		t.Errorf("users %v", got)
	}
}

// An older report than the list of users takes nobody away and brings nobody
// back.
func TestReportOlderThanTheList(t *testing.T) {
	t.Parallel()
	f := &facts{}
	f.setUsers(listing{users: []User{{Name: "ann"}, {Name: "new"}}, started: reportTime})
	f.setReport(newReportReading(CredentialReport{Generated: reportTime.Add(-3 * time.Hour), Rows: []ReportRow{{User: "ann"}, {User: "gone"}}}, 3*time.Hour, reportTime, time.Time{}))
	if got := names(f.Users); !slices.Equal(got, []string{"ann", "new"}) {
		t.Errorf("users %v", got)
	}
}

// The same report again, which some servers give out for ever, is older than it
// was: whoever has no keys in it may have got some.
func TestSameReportGrowsOld(t *testing.T) {
	t.Parallel()
	l := openLocal(t, localaccount.Options{})
	report := CredentialReport{Generated: reportTime, Raw: []byte("x"), Rows: []ReportRow{
		{User: "ann", Created: day(1)}, {User: "bob", Created: day(1), Slots: []ReportSlot{{LastRotated: day(2)}}}}}
	for _, c := range []struct {
		age  time.Duration
		want int
	}{{time.Minute, 1}, {staleReport, 2}} {
		l.takeReport(newReportReading(report, c.age, reportTime.Add(c.age), time.Time{}))
		if got := l.facts.toRead(nil, time.Time{}); len(got) != c.want {
			t.Errorf("at the age of %v %v are read", c.age, names(got))
		}
	}
}

// A list of users that was read just now says nothing about keys that were read
// hours ago, unless a newer report shows the same keys.
func TestKeysAreAsOldAsWhatTellsOfThem(t *testing.T) {
	t.Parallel()
	f := reported(
		ReportRow{User: "ann", Created: day(1), Slots: []ReportSlot{{LastRotated: day(2)}}},
		ReportRow{User: "bob", Created: day(1)}, ReportRow{User: "eve", Created: day(1), Slots: []ReportSlot{{LastRotated: day(2)}}})
	f.setUsers(listing{users: f.Users, started: reportTime.Add(time.Hour)})
	for _, c := range []struct {
		user  int
		keys  []AccessKey
		first time.Time // then, of the user, and of all
		want  time.Time
	}{
		{0, []AccessKey{{ID: documented, Status: KeyInactive, Created: day(2)}}, day(5), f.Report.Since},
		{2, []AccessKey{{ID: "AKIAOTHER", Status: KeyActive, Created: day(2)}}, day(5), day(5)},
		{2, nil, reportTime.Add(time.Hour), f.Report.Since},
	} {
		f.setKeys(f.Users[c.user], keyReading{Keys: c.keys, Started: c.first})
		if inv := f.inventory(nil); !inv.KeysAsOf.Equal(c.want) || !inv.AsOf.Equal(reportTime.Add(time.Hour)) {
			t.Errorf("after %+v: %v, the list as of %v", c, inv.KeysAsOf, inv.AsOf)
		}
	}
}

// What Keydesk changed after the report was made is no disagreement.
func TestOwnChangeIsNewerThanTheReport(t *testing.T) {
	t.Parallel()
	f := reported(ReportRow{User: "ann", Created: day(1), Slots: []ReportSlot{{Active: true, LastRotated: day(2)}}})
	f.setKeys(f.Users[0], keyReading{Keys: []AccessKey{{ID: documented, Status: KeyActive, Created: day(2)}}, Started: day(3)})
	own := ownChanges{}
	own.add(ownChange{User: "ann", KeyID: documented, At: reportTime, Status: KeyInactive})
	if got := f.toRead(own, time.Time{}); len(got) != 0 {
		t.Errorf("%v are read", names(got))
	}
	if got := f.toRead(ownChanges{}, time.Time{}); len(got) != 0 {
		t.Errorf("without it, %v are read", names(got))
	}
	f.Keys["ann"] = keyReading{Created: day(1), Keys: []AccessKey{{ID: documented, Status: KeyInactive, Created: day(2)}}, Started: day(3)}
	if got := f.toRead(ownChanges{}, time.Time{}); len(got) != 1 {
		t.Error("a key activated by somebody else is not noticed")
	}
}

func TestReportsOnABadDay(t *testing.T) {
	t.Parallel()
	busy := localaccount.Failure{Times: 1, Status: http.StatusConflict, Code: "LimitExceeded"}
	tests := []struct {
		name   string
		before func(*testing.T, local, *clock)
		rules  map[string]localaccount.Rules
		want   error
	}{
		{"asking is throttled", nil, map[string]localaccount.Rules{"GenerateCredentialReport": {Throttle: 1}}, nil},
		{"IAM is making one for somebody else", ordered, map[string]localaccount.Rules{"GenerateCredentialReport": {FailWith: busy}}, nil},
		{"in progress already", ordered, nil, nil},
		{"expired", expired, nil, nil},
		{"expired, and no other may be made", expired, map[string]localaccount.Rules{"GenerateCredentialReport": {Deny: true}}, ErrDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c clock
			l := openLocal(t, localaccount.Options{Now: c.now}, sparing)
			l.server.Trouble().SetReportTime(20 * time.Millisecond)
			if tt.before != nil {
				tt.before(t, l, &c)
			}
			for action, rules := range tt.rules {
				l.server.Trouble().Set(action, func(r *localaccount.Rules) { *r = rules })
			}
			if err := l.Refresh(context.Background()); err != nil {
				t.Fatal(err)
			}
			if inv := l.Inventory(); !errors.Is(inv.ReportErr, tt.want) || (inv.ReportErr == nil) != (tt.want == nil) {
				t.Errorf("report %v: %v", inv.ReportTime, inv.ReportErr)
			}
			sameAsServer(t, l)
		})
	}
}

func ordered(t *testing.T, l local, _ *clock) {
	if _, err := l.GenerateCredentialReport(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func expired(t *testing.T, l local, c *clock) {
	ordered(t, l, c)
	waitFor(t, func() bool { _, err := l.CredentialReport(context.Background()); return err == nil })
	c.forward(reportLife)
}
