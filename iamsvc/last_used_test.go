package iamsvc

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/klauspost/compress/zstd"

	"keydesk/iamsvc/localaccount"
)

func TestWhatAnswersSay(t *testing.T) {
	t.Parallel()
	now := day(9)
	for name, c := range map[string]struct {
		used           LastUsed
		current, never bool
	}{
		"nothing":                {LastUsed{}, false, false},
		"an error":               {LastUsed{Err: ErrDenied}, false, false},
		"used":                   {Used(day(3), "", "", now), true, false},
		"used, long ago asked":   {Used(day(3), "", "", day(8)), false, false},
		"used, no date of asked": {Used(day(3), "", "", time.Time{}), false, false},
		"never":                  {NeverUsed(now.Add(-lastUsedLife)), true, true},
		"never, and old":         {NeverUsed(now.Add(-lastUsedLife - time.Second)), false, false},
		"never, without a date":  {NeverUsed(time.Time{}), false, false},
		"never, of a wrong time": {NeverUsed(day(11)), false, false},
		"never, after a use":     {Used(day(3), "", "", day(4)).and(NeverUsed(now)), true, false},
		"never, before a use":    {NeverUsed(now).and(Used(day(3), "", "", day(4))), true, false},
		"never, then an error":   {NeverUsed(now).and(LastUsed{Err: ErrDenied}), true, true},
	} {
		if c.used.Current(now) != c.current || c.used.Never(now) != c.never {
			t.Errorf("%s: current %v, never %v", name, c.used.Current(now), c.used.Never(now))
		}
	}
}

// use signs a request with the key.
func (l local) use(t *testing.T, key CreatedAccessKey) {
	t.Helper()
	c := Config{Journal: &notebook{}, AWS: aws.Config{HTTPClient: l.server.Client(),
		Credentials: credentials.NewStaticCredentialsProvider(key.Key.ID, key.Secret.Reveal(), "")}}
	if _, err := Open(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

// A page that has asked when a key was last used, and the lists, say the same.
func TestLiveAnswersGoIntoTheInventory(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, ask := range map[string]func(l local, keyID string) error{
		"form":      func(l local, keyID string) error { return second3(l.AccessKeyLastUsed(ctx, keyID)) },
		"user page": func(l local, _ string) error { return second(l.UserDetails(ctx, "mateo.jackson")) },
		"look-up":   func(l local, keyID string) error { return second(l.LookUp(ctx, keyID)) },
		"Refresh": func(l local, _ string) error {
			l.ReadAgain("mateo.jackson")
			return l.Refresh(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := openLocal(t, localaccount.Options{}, sparing)
			key, err := l.CreateAccessKey(administrator(), "mateo.jackson", "")
			if err != nil {
				t.Fatal(err)
			}
			l.server.Trouble().SetLastUsedLag(1)
			l.server.Trouble().SetReportTime(1)
			if err := l.Refresh(ctx); err != nil {
				t.Fatal(err)
			}
			l.use(t, key)
			if _, k, _ := l.Inventory().Key(key.Key.ID); !k.LastUsed.At.IsZero() || !k.LastUsed.Never(l.now()) {
				t.Fatalf("before: %+v", k.LastUsed)
			}
			calls, _ := l.since(func() { err = ask(l, key.Key.ID) })
			if _, k, _ := l.Inventory().Key(key.Key.ID); err != nil || k.LastUsed.At.IsZero() {
				t.Errorf("after: %+v, %v", k.LastUsed, err)
			}
			if n := calls["GetAccessKeyLastUsed"]; n > 2 {
				t.Errorf("%d calls for two keys", n)
			}
		})
	}
}

func second3[T, U any](_ T, _ U, err error) error { return err }

// With a report or without, what is known of last uses never gets older than
// advice may rest on: but for the seconds in which IAM makes the next report, or
// all keys are asked about because it does not.
func TestLastUsesStayKnown(t *testing.T) {
	t.Parallel()
	for name, denied := range map[string][]string{
		"reports": nil, "may not have one made": {"GenerateCredentialReport"}, "no report": {"GenerateCredentialReport", "GetCredentialReport"},
		"no report any more": {"GetCredentialReport"},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := openLocal(t, localaccount.Options{Users: 1}, func(c *Config) { c.RefreshEvery, c.SweepEvery = 35*time.Minute, 24*time.Hour })
			deny := func() {
				for _, action := range denied {
					l.server.Trouble().Set(action, func(r *localaccount.Rules) { r.Deny = true })
				}
			}
			if later := name == "no report any more"; later {
				time.AfterFunc(time.Hour, deny)
			} else {
				deny()
			}
			ctx, stop := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() {
				l.Run(ctx)
				close(done)
			}()
			time.Sleep(time.Minute)
			missing, longest := 0, 0
			for range 13 * 60 * 6 {
				time.Sleep(10 * time.Second)
				if missing++; allCurrent(l.Inventory(), l.now()) {
					missing = 0
				}
				longest = max(longest, missing)
			}
			if longest > 4 {
				t.Errorf("%s: for %d times 10 seconds a last use was not known", name, longest)
			}
			stop()
			<-done
		})
	}
}

