package iamsvc

import (
	"context"
	"fmt"
	"testing"
	"time"

	"keydesk/iamsvc/localaccount"
)

// A list of users of which the end is missing is never kept for a whole one,
// whose table it would be after a restart without any mark. What was read of
// their keys is kept.
func TestListReadInPartIsNotKeptForAWholeOne(t *testing.T) {
	t.Parallel()
	for _, l := range []listing{{going: true}, {err: ErrThrottled}} {
		kept := &memory{}
		a := openLocal(t, localaccount.Options{}, func(c *Config) { c.Shelf = kept })
		user := User{Name: "ann", ID: "AIDA1"}
		l.users, l.started = []User{user}, time.Now()
		a.learn(func(f *facts) {
			f.setUsers(l)
			f.setKeys(user, keyReading{Keys: []AccessKey{{ID: documented}}, Started: time.Now()})
		})
		if inv := a.Inventory(); len(inv.Users) != 1 || inv.AsOf.IsZero() {
			t.Errorf("it is shown while it is read: %+v", inv)
		}
		a.save(context.Background())
		k := a.takeDown(context.Background())
		if len(k.Facts.Users) != 0 || !k.Facts.UsersAt.IsZero() || len(k.Facts.Keys) != 1 {
			t.Errorf("kept %v as of %v, keys of %d", k.Facts.Users, k.Facts.UsersAt, len(k.Facts.Keys))
		}
		l.err, l.going, l.users = nil, false, append(l.users, User{Name: "bob"})
		a.learn(func(f *facts) { f.setUsers(l) })
		a.save(context.Background())
		if k := a.takeDown(context.Background()); len(k.Facts.Users) != 2 || k.Facts.UsersAt.IsZero() {
			t.Errorf("the whole list is not kept: %v as of %v", k.Facts.Users, k.Facts.UsersAt)
		}
	}
}

// The report is put beside the list again as it was, be it newer or older.
func TestRestoringKeepsTheListAsItWas(t *testing.T) {
	t.Parallel()
	raw := []byte(reportHeader + "\nann,arn:aws:iam::123456789012:user/ann,2026-01-01T08:00:00Z,false,N/A,N/A,N/A,false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A")
	for _, c := range []struct {
		users []User
		at    time.Time
		want  string
	}{{[]User{{Name: "bob"}}, day(2), "[bob]"}, {nil, time.Time{}, "[ann]"}} {
		a := openLocal(t, localaccount.Options{})
		a.restore(kept{Facts: facts{Users: c.users, UsersAt: c.at, Report: reportReading{
			CredentialReport: CredentialReport{Raw: raw, Generated: reportTime}, Since: reportTime}}})
		if got := names(a.facts.Users); fmt.Sprint(got) != c.want || !c.at.IsZero() && !a.facts.UsersAt.Equal(c.at) || len(a.facts.rows) != 1 {
			t.Errorf("%v as of %v, %d rows", got, a.facts.UsersAt, len(a.facts.rows))
		}
	}
}

// What was kept of users' keys outlives a list of users that fails again.
func TestPartOfAListForgetsNobodysKeys(t *testing.T) {
	t.Parallel()
	a := openLocal(t, localaccount.Options{})
	a.learn(func(f *facts) {
		f.setKeys(User{Name: "bob"}, keyReading{Keys: []AccessKey{{ID: documented}}, Started: time.Now()})
		f.setUsers(listing{users: []User{{Name: "ann"}}, started: time.Now(), err: ErrThrottled})
	})
	a.tidyUp(context.Background())
	if len(a.facts.Keys) != 1 {
		t.Error("forgotten")
	}
}

// What an account of 5,000 users costs: drawing its picture, which happens a few
// times a second while it is read, keeping it, and showing what was kept.
func BenchmarkInventory(b *testing.B) {
	kept := &memory{}
	l := refreshed(b, localaccount.Options{Users: 5000}, sparing, func(c *Config) { c.Shelf = kept })
	b.Run("draw all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.learn(func(*facts) {})
		}
	})
	b.Run("draw a user", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.noticeKeys("mateo.jackson", keyReading{Started: l.now(), Keys: []AccessKey{{ID: documented}}})
			l.publish()
		}
	})
	b.Run("keep", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.save(context.Background())
		}
		b.ReportMetric(float64(len(kept.data[""]))/1e6, "MB")
	})
	b.Run("restore", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			a := Account{queue: newQueue(), shelf: l.shelf, limiter: l.limiter, watched: make(chan struct{})}
			a.restore(a.takeDown(context.Background()))
			a.publish()
			if len(a.Inventory().Users) != 5000 {
				b.Fatal("not restored")
			}
		}
	})
}
