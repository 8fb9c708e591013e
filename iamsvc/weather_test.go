package iamsvc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"keydesk/iamsvc/localaccount"
)

// Whatever happens while an account is read, the table and its marks account
// for every user the server has: each is there with the keys it has, or marked
// as not read, or stale, or the list itself is.
func TestInventoryAccountsForEveryUserInAnyWeather(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := weather{rand.New(rand.NewPCG(seed, 5))}
			var here, there clock
			if w.IntN(2) == 0 {
				there.forward(time.Duration(w.IntN(7)-3) * time.Hour) // the clocks disagree
			}
			l := openLocal(t, localaccount.Options{Users: 60, Now: there.now}, sparing, func(c *Config) {
				c.Now, c.PageSize = here.now, int32(7+w.IntN(60))
			})
			l.reportWait = 100 * time.Millisecond
			touched := map[string]bool{}
			for range 3 {
				before := l.Inventory()
				w.turn(l.server.Trouble())
				w.whileReading(t, l, touched)
				l.server.Trouble().Reset()
				accounted(t, l, before, touched)
				d := time.Duration(w.IntN(6)) * time.Hour
				here.forward(d)
				there.forward(d)
			}
			// In better weather the next report heals everything, or the lack of one:
			// one that takes an hour is still being made.
			l.server.Trouble().SetReportTime(time.Millisecond)
			here.forward(staleReport)
			there.forward(staleReport)
			if err := l.Refresh(context.Background()); err != nil {
				t.Fatal(err)
			}
			sameAsServer(t, l)
		})
	}
}

type weather struct{ *rand.Rand }

// turn makes some actions go wrong.
func (w weather) turn(t *localaccount.Trouble) {
	t.SetReportTime([]time.Duration{time.Millisecond, 50 * time.Millisecond, time.Hour}[w.IntN(3)])
	for _, action := range []string{"ListUsers", "ListAccessKeys", "GetCredentialReport", "GenerateCredentialReport", "GetAccountAuthorizationDetails", "GetAccessKeyLastUsed"} {
		var r localaccount.Rules
		switch w.IntN(9) {
		case 0:
			r.Throttle = 1 + w.IntN(3)
		case 1:
			r.FailWith = localaccount.Failure{Times: 1 + w.IntN(3), Status: 500}
		case 2:
			r.LoseReply = 1 + w.IntN(2)
		case 3:
			r.Deny = true
		case 4:
			r.HangUp = 1 + w.IntN(3)
		case 5:
			r.FailWith = localaccount.Failure{Times: 1 + w.IntN(3), Status: 404, Code: "NoSuchEntity"}
		}
		t.Set(action, func(rules *localaccount.Rules) { *rules = r })
	}
}

// whileReading has somebody else make and delete users and keys during a
// refresh.
func (w weather) whileReading(t *testing.T, l local, touched map[string]bool) {
	other := openBeside(t, l)
	there := l.Inventory().Users
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Its error is in the picture, which is compared below.
		_ = l.Refresh(context.Background())
	}()
	for i := range 4 {
		// What the weather lets pass.
		made := fmt.Sprint("made-", i)
		other.forget(made)
		if _, err := other.CreateUser(administrator(), NewUser{Name: made}); err == nil && i%2 == 0 {
			_, _ = other.CreateAccessKey(administrator(), made, "")
		}
		touched[made] = true
		if len(there) > 0 {
			name := there[w.IntN(len(there))].Name
			touched[name] = true
			_, _ = other.DeleteAllAccessKeys(administrator(), name)
		}
	}
	<-done
}

// forget deletes a user who has nothing but keys.
func (l local) forget(name string) {
	_, _ = l.DeleteAllAccessKeys(administrator(), name)
	_, _ = l.writes.iam.DeleteUser(context.Background(), &iam.DeleteUserInput{UserName: &name})
}

// accounted compares the picture with the server, which has good weather now.
// Users that were touched while it was being read may be as they were before or
// after. All others are as they are, or marked.
func accounted(t *testing.T, l local, before *Inventory, touched map[string]bool) {
	t.Helper()
	inv := l.Inventory()
	if inv.Loading {
		t.Error("still loading")
	}
	if !reflect.DeepEqual(inv, l.facts.inventory(l.own)) {
		t.Error("the picture was not drawn anew where it should have been")
	}
	read, failed := 0, 0
	for _, u := range inv.Users {
		switch {
		case u.KeysErr == nil:
			read++
		case !errors.Is(u.KeysErr, ErrNotReadYet):
			failed++
		}
		for _, k := range u.Keys {
			if k.ID == "" && u.KeysErr == nil {
				t.Errorf("%s has a key without an ID and no mark", u.Name)
			}
			if k.LastUsed.AsOf().IsZero() != (k.LastUsed.Err != nil) {
				t.Errorf("%s: last use %+v", u.Name, k.LastUsed)
			}
		}
	}
	if read != inv.KeysRead || failed != inv.KeysFailed {
		t.Errorf("%d read and %d failed, it says %d and %d", read, failed, inv.KeysRead, inv.KeysFailed)
	}
	users, err := l.ListUsers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		row, ok := inv.User(u.Name)
		switch {
		case touched[u.Name]:
		case !ok && (inv.Err == nil || known(before, u.Name)):
			t.Errorf("%s is missing, error %v", u.Name, inv.Err)
		case ok && row.KeysErr == nil:
			keys, err := l.listAccessKeys(context.Background(), l.interactive, target{user: u.Name})
			if err != nil {
				t.Fatal(err)
			}
			if describeKeys(row.Keys) != describeKeys(keys) {
				t.Errorf("%s has %s, it says %s", u.Name, describeKeys(keys), describeKeys(row.Keys))
			}
		}
	}
}

func known(i *Inventory, name string) bool {
	_, ok := i.User(name)
	return ok
}