func allCurrent(inv *Inventory, now time.Time) bool {
	return len(inv.Users) > 0 && !slices.ContainsFunc(inv.Users, func(u InventoryUser) bool {
		return u.KeysErr != nil || slices.ContainsFunc(u.Keys, func(k AccessKey) bool { return !k.LastUsed.Current(now) })
	})
}

func TestKeysMarkedUnusedAreAskedFirst(t *testing.T) {
	t.Parallel()
	now := day(300)
	f := facts{Users: []User{{Name: "ann"}}}
	var keys []AccessKey
	for _, k := range []struct {
		id   string
		used LastUsed
	}{
		{"in use", Used(now.Add(-time.Hour), "", "", now.Add(-5*time.Hour))},
		{"in use, asked before", Used(now.Add(-time.Hour), "", "", now.Add(-6*time.Hour))},
		{"not asked", LastUsed{}},
		{"unused", Used(day(1), "", "", now.Add(-5*time.Hour))},
		{"never", NeverUsed(now.Add(-6 * time.Hour))},
		{"asked a moment ago", NeverUsed(now)},
	} {
		keys = append(keys, AccessKey{ID: k.id, Created: day(1)})
		if !k.used.asOf.IsZero() {
			f.setLastUsed(k.id, k.used, k.used.asOf)
		}
	}
	f.setKeys(f.Users[0], keyReading{Keys: keys, Started: now})
	got := f.keysToAsk(f.inventory(nil), now, now.Add(-askAgainAfter))
	if want := []string{"never", "unused", "not asked", "in use, asked before", "in use"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// What an earlier version kept does not say when IAM was asked: nothing in it is
// taken for "never".
func TestLastUsesOfAnEarlierVersionAreNotKnown(t *testing.T) {
	t.Parallel()
	type lastUsed struct {
		Read            bool
		At              time.Time
		Region, Service string
		FromReport      time.Time
	}
	type askedUse struct {
		LastUsed lastUsed
		Asked    time.Time
	}
	type accessKey struct {
		ID       string
		Created  time.Time
		Status   string
		LastUsed lastUsed
	}
	type keyReading struct {
		UserID  string
		Keys    []accessKey
		Started time.Time
	}
	type facts struct {
		UsersAt  time.Time
		Users    []User
		Keys     map[string]keyReading
		LastUsed map[string]askedUse
	}
	type kept struct {
		Format   int
		Identity Identity
		Facts    facts
	}
	now := time.Now()
	never := lastUsed{Read: true}
	old := kept{1, Identity{Account: "123456789012"}, facts{
		UsersAt:  now,
		Users:    []User{{Name: "ann", ID: "AIDA1"}},
		Keys:     map[string]keyReading{"ann": {"AIDA1", []accessKey{{documented, now, "Active", never}}, now}},
		LastUsed: map[string]askedUse{documented: {never, now}},
	}}
	var data bytes.Buffer
	w, err := zstd.NewWriter(&data)
	if err := errors.Join(err, gob.NewEncoder(w).Encode(old), w.Close()); err != nil {
		t.Fatal(err)
	}
	l := openLocal(t, localaccount.Options{}, func(c *Config) { c.Shelf = &memory{data: map[string][]byte{"": data.Bytes()}} })
	_, k, ok := l.Inventory().Key(documented)
	if !ok || k.LastUsed.Never(now) || k.LastUsed.Current(now) {
		t.Errorf("known %v: %+v", ok, k.LastUsed)
	}
}
